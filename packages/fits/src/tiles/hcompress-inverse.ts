import { levelSizes, levelsOf } from './hcompress-decode.ts';
import { smoothLevel } from './hcompress-smooth.ts';

/**
 * The inverse H-transform, in place: at each level the mean and the differences along x, y and both of a 2 × 2 square
 * become its four pixels. Low bits that the forward transform threw away are recovered from the parity of the others,
 * which makes it exact for integers.
 *
 * @param a - nx rows of ny coefficients, in the order of the transform
 * @param smoothScale - the scale of the quantisation where coefficients are to be smoothed, else 0
 */
export function hInverse(a: Float64Array, nx: number, ny: number, smoothScale: number): void {
  const levels = levelsOf(Math.max(nx, ny));
  if (levels === 0) {
    // A single pixel was neither rounded nor doubled.
    return;
  }
  const xs = levelSizes(nx, levels);
  const ys = levelSizes(ny, levels);
  const line = new Float64Array(Math.max(nx, ny));
  // The weights of the bits that each level reconstructs; halved from level to level.
  let unit = 2 ** (levels - 1);
  a[0] = roundTo(a[0]!, 4 * unit);
  for (let k = levels - 1; k >= 0; k--) {
    const top = xs[levels - k]!;
    const wide = ys[levels - k]!;
    for (let i = 0; i < top; i++) interleave(a, i * ny, 1, wide, line);
    for (let j = 0; j < wide; j++) interleave(a, j, ny, top, line);
    if (smoothScale > 0) smoothLevel(a, top, wide, ny, smoothScale);
    combine(a, top, wide, ny, unit, k === 0);
    unit /= 2;
  }
}

/** Two halves of a line as even and odd places. */
function interleave(a: Float64Array, at: number, step: number, n: number, line: Float64Array): void {
  const half = (n + 1) >> 1;
  for (let i = half; i < n; i++) line[i] = a[at + i * step]!;
  for (let i = half - 1; i > 0; i--) a[at + 2 * i * step] = a[at + i * step]!;
  for (let i = half; i < n; i++) a[at + (2 * (i - half) + 1) * step] = line[i]!;
}

/** To a multiple of `unit`; halves go away from zero. */
function roundTo(value: number, unit: number): number {
  if (unit <= 1) return value;
  const half = Math.floor(unit / 2);
  return Math.floor((value + (value >= 0 ? half : half - 1)) / unit) * unit;
}

/** Is bit `unit` set, in two's complement? */
const hasBit = (value: number, unit: number): boolean => unit >= 1 && Math.abs(Math.floor(value / unit)) % 2 === 1;

function combine(a: Float64Array, top: number, wide: number, ny: number, unit: number, isLast: boolean): void {
  const double = 2 * unit;
  // All levels but the last have a factor of two to spare.
  const divisor = isLast ? 4 : 2;
  const roundHc = isLast ? (value: number) => value : (value: number) => roundTo(value, unit);
  const evenTop = top & ~1;
  const evenWide = wide & ~1;
  for (let i = 0; i < evenTop; i += 2) {
    let upper = i * ny;
    let lower = upper + ny;
    for (let j = 0; j < evenWide; j += 2, upper += 2, lower += 2) {
      const hc = roundHc(a[lower + 1]!);
      let hx = roundTo(a[lower]!, double);
      let hy = roundTo(a[upper + 1]!, double);
      const low0 = hasBit(hc, unit) ? unit : 0;
      hx -= hx >= 0 ? low0 : -low0;
      hy -= hy >= 0 ? low0 : -low0;
      const low1 = hasBit(hc, double) !== (hasBit(hx, double) !== hasBit(hy, double)) ? double : 0;
      let h0 = a[upper]!;
      h0 += h0 >= 0 ? low0 - low1 : low0 === 0 ? low1 : low0 - low1;
      a[lower + 1] = Math.floor((h0 + hx + hy + hc) / divisor);
      a[lower] = Math.floor((h0 + hx - hy - hc) / divisor);
      a[upper + 1] = Math.floor((h0 - hx + hy - hc) / divisor);
      a[upper] = Math.floor((h0 - hx - hy + hc) / divisor);
    }
    if (wide & 1) pair(a, upper, lower, double, divisor);
  }
  if (top & 1) {
    let at = evenTop * ny;
    for (let j = 0; j < evenWide; j += 2, at += 2) pair(a, at, at + 1, double, divisor);
    if (wide & 1) a[at] = Math.floor(a[at]! / divisor);
  }
}

/** At an odd edge: mean and one difference become two pixels. */
function pair(a: Float64Array, first: number, second: number, double: number, divisor: number): void {
  const h = roundTo(a[second]!, double);
  const low = hasBit(h, double) ? double : 0;
  const h0 = a[first]! + (a[first]! >= 0 ? -low : low);
  a[second] = Math.floor((h0 + h) / divisor);
  a[first] = Math.floor((h0 - h) / divisor);
}
