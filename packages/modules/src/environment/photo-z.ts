import { type DustLaw, relativeExtinction } from './extinction.ts';
import { igmTransmission } from './igm.ts';

/** Flux of one band at the common epoch, Galactic extinction removed; negative values are as good as others. */
export interface BandFlux {
  readonly filter: string;
  /** [µJy] */
  readonly flux: number;
  readonly err: number;
}
/** A band that has only an upper limit: the same as a flux of zero with the limit's sigma. */
export const limitAsFlux = (filter: string, limit: number, sigmas: number): BandFlux => ({
  filter,
  flux: 0,
  err: limit / sigmas,
});

export interface LawResult {
  readonly law: DustLaw | 'none';
  /** Evidence of the law among those tried [1]; they add up to 1. */
  readonly weight: number;
  readonly best: { readonly z: number; readonly avMag: number; readonly beta: number; readonly chi2: number };
}
export interface PhotoZ {
  /** Grid of redshift and posterior density, averaged over the laws by their evidence; its integral is 1. */
  readonly z: readonly number[];
  readonly density: readonly number[];
  readonly median: number;
  /** Shortest intervals that hold this share. */
  readonly interval68: readonly [number, number];
  readonly interval90: readonly [number, number];
  readonly avMedianMag: number;
  readonly betaMedian: number;
  readonly above4: number;
  readonly above6: number;
  /** No higher redshift is possible: the bluest band detected at 5 sigma lies below the Lyman limit there. null: none is. */
  readonly highest: number | null;
  readonly laws: readonly LawResult[];
  readonly bands: number;
  readonly detections: number;
}

/** Edges [nm] of the pass bands, half transmission; flat between. Replace by measured curves when these are at hand. */
const BANDS_NM: Readonly<Record<string, readonly [number, number]>> = {
  B: [390, 490],
  g: [405, 550],
  r: [550, 700],
  i: [690, 820],
  gri: [405, 820],
  z: [820, 920],
  y: [920, 1080],
  zy: [820, 1080],
  J: [1170, 1330],
  H: [1490, 1780],
};
const SAMPLES = 12;
const Z_STEP = 0.05;
const Z_HIGHEST = 10;
const AV_STEP = 0.1;
const AV_HIGHEST = 3;
const BETA_STEP = 0.1;
const BETA_HIGHEST = 2;

/** Priors (svom.md §4.9): z flat, A_V exponential with this mean, β normal. */
const AV_MEAN = 0.3;
const BETA_MEAN = 0.7;
const BETA_SIGMA = 0.3;
/** Relative error of each band beside its own: zero points between bands, common epoch. */
const FLOOR = 0.03;

/**
 * Posterior of the redshift of a power law with dust of its host and gas on the way, from fluxes in several bands.
 *
 * `F(λ) = F0 · λ^β · 10^(−0.4 A_V k(λ / (1+z))) · T_IGM(λ, z)`, averaged over each band; F0 ≥ 0 at its best for each node, Gaussian likelihood
 * in flux, so bands without detection weigh in as what they are. Grids: z 0 to 10 by 0.05, A_V 0 to 3 by 0.1, β 0 to 2 by 0.1; laws MW, LMC, SMC
 * (Pei 1992), IGM Madau (1995).
 *
 * @returns null below three known bands or two detections at 3 sigma: then nothing can be said
 */
export function photometricRedshift(fluxes: readonly BandFlux[], errorFloor = FLOOR): PhotoZ | null {
  const bands = fluxes.filter(({ filter, flux, err }) => filter in BANDS_NM && Number.isFinite(flux) && err > 0);
  const detections = bands.filter(({ flux, err }) => flux >= 3 * err).length;
  if (bands.length < 3 || detections < 2) return null;
  const weights = bands.map(({ flux, err }) => 1 / (err ** 2 + (errorFloor * flux) ** 2));
  const nodes = gridNodes();
  const laws: readonly (DustLaw | 'none')[] = ['none', 'MW', 'LMC', 'SMC'];
  const results = laws.map((law) => ({ law, ...scanLaw(law, bands, weights, nodes) }));
  // Evidences are compared at a common offset: the highest of all.
  const top = Math.max(...results.map(({ offset }) => offset));
  const evidence = results.map(({ total, offset }) => total * Math.exp(offset - top));
  const sum = evidence.reduce((a, b) => a + b, 0);
  const average = (pick: (result: (typeof results)[number]) => Float64Array) => {
    const mixed = new Float64Array(pick(results[0]!).length);
    results.forEach((result, k) => {
      const column = pick(result);
      for (let i = 0; i < mixed.length; i++) mixed[i]! += (column[i]! / result.total) * (evidence[k]! / sum);
    });
    return mixed;
  };
  const overZ = average(({ byZ }) => byZ);
  const { z } = nodes;
  const above = (limit: number) => overZ.reduce((p, share, i) => (z[i]! > limit ? p + share : p), 0);
  const blue = bands
    .filter(({ flux, err }) => flux >= 5 * err)
    .reduce((least, { filter }) => Math.min(least, BANDS_NM[filter]![1]), Number.POSITIVE_INFINITY);
  return {
    z,
    density: Array.from(overZ, (share) => share / Z_STEP),
    median: quantileOf(z, overZ, 0.5),
    interval68: shortest(z, overZ, 0.68),
    interval90: shortest(z, overZ, 0.9),
    avMedianMag: quantileOf(
      nodes.av,
      average(({ byAv }) => byAv),
      0.5,
    ),
    betaMedian: quantileOf(
      nodes.beta,
      average(({ byBeta }) => byBeta),
      0.5,
    ),
    above4: above(4),
    above6: above(6),
    highest: Number.isFinite(blue) ? blue / 91.2 - 1 : null,
    laws: results.map(({ law, best }, k) => ({ law, best, weight: evidence[k]! / sum })),
    bands: bands.length,
    detections,
  };
}

