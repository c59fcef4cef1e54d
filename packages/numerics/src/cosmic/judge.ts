import { MaskPlane } from '../mask-plane.ts';
import type { Shape } from '../shape.ts';
import { quantileInPlace } from '../stats/quantile.ts';
import { laplacian } from './laplacian.ts';
import { medianOf9 } from './median-of-9.ts';

export interface JudgeInput {
  readonly data: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  readonly shape: Shape;
  /** Pixels to judge. */
  readonly pixels: Int32Array;
  readonly sigmaClip: number;
  /** 0: significance alone decides, as beside a hit. */
  readonly objLim: number;
  /** Filled with 1 for a hit, 0 else. */
  readonly verdicts: Uint8Array;
}

/** Half size of the patch looked at. */
const R = 4;
const SIDE = 2 * R + 1;

const patch = new Float64Array(SIDE * SIDE);
const work = new Float64Array(SIDE * SIDE);
const hits = new Uint8Array(SIDE * SIDE);

/**
 * Decides on pixels `from` … `to` − 1 of the list: a hit has a Laplacian that stands out of its surroundings (median of 5 × 5) by
 * `sigmaClip` sigma, and by `objLim` times the fine structure there (median of 3 × 3 minus median of 7 × 7 of it), which is small for a
 * hit and large for a star. Masked pixels take the mean of their good neighbours; within 3 pixels of saturation nothing is a hit.
 *
 * Source: van Dokkum 2001, PASP 113, 1420, sections 3.1 to 3.3; noise from the variance plane.
 */
export function judgeCosmicRays(input: JudgeInput, from: number, to: number): void {
  for (let k = from; k < to; k++) input.verdicts[k] = isHit(input, input.pixels[k]!) ? 1 : 0;
}

function isHit({ data, variance, mask, shape, sigmaClip, objLim }: JudgeInput, index: number): boolean {
  const { width, height } = shape;
  const x = index % width;
  const y = (index - x) / width;
  let n = 0;
  let leastValue = Infinity;
  let leastVariance = Infinity;
  for (let j = -2; j <= 2; j++) {
    for (let i = -2; i <= 2; i++) {
      const q = clamp(y + j, height) * width + clamp(x + i, width);
      const v = variance[q]!;
      if (mask[q] !== 0 || !(v > 0 && v <= 3e38)) continue;
      work[n++] = v;
      if (v < leastVariance) leastVariance = v;
      if (data[q]! < leastValue) leastValue = data[q]!;
    }
  }
  // neither its height nor its Laplacian exceeds what it stands above the lowest pixel around: most noise ends here
  if (n < 5 || !(data[index]! - leastValue > sigmaClip * Math.sqrt(leastVariance))) return false;
  const noise = Math.sqrt(quantileInPlace(work, 0.5, n));
  if (!cutPatch(data, mask, x, y, shape)) return false;

  const center = R * SIDE + R;
  if (objLim !== 0) {
    n = 0; // the Laplacian of pure noise reaches 4.5 sigma in many more pixels than their height does
    for (let j = R - 2; j <= R + 2; j++) for (let i = R - 2; i <= R + 2; i++) work[n++] = patch[j * SIDE + i]!;
    if (!(patch[center]! - quantileInPlace(work, 0.5, n) > sigmaClip * noise)) return false;
  }
  const own = patchLaplacian(center);
  if (!(own > sigmaClip * noise)) return false;
  n = 0;
  for (let j = R - 2; j <= R + 2; j++) for (let i = R - 2; i <= R + 2; i++) work[n++] = patchLaplacian(j * SIDE + i);
  const significance = own - quantileInPlace(work, 0.5, n);
  if (!(significance > sigmaClip * noise)) return false;
  if (objLim === 0) return true;

  const smooth = patchMedian(center);
  let ring = -Infinity; // a lower bound of the fine structure, from the ring of radius 3: most star cores end here
  for (let j = -3; j <= 3; j += 3)
    for (let i = -3; i <= 3; i += 3) if (i !== 0 || j !== 0) ring = Math.max(ring, patchMedian(center + j * SIDE + i));
  if (significance <= objLim * (smooth - ring)) return false;
  n = 0;
  for (let j = 1; j < SIDE - 1; j++) for (let i = 1; i < SIDE - 1; i++) work[n++] = patchMedian(j * SIDE + i);
  return significance > objLim * Math.max(smooth - quantileInPlace(work, 0.5, n), 0.01 * noise);
}

function clamp(v: number, n: number): number {
  return v < 0 ? 0 : v >= n ? n - 1 : v;
}

/** Fills `patch`; false where a saturated pixel is within 3 pixels. */
function cutPatch(data: Float32Array, mask: Uint16Array, x: number, y: number, { width, height }: Shape): boolean {
  let holes = 0;
  hits.fill(0);
  for (let j = -R, p = 0; j <= R; j++) {
    const row = clamp(y + j, height) * width;
    for (let i = -R; i <= R; i++, p++) {
      const q = row + clamp(x + i, width);
      const bits = mask[q]!;
      if ((bits & MaskPlane.SATURATED) !== 0 && j * j < 10 && i * i < 10) return false;
      const v = data[q]!;
      if (bits === 0 && Math.abs(v) <= 3e38) patch[p] = v;
      else {
        patch[p] = NaN;
        holes++;
        if (bits === MaskPlane.COSMIC) hits[p] = 1;
      }
    }
  }
  if (holes > 0) fillPatch(holes);
  return holes < patch.length / 2;
}

/** Holes get the mean of their good neighbours among the eight; earlier hits, whose neighbours may be hit too, the median of the patch. */
function fillPatch(holes: number): void {
  let n = 0;
  for (const v of patch) if (!Number.isNaN(v)) work[n++] = v;
  if (n === 0) return;
  const typical = quantileInPlace(work, 0.5, n);
  work.set(patch);
  for (let p = 0; p < patch.length && holes > 0; p++) {
    if (!Number.isNaN(work[p]!)) continue;
    holes--;
    if (hits[p] === 1) {
      patch[p] = typical;
      continue;
    }
    let sum = 0;
    let good = 0;
    const x = p % SIDE;
    for (let j = Math.max(0, p - x - SIDE); j <= Math.min(patch.length - SIDE, p - x + SIDE); j += SIDE) {
      for (let i = Math.max(0, x - 1); i <= Math.min(SIDE - 1, x + 1); i++) {
        const v = work[j + i]!;
        if (Number.isNaN(v)) continue;
        sum += v;
        good++;
      }
    }
    patch[p] = good > 0 ? sum / good : typical;
  }
}

function patchLaplacian(p: number): number {
  return laplacian(patch[p]!, patch[p - 1]!, patch[p + 1]!, patch[p - SIDE]!, patch[p + SIDE]!);
}

function patchMedian(p: number): number {
  return medianOf9(patch, p, SIDE);
}
