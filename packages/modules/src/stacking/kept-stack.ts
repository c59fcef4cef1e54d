import type { StackFrame } from './frame-share.ts';
import { covers, type OutputGrid } from './output-grid.ts';
import type { FrameTrace, Halves } from './stack-unit.ts';

/** A stack that goes on growing while frames arrive: its sums on the heap, and what is in them. */
export interface KeptStack {
  readonly grid: OutputGrid;
  readonly halves: Halves;
  readonly frames: readonly StackFrame[];
  readonly traces: readonly FrameTrace[];
  /** The first of the frames, which are in the first half. */
  readonly inFirst: number;
}

/** Fewer frames than these are stacked anew each time: the first ones judged each other. */
const LEAST_KEPT = 4;
/** How far a frame's coordinates may move by a fit with more frames [pix], and its transparency beyond a common factor. */
const MOST_SHIFT_PIX = 0.05;
const MOST_CHANGE = 0.01;

/** Whether `frames` are those of `kept` and further ones, all as they were. */
export function continues(kept: KeptStack, frames: readonly StackFrame[], grid: OutputGrid): boolean {
  if (kept.frames.length < LEAST_KEPT || frames.length < kept.frames.length || !covers(kept.grid, grid)) return false;
  const factor = commonFactor(kept, frames);
  return kept.frames.every((was, i) => {
    const is = frames[i]!;
    return (
      was.frame.sha256 === is.frame.sha256 &&
      Math.abs(is.scale / was.scale / factor - 1) < MOST_CHANGE &&
      shiftPix(was, is, kept.grid) < MOST_SHIFT_PIX
    );
  });
}

/**
 * The reference of the transparencies moves as frames arrive: brings the sums to the present one. Weights are 1/(σ scale FWHM)², so
 * with a factor f of all scales, w ∝ f⁻², Σ w·d ∝ f⁻¹ and Σ w²·v ∝ f⁻².
 */
export function rescale({ halves }: KeptStack, factor: number): void {
  if (Math.abs(factor - 1) < 1e-6) return;
  const times = (plane: Float32Array, by: number): void => {
    for (let i = 0; i < plane.length; i++) plane[i]! *= by;
  };
  for (const half of halves) {
    times(half.sum, 1 / factor);
    times(half.weight, factor ** -2);
    times(half.noise, factor ** -2);
  }
}

/** Median of the scales over what they were. */
export function commonFactor(kept: KeptStack, frames: readonly StackFrame[]): number {
  const ratios = kept.frames.map((was, i) => frames[i]!.scale / was.scale).sort((a, b) => a - b);
  return ratios[ratios.length >> 1]!;
}

/**
 * Which half the next frames go to, and the halves made ready for them: the first takes the second in when that has grown to twice its depth. So
 * halves of a stack that grows are first and later frames, if not equally many; the final ones are equal.
 */
export function growHalves(kept: KeptStack): KeptStack {
  const later = kept.frames.length - kept.inFirst;
  if (later < 2 * kept.inFirst) return kept;
  const [first, second] = kept.halves;
  for (const name of ['sum', 'weight', 'noise', 'coverage', 'bits'] as const) {
    const [a, b] = [first[name], second[name]];
    if (name === 'bits') for (let i = 0; i < a.length; i++) a[i]! |= b[i]!;
    else for (let i = 0; i < a.length; i++) a[i]! += b[i]!;
    b.fill(0);
  }
  return { ...kept, inFirst: kept.frames.length };
}

/** Largest move of corners and middle, on the stack [pix]. */
function shiftPix(was: StackFrame, is: StackFrame, grid: OutputGrid): number {
  const { width, height } = is.frame;
  const places = [0, 1, 0.5].flatMap((a) => [0, 1, 0.5].map((b) => [a * (width - 1), b * (height - 1)] as const));
  return Math.max(
    ...places.map(([x, y]) => {
      const a = grid.wcs.skyToPixel(...was.wcs.pixelToSky(x, y));
      const b = grid.wcs.skyToPixel(...is.wcs.pixelToSky(x, y));
      return a === null || b === null ? Infinity : Math.hypot(a[0] - b[0], a[1] - b[1]);
    }),
  );
}
