import type { Shape } from '../shape.ts';
import { medianOf } from '../stats/quantile.ts';
import type { Streak, StreakImage } from './find-streaks.ts';

interface Line {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Pieces along a line, and bins across it: from −REACH to REACH pixels in steps. */
const PIECES = 64;
const REACH = 32;
const PER_PIX = 2;
const BINS = 2 * REACH * PER_PIX;
/** A pixel counts at most so many sigmas [1]. */
const MOST_SIGMA = 6;
/** Widths that are tried, in units of the PSF's: satellites are a little out of focus. */
const WIDTHS = [1, 1.5, 2.2] as const;
/** The flanks have noise as well: (Σ p)² / pixels of the flanks beside Σ p², p the profile. */
const FLANK_NOISE = 0.92;
/** Part of the S/N² that the best eighth of a streak may hold: a star's halo is all in one place. */
const MOST_LOCAL = 0.45;
/** Light is masked as far as the mean across it shows more than this share of a pixel's noise [sigma]. */
const SHOWS = 0.1;

/** Σ r/σ² and Σ 1/σ² by piece along the line and bin across it. */
interface Strip {
  readonly line: Line;
  readonly signal: Float64Array;
  readonly weight: Float64Array;
}

/** Offsets of the axis from the line at its beginning and end, and of its middle from the straight between them [pix]. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly bow: number;
  readonly sigmaPix: number;
}

/** Fits place, bow, width and ends of a streak near a segment; null: what lies there is none. */
export function fitStreak(image: StreakImage, segment: Line, slackPix: number): Streak | null {
  const psfSigma = image.fwhmPix / 2.3548;
  let line = segment;
  for (let isWhole = false, slack = 1.5 * slackPix; !isWhole; slack = slackPix) {
    const axis = bestStraight(stripOf(image, line), psfSigma, slack);
    const longer = extended(moved(line, axis), image);
    isWhole = Math.hypot(longer.x1 - longer.x0, longer.y1 - longer.y0) < 1.02 * Math.hypot(line.x1 - line.x0, line.y1 - line.y0);
    line = longer;
  }
  const strip = stripOf(image, line);
  const axis = climb(strip, psfSigma);
  const pieces = amplitudes(strip, axis);
  const [first, last] = bestInterval(pieces);
  let [sum, information] = [0, 0];
  const parts = new Float64Array(8);
  for (let k = first; k <= last; k++) {
    sum += pieces.signal[k]!;
    information += pieces.weight[k]!;
    parts[Math.floor(((k - first) * 8) / (last - first + 1))]! += pieces.signal[k]!;
  }
  if (last - first < 7 || !(information > 0)) return null;
  if (Math.max(...parts) > MOST_LOCAL * sum) return null;
  const usualRms = medianOf(image.rms);
  const a = first < 4 ? 0 : (first - 0.5) / PIECES;
  const b = last > PIECES - 5 ? 1 : (last + 1.5) / PIECES;
  return {
    ...part(strip.line, axis, a, b),
    halfWidthPix: halfWidth(strip, axis, [first, last], image.fwhmPix, usualRms),
    snr: FLANK_NOISE * (sum / Math.sqrt(information)),
    crestSnr: sum / information / usualRms,
  };
}

function stripOf({ data, mask, rms, rmsColumns, width, height, fwhmPix }: StreakImage, line: Line): Strip {
  const { x0, y0, x1, y1 } = line;
  const signal = new Float64Array(PIECES * BINS);
  const weight = new Float64Array(PIECES * BINS);
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const rmsRows = rms.length / rmsColumns;
  const wide = REACH / Math.max(Math.abs(uy), 1e-9);
  for (let y = Math.max(0, Math.ceil(Math.min(y0, y1) - REACH)); y <= Math.min(height - 1, Math.max(y0, y1) + REACH); y++) {
    const centre = Math.abs(uy) > 1e-9 ? x0 + ((y - y0) * ux) / uy : x0;
    const from = Math.max(0, Math.floor(Math.max(centre - wide, Math.min(x0, x1) - REACH)));
    const to = Math.min(width - 1, Math.ceil(Math.min(centre + wide, Math.max(x0, x1) + REACH)));
    const meshRow = Math.floor((y * rmsRows) / height) * rmsColumns;
    for (let x = from; x <= to; x++) {
      const p = y * width + x;
      if (mask[p] !== 0) continue;
      const [dx, dy] = [x - x0, y - y0];
      const piece = Math.floor(((dx * ux + dy * uy) / length) * PIECES);
      const bin = Math.floor((dy * ux - dx * uy + REACH) * PER_PIX);
      if (piece < 0 || piece >= PIECES || bin < 0 || bin >= BINS) continue;
      const sigma = rms[meshRow + Math.floor((x * rmsColumns) / width)]!;
      if (!(sigma > 0)) continue;
      const value = Math.min(Math.max(data[p]!, -MOST_SIGMA * sigma), MOST_SIGMA * sigma);
      signal[piece * BINS + bin]! += value / (sigma * sigma);
      weight[piece * BINS + bin]! += 1 / (sigma * sigma);
    }
  }
  withoutFlanks(signal, weight, 3 * fwhmPix);
  return { line, signal, weight };
}

/** Takes the mean of the bins beyond `inner` pixels from the line away, piece by piece: structure that is wider than a streak. */
function withoutFlanks(signal: Float64Array, weight: Float64Array, inner: number): void {
  for (let k = 0; k < PIECES; k++) {
    let [sum, total] = [0, 0];
    for (let j = 0; j < BINS; j++) {
      if (Math.abs((j + 0.5) / PER_PIX - REACH) < inner) continue;
      sum += signal[k * BINS + j]!;
      total += weight[k * BINS + j]!;
    }
    if (total > 0) for (let j = 0; j < BINS; j++) signal[k * BINS + j]! -= (sum / total) * weight[k * BINS + j]!;
  }
}

/** Profile-weighted sums along an axis, piece by piece. */
function amplitudes({ signal, weight }: Strip, { from, to, bow, sigmaPix }: Axis) {
  const out = { signal: new Float64Array(PIECES), weight: new Float64Array(PIECES) };
  const reach = 2.5 * sigmaPix;
  for (let k = 0; k < PIECES; k++) {
    const t = (k + 0.5) / PIECES;
    const at = from + (to - from) * t + 4 * bow * t * (1 - t);
    const low = Math.max(0, Math.ceil((at - reach + REACH) * PER_PIX - 0.5));
    const high = Math.min(BINS - 1, Math.floor((at + reach + REACH) * PER_PIX - 0.5));
    for (let j = low; j <= high; j++) {
      const d = (j + 0.5) / PER_PIX - REACH - at;
      const profile = Math.exp((-d * d) / (2 * sigmaPix * sigmaPix));
      out.signal[k]! += profile * signal[k * BINS + j]!;
      out.weight[k]! += profile * profile * weight[k * BINS + j]!;
    }
  }
  return out;
}

function snrAlong(strip: Strip, axis: Axis): number {
  const { signal, weight } = amplitudes(strip, axis);
  const information = weight.reduce((sum, w) => sum + w, 0);
  return information > 0 ? signal.reduce((sum, s) => sum + s, 0) / Math.sqrt(information) : -Infinity;
}

function bestStraight(strip: Strip, sigmaPix: number, slack: number): Axis {
  let best: Axis = { from: 0, to: 0, bow: 0, sigmaPix };
  let most = -Infinity;
  const step = Math.max(1, 0.9 * sigmaPix);
  for (let from = -slack; from <= slack; from += step) {
    for (let to = -slack; to <= slack; to += step) {
      const axis = { from, to, bow: 0, sigmaPix };
      const snr = snrAlong(strip, axis);
      if (snr > most) [best, most] = [axis, snr];
    }
  }
  return best;
}

/** The best axis near the line, by steps of one of its numbers at a time. */
function climb(strip: Strip, psfSigma: number): Axis {
  let best: Axis = { from: 0, to: 0, bow: 0, sigmaPix: psfSigma };
  let most = snrAlong(strip, best);
  for (const step of [2, 1, 0.5, 0.25, 0.1]) {
    for (let isBetter = true; isBetter; ) {
      isBetter = false;
      const sides = (['from', 'to', 'bow'] as const).flatMap((key) =>
        [step, -step].map((d) => ({ ...best, [key]: best[key] + d })),
      );
      const widths = WIDTHS.map((width) => ({ ...best, sigmaPix: width * psfSigma }));
      for (const axis of [...sides, ...widths]) {
        if (Math.max(Math.abs(axis.from), Math.abs(axis.to), Math.abs(axis.bow)) > REACH / 2) continue;
        const snr = snrAlong(strip, axis);
        if (snr > most + 1e-6) {
          [best, most] = [axis, snr];
          isBetter = true;
        }
      }
    }
  }
  return best;
}

/** Pieces from and to (inclusive) that hold the most S/N together. */
function bestInterval({ signal, weight }: { signal: Float64Array; weight: Float64Array }): [number, number] {
  let best: [number, number] = [0, PIECES - 1];
  let most = -Infinity;
  for (let a = 0; a < PIECES; a++) {
    let [sum, information] = [0, 0];
    for (let b = a; b < PIECES; b++) {
      sum += signal[b]!;
      information += weight[b]!;
      const snr = information > 0 ? sum / Math.sqrt(information) : 0;
      if (snr > most) [best, most] = [[a, b], snr];
    }
  }
  return best;
}

/** How far from the axis the mean light shows [pix]. */
function halfWidth(
  strip: Strip,
  axis: Axis,
  [first, last]: readonly [number, number],
  fwhmPix: number,
  usualRms: number,
): number {
  const signal = new Float64Array(REACH);
  const weight = new Float64Array(REACH);
  for (let k = first; k <= last; k++) {
    const t = (k + 0.5) / PIECES;
    const at = axis.from + (axis.to - axis.from) * t + 4 * axis.bow * t * (1 - t);
    for (let j = 0; j < BINS; j++) {
      const d = Math.floor(Math.abs((j + 0.5) / PER_PIX - REACH - at));
      if (d >= REACH) continue;
      signal[d]! += strip.signal[k * BINS + j]!;
      weight[d]! += strip.weight[k * BINS + j]!;
    }
  }
  let reach = 0;
  for (; reach < REACH; reach++) {
    const mean = signal[reach]! / weight[reach]!;
    if (!(mean > Math.max(SHOWS * usualRms, 2 / Math.sqrt(weight[reach]!)))) break;
  }
  return Math.max(reach, 1.2 * fwhmPix);
}

/** The line with its ends moved to the axis. */
function moved({ x0, y0, x1, y1 }: Line, { from, to }: Axis): Line {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [nx, ny] = [-(y1 - y0) / length, (x1 - x0) / length];
  return { x0: x0 + from * nx, y0: y0 + from * ny, x1: x1 + to * nx, y1: y1 + to * ny };
}

/** The part from `a` to `b` (0 to 1) of an axis, as a streak says it. */
function part({ x0, y0, x1, y1 }: Line, { from, to, bow }: Axis, a: number, b: number) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const [nx, ny] = [-(y1 - y0) / length, (x1 - x0) / length];
  const at = (t: number): [number, number] => {
    const d = from + (to - from) * t + 4 * bow * t * (1 - t);
    return [x0 + (x1 - x0) * t + d * nx, y0 + (y1 - y0) * t + d * ny];
  };
  const [[ax, ay], [bx, by]] = [at(a), at(b)];
  return { x0: ax, y0: ay, x1: bx, y1: by, bowPix: bow * (b - a) ** 2 };
}

/** The line at twice its length, as far as it lies in the image. */
function extended({ x0, y0, x1, y1 }: Line, { width, height }: Shape): Line {
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [a, b] = [-0.5, 1.5];
  for (const [at, step, most] of [
    [x0, dx, width - 1],
    [y0, dy, height - 1],
  ] as const) {
    if (Math.abs(step) < 1e-9) continue;
    const [p, q] = [-at / step, (most - at) / step];
    a = Math.max(a, Math.min(p, q));
    b = Math.min(b, Math.max(p, q));
  }
  return { x0: x0 + a * dx, y0: y0 + a * dy, x1: x0 + b * dx, y1: y0 + b * dy };
}
