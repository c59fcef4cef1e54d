import type { PsfModel } from '../psf/psf-model.ts';
import { placeTerms, psfAt } from '../psf/psf-spline.ts';
import { splineOf } from '../psf/psf-stamp.ts';
import { type CoordinateGrid, GRID_STEP, gridAt } from '../resample/coordinate-grid.ts';
import type { Shape } from '../shape.ts';
import { choleskyFactor, choleskyInverse } from '../solve/cholesky.ts';

/** Places per side at which the PSF is taken over: a variation of third order is known by four. */
const PLACES = 4;

/**
 * The PSF of an image as it is after that image was brought to another grid: shifted, turned, scaled. Interpolation itself changes it
 * little: Lanczos-3 keeps a star of FWHM 2.5 pixels to 1 %.
 *
 * @param grid - where the pixels of `shape` lie on the image of `psf`
 */
export function psfOnGrid(psf: PsfModel, grid: CoordinateGrid, shape: Shape): PsfModel {
  const places = Array.from({ length: PLACES * PLACES }, (_, k) => ({
    x: ((k % PLACES) / (PLACES - 1)) * (shape.width - 1),
    y: (Math.floor(k / PLACES) / (PLACES - 1)) * (shape.height - 1),
  }));
  const middle = jacobian(grid, (shape.width - 1) / 2, (shape.height - 1) / 2);
  const scale = Math.sqrt(middle.area);
  const fwhmPix = psf.fwhmPix / scale;
  const finer = fwhmPix >= 2.6 ? 1 : fwhmPix >= 1.5 ? 2 : 3;
  const radiusPix = Math.max(6, Math.round(psf.radiusPix / scale));
  const size = 2 * radiusPix * finer + 1;
  const to = {
    order: psf.order,
    originX: (shape.width - 1) / 2,
    originY: (shape.height - 1) / 2,
    scaleX: shape.width / 2,
    scaleY: shape.height / 2,
  };
  const solver = polynomialSolver(places.map(({ x, y }) => placeTerms(to, x, y)));
  const planes = new Float32Array(solver.length * size * size);
  places.forEach(({ x, y }, k) => {
    const samples = sampled(psf, jacobian(grid, x, y), size, 1 / finer);
    solver.forEach((row, t) => {
      for (let p = 0; p < samples.length; p++) planes[t * samples.length + p]! += row[k]! * samples[p]!;
    });
  });
  return { ...psf, ...to, fwhmPix, radiusPix, stepPix: 1 / finer, size, planes };
}

interface Jacobian {
  /** Place on the image [pix]. */
  readonly u: number;
  readonly v: number;
  /** Its derivatives to x and to y, and the area of the image that one pixel covers [pix²]. */
  readonly ux: number;
  readonly uy: number;
  readonly vx: number;
  readonly vy: number;
  readonly area: number;
}

function jacobian(grid: CoordinateGrid, x: number, y: number): Jacobian {
  const at = (px: number, py: number): Float64Array => {
    const out = new Float64Array(2);
    gridAt(grid, px, py, out);
    return out;
  };
  const step = GRID_STEP;
  const [here, left, right, below, above] = [at(x, y), at(x - step, y), at(x + step, y), at(x, y - step), at(x, y + step)];
  const [ux, uy] = [(right[0]! - left[0]!) / (2 * step), (above[0]! - below[0]!) / (2 * step)];
  const [vx, vy] = [(right[1]! - left[1]!) / (2 * step), (above[1]! - below[1]!) / (2 * step)];
  return { u: here[0]!, v: here[1]!, ux, uy, vx, vy, area: Math.abs(ux * vy - uy * vx) };
}

/** Light per new pixel at the nodes of a grid of `size²` samples, `step` new pixels apart. */
function sampled(psf: PsfModel, { u, v, ux, uy, vx, vy, area }: Jacobian, size: number, step: number): Float64Array {
  const spline = psfAt(splineOf(psf), u, v);
  const out = new Float64Array(size * size);
  const half = (size - 1) / 2;
  for (let j = 0, p = 0; j < size; j++)
    for (let i = 0; i < size; i++, p++) {
      const dx = (i - half) * step;
      const dy = (j - half) * step;
      out[p] = area * splineValue(spline, psf.size, (ux * dx + uy * dy) / psf.stepPix, (vx * dx + vy * dy) / psf.stepPix);
    }
  return out;
}

/** Value of a cubic spline (dx, dy) nodes from the middle one; 0 outside. */
function splineValue(coefficients: Float64Array, size: number, dx: number, dy: number): number {
  const [x, y] = [dx + (size - 1) / 2, dy + (size - 1) / 2];
  const [left, below] = [Math.floor(x) - 1, Math.floor(y) - 1];
  let sum = 0;
  for (let j = below; j < below + 4; j++) {
    if (j < 0 || j >= size) continue;
    const weight = cubic(y - j);
    for (let i = Math.max(0, left); i < Math.min(size, left + 4); i++) sum += weight * cubic(x - i) * coefficients[j * size + i]!;
  }
  return sum;
}

/** The cubic B-spline. */
function cubic(x: number): number {
  const a = Math.abs(x);
  if (a >= 2) return 0;
  return a < 1 ? 2 / 3 - a * a + a ** 3 / 2 : (2 - a) ** 3 / 6;
}

/** Row t: by what values at the places are to be multiplied to give the coefficient of term t, by least squares. */
function polynomialSolver(terms: readonly Float64Array[]): Float64Array[] {
  const n = terms[0]!.length;
  const normal = new Float64Array(n * n);
  for (const row of terms) for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) normal[i * n + j]! += row[i]! * row[j]!;
  if (!choleskyFactor(normal, n)) throw new RangeError('The places of a PSF lie on one line.');
  const inverse = choleskyInverse(normal, n);
  return Array.from({ length: n }, (_, t) =>
    Float64Array.from(terms, (row) => row.reduce((sum, v, i) => sum + inverse[t * n + i]! * v, 0)),
  );
}
