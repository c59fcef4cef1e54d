import { ditherSequence, ditherStart, NULL_VALUE, RANDOM_COUNT, ZERO_VALUE } from './dither.ts';
import type { TilePlan } from './plan.ts';

/**
 * Turns the stored integers of one tile back into floats: `(stored − r + ½) · scale + zero` with the shared random
 * sequence, or plainly without dither (FITS 4.0, section 10.2).
 */
export function unquantizeTile(plan: TilePlan, tile: number, stored: Int32Array, count: number, out: Float64Array): void {
  const scale = plan.scales![tile]!;
  const zero = plan.zeros![tile]!;
  const declared = plan.blanks?.[tile];
  const blank = declared === undefined || Number.isNaN(declared) ? NULL_VALUE : declared;
  if (plan.dither === 'none') {
    for (let i = 0; i < count; i++) {
      const value = stored[i]!;
      out[i] = value === blank ? Number.NaN : value * scale + zero;
    }
    return;
  }
  const random = ditherSequence();
  const keepsZero = plan.dither === 'dither2';
  let start = ditherStart(tile, plan.ditherSeed);
  let next = Math.floor(random[start]! * 500);
  for (let i = 0; i < count; i++) {
    const value = stored[i]!;
    if (value === blank) out[i] = Number.NaN;
    else if (keepsZero && value === ZERO_VALUE) out[i] = 0;
    else out[i] = (value - random[next]! + 0.5) * scale + zero;
    if (++next === RANDOM_COUNT) {
      if (++start === RANDOM_COUNT) start = 0;
      next = Math.floor(random[start]! * 500);
    }
  }
}
