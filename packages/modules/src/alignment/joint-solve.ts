import { choleskyFactor, choleskySolve, conjugateGradient, legendreRow, polynomialTermCount } from '@colibri/numerics';
import type { Distortion, JointFrame } from './joint-frame.ts';
import { mapPoint } from './plane-map.ts';
import type { UnitCatalog, UnitStars } from './unit-stars.ts';

/** The unknowns of a unit: frames carry their own, groups the distortion, stars their places. */
export interface JointProblem {
  readonly frames: readonly JointFrame[];
  /** Group of each frame, and the distortion of each group. */
  readonly group: Int32Array;
  readonly distortions: readonly Distortion[];
  readonly stars: UnitStars;
  readonly catalog: UnitCatalog;
  /** Where the star list holds each star [arcsec], before the fit. */
  readonly anchorXi: Float64Array;
  readonly anchorEta: Float64Array;
}

/** 1/sigma² of each sighting, of each star's anchor, and of the prior (mean zero) on each Legendre term of each group; robust weights in them. */
export interface JointWeights {
  readonly sighting: Float64Array;
  readonly anchor: Float64Array;
  readonly prior: readonly Float64Array[];
}

/**
 * What holds a frame of few stars to its own solution, which stands on the shape of the start [arcsec at the edge]; shifts are free. Beside
 * the stars of an ordinary frame it weighs nothing.
 */
const OWN_SHAPE = 0.2;
const SHAPE_WEIGHT = [0, 1 / OWN_SHAPE ** 2, 1 / OWN_SHAPE ** 2] as const;

/** Residuals star − frame of each sighting, on the frame's plane [arcsec], and the Legendre terms of each. */
export interface JointResiduals {
  readonly dXi: Float64Array;
  readonly dEta: Float64Array;
}

/** Legendre terms of all sightings, `terms` each: they depend on the order alone, not on the fit. */
export function legendreRows({ frames, stars, distortions, group }: JointProblem): { rows: Float64Array; terms: number } {
  const order = Math.max(1, ...distortions.map((d) => d.order));
  const terms = polynomialTermCount(order);
  const { count, frame, source } = stars.sightings;
  const rows = new Float64Array(count * terms);
  for (let k = 0; k < count; k++) {
    const f = frames[frame[k]!]!;
    const own = Math.max(1, distortions[group[frame[k]!]!]!.order);
    legendreRow(own, f.u[source[k]!]!, f.v[source[k]!]!, rows, k * terms);
  }
  return { rows, terms };
}

/** q = (u, v) + D(u, v) of each sighting, two by two. */
function straightened({ frames, stars, distortions, group }: JointProblem, rows: Float64Array, terms: number): Float64Array {
  const { count, frame, source } = stars.sightings;
  const q = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    const f = frames[frame[k]!]!;
    const { x, y } = distortions[group[frame[k]!]!]!;
    let qx = f.u[source[k]!]!;
    let qy = f.v[source[k]!]!;
    for (let t = 3; t < x.length; t++) {
      qx += x[t]! * rows[k * terms + t]!;
      qy += y[t]! * rows[k * terms + t]!;
    }
    q[2 * k] = qx;
    q[2 * k + 1] = qy;
  }
  return q;
}

/** Star − frame, on the planes of the frames. */
export function jointResiduals(
  problem: JointProblem,
  { rows, terms }: { rows: Float64Array; terms: number },
  q = straightened(problem, rows, terms),
): JointResiduals {
  const { frames, stars, catalog } = problem;
  const { count, frame, star } = stars.sightings;
  const dXi = new Float64Array(count);
  const dEta = new Float64Array(count);
  const point = new Float64Array(2);
  for (let k = 0; k < count; k++) {
    const f = frames[frame[k]!]!;
    const s = star[k]!;
    const e = stars.entry[s]!;
    const moved = e < 0 ? 0 : f.years;
    mapPoint(
      f.toFrame,
      stars.xi[s]! + (moved === 0 ? 0 : moved * catalog.pmXi[e]!),
      stars.eta[s]! + (moved === 0 ? 0 : moved * catalog.pmEta[e]!),
      point,
    );
    const l = f.linear;
    dXi[k] = point[0]! - (l[0]! + l[1]! * q[2 * k]! + l[2]! * q[2 * k + 1]!);
    dEta[k] = point[1]! - (l[3]! + l[4]! * q[2 * k]! + l[5]! * q[2 * k + 1]!);
  }
  return { dXi, dEta };
}

