import { fieldSigma, fitPolynomialField, fitSimilarity, medianOf, polynomialTermCount, studentWeight2d } from '@colibri/numerics';
import { type MatchedSources, matchSources } from './match-sources.ts';
import { frameX, frameY, mapPlate, type PlateModel, plateToPlaneColumns, recenterPlate } from './plate-model.ts';
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
  /** Rms of the residuals of the matches within 4 sigma, by axis [arcsec]. */
  readonly rms: readonly [number, number];
  /** What the residuals need beside the centroid errors, one axis: of stars and of extended entries [arcsec]. */
  readonly floor: { readonly stars: number; readonly extended: number };
  /** Formal 1 sigma of the solution, one axis, in the middle and in the worst corner [arcsec]. */
  readonly sigmaCenter: number;
  readonly sigmaCorner: number;
  /** Highest degree in the model. */
  readonly order: number;
  readonly kind: 'shift' | 'similarity' | 'polynomial';
}

/**
 * Fits the plate on every source that has a catalogue entry: rounds of mutual nearest neighbours with a shrinking radius, each followed
 * by a robust fit (Student's t weights over centroid error ⊕ a floor found from the residuals, one for stars and one for galaxies).
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
    const floor = solution?.floor ?? null;
    const radius = (s: number): number => {
      if (!(usable[s]! > 0)) return 0;
      return round < 4 || !floor
        ? most
        : 5 * Math.hypot(usable[s]! * scale, Math.max(floor.stars, floor.extended)) + 0.03 * scale;
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
      solution?.floor,
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

/** Mean scale in the middle of the frame [arcsec/pix]. */
export function pixelScale(model: PlateModel): number {
  const [, ax, ay] = model.xi;
  const [, bx, by] = model.eta;
  return Math.sqrt(Math.abs((ax! * by! - ay! * bx!) * 4) / (model.width * model.height));
}

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
  lastFloor: PlateSolution['floor'] | undefined,
  iterations: number,
): PlateSolution | null {
  const n = matches.source.length;
  const scale = pixelScale(base);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(matches.source, (s) => values[s]!);
  const x = pick(sources.x);
  const y = pick(sources.y);
  const centroid = pick(centroidSigma).map((s) => s * scale);
  const truth = {
    xi: Float64Array.from(matches.entry, (e) => entries.xi[e]!),
    eta: Float64Array.from(matches.entry, (e) => entries.eta[e]!),
  };
  const extended = Uint8Array.from(matches.entry, (e) => (reference.isStar[e]! === 0 ? 1 : 0));
  let floor = lastFloor ?? { stars: 0.15 * scale, extended: 0.3 * scale };
  const sigma = new Float64Array(n);
  const robustWeight = new Float64Array(n).fill(1);
  const setSigma = (): void => {
    for (let k = 0; k < n; k++) sigma[k] = Math.hypot(centroid[k]!, extended[k] ? floor.extended : floor.stars);
  };
  setSigma();
  let result: Delta | null = null;
  let dXi = truth.xi;
  let dEta = truth.eta;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const weights = sigma.map((s, k) => robustWeight[k]! / (s * s));
    result = n < 12 ? fewDelta(base, x, y, truth, weights) : polynomialDelta(base, x, y, truth, weights, maxOrder);
    if (!result) return null;
    const fitted = plateToPlaneColumns(result.model, x, y);
    dXi = truth.xi.map((v, k) => v - fitted.xi[k]!);
    dEta = truth.eta.map((v, k) => v - fitted.eta[k]!);
    const d2 = dXi.map((v, k) => v * v + dEta[k]! ** 2);
    floor =
      n < 12 ? fewFloor(d2, centroid, result.parameters, scale) : floorsOf(d2, centroid, extended, result.parameters, scale);
    setSigma();
    for (let k = 0; k < n; k++) robustWeight[k] = studentWeight2d(d2[k]! / sigma[k]! ** 2);
  }
  if (!result) return null;
  const kept = dXi.map((v, k) => (v * v + dEta[k]! ** 2 < 16 * sigma[k]! ** 2 ? 1 : 0));
  const count = kept.reduce((a, b) => a + b, 0) || 1;
  const rmsOf = (d: Float64Array): number => Math.sqrt(d.reduce((sum, v, k) => sum + kept[k]! * v * v, 0) / count);
  return {
    model: result.model,
    matches,
    robustWeight,
    sigma,
    dXi,
    dEta,
    rms: [rmsOf(dXi), rmsOf(dEta)],
    floor,
    sigmaCenter: result.sigmaAt(0, 0),
    sigmaCorner: Math.max(result.sigmaAt(-1, -1), result.sigmaAt(1, -1), result.sigmaAt(-1, 1), result.sigmaAt(1, 1)),
    order: result.model.order,
    kind: result.kind,
  };
}

interface Delta {
  readonly model: PlateModel;
  readonly kind: PlateSolution['kind'];
  /** Fitted parameters, for one axis. */
  readonly parameters: number;
  /** Formal error [arcsec] at (x, y) in [−1, 1]. */
  readonly sigmaAt: (x: number, y: number) => number;
}

