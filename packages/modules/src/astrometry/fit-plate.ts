import { medianOf, quantile, studentWeight2d } from '@colibri/numerics';
import { estimateErrors, estimateFewErrors, firstErrors, type MatchErrors, sigmaOf } from './match-errors.ts';
import { type MatchedSources, matchSources } from './match-sources.ts';
import { fewDelta, type PlateDelta, polynomialDelta } from './plate-delta.ts';
import { type PlateModel, pixelScale, plateToPlaneColumns, recenterPlate } from './plate-model.ts';
import { type CatalogPositions, type PlanePositions, projectCatalog } from './tangent-plane.ts';

/** Sources as the fit sees them; columns of one length. */
export interface PlateSources {
  /** Pixels, 0-based. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** 1 sigma of a centroid, one axis [pix]; NaN: not to be used. */
  readonly sigma: Float64Array;
  /** −2.5 log10 of a flux in any unit [mag]; NaN where not positive. */
  readonly instrumentalMag: Float64Array;
}

export interface PlateReference extends CatalogPositions {
  /** 1 star, 0 extended, 255 not known. */
  readonly isStar: Uint8Array;
  /** Magnitude in the band nearest to the frame's [mag]; NaN: not known. */
  readonly mag: Float64Array;
}

export interface PlateFitOptions {
  /** Of the first match [arcsec]. */
  readonly startRadius: number;
  readonly maxOrder: number;
  /** Julian year of the exposure; null: catalogue epoch. */
  readonly epochJyear: number | null;
}

export interface PlateSolution {
  /** About the middle of the frame. */
  readonly model: PlateModel;
  readonly matches: MatchedSources;
  /** Weight of each match relative to a Gaussian one of its error: 1 full, towards 0 outlying. */
  readonly robustWeight: Float64Array;
  /** 1 sigma of each match, one axis: centroid ⊕ catalogue and whatever else the residuals show [arcsec]. */
  readonly sigma: Float64Array;
  /** Residuals catalogue − model [arcsec]. */
  readonly dXi: Float64Array;
  readonly dEta: Float64Array;
  /** Rms of the residuals of the matches within 4 sigma, weighted by 1/sigma², by axis [arcsec]. */
  readonly rms: readonly [number, number];
  /** How errors follow from centroid errors, found from the residuals. */
  readonly errors: MatchErrors;
  /** Formal 1 sigma of the solution, one axis, in the middle and in the worst corner [arcsec]. */
  readonly sigmaCenter: number;
  readonly sigmaCorner: number;
  /** Highest degree in the model. */
  readonly order: number;
  readonly kind: PlateDelta['kind'];
}

/**
 * Fits the plate on every source that has a catalogue entry: rounds of mutual nearest neighbours with a shrinking radius, each followed
 * by a robust fit (Student's t weights over errors whose law is found from the residuals, one for stars and one for galaxies).
 * The order of the polynomial follows the evidence (`fitPolynomialField`); below a dozen matches only a similarity relative to the
 * start is fitted, below four a shift. null: fewer than two matches stay.
 */
export function fitPlate(
  start: PlateModel,
  sources: PlateSources,
  reference: PlateReference,
  options: PlateFitOptions,
): PlateSolution | null {
  let base = recenterPlate(start);
  let model = base;
  let entries = projectCatalog(reference, options.epochJyear, base.center);
  let solution: PlateSolution | null = null;
  const usable = sources.sigma.map((s, i) => (s > 0 && Number.isFinite(sources.x[i]!) ? s : NaN));
  const sharpest = quantile(usable, Math.min(1, FIRST_SOURCES / usable.length));
  const r0 = options.startRadius;
  const rounds: readonly (readonly [number, number])[] = [
    [1, r0],
    [1, r0],
    [2, r0],
    [3, 0.7 * r0],
    [options.maxOrder, 0.6 * r0],
    [options.maxOrder, 0.6 * r0],
    [options.maxOrder, 0.6 * r0],
    [options.maxOrder, 0.6 * r0],
  ];
  let previous = -1;
  for (const [round, [order, most]] of rounds.entries()) {
    if (round === 2) {
      // the start may have been off by arcseconds: the tangent point follows once, and the catalogue with it
      base = recenterPlate(model);
      model = base;
      entries = projectCatalog(reference, options.epochJyear, base.center);
    }
    const plane = plateToPlaneColumns(model, sources.x, sources.y);
    const scale = pixelScale(model);
    const errors = solution?.errors ?? null;
    const radius = (s: number): number => {
      const centroid = usable[s]!;
      if (round < 4 || !errors) return centroid <= sharpest ? most : 0;
      if (!(centroid > 0)) return 0;
      return 5 * Math.max(sigmaOf(errors.stars, centroid * scale), sigmaOf(errors.extended, centroid * scale)) + 0.03 * scale;
    };
    const matches = dropMagnitudeOutliers(matchSources(plane, entries, radius, most), sources, reference);
    if (matches.source.length < 2) return null;
    const next = fitMatches(
      base,
      sources,
      usable,
      reference,
      entries,
      matches,
      Math.min(order, options.maxOrder),
      solution?.errors,
      round < 4 ? 2 : 3,
    );
    if (!next) return null;
    solution = next;
    model = next.model;
    if (round >= 5 && matches.source.length === previous) break;
    previous = matches.source.length;
  }
  return solution && { ...solution, model: recenterPlate(solution.model) };
}

