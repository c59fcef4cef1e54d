import { type DitherMethod, ditherSequence, ditherStart, NULL_VALUE, RANDOM_COUNT, ZERO_VALUE } from './dither.ts';
import { type NoiseScratch, tileNoise, tileRange } from './noise.ts';

/** Integers at the lower end that have a meaning of their own (cfitsio keeps ten). */
const RESERVED = 10;
const INT_MAX = 2_147_483_647;

export interface Quantized {
  readonly scale: number;
  readonly zero: number;
  readonly hasNull: boolean;
}

/**
 * Turns one tile of floats into integers of step noise / level (or of step -level where it is negative). Undefined
 * where that makes no sense: no noise to measure, or a range of more than 2^32 steps; such a tile is kept without loss.
 *
 * @param tile - counted from 0; chooses the place in the random sequence
 */
export function quantizeTile(
  values: Float32Array | Float64Array,
  width: number,
  rows: number,
  {
    level,
    dither,
    seed,
    tile,
    blanks,
  }: { level: number; dither: DitherMethod; seed: number; tile: number; blanks: 'zblank' | 'lossless' },
  out: Int32Array,
  scratch: NoiseScratch,
): Quantized | undefined {
  const count = width * rows;
  const noise = level > 0 ? tileNoise(values, width, rows, scratch) : null;
  const { good, least, most } = noise ?? tileRange(values, count);
  if (blanks === 'lossless' && good < count) return undefined;
  const step = noise ? noise.sigma / level : -level;
  const range = good === 0 ? 0 : (most - least) / step;
  if (good > 0 && (!(step > 0) || !(range <= 2 * INT_MAX - RESERVED))) return undefined;
  const scale = good === 0 ? 1 : step;
  const zero = good === 0 ? 0 : zeroPoint(least, most, scale, good === count && dither !== 'dither2');
  if (dither === 'none') {
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      out[i] = Number.isNaN(value) ? NULL_VALUE : nearest((value - zero) / scale);
    }
    return { scale, zero, hasNull: good < count };
  }
  const random = ditherSequence();
  const keepsZero = dither === 'dither2';
  let start = ditherStart(tile, seed);
  let next = Math.floor(random[start]! * 500);
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) out[i] = NULL_VALUE;
    else if (keepsZero && value === 0) out[i] = ZERO_VALUE;
    else out[i] = nearest((value - zero) / scale + random[next]! - 0.5);
    if (++next === RANDOM_COUNT) {
      if (++start === RANDOM_COUNT) start = 0;
      next = Math.floor(random[start]! * 500);
    }
  }
  return { scale, zero, hasNull: good < count };
}

const nearest = (x: number): number => (x >= 0 ? (x + 0.5) | 0 : (x - 0.5) | 0);

/** Without nulls the integers begin at 0, on a whole multiple of the step so that packing twice changes nothing. */
function zeroPoint(least: number, most: number, step: number, isFree: boolean): number {
  if (!isFree) return least - step * (NULL_VALUE + RESERVED);
  if ((most - least) / step < INT_MAX - RESERVED) return Math.trunc(least / step + 0.5) * step;
  return (least + most) / 2;
}
