import { type PsfSpline, psfAt, splineStamp } from './psf-spline.ts';

/** Images of sources that stay where they are, of unit flux: made once, and used by every pass of a fit. */
export interface FixedStamps {
  /** Half size of each stamp [pix]. */
  readonly radius: number;
  /** (2 radius + 1)² values for each source, its middle pixel the one nearest to it; in the compute memory. */
  readonly values: Float64Array;
}

export interface FillStampsArgs {
  readonly spline: PsfSpline;
  /** NaN: not needed. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly stamps: FixedStamps;
}

/** More are made anew each time [bytes]. */
const MOST_BYTES = 128 * 2 ** 20;

/** Half size of the stamps of so many sources, and how many values they are; null: too many to keep. */
export function fixedStampsSize(
  { model }: PsfSpline,
  count: number,
): { readonly radius: number; readonly length: number } | null {
  const radius = Math.ceil(model.radiusPix);
  const length = count * (2 * radius + 1) ** 2;
  return 8 * length <= MOST_BYTES ? { radius, length } : null;
}

/** The values of one source. */
export const fixedStamp = ({ radius, values }: FixedStamps, source: number): Float64Array => {
  const size = (2 * radius + 1) ** 2;
  return values.subarray(source * size, (source + 1) * size);
};

/** Fills the stamps of sources `from` … `to − 1`. A task of the pool. */
export function fillPsfStamps({ spline, x, y, stamps }: FillStampsArgs, from: number, to: number): number {
  const { size, stepPix } = spline.model;
  const coefficients = new Float64Array(size * size);
  for (let s = from; s < to; s++) {
    if (!Number.isFinite(x[s]!) || !Number.isFinite(y[s]!)) continue;
    psfAt(spline, x[s]!, y[s]!, coefficients);
    const [fx, fy] = [x[s]! - Math.round(x[s]!), y[s]! - Math.round(y[s]!)];
    splineStamp(coefficients, size, stepPix, fx, fy, stamps.radius, { value: fixedStamp(stamps, s) });
  }
  return to - from;
}