/** Many matches: a polynomial beside the start. */
function polynomialDelta(
  base: PlateModel,
  x: Float64Array,
  y: Float64Array,
  truth: PlanePositions,
  weights: Float64Array,
  maxOrder: number,
): Delta | null {
  const now = plateToPlaneColumns(base, x, y);
  const field = fitPolynomialField(
    x.map((v) => frameX(base, v)),
    y.map((v) => frameY(base, v)),
    [truth.xi.map((v, k) => v - now.xi[k]!), truth.eta.map((v, k) => v - now.eta[k]!)],
    weights,
    { maxOrder },
  );
  if (!field) return null;
  const order = Math.max(base.order, field.order);
  const terms = polynomialTermCount(order);
  const sum = (p: Float64Array, q: Float64Array): Float64Array =>
    Float64Array.from({ length: terms }, (_, k) => (p[k] ?? 0) + (q[k] ?? 0));
  return {
    model: { ...base, order, xi: sum(base.xi, field.coefficients[0]!), eta: sum(base.eta, field.coefficients[1]!) },
    kind: 'polynomial',
    parameters: field.effectiveParameters,
    sigmaAt: (u, v) => fieldSigma(field, u, v),
  };
}

/** A handful of matches: the start's own shape, shifted, or also turned and scaled. */
function fewDelta(
  base: PlateModel,
  x: Float64Array,
  y: Float64Array,
  truth: PlanePositions,
  weights: Float64Array,
): Delta | null {
  const now = plateToPlaneColumns(base, x, y);
  const n = x.length;
  const sum = weights.reduce((a, b) => a + b, 0);
  const mean = (values: Float64Array): number => values.reduce((total, v, k) => total + weights[k]! * v, 0) / sum;
  if (n < 4) {
    const map = { a: 1, b: 0, c: mean(truth.xi) - mean(now.xi), d: 0, e: 1, f: mean(truth.eta) - mean(now.eta) };
    return { model: mapPlate(base, map), kind: 'shift', parameters: 1, sigmaAt: () => Math.sqrt(1 / sum) };
  }
  const map = fitSimilarity(now.xi, now.eta, truth.xi, truth.eta, weights, 1);
  if (!map) return null;
  const mx = mean(now.xi);
  const my = mean(now.eta);
  const spread = now.xi.reduce((total, v, k) => total + weights[k]! * ((v - mx) ** 2 + (now.eta[k]! - my) ** 2), 0);
  const half = (pixelScale(base) * Math.max(base.width, base.height)) / 2;
  return {
    model: mapPlate(base, map),
    kind: 'similarity',
    parameters: 2,
    sigmaAt: (u, v) => Math.sqrt(1 / sum + ((u * half - mx) ** 2 + (v * half - my) ** 2) / spread),
  };
}

/** Floors for which the median of d²/sigma² is that of two Gaussian axes, 2 ln 2. */
function floorsOf(
  d2: Float64Array,
  centroid: Float64Array,
  extended: Uint8Array,
  parameters: number,
  scale: number,
): PlateSolution['floor'] {
  const select = (want: number): number[] => Array.from(extended.keys()).filter((k) => extended[k] === want);
  const freedom = Math.max(0.3, 1 - parameters / d2.length);
  const all = floorOf(Array.from(extended.keys()), d2, centroid, freedom, scale);
  const stars = select(0);
  const galaxies = select(1);
  return {
    stars: stars.length >= 15 ? floorOf(stars, d2, centroid, freedom, scale) : all,
    extended: galaxies.length >= 15 ? floorOf(galaxies, d2, centroid, freedom, scale) : all,
  };
}

function floorOf(which: readonly number[], d2: Float64Array, centroid: Float64Array, freedom: number, scale: number): number {
  const goal = 2 * Math.LN2 * freedom;
  // each match alone would ask for this floor²; the median of the wishes makes the median of d²/sigma² the goal
  const wishes = new Float64Array(which.length);
  for (let i = 0; i < which.length; i++) wishes[i] = d2[which[i]!]! / goal - centroid[which[i]!]! ** 2;
  const least = 0.003 * scale; // no detector is flatter than a few thousandths of a pixel
  return Math.min(3 * scale, Math.max(least, Math.sqrt(Math.max(0, medianOf(wishes)))));
}

/** With few matches the spread itself is uncertain: never below a twentieth of a pixel. */
function fewFloor(d2: Float64Array, centroid: Float64Array, parameters: number, scale: number): PlateSolution['floor'] {
  const n = d2.length;
  const freedom = Math.max(0.25, 1 - parameters / n);
  let excess = 0;
  for (let k = 0; k < n; k++) excess += d2[k]! / (2 * freedom) - centroid[k]! ** 2;
  const floor = Math.max(0.05 * scale, Math.sqrt(Math.max(0, excess / n)));
  return { stars: floor, extended: floor };
}
