import { fitPolynomialField, medianOf, polynomialTermCount, studentWeight2d } from '@colibri/numerics';
import { type ErrorLaw, estimateErrors, firstErrors, type MatchErrors, sigmaOf } from '../astrometry/match-errors.ts';
import type { Distortion, JointFrame } from './joint-frame.ts';
import { type JointProblem, jointResiduals, jointStep, legendreRows } from './joint-solve.ts';
import { findStars, type UnitCatalog, type UnitStars } from './unit-stars.ts';

export interface JointOptions {
  readonly maxOrder: number;
  /** Stars that make the fit, the best ones; the others follow. */
  readonly mostStars: number;
}

/** The frames of a unit on one sky, and the stars between them. */
export interface JointFit {
  /** Their `linear` is fitted. */
  readonly frames: readonly JointFrame[];
  /** Of each frame. */
  readonly distortions: readonly Distortion[];
  readonly stars: UnitStars;
  /** How errors follow from centroid errors, by frame; 1 sigma of each sighting, one axis [arcsec]; its weight beside a Gaussian one. */
  readonly errors: readonly MatchErrors[];
  readonly sigma: Float64Array;
  readonly robust: Float64Array;
  /** Star − frame of each sighting on the frame's plane [arcsec]. */
  readonly dXi: Float64Array;
  readonly dEta: Float64Array;
  /** Scatter of the catalogue about the fit, one axis, stars and extended entries [arcsec]; null without a catalogue. */
  readonly catalogArcsec: readonly [number, number] | null;
}

/** Of the catalogue before it has been seen [arcsec]; of the places by single solutions where there is no catalogue. */
const FIRST_CATALOG = 0.05;
const LEAST_CATALOG = 0.0005;
const UNCATALOGUED = 1e-3; // share of a full anchor that holds a star no catalogue knows
/** A step below this is none [arcsec]. */
const REST = 5e-5;

/**
 * Fits all frames together: one distortion per detector, six numbers per frame, and the places of the stars, which the catalogue holds by its
 * own scatter and the frames by their centroids. Errors are found from the residuals (frames: a factor on the centroid error and a floor,
 * which takes in the turbulence of the air; catalogue: one scatter); outliers fade by Student's t.
 *
 * Frames are changed in place. The time is linear in the sightings.
 */
export function fitJointly(frames: readonly JointFrame[], catalog: UnitCatalog, { maxOrder, mostStars }: JointOptions): JointFit {
  const keys = [...new Set(frames.map((frame) => frame.grid.key))];
  const group = Int32Array.from(frames, (frame) => keys.indexOf(frame.grid.key));
  const at = new Map(frames.map((frame, f) => [frame, f]));
  let distortions: Distortion[] | null = null;
  let errors: MatchErrors[] = frames.map((frame) => firstErrors(frame.scale));
  let catalogSigma: [number, number] = [FIRST_CATALOG, 2 * FIRST_CATALOG];
  let state: FitState | null = null;
  for (const pass of [0, 1, 2]) {
    const shared = distortions;
    const stars = findStars(frames, (frame) => (shared ? shared[group[at.get(frame)!]!]! : frame.own), catalog, {
      sigmas: 5,
      floorPix: pass === 0 ? 0.5 : 0.05,
      mostPix: 1.5,
      error: (frame, s) => sigmaOf(errors[at.get(frame)!]!.stars, frame.centroid[s]!),
      catalogArcsec: catalogSigma[0],
    });
    if (pass === 2 && state && isSameSightings(state.problem.stars, stars)) break;
    distortions ??= keys.map((_, g) =>
      meanDistortion(
        frames.filter((_, f) => group[f] === g),
        stars,
        maxOrder,
      ),
    );
    const problem: JointProblem = {
      frames,
      group,
      distortions,
      stars,
      catalog,
      anchorXi: stars.xi.slice(),
      anchorEta: stars.eta.slice(),
    };
    state = newState(problem, errors, catalogSigma, mostStars);
    for (let round = 0; round < (pass === 0 ? 3 : 8); round++) {
      if (round === (pass === 0 ? 1 : 0)) state = { ...state, prior: choosePrior(state, maxOrder) };
      const moved = iterate(state);
      errors = state.errors;
      catalogSigma = state.catalogSigma;
      if (moved < REST) break;
    }
  }
  const { sigma, robust, dXi, dEta, problem } = state!;
  return {
    frames,
    distortions: Array.from(group, (g) => distortions![g]!),
    stars: problem.stars,
    errors,
    sigma,
    robust,
    dXi,
    dEta,
    catalogArcsec: catalog.count > 0 ? catalogSigma : null,
  };
}

function isSameSightings({ sightings: a }: UnitStars, { sightings: b }: UnitStars): boolean {
  if (a.count !== b.count) return false;
  for (let k = 0; k < a.count; k++)
    if (a.frame[k] !== b.frame[k] || a.source[k] !== b.source[k] || a.star[k] !== b.star[k]) return false;
  return true;
}