/**
 * One Gauss–Newton step on all unknowns at once: frames (six numbers each), distortions and stars. Stars are eliminated: each hangs on
 * its sightings and its anchor alone; what remains is solved by conjugate gradients, whose steps cost one pass over the sightings, so that
 * time grows with the frames and not with their cube. Changes frames, distortions and stars in place.
 *
 * @returns the largest move of a sighting's model [arcsec]
 *
 * Source: Triggs et al. 2000, Bundle adjustment, a modern synthesis, section 6 (elimination of points); the model is that of SCAMP
 * (Bertin 2006, ASP Conf. 351, 112).
 */
export function jointStep(problem: JointProblem, table: { rows: Float64Array; terms: number }, weights: JointWeights): number {
  const { frames, group, distortions, stars } = problem;
  const { rows, terms } = table;
  const { count, star } = stars.sightings;
  const first = firstSightings(problem);
  const higher = Math.max(0, terms - 3);
  const groupAt = (g: number): number => 6 * frames.length + 2 * higher * g;
  const size = 6 * frames.length + 2 * higher * distortions.length;
  const q = straightened(problem, rows, terms);
  const { dXi, dEta } = jointResiduals(problem, table, q);
  const w = weights.sighting;

  // information of each star: its sightings and its anchor
  const hold = weights.anchor.slice();
  for (let k = 0; k < count; k++) hold[star[k]!]! += w[k]!;
  const pull = new Float64Array(2 * stars.count);

  /** `out` = −Bᵀ W (e), e in the frames' planes: gradient of sightings with respect to frames and distortions. */
  const gather = (eXi: Float64Array, eEta: Float64Array, out: Float64Array): void => {
    out.fill(0);
    for (let f = 0; f < frames.length; f++) {
      const at = 6 * f;
      const l = frames[f]!.linear;
      const [a1, a2, a4, a5] = [l[1]!, l[2]!, l[4]!, l[5]!];
      const to = groupAt(group[f]!) - 3;
      for (let k = first[f]!; k < first[f + 1]!; k++) {
        const a = w[k]! * eXi[k]!;
        const b = w[k]! * eEta[k]!;
        const qx = q[2 * k]!;
        const qy = q[2 * k + 1]!;
        out[at]! += a;
        out[at + 1]! += a * qx;
        out[at + 2]! += a * qy;
        out[at + 3]! += b;
        out[at + 4]! += b * qx;
        out[at + 5]! += b * qy;
        const x = a1 * a + a4 * b;
        const y = a2 * a + a5 * b;
        const row = k * terms;
        for (let t = 3; t < terms; t++) {
          const value = rows[row + t]!;
          out[to + t]! += x * value;
          out[to + higher + t]! += y * value;
        }
      }
    }
  };
  /** e = B x: how the model of each sighting moves. */
  const spread = (x: Float64Array, eXi: Float64Array, eEta: Float64Array): void => {
    for (let f = 0; f < frames.length; f++) {
      const at = 6 * f;
      const l = frames[f]!.linear;
      const [a1, a2, a4, a5] = [l[1]!, l[2]!, l[4]!, l[5]!];
      const [x0, x1, x2, x3, x4, x5] = [x[at]!, x[at + 1]!, x[at + 2]!, x[at + 3]!, x[at + 4]!, x[at + 5]!];
      const from = groupAt(group[f]!) - 3;
      for (let k = first[f]!; k < first[f + 1]!; k++) {
        let qx = 0;
        let qy = 0;
        const row = k * terms;
        for (let t = 3; t < terms; t++) {
          const value = rows[row + t]!;
          qx += x[from + t]! * value;
          qy += x[from + higher + t]! * value;
        }
        const [u, v] = [q[2 * k]!, q[2 * k + 1]!];
        eXi[k] = x0 + x1 * u + x2 * v + a1 * qx + a2 * qy;
        eEta[k] = x3 + x4 * u + x5 * v + a4 * qx + a5 * qy;
      }
    }
  };
  /** `pull` = Jᵀ W e (+ a start), on the unit's plane. */
  const pullStars = (eXi: Float64Array, eEta: Float64Array, start: Float64Array | null): void => {
    if (start) pull.set(start);
    else pull.fill(0);
    for (let f = 0; f < frames.length; f++) {
      const { cos, sin } = frames[f]!.turn;
      for (let k = first[f]!; k < first[f + 1]!; k++) {
        const a = w[k]! * eXi[k]!;
        const b = w[k]! * eEta[k]!;
        pull[2 * star[k]!]! += cos * a + sin * b;
        pull[2 * star[k]! + 1]! += -sin * a + cos * b;
      }
    }
  };
  /** Takes from e what the stars would follow: e − J H⁻¹ Jᵀ W e. */
  const withoutStars = (eXi: Float64Array, eEta: Float64Array, anchor: Float64Array | null): void => {
    pullStars(eXi, eEta, anchor);
    for (let i = 0; i < stars.count; i++) {
      const h = hold[i]!;
      pull[2 * i] = h > 0 ? pull[2 * i]! / h : 0;
      pull[2 * i + 1] = h > 0 ? pull[2 * i + 1]! / h : 0;
    }
    for (let f = 0; f < frames.length; f++) {
      const { cos, sin } = frames[f]!.turn;
      for (let k = first[f]!; k < first[f + 1]!; k++) {
        const px = pull[2 * star[k]!]!;
        const py = pull[2 * star[k]! + 1]!;
        eXi[k]! -= cos * px - sin * py;
        eEta[k]! -= sin * px + cos * py;
      }
    }
  };

  // right side: residuals, and the pull of the anchors through the stars
  const eXi = dXi.slice();
  const eEta = dEta.slice();
  const anchorPull = new Float64Array(2 * stars.count);
  for (let s = 0; s < stars.count; s++) {
    anchorPull[2 * s] = weights.anchor[s]! * (stars.xi[s]! - problem.anchorXi[s]!);
    anchorPull[2 * s + 1] = weights.anchor[s]! * (stars.eta[s]! - problem.anchorEta[s]!);
  }
  withoutStars(eXi, eEta, anchorPull);
  const right = new Float64Array(size);
  gather(eXi, eEta, right);
  for (const [f, { linear, ownLinear }] of frames.entries())
    for (let i = 0; i < 6; i++) right[6 * f + i]! -= SHAPE_WEIGHT[i % 3]! * (linear[i]! - ownLinear[i]!);
  for (const [g, distortion] of distortions.entries())
    for (let t = 3; t < distortion.x.length; t++) {
      const p = weights.prior[g]![t]!;
      right[groupAt(g) + t - 3]! -= p * distortion.x[t]!;
      right[groupAt(g) + higher + t - 3]! -= p * distortion.y[t]!;
    }
  const action = {
    size,
    apply: (x: Float64Array, out: Float64Array): void => {
      spread(x, eXi, eEta);
      withoutStars(eXi, eEta, null);
      gather(eXi, eEta, out);
      for (let i = 0; i < 6 * frames.length; i++) out[i]! += SHAPE_WEIGHT[i % 3]! * x[i]!;
      for (const [g, distortion] of distortions.entries())
        for (let t = 3; t < distortion.x.length; t++) {
          const p = weights.prior[g]![t]!;
          out[groupAt(g) + t - 3]! += p * x[groupAt(g) + t - 3]!;
          out[groupAt(g) + higher + t - 3]! += p * x[groupAt(g) + higher + t - 3]!;
        }
    },
    precondition: blockPreconditioner(problem, table, weights, q, size),
  };
  const { x } = conjugateGradient(action, right, { tolerance: 1e-4, maxSteps: 200 });

  // stars follow: H δ = Jᵀ W (B x − residual) − anchor pull
  spread(x, eXi, eEta);
  let most = 0;
  for (let k = 0; k < count; k++) {
    most = Math.max(most, Math.hypot(eXi[k]!, eEta[k]!));
    eXi[k]! -= dXi[k]!;
    eEta[k]! -= dEta[k]!;
  }
  pullStars(eXi, eEta, null);
  for (let s = 0; s < stars.count; s++) {
    if (!(hold[s]! > 0)) continue;
    stars.xi[s]! += (pull[2 * s]! - anchorPull[2 * s]!) / hold[s]!;
    stars.eta[s]! += (pull[2 * s + 1]! - anchorPull[2 * s + 1]!) / hold[s]!;
  }
  for (const [f, { linear }] of frames.entries()) for (let i = 0; i < 6; i++) linear[i]! += x[6 * f + i]!;
  for (const [g, distortion] of distortions.entries())
    for (let t = 3; t < distortion.x.length; t++) {
      distortion.x[t]! += x[groupAt(g) + t - 3]!;
      distortion.y[t]! += x[groupAt(g) + higher + t - 3]!;
    }
  return most;
}