/** The first rounds, which only lead to the right neighbours, use so many of the best centroids. */
const FIRST_SOURCES = 600;

/** Chance neighbours betray themselves by a brightness that does not belong. */
function dropMagnitudeOutliers(matches: MatchedSources, sources: PlateSources, reference: PlateReference): MatchedSources {
  const difference = Float64Array.from(matches.source, (s, k) => reference.mag[matches.entry[k]!]! - sources.instrumentalMag[s]!);
  const middle = medianOf(difference);
  if (matches.source.length < 20 || !Number.isFinite(middle)) return matches;
  const spread = 1.4826 * medianOf(difference.map((d) => Math.abs(d - middle)));
  const limit = Math.max(1.2, 5 * spread);
  const keep = (_: number, k: number): boolean => !(Math.abs(difference[k]! - middle) > limit); // unknown magnitudes stay
  return { source: matches.source.filter(keep), entry: matches.entry.filter(keep) };
}

function fitMatches(
  base: PlateModel,
  sources: PlateSources,
  centroidSigma: Float64Array,
  reference: PlateReference,
  entries: PlanePositions,
  matches: MatchedSources,
  maxOrder: number,
  lastErrors: MatchErrors | undefined,
  iterations: number,
): PlateSolution | null {
  const n = matches.source.length;
  const scale = pixelScale(base);
  const pick = (values: Float64Array, which = matches.source): Float64Array => {
    const out = new Float64Array(n); // Float64Array.from with a function is ten times slower
    for (let k = 0; k < n; k++) out[k] = values[which[k]!]!;
    return out;
  };
  const x = pick(sources.x);
  const y = pick(sources.y);
  const centroid = pick(centroidSigma).map((s) => s * scale);
  const truth = {
    xi: pick(entries.xi, matches.entry),
    eta: pick(entries.eta, matches.entry),
  };
  const extended = Uint8Array.from(matches.entry, (e) => (reference.isStar[e]! === 0 ? 1 : 0));
  let errors = lastErrors ?? firstErrors(scale);
  const sigma = new Float64Array(n);
  const robustWeight = new Float64Array(n).fill(1);
  const setSigma = (): void => {
    for (let k = 0; k < n; k++) sigma[k] = sigmaOf(extended[k] ? errors.extended : errors.stars, centroid[k]!);
  };
  setSigma();
  let result: PlateDelta | null = null;
  let dXi = truth.xi;
  let dEta = truth.eta;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const weights = sigma.map((s, k) => robustWeight[k]! / (s * s));
    result = n < 12 ? fewDelta(base, x, y, truth, weights) : polynomialDelta(base, x, y, truth, weights, maxOrder);
    if (!result) return null;
    const fitted = plateToPlaneColumns(result.model, x, y);
    dXi = truth.xi.map((v, k) => v - fitted.xi[k]!);
    dEta = truth.eta.map((v, k) => v - fitted.eta[k]!);
    const squared = dXi.map((v, k) => v * v + dEta[k]! ** 2);
    const residuals = { squared, centroid, extended };
    errors = (n < 12 ? estimateFewErrors : estimateErrors)(residuals, result.parameters, scale);
    setSigma();
    for (let k = 0; k < n; k++) robustWeight[k] = studentWeight2d(squared[k]! / sigma[k]! ** 2);
  }
  if (!result) return null;
  // What is told of the fit: the better-measured half of the matches, each counting once. Weighted by 1/σ² a handful of bright stars,
  // which the polynomial follows closely, would speak for the frame.
  const kept = [...sigma.keys()]
    .filter((k) => dXi[k]! ** 2 + dEta[k]! ** 2 < 16 * sigma[k]! ** 2)
    .sort((i, j) => centroid[i]! - centroid[j]!);
  const better = kept.slice(0, Math.max(Math.ceil(kept.length / 2), Math.min(kept.length, 3)));
  const freedom = Math.max(kept.length - result.parameters / 2, 1) / Math.max(kept.length, 1);
  const rmsOf = (d: Float64Array): number => Math.sqrt(better.reduce((sum, k) => sum + d[k]! ** 2, 0) / better.length / freedom);
  return {
    model: result.model,
    matches,
    robustWeight,
    sigma,
    dXi,
    dEta,
    rms: [rmsOf(dXi), rmsOf(dEta)],
    errors,
    sigmaCenter: result.sigmaAt(0, 0),
    sigmaCorner: Math.max(result.sigmaAt(-1, -1), result.sigmaAt(1, -1), result.sigmaAt(-1, 1), result.sigmaAt(1, 1)),
    order: result.model.order,
    kind: result.kind,
  };
}