interface FitState {
  readonly problem: JointProblem;
  readonly prior: readonly Float64Array[];
  readonly sigma: Float64Array;
  readonly robust: Float64Array;
  /** 1 where a sighting makes the fit, 0 where it follows. */
  readonly leads: Uint8Array;
  readonly anchorRobust: Float64Array;
  errors: MatchErrors[];
  catalogSigma: [number, number];
  dXi: Float64Array;
  dEta: Float64Array;
}

function newState(problem: JointProblem, errors: MatchErrors[], catalogSigma: [number, number], mostStars: number): FitState {
  const { stars, distortions } = problem;
  const n = stars.sightings.count;
  const state: FitState = {
    problem,
    prior: distortions.map(() => new Float64Array(66)),
    sigma: new Float64Array(n),
    robust: new Float64Array(n).fill(1),
    leads: new Uint8Array(n).fill(1),
    anchorRobust: new Float64Array(stars.count).fill(1),
    errors,
    catalogSigma,
    dXi: new Float64Array(n),
    dEta: new Float64Array(n),
  };
  setSigma(state);
  if (stars.count > mostStars) {
    const { star } = stars.sightings;
    const worth = new Float64Array(stars.count);
    for (let k = 0; k < n; k++) worth[star[k]!]! += 1 / state.sigma[k]! ** 2;
    const best = Array.from({ length: stars.count }, (_, s) => s).sort((a, b) => worth[b]! - worth[a]! || a - b);
    const isBest = new Uint8Array(stars.count);
    for (const s of best.slice(0, mostStars)) isBest[s] = 1;
    for (let k = 0; k < n; k++) state.leads[k] = isBest[star[k]!]!;
  }
  return state;
}

const isExtended = ({ stars, catalog }: JointProblem, star: number): boolean =>
  stars.entry[star]! >= 0 && catalog.isStar[stars.entry[star]!] === 0;

function setSigma({ problem, errors, sigma }: FitState): void {
  const { frames, stars } = problem;
  const { count, frame, source, star } = stars.sightings;
  for (let k = 0; k < count; k++) {
    const laws = errors[frame[k]!]!;
    const law: ErrorLaw = isExtended(problem, star[k]!) ? laws.extended : laws.stars;
    sigma[k] = sigmaOf(law, frames[frame[k]!]!.centroid[source[k]!]!);
  }
}

function anchorWeights({ problem, catalogSigma, anchorRobust }: FitState): Float64Array {
  const { stars, catalog } = problem;
  const weights = new Float64Array(stars.count);
  for (let s = 0; s < stars.count; s++) {
    const full = anchorRobust[s]! / catalogSigma[isExtended(problem, s) ? 1 : 0] ** 2;
    // without any catalogue the places by single solutions hold the sky
    weights[s] = stars.entry[s]! >= 0 || catalog.count === 0 ? full : UNCATALOGUED * full;
  }
  return weights;
}

/** Step, residuals, then errors and robust weights for the next step; the largest move [arcsec]. */
function iterate(state: FitState): number {
  const { problem, sigma, robust, leads, prior, anchorRobust } = state;
  const { frames, stars, anchorXi, anchorEta } = problem;
  const { count, frame, source, star } = stars.sightings;
  const table = legendreRows(problem);
  const anchor = anchorWeights(state);
  const weight = new Float64Array(count);
  for (let k = 0; k < count; k++) weight[k] = (leads[k]! * robust[k]!) / sigma[k]! ** 2;
  const moved = jointStep(problem, table, { sighting: weight, anchor, prior });
  ({ dXi: state.dXi, dEta: state.dEta } = jointResiduals(problem, table));
  const { dXi, dEta } = state;

  // a sighting pulls its star by its share of the star's information: its residual is too small by that
  const hold = anchor.slice();
  for (let k = 0; k < count; k++) hold[star[k]!]! += weight[k]!;
  const free = (k: number): number => 1 - weight[k]! / hold[star[k]!]!;
  const perFrame: number[][] = frames.map(() => []);
  for (let k = 0; k < count; k++) if (leads[k] && free(k) > 0.3) perFrame[frame[k]!]!.push(k);
  state.errors = frames.map((f, i) => {
    const those = perFrame[i]!;
    if (those.length < FEWEST_FOR_ERRORS) return { ...state.errors[i]! };
    const residuals = {
      squared: Float64Array.from(those, (k) => (dXi[k]! ** 2 + dEta[k]! ** 2) / free(k)),
      centroid: Float64Array.from(those, (k) => f.centroid[source[k]!]!),
      extended: Uint8Array.from(those, (k) => (isExtended(problem, star[k]!) ? 1 : 0)),
    };
    return estimateErrors(residuals, 3, f.scale);
  });
  setSigma(state);
  for (let k = 0; k < count; k++)
    robust[k] = studentWeight2d((dXi[k]! ** 2 + dEta[k]! ** 2) / (sigma[k]! ** 2 * Math.max(0.1, free(k))));

  for (const extended of [0, 1]) {
    const squared: number[] = [];
    for (let s = 0; s < stars.count; s++) {
      if (stars.entry[s]! < 0 || isExtended(problem, s) !== (extended === 1)) continue;
      const share = 1 - anchor[s]! / hold[s]!;
      if (share > 0.3) squared.push(((stars.xi[s]! - anchorXi[s]!) ** 2 + (stars.eta[s]! - anchorEta[s]!) ** 2) / share);
    }
    if (squared.length < FEWEST_FOR_ERRORS) continue;
    const found = Math.sqrt(medianOf(Float64Array.from(squared)) / (2 * Math.LN2));
    state.catalogSigma[extended] = Math.min(2 * frames[0]!.scale, Math.max(LEAST_CATALOG, found));
  }
  for (let s = 0; s < stars.count; s++) {
    if (stars.entry[s]! < 0) continue;
    const variance = state.catalogSigma[isExtended(problem, s) ? 1 : 0] ** 2 * Math.max(0.1, 1 - anchor[s]! / hold[s]!);
    anchorRobust[s] = studentWeight2d(((stars.xi[s]! - anchorXi[s]!) ** 2 + (stars.eta[s]! - anchorEta[s]!) ** 2) / variance);
  }
  return moved;
}

