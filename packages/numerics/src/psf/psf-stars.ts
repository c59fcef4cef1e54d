import { buildPointGrid } from '../solve/point-grid.ts';
import { medianOf } from '../stats/quantile.ts';

/** Planes with the background subtracted, on which PSFs are made and fitted. */
export interface PsfPlanes {
  readonly width: number;
  readonly height: number;
  readonly image: Float32Array;
  /** 1 sigma² of `image`, the noise of its own light included. */
  readonly variance: Float32Array;
  /** Bits of MaskPlane: any hides a pixel. */
  readonly mask: Uint16Array;
  /** Variance that one unit of light adds [unit]: 1 for electrons, 1 / gainSec for a stack. */
  readonly lightVariance: number;
}

/** Everything known to shine in the image: also what spoils the stars. Columns of one length. */
export interface KnownSources {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** [unit of the image] */
  readonly flux: Float64Array;
}

/** The pixels of one star that a PSF is fitted to. */
export interface StarStamp {
  /** Index among the known sources. */
  readonly source: number;
  readonly x: number;
  readonly y: number;
  flux: number;
  /** Middle pixel, and half size. */
  readonly cx: number;
  readonly cy: number;
  readonly radius: number;
  /** (2 radius + 1)² values, and the variance of sky and detector alone; 0: not to be used. */
  readonly data: Float64Array;
  readonly skyVariance: Float64Array;
  /** Variance per unit of light here. */
  readonly lightVariance: number;
}

/** Share of a star's pixels within one FWHM that may be missing: none. */
const CLEAN_FWHM = 1;
const MOST_STARS = 250;
/** A neighbour's light per pixel that is left in, over the noise of the sky. */
const NEIGHBOUR_SIGMA = 0.3;

/**
 * Cuts the stamps of stars fit for a PSF: unsaturated, clean within one FWHM, inside the border, without a neighbour of more than 5 %
 * of their light within 1.5 FWHM. Pixels where the light of any other known source exceeds 0.3 sigma are left out. The brightest are
 * taken first, at most 250.
 *
 * @param candidates - indices of `known` that are point-like, of sufficient S/N
 * @param radius - half size of the stamps [pix]
 * @param saturation - level at which light is lost [unit]
 */
export function starStamps(
  planes: PsfPlanes,
  known: KnownSources,
  candidates: readonly number[],
  { fwhmPix, radius, saturation }: { fwhmPix: number; radius: number; saturation: number },
): StarStamp[] {
  const grid = buildPointGrid(known.x, known.y, 4 * fwhmPix);
  const order = [...candidates].sort((a, b) => known.flux[b]! - known.flux[a]! || a - b);
  const stamps: StarStamp[] = [];
  for (const s of order) {
    if (stamps.length >= MOST_STARS) break;
    const stamp = cut(planes, known, s, { fwhmPix, radius, saturation }, grid);
    if (stamp) stamps.push(stamp);
  }
  return stamps;
}

function cut(
  { width, height, image, variance, mask, lightVariance }: PsfPlanes,
  known: KnownSources,
  s: number,
  { fwhmPix, radius, saturation }: { fwhmPix: number; radius: number; saturation: number },
  grid: ReturnType<typeof buildPointGrid>,
): StarStamp | null {
  const x = known.x[s]!;
  const y = known.y[s]!;
  const flux = known.flux[s]!;
  const cx = Math.round(x);
  const cy = Math.round(y);
  const inner = Math.ceil(1.5 * fwhmPix);
  if (!(flux > 0) || cx < inner || cy < inner || cx >= width - inner || cy >= height - inner) return null;
  const side = 2 * radius + 1;
  const data = new Float64Array(side * side);
  const skyVariance = new Float64Array(side * side);
  const clean2 = (CLEAN_FWHM * fwhmPix) ** 2;
  for (let j = -radius, p = 0; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++, p++) {
      const px = cx + i;
      const py = cy + j;
      const isInner = (px - x) ** 2 + (py - y) ** 2 < clean2;
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      const q = py * width + px;
      const v = variance[q]!;
      if (mask[q] !== 0 || !(v > 0) || !Number.isFinite(image[q]!)) {
        if (isInner) return null;
        continue;
      }
      if (isInner && image[q]! > 0.85 * saturation) return null;
      data[p] = image[q]!;
      skyVariance[p] = v;
    }
  }
  const light = localLightVariance(data, skyVariance, lightVariance);
  const sky: number[] = [];
  for (let p = 0; p < data.length; p++) {
    if (skyVariance[p] === 0) continue;
    skyVariance[p] = Math.max(skyVariance[p]! - light * data[p]!, 0.2 * skyVariance[p]!);
    sky.push(skyVariance[p]!);
  }
  const noise = Math.sqrt(medianOf(Float64Array.from(sky)));
  const stamp: StarStamp = { source: s, x, y, flux, cx, cy, radius, data, skyVariance, lightVariance: light };
  return withoutNeighbours(stamp, known, grid, fwhmPix, noise) ? stamp : null;
}

