import type { Compute } from '../compute.ts';
import type { Shape } from '../shape.ts';
import { fitStreak } from './fit-streak.ts';
import { brightSegments, type Segment } from './radon.ts';
import { type Residuals, streakCells } from './streak-cells.ts';

/** A trail of a satellite or an aircraft across the image. */
export interface Streak {
  /** Ends of its axis [pix], and how far the middle of the axis bows from the straight line, to the left of 0 → 1 [pix]. */
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly bowPix: number;
  /** Half of the width over which its light shows [pix]. */
  readonly halfWidthPix: number;
  /** S/N of all of it, and of the crest in one pixel [1]. */
  readonly snr: number;
  readonly crestSnr: number;
}

export interface StreakImage extends Residuals {
  /** FWHM of stars [pix]. */
  readonly fwhmPix: number;
}

/** Of segments that are looked at closely, and of streaks [sigma]: chance gives one segment per image the first, one image in 10⁴ the second. */
const CANDIDATE = 4.7;
const LEAST_SNR = 7;
/** Streaks in one image, and segments that are tried and found to be none, at most. */
const MOST_STREAKS = 8;
const MOST_TRIES = 12;
const MOST_CELLS = 512;

/**
 * Streaks by their sum along the line, so also those that no pixel shows: at a crest of a tenth of the noise of a pixel in 2048². The sums over
 * coarse cells (`sumLines`) give candidates, which are then fitted on the pixels (`fitStreak`). The mask of the image is changed: what was found
 * gets `bit` in it, so that the next streak is not the same.
 */
export async function findStreaks(
  image: StreakImage,
  compute: Pick<Compute, 'sumCells' | 'sumLines'>,
  bit = 1,
): Promise<Streak[]> {
  const cellPix = cellOf(image);
  const { mask } = image;
  const found: Streak[] = [];
  for (let isNew = true; isNew && found.length < MOST_STREAKS; ) {
    isNew = false;
    const cells = await streakCells(image, cellPix, compute);
    const segments = brightSegments(await compute.sumLines(cells, CANDIDATE), cells, CANDIDATE);
    const tried: Segment[] = [];
    for (const segment of segments) {
      if (tried.length >= MOST_TRIES || found.length >= MOST_STREAKS) break;
      if (tried.some((other) => isNear(segment, other))) continue;
      tried.push(segment);
      const at = (cell: number): number => (cell + 0.5) * cellPix - 0.5;
      const line = { x0: at(segment.x0), y0: at(segment.y0), x1: at(segment.x1), y1: at(segment.y1) };
      const streak = fitStreak(image, line, cellPix);
      if (streak === null || streak.snr < LEAST_SNR) continue;
      found.push(streak);
      isNew = true;
      maskStreak(streak, mask, image, bit);
    }
  }
  return found;
}

/**
 * Side of a cell [pix]: the FWHM, for that gives the best S/N along a line; on large images up to 2.5 of it, for their lines are longer and n² log n
 * additions of 512 cells are enough.
 */
function cellOf({ width, height, fwhmPix }: StreakImage): number {
  const enough = Math.ceil(Math.max(width, height) / MOST_CELLS);
  return Math.max(2, Math.round(1.1 * fwhmPix), Math.min(enough, Math.floor(2.5 * fwhmPix)));
}

/** Whether a segment runs along another: its ends and its middle within a few cells of that line. */
function isNear(a: Segment, b: Segment): boolean {
  const length = Math.hypot(b.x1 - b.x0, b.y1 - b.y0);
  const off = (x: number, y: number): number => Math.abs((x - b.x0) * (b.y1 - b.y0) - (y - b.y0) * (b.x1 - b.x0)) / length;
  return Math.min(off(a.x0, a.y0), off(a.x1, a.y1)) < 6 && off((a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2) < 12;
}

/** Adds `bit` to the pixels of a streak; how many were good before. */
export function maskStreak(streak: Streak, mask: Uint16Array, { width, height }: Shape, bit: number): number {
  const { x0, y0, x1, y1, bowPix, halfWidthPix: half } = streak;
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const reach = half + Math.abs(bowPix);
  let count = 0;
  const top = Math.min(height - 1, Math.floor(Math.max(y0, y1) + reach));
  for (let y = Math.max(0, Math.ceil(Math.min(y0, y1) - reach)); y <= top; y++) {
    const wide = Math.abs(uy) > 1e-9 ? reach / Math.abs(uy) : Infinity;
    const centre = Math.abs(uy) > 1e-9 ? x0 + ((y - y0) * ux) / uy : x0;
    const from = Math.max(0, Math.floor(Math.max(centre - wide, Math.min(x0, x1) - reach)));
    const to = Math.min(width - 1, Math.ceil(Math.min(centre + wide, Math.max(x0, x1) + reach)));
    for (let x = from; x <= to; x++) {
      const [dx, dy] = [x - x0, y - y0];
      const t = (dx * ux + dy * uy) / length;
      if (t < 0 || t > 1 || Math.abs(dy * ux - dx * uy - 4 * bowPix * t * (1 - t)) > half) continue;
      const p = y * width + x;
      if (mask[p] === 0) count++;
      mask[p]! |= bit;
    }
  }
  return count;
}
