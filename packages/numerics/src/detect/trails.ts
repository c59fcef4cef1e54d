import { MaskPlane } from '../mask-plane.ts';
import type { Shape } from '../shape.ts';
import { medianOf } from '../stats/quantile.ts';
import type { Basins } from './watershed.ts';

/** A straight streak across the image: a satellite or an aircraft. Ends on its axis [pix]. */
export interface Trail {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly halfWidthPix: number;
}

interface Piece {
  readonly x: number;
  readonly y: number;
  /** Unit vector along the axis. */
  readonly ux: number;
  readonly uy: number;
  /** Ends along the axis from (x, y). */
  readonly from: number;
  readonly to: number;
}

/** Least length in units of the FWHM: no galaxy, blend or diffraction spike of our fields is as long and as thin. */
const LEAST_LENGTH = 20;
const MOST_WIDTH = 4;
/** A trail's pixels brighter than this many times its usual brightness are a star's. */
const STAR_EXCESS = 4;

/**
 * Finds basins that are long, thin and straight, joins those on one line and follows the line on both sides as long as it is bright.
 *
 * @param snr - filtered image the basins come from
 */
export function findTrails(basins: Basins, snr: Float32Array, mask: Uint16Array, shape: Shape, fwhmPix: number): Trail[] {
  const pieces = longPieces(basins, mask, shape, fwhmPix).sort((a, b) => b.to - b.from - (a.to - a.from));
  const trails: Trail[] = [];
  const used = new Set<Piece>();
  for (const piece of pieces) {
    if (used.has(piece)) continue;
    let { from, to } = piece;
    for (const other of pieces) {
      const dx = other.x - piece.x;
      const dy = other.y - piece.y;
      const along = dx * piece.ux + dy * piece.uy;
      const offset = Math.abs(dx * piece.uy - dy * piece.ux);
      const turned = Math.abs(other.ux * piece.uy - other.uy * piece.ux);
      if (offset > 1.5 * fwhmPix + 0.004 * Math.abs(along) || turned > 0.03) continue;
      used.add(other);
      from = Math.min(from, along + other.from, along - other.to);
      to = Math.max(to, along + other.to, along - other.from);
    }
    from = follow(piece, from, -1, snr, shape);
    to = follow(piece, to, 1, snr, shape);
    trails.push({
      x0: piece.x + from * piece.ux,
      y0: piece.y + from * piece.uy,
      x1: piece.x + to * piece.ux,
      y1: piece.y + to * piece.uy,
      halfWidthPix: 1.75 * fwhmPix + 1,
    });
  }
  return trails;
}

/** Sets MaskPlane.TRAIL on the pixels of a trail, but not where a star outshines it. The number of pixels set. */
export function maskTrail(trail: Trail, sky: Float32Array, mask: Uint16Array, { width, height }: Shape): number {
  const length = Math.hypot(trail.x1 - trail.x0, trail.y1 - trail.y0);
  const ux = (trail.x1 - trail.x0) / length;
  const uy = (trail.y1 - trail.y0) / length;
  const crest = new Float64Array(Math.ceil(length));
  for (let t = 0; t < crest.length; t++) {
    const x = Math.round(trail.x0 + t * ux);
    const y = Math.round(trail.y0 + t * uy);
    crest[t] = x >= 0 && y >= 0 && x < width && y < height ? sky[y * width + x]! : NaN;
  }
  const limit = STAR_EXCESS * medianOf(crest);
  const h = trail.halfWidthPix;
  let count = 0;
  for (
    let y = Math.max(Math.floor(Math.min(trail.y0, trail.y1) - h), 0);
    y <= Math.min(Math.max(trail.y0, trail.y1) + h, height - 1);
    y++
  ) {
    // The part of the row inside the strip: |offset| ≤ h and 0 ≤ along ≤ length.
    const reach = Math.abs(uy) > 1e-9 ? h / Math.abs(uy) : Infinity;
    const centre = Math.abs(uy) > 1e-9 ? trail.x0 + ((y - trail.y0) * ux) / uy : trail.x0;
    const first = Math.max(Math.floor(Math.max(centre - reach, Math.min(trail.x0, trail.x1) - h)), 0);
    const last = Math.min(Math.ceil(Math.min(centre + reach, Math.max(trail.x0, trail.x1) + h)), width - 1);
    for (let x = first; x <= last; x++) {
      const dx = x - trail.x0;
      const dy = y - trail.y0;
      const along = dx * ux + dy * uy;
      if (Math.abs(dx * uy - dy * ux) > h || along < -h || along > length + h) continue;
      const p = y * width + x;
      if (sky[p]! > limit) continue;
      mask[p]! |= MaskPlane.TRAIL;
      count++;
    }
  }
  return count;
}

/** Straight, thin basins, by the moments of their pixels. */
function longPieces({ count, pixels, labels, peakIndex }: Basins, mask: Uint16Array, { width }: Shape, fwhmPix: number): Piece[] {
  const sums = new Float64Array(count * 7);
  for (let i = 0; i < pixels.length; i++) {
    const p = pixels[i]!;
    const label = labels[p]!;
    if (label === 0) continue;
    const k = (label - 1) * 7;
    const summit = peakIndex[label - 1]!;
    const x = p % width;
    const dx = x - (summit % width);
    const dy = (p - x) / width - Math.floor(summit / width);
    sums[k]!++;
    sums[k + 1]! += dx;
    sums[k + 2]! += dy;
    sums[k + 3]! += dx * dx;
    sums[k + 4]! += dy * dy;
    sums[k + 5]! += dx * dy;
    if ((mask[p]! & MaskPlane.SATURATED) !== 0) sums[k + 6]!++;
  }
  const pieces: Piece[] = [];
  for (let n = 0; n < count; n++) {
    const k = n * 7;
    const area = sums[k]!;
    if (area < LEAST_LENGTH * fwhmPix) continue;
    const mx = sums[k + 1]! / area;
    const my = sums[k + 2]! / area;
    const xx = sums[k + 3]! / area - mx * mx;
    const yy = sums[k + 4]! / area - my * my;
    const xy = sums[k + 5]! / area - mx * my;
    const mean = 0.5 * (xx + yy);
    const half = Math.hypot(0.5 * (xx - yy), xy);
    const long = Math.sqrt(12 * (mean + half)); // of a uniform bar
    const wide = Math.sqrt(12 * Math.max(mean - half, 0));
    if (long < LEAST_LENGTH * fwhmPix || wide > MOST_WIDTH * fwhmPix || area < 0.4 * long * fwhmPix) continue;
    if (sums[k + 6]! > 0.1 * area) continue; // a bleed of charge
    const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
    const summit = peakIndex[n]!;
    pieces.push({
      x: mx + (summit % width),
      y: my + Math.floor(summit / width),
      ux: Math.cos(angle),
      uy: Math.sin(angle),
      from: -0.5 * long,
      to: 0.5 * long,
    });
  }
  return pieces;
}

/** How far the line stays bright beyond `end`, in steps of 8 pixels whose mean S/N is above 2. */
function follow({ x, y, ux, uy }: Piece, end: number, sign: 1 | -1, snr: Float32Array, { width, height }: Shape): number {
  for (let at = end; ; at += 8 * sign) {
    let sum = 0;
    let n = 0;
    for (let t = 1; t <= 8; t++) {
      const px = Math.round(x + (at + sign * t) * ux);
      const py = Math.round(y + (at + sign * t) * uy);
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      sum += snr[py * width + px]!;
      n++;
    }
    if (n < 8 || sum < 2 * n) return n < 8 ? at + 8 * sign : at;
  }
}