/** Sightings below which a frame keeps the errors it was given. */
const FEWEST_FOR_ERRORS = 12;

/** The distortions that the frames of one detector brought along, weighted by their stars. */
function meanDistortion(frames: readonly JointFrame[], stars: UnitStars, maxOrder: number): Distortion {
  const terms = polynomialTermCount(maxOrder);
  const mean: Distortion = { order: maxOrder, x: new Float64Array(terms), y: new Float64Array(terms) };
  let sum = 0;
  for (const frame of frames) {
    const weight = frame.centroid.filter((c) => c > 0).length;
    sum += weight;
    for (let k = 3; k < terms; k++) {
      mean.x[k]! += weight * (frame.own.x[k] ?? 0);
      mean.y[k]! += weight * (frame.own.y[k] ?? 0);
    }
  }
  if (sum > 0)
    for (let k = 3; k < terms; k++) {
      mean.x[k]! /= sum;
      mean.y[k]! /= sum;
    }
  return stars.count > 0 ? mean : { order: 1, x: new Float64Array(3), y: new Float64Array(3) };
}

/**
 * The order of each detector's distortion and the width of its degrees, by the evidence of all its sightings together: each counts with
 * the catalogue's scatter shared among the sightings of its star, for they err together.
 */
function choosePrior(state: FitState, maxOrder: number): Float64Array[] {
  const { problem, sigma, robust, leads, catalogSigma } = state;
  const { frames, group, distortions, stars } = problem;
  const { count, frame, source, star } = stars.sightings;
  const seen = new Int32Array(stars.count);
  for (let k = 0; k < count; k++) seen[star[k]!]!++;
  const { rows, terms } = legendreRows(problem);
  const { dXi, dEta } = jointResiduals(problem, { rows, terms });
  return distortions.map((distortion, g) => {
    const those: number[] = [];
    for (let k = 0; k < count; k++) if (group[frame[k]!] === g && leads[k]) those.push(k);
    const n = those.length;
    const u = new Float64Array(n);
    const v = new Float64Array(n);
    const x = new Float64Array(n);
    const y = new Float64Array(n);
    const weights = new Float64Array(n);
    for (const [i, k] of those.entries()) {
      const f = frames[frame[k]!]!;
      const [, a, b, , c, d] = f.linear as unknown as [number, number, number, number, number, number];
      const det = a * d - b * c;
      u[i] = f.u[source[k]!]!;
      v[i] = f.v[source[k]!]!;
      x[i] = (d * dXi[k]! - b * dEta[k]!) / det;
      y[i] = (a * dEta[k]! - c * dXi[k]!) / det;
      for (let t = 3; t < distortion.x.length; t++) {
        x[i]! += distortion.x[t]! * rows[k * terms + t]!;
        y[i]! += distortion.y[t]! * rows[k * terms + t]!;
      }
      const catalogVariance = stars.entry[star[k]!]! >= 0 ? catalogSigma[isExtended(problem, star[k]!) ? 1 : 0] ** 2 : 0;
      weights[i] = (robust[k]! * Math.abs(det)) / (sigma[k]! ** 2 + seen[star[k]!]! * catalogVariance);
    }
    const field = fitPolynomialField(u, v, [x, y], weights, { maxOrder });
    const prior = new Float64Array(66);
    if (!field) return prior.fill(1e12);
    const full = polynomialTermCount(Math.max(1, field.order));
    const cut = (values: Float64Array): Float64Array =>
      Float64Array.from({ length: full }, (_, t) => (t < 3 ? 0 : (values[t] ?? 0)));
    distortion.order = field.order;
    distortion.x = cut(distortion.x);
    distortion.y = cut(distortion.y);
    for (let degree = 2; degree <= field.order; degree++) {
      let squares = 0;
      for (let t = polynomialTermCount(degree - 1); t < polynomialTermCount(degree); t++)
        squares += field.coefficients[0]![t]! ** 2 + field.coefficients[1]![t]! ** 2;
      const variance = Math.max(squares / (2 * (degree + 1)), 1e-16);
      prior.fill(1 / variance, polynomialTermCount(degree - 1), polynomialTermCount(degree));
    }
    return prior;
  });
}