/** Where the sightings of each frame begin, and their end. */
function firstSightings({ frames, stars }: JointProblem): Int32Array {
  const first = new Int32Array(frames.length + 1);
  const { count, frame } = stars.sightings;
  for (let k = 0; k < count; k++) first[frame[k]! + 1]!++;
  for (let f = 0; f < frames.length; f++) first[f + 1]! += first[f]!;
  return first;
}

/** Inverse of the diagonal blocks: each axis of each frame (3 × 3), each axis of each distortion. */
function blockPreconditioner(
  { frames, group, distortions, stars }: JointProblem,
  { rows, terms }: { rows: Float64Array; terms: number },
  weights: JointWeights,
  q: Float64Array,
  size: number,
): (r: Float64Array, out: Float64Array) => void {
  const higher = Math.max(0, terms - 3);
  const { count, frame } = stars.sightings;
  const ofFrame = frames.map(() => new Float64Array(9));
  const ofGroup = distortions.map(() => new Float64Array(higher * higher));
  for (let k = 0; k < count; k++) {
    const w = weights.sighting[k]!;
    if (!(w > 0)) continue;
    const f = frame[k]!;
    const block = ofFrame[f]!;
    const phi = [1, q[2 * k]!, q[2 * k + 1]!];
    for (let i = 0; i < 3; i++) for (let j = 0; j <= i; j++) block[3 * i + j]! += w * phi[i]! * phi[j]!;
    const { linear } = frames[f]!;
    const ws = w * Math.abs(linear[1]! * linear[5]! - linear[2]! * linear[4]!);
    const shared = ofGroup[group[f]!]!;
    for (let i = 0; i < higher; i++) {
      const wi = ws * rows[k * terms + 3 + i]!;
      for (let j = 0; j <= i; j++) shared[i * higher + j]! += wi * rows[k * terms + 3 + j]!;
    }
  }
  for (const [g, block] of ofGroup.entries())
    for (let i = 0; i < higher; i++) block[i * higher + i]! += weights.prior[g]![i + 3] ?? 0;
  const blocks: { at: number; n: number; factor: Float64Array | null }[] = [];
  const add = (at: number, n: number, block: Float64Array): void => {
    for (let i = 0; i < n; i++) block[i * n + i]! = block[i * n + i]! * (1 + 1e-9) || 1; // a term without data stays at rest
    const factor = block.slice();
    blocks.push({ at, n, factor: choleskyFactor(factor, n) ? factor : null });
  };
  for (const [f, block] of ofFrame.entries()) {
    for (let i = 0; i < 3; i++) block[4 * i]! += SHAPE_WEIGHT[i]!;
    add(6 * f, 3, block.slice());
    add(6 * f + 3, 3, block.slice());
  }
  for (const [g, block] of ofGroup.entries()) {
    add(6 * frames.length + 2 * higher * g, higher, block.slice());
    add(6 * frames.length + 2 * higher * g + higher, higher, block.slice());
  }
  return (r, out) => {
    out.set(r.length === size ? r : r.subarray(0, size));
    for (const { at, n, factor } of blocks) if (factor && n > 0) choleskySolve(factor, n, out.subarray(at, at + n));
  };
}
