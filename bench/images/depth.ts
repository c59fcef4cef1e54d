import { seededRandom } from '@colibri/base';
import type { ForeignImage } from './foreign-image.ts';

/** Places that a tool found, 0-based pixels. */
export interface Found {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}
export type Finder = (image: ForeignImage) => Promise<Found>;

export interface Depth {
  /** True S/N, by an ideal matched filter, of the stars of which half are found; NaN when no level brackets it. */
  readonly halfSnr: number;
  /** The same flux [unit of the image]. */
  readonly halfFlux: number;
  /** Detections on the inverted image: noise, and what is not symmetric in it. */
  readonly falseOnInverted: number;
  readonly injected: number;
}

/** Levels of S/N of the injected stars. */
const LEVELS = [3, 4, 5, 6, 7, 8, 10];

/**
 * Puts stars of a round Moffat profile (β 3) of the image's FWHM at places without a known source, looks for them with `find`, and does the
 * same on the image turned upside down.
 *
 * @param known - places to keep away from
 */
export async function depthOf(
  image: ForeignImage,
  fwhmPix: number,
  known: Found,
  find: Finder,
  { runs = 6, perRun = 40, seed = 1 } = {},
): Promise<Depth> {
  const { width, height } = image;
  const profile = moffat(fwhmPix);
  const tried = LEVELS.map(() => 0);
  const seen = LEVELS.map(() => 0);
  const noises: number[] = [];
  for (let run = 0; run < runs; run++) {
    const random = seededRandom(1000 * seed + run);
    const places: { x: number; y: number; level: number }[] = [];
    for (let attempt = 0; attempt < 40 * perRun && places.length < perRun; attempt++) {
      const x = 12 + random.uniform() * (width - 24);
      const y = 12 + random.uniform() * (height - 24);
      const free = isFree(known, x, y, 2.5 * fwhmPix) && places.every((p) => Math.hypot(p.x - x, p.y - y) > 4 * fwhmPix);
      if (free && isWhole(image, x, y, 8)) places.push({ x, y, level: (places.length + run) % LEVELS.length });
    }
    const data = image.data.slice();
    const variance = image.variance.slice();
    for (const { x, y, level } of places) {
      const sigma = noiseAt(image, profile, x, y);
      noises.push(sigma);
      add({ ...image, data, variance }, profile, x, y, LEVELS[level]! * sigma);
      tried[level]!++;
    }
    const found = await find({ ...image, data, variance });
    for (const { x, y, level } of places) if (!isFree(found, x, y, 0.6 * fwhmPix)) seen[level]!++;
  }
  const shares = seen.map((n, k) => n / Math.max(1, tried[k]!));
  const halfSnr = crossing(LEVELS, shares, 0.5);
  noises.sort((a, b) => a - b);
  return {
    halfSnr,
    halfFlux: halfSnr * (noises[noises.length >> 1] ?? Number.NaN),
    falseOnInverted: (await find(inverted(image))).x.length,
    injected: noises.length,
  };
}

/** Light per pixel of a star of unit flux about (0, 0), and the radius within which it is drawn. */
interface Profile {
  readonly radius: number;
  value(dx: number, dy: number): number;
}

function moffat(fwhmPix: number): Profile {
  const beta = 3;
  const alpha = fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1));
  const peak = (beta - 1) / (Math.PI * alpha * alpha);
  return { radius: Math.ceil(4 * fwhmPix), value: (dx, dy) => peak * (1 + (dx * dx + dy * dy) / alpha ** 2) ** -beta };
}

function* pixelsAround({ width, height }: ForeignImage, { radius }: Profile, x: number, y: number) {
  const [cx, cy] = [Math.round(x), Math.round(y)];
  for (let j = Math.max(0, cy - radius); j <= Math.min(height - 1, cy + radius); j++)
    for (let i = Math.max(0, cx - radius); i <= Math.min(width - 1, cx + radius); i++)
      yield { p: j * width + i, dx: i - x, dy: j - y };
}

/** 1 σ of the flux of a faint star by the matched filter. */
function noiseAt(image: ForeignImage, profile: Profile, x: number, y: number): number {
  let sum = 0;
  for (const { p, dx, dy } of pixelsAround(image, profile, x, y))
    if (image.mask[p] === 0) sum += profile.value(dx, dy) ** 2 / image.variance[p]!;
  return 1 / Math.sqrt(sum);
}

/** Without photon noise of its own: at these levels it is small against the sky's. */
function add(image: ForeignImage, profile: Profile, x: number, y: number, flux: number): void {
  for (const { p, dx, dy } of pixelsAround(image, profile, x, y)) image.data[p]! += flux * profile.value(dx, dy);
}

const isFree = ({ x, y }: Found, atX: number, atY: number, radius: number): boolean => {
  for (let i = 0; i < x.length; i++) if (Math.hypot(x[i]! - atX, y[i]! - atY) < radius) return false;
  return true;
};

function isWhole({ mask, width }: ForeignImage, x: number, y: number, radius: number): boolean {
  for (let j = -radius; j <= radius; j++)
    for (let i = -radius; i <= radius; i++) if (mask[(Math.round(y) + j) * width + Math.round(x) + i] !== 0) return false;
  return true;
}

/** Turned about its median. */
function inverted(image: ForeignImage): ForeignImage {
  const sorted = image.data.filter(Number.isFinite).sort();
  const level = sorted[sorted.length >> 1]!;
  return { ...image, data: image.data.map((v) => 2 * level - v) };
}

/** Where the shares first rise above `share`, linear between levels. */
function crossing(levels: readonly number[], shares: readonly number[], share: number): number {
  for (let k = 1; k < levels.length; k++) {
    const [a, b] = [shares[k - 1]!, shares[k]!];
    if (a < share && b >= share) return levels[k - 1]! + ((share - a) / (b - a)) * (levels[k]! - levels[k - 1]!);
  }
  return Number.NaN;
}