/** Relative flux in a band of a source at z with dust and slope; what the fit compares with, and what tests simulate with. */
export function modelFlux(filter: string, z: number, avMag: number, beta: number, law: DustLaw | 'none'): number {
  const samples = samplesOf(filter);
  let sum = 0;
  for (const nm of samples) sum += slope(nm, beta) * dust(nm, z, avMag, law) * igmTransmission(10 * nm, z);
  return sum / samples.length;
}

const samplesOf = (filter: string): number[] => {
  const [from, to] = BANDS_NM[filter]!;
  return Array.from({ length: SAMPLES }, (_, k) => from + ((k + 0.5) * (to - from)) / SAMPLES);
};
const slope = (nm: number, beta: number): number => (nm / 700) ** beta;
const dust = (nm: number, z: number, avMag: number, law: DustLaw | 'none'): number =>
  law === 'none' ? 1 : 10 ** (-0.4 * avMag * relativeExtinction(law, nm / 1000 / (1 + z)));

interface Nodes {
  readonly z: readonly number[];
  readonly av: readonly number[];
  readonly beta: readonly number[];
}

function gridNodes(): Nodes {
  const steps = (highest: number, step: number) =>
    Array.from({ length: Math.round(highest / step) + 1 }, (_, k) => Number((k * step).toFixed(4)));
  return { z: steps(Z_HIGHEST, Z_STEP), av: steps(AV_HIGHEST, AV_STEP), beta: steps(BETA_HIGHEST, BETA_STEP) };
}

function scanLaw(law: DustLaw | 'none', bands: readonly BandFlux[], weights: readonly number[], { z, av, beta }: Nodes) {
  const samples = bands.map(({ filter }) => samplesOf(filter));
  const slopes = beta.map((b) => samples.map((list) => list.map((nm) => slope(nm, b))));
  const isBare = law === 'none';
  const avs = isBare ? [0] : av;
  const constant = bands.reduce((sum, { flux }, k) => sum + weights[k]! * flux ** 2, 0);
  const logs = new Float64Array(z.length * avs.length * beta.length);
  let offset = Number.NEGATIVE_INFINITY;
  let best = { z: 0, avMag: 0, beta: 0, chi2: Number.POSITIVE_INFINITY };
  let at = 0;
  for (const redshift of z) {
    const gas = samples.map((list) => list.map((nm) => igmTransmission(10 * nm, redshift)));
    const curve = samples.map((list) => list.map((nm) => (isBare ? 0 : relativeExtinction(law, nm / 1000 / (1 + redshift)))));
    for (const avMag of avs) {
      const through = gas.map((list, k) => list.map((t, j) => t * Math.exp(-0.921034 * avMag * curve[k]![j]!)));
      for (let b = 0; b < beta.length; b++) {
        let mm = 0;
        let mf = 0;
        for (let k = 0; k < bands.length; k++) {
          let model = 0;
          for (let j = 0; j < SAMPLES; j++) model += slopes[b]![k]![j]! * through[k]![j]!;
          model /= SAMPLES;
          mm += weights[k]! * model * model;
          mf += weights[k]! * model * bands[k]!.flux;
        }
        const gain = mf > 0 && mm > 0 ? mf ** 2 / mm : 0;
        const prior = -0.5 * ((beta[b]! - BETA_MEAN) / BETA_SIGMA) ** 2 - (isBare ? 0 : avMag / AV_MEAN);
        const log = 0.5 * gain + prior;
        logs[at++] = log;
        if (log > offset) {
          offset = log;
          best = { z: redshift, avMag, beta: beta[b]!, chi2: constant - gain };
        }
      }
    }
  }
  const byZ = new Float64Array(z.length);
  const byAv = new Float64Array(av.length);
  const byBeta = new Float64Array(beta.length);
  // The prior of A_V integrates to one over its grid, so that laws compare fairly with no dust.
  const avNorm = isBare ? 1 : avs.reduce((sum, value) => sum + Math.exp(-value / AV_MEAN), 0);
  let total = 0;
  at = 0;
  for (let i = 0; i < z.length; i++) {
    for (let a = 0; a < avs.length; a++) {
      for (let b = 0; b < beta.length; b++) {
        const p = Math.exp(logs[at++]! - offset) / avNorm;
        byZ[i]! += p;
        byAv[a]! += p;
        byBeta[b]! += p;
        total += p;
      }
    }
  }
  return { byZ, byAv, byBeta, total, offset, best };
}

function quantileOf(grid: readonly number[], shares: Float64Array, q: number): number {
  let sum = 0;
  for (let i = 0; i < grid.length; i++) {
    sum += shares[i]!;
    if (sum >= q) return grid[i]!;
  }
  return grid.at(-1)!;
}

/** The shortest run of the grid that holds at least this share; half a step is added at either end. */
function shortest(grid: readonly number[], shares: Float64Array, wanted: number): [number, number] {
  const sums = [0];
  for (const share of shares) sums.push(sums.at(-1)! + share);
  let best: [number, number] = [0, grid.length - 1];
  for (let from = 0, to = 0; from < grid.length; from++) {
    while (to < grid.length && sums[to + 1]! - sums[from]! < wanted * sums.at(-1)!) to++;
    if (to === grid.length) break;
    if (to - from < best[1] - best[0]) best = [from, to];
  }
  const half = (grid[1]! - grid[0]!) / 2;
  return [Math.max(grid[0]!, grid[best[0]]! - half), Math.min(grid.at(-1)!, grid[best[1]]! + half)];
}