/**
 * Variance per unit of light in a stamp. Shot noise makes the variance of pixels follow their values, so the slope of one on the other
 * tells it; where it can't be told, the nominal one.
 */
function localLightVariance(data: Float64Array, variance: Float64Array, nominal: number): number {
  let n = 0;
  let d = 0;
  let v = 0;
  let dd = 0;
  let dv = 0;
  for (let p = 0; p < data.length; p++) {
    if (!(variance[p]! > 0)) continue;
    n++;
    d += data[p]!;
    v += variance[p]!;
    dd += data[p]! ** 2;
    dv += data[p]! * variance[p]!;
  }
  const slope = (dv - (d * v) / n) / (dd - (d * d) / n);
  return slope > 0.5 * nominal && slope < 2 * nominal ? slope : nominal;
}

/** Takes the pixels lit by others out; false where one lies in the star itself. */
function withoutNeighbours(
  { x, y, flux, cx, cy, radius, skyVariance, source }: StarStamp,
  known: KnownSources,
  grid: ReturnType<typeof buildPointGrid>,
  fwhmPix: number,
  noise: number,
): boolean {
  // Far out the light of any star falls like turbulence spreads it: r^(−11/3).
  const widest = 4 * fwhmPix;
  const reach = radius * 1.5 + widest;
  const c0 = Math.max(0, Math.floor((x - reach - grid.x0) / grid.cell));
  const c1 = Math.min(grid.columns - 1, Math.floor((x + reach - grid.x0) / grid.cell));
  const r0 = Math.max(0, Math.floor((y - reach - grid.y0) / grid.cell));
  const r1 = Math.min(grid.rows - 1, Math.floor((y + reach - grid.y0) / grid.cell));
  const side = 2 * radius + 1;
  for (let r = r0; r <= r1; r++) {
    for (let k = grid.start[r * grid.columns + c0]!; k < grid.start[r * grid.columns + c1 + 1]!; k++) {
      const o = grid.order[k]!;
      if (o === source) continue;
      const distance = Math.hypot(known.x[o]! - x, known.y[o]! - y);
      const light = known.flux[o]!;
      if (!(light > 0)) continue;
      if (distance < 1.5 * fwhmPix && light > 0.05 * flux) return false;
      const away = lightRadius(light, NEIGHBOUR_SIGMA * noise, fwhmPix, widest);
      if (distance < away) {
        if (light > 0.3 * flux) return false;
        // A faint one within the star's own core stays: what it adds is small.
        if (distance < 0.7 * fwhmPix) continue;
      }
      const x0 = Math.max(0, Math.ceil(known.x[o]! - away) - cx + radius);
      const x1 = Math.min(side - 1, Math.floor(known.x[o]! + away) - cx + radius);
      const y0 = Math.max(0, Math.ceil(known.y[o]! - away) - cy + radius);
      const y1 = Math.min(side - 1, Math.floor(known.y[o]! + away) - cy + radius);
      for (let j = y0; j <= y1; j++) {
        for (let i = x0; i <= x1; i++) {
          const dx = i - radius + cx - known.x[o]!;
          const dy = j - radius + cy - known.y[o]!;
          const own = (i - radius + cx - x) ** 2 + (j - radius + cy - y) ** 2;
          if (dx * dx + dy * dy < away * away && own > dx * dx + dy * dy) skyVariance[j * side + i] = 0;
        }
      }
    }
  }
  return true;
}

/** Where the light per pixel of a star of this flux falls below `level` [pix]: a Moffat profile of β 2.5, at most `widest`. */
export function lightRadius(flux: number, level: number, fwhmPix: number, widest: number): number {
  const beta = 2.5;
  const alpha = fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1));
  const peak = ((beta - 1) * flux) / (Math.PI * alpha * alpha);
  if (peak <= level) return 0;
  return Math.min(widest, alpha * Math.sqrt((peak / level) ** (1 / beta) - 1));
}
