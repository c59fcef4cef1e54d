import { MaskPlane } from '../mask-plane.ts';
import type { PsfModel } from '../psf/psf-model.ts';
import { psfStamp } from '../psf/psf-stamp.ts';
import type { Shape } from '../shape.ts';
import { buildPointGrid, nearestInGrid } from '../solve/point-grid.ts';
import type { Peak } from './find-changes.ts';

/** The planes that changes are measured on. */
export interface ChangePlanes extends Shape {
  readonly difference: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  readonly snr: Float32Array;
  /** What a new star looks like. */
  readonly psf: PsfModel;
  /** The matched image that was taken off, in the same unit. */
  readonly constant: Float32Array;
  readonly convolved: 'reference' | 'science';
  /** The convolved image before convolution. */
  readonly source: { readonly data: Float32Array; readonly variance: Float32Array; readonly psf: PsfModel };
  /** Error of a fitted flux over that with independent pixels [1]. */
  readonly fitNoise: number;
}

/** Stars of the science image, or of the reference: what residuals come from. Flux in the difference's unit. */
export interface KnownStars {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly flux: Float64Array;
}

export interface Change {
  /** Fitted place [pix], flux and its error [unit of the difference]. */
  readonly x: number;
  readonly y: number;
  readonly flux: number;
  readonly fluxErr: number;
  /** Optimal statistic at its peak, signed [sigma]. */
  readonly snr: number;
  /** From second moments within a Gaussian window, against those of the point-spread function [pix]. */
  readonly fwhmPix: number;
  /** Per degree of freedom, of a star's image. */
  readonly chi2Psf: number;
  /** Gain in χ² of the best sharper or wider profile over that of a star, and its width over a star's [1]. */
  readonly shapeGain: number;
  readonly widthRatio: number;
  /** 0 … 1: strongest opposite score within two FWHM, what noise may give taken off, over its own. */
  readonly dipole: number;
  /** [pix]; infinite without stars. */
  readonly starDistancePix: number;
  /** Flux of that star over the change's. */
  readonly starRatio: number;
  /** Share of a star's weight on masked pixels [1]. */
  readonly maskedShare: number;
  /** Masked pixels nearer than this touch it [pix]; 0 … 2 FWHM. */
  readonly edgePix: number;
}

/** Powers of the PSF that stand for other widths: width goes as power^−½. */
const SHARPER_AND_WIDER = [9, 5, 3, 2, 1.4, 0.7, 0.5, 0.33, 0.2] as const;
/** Relative error of the PSF that χ² allows for. */
const PSF_ERROR = 0.02;
/** Opposite scores that noise gives within two FWHM. */
const NOISE_DIPOLE = 3;

/** Fits a star's image to each peak and says how like a star it is. */
export function measureChanges(planes: ChangePlanes, peaks: readonly Peak[], stars: KnownStars): Change[] {
  const grid = buildPointGrid(stars.x, stars.y, 16);
  return peaks.map((peak) => measureChange(planes, peak, stars, grid));
}

function measureChange(planes: ChangePlanes, peak: Peak, stars: KnownStars, grid: ReturnType<typeof buildPointGrid>): Change {
  const { psf, width, height } = planes;
  const { fwhmPix } = psf;
  const sign = Math.sign(peak.snr);
  const radius = Math.max(3, Math.ceil(1.25 * fwhmPix));
  const stamp = cut(planes, peak, radius, sign);
  const fit = fitStar(stamp, psf, peak, radius);
  const star = psfStamp(psf, fit.x, fit.y, radius + shiftOf(fit, peak));
  const model = recentre(star, radius + shiftOf(fit, peak), Math.round(fit.x) - peak.x, Math.round(fit.y) - peak.y, radius);
  let shape = shapeOf(stamp, model, fit.flux);
  // Light that the convolved image alone has: convolution made it look like a star; there it has its own shape.
  if (isOfSource(planes, peak, stamp, model, fit.flux, radius, sign)) {
    const own = shapeInSource(planes, peak, fit);
    if (own.gain > shape.gain) shape = { ...own, chi2: Math.max(shape.chi2, own.chi2) };
  }
  let maskedWeight = 0;
  let weight = 0;
  for (let i = 0; i < model.length; i++) {
    weight += model[i]! ** 2;
    if (stamp.weight[i] === 0) maskedWeight += model[i]! ** 2;
  }
  const reach = Math.ceil(2 * fwhmPix);
  let opposite = 0;
  let edge = 2 * fwhmPix;
  for (let y = peak.y - reach; y <= peak.y + reach; y++) {
    for (let x = peak.x - reach; x <= peak.x + reach; x++) {
      const distance = Math.hypot(x - peak.x, y - peak.y);
      if (distance > 2 * fwhmPix) continue;
      const outside = x < 0 || y < 0 || x >= width || y >= height;
      const i = y * width + x;
      if (outside || (planes.mask[i]! & (MaskPlane.NO_DATA | MaskPlane.SATURATED)) !== 0) edge = Math.min(edge, distance);
      else opposite = Math.max(opposite, -sign * planes.snr[i]!);
    }
  }
  const near = stars.x.length === 0 ? -1 : nearestInGrid(grid, fit.x, fit.y, 200);
  const own = Math.abs(fit.flux) > 0 ? Math.abs(fit.flux) : NaN;
  return {
    x: fit.x,
    y: fit.y,
    flux: sign * fit.flux,
    fluxErr: fit.fluxErr * planes.fitNoise,
    snr: peak.snr,
    fwhmPix: fwhmPix * momentRatio(stamp, model, fit, peak, radius, fwhmPix),
    chi2Psf: shape.chi2,
    shapeGain: shape.gain,
    widthRatio: shape.ratio,
    dipole: Math.min(1, Math.max(0, opposite - NOISE_DIPOLE) / Math.abs(peak.snr)),
    starDistancePix: near < 0 ? Infinity : Math.hypot(stars.x[near]! - fit.x, stars.y[near]! - fit.y),
    starRatio: near < 0 ? 0 : stars.flux[near]! / own,
    maskedShare: maskedWeight / weight,
    edgePix: edge,
  };
}

/** Reduced χ² of a star's image, the gain of the best other width, and that width. */
function shapeOf(stamp: Stamp, model: Float64Array, flux: number): { chi2: number; gain: number; ratio: number } {
  const chi2 = chi2Of(stamp, model, flux);
  let [gain, ratio] = [0, 1];
  for (const power of SHARPER_AND_WIDER) {
    const other = model.map((p) => Math.max(p, 0) ** power);
    const better = chi2 - chi2Of(stamp, other, amplitude(stamp, other).flux, flux * peakOf(model));
    if (better > gain) [gain, ratio] = [better, power ** -0.5];
  }
  return { chi2: chi2 / Math.max(1, stamp.good - 3), gain, ratio };
}

/** Whether a change is light of the convolved image with (almost) nothing at its place in the other. */
function isOfSource(
  { difference, constant, convolved, width, height }: ChangePlanes,
  { x, y }: Peak,
  stamp: Stamp,
  model: Float64Array,
  flux: number,
  radius: number,
  sign: number,
): boolean {
  const side = convolved === 'reference' ? 1 : -1;
  if (sign === side) return false;
  const target = { ...stamp, data: new Float64Array(stamp.data.length) };
  for (let j = -radius, k = 0; j <= radius; j++)
    for (let i = -radius; i <= radius; i++, k++) {
      const [px, py] = [x + i, y + j];
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      const p = py * width + px;
      target.data[k] = constant[p]! + side * difference[p]!;
    }
  return Math.abs(amplitude(target, model).flux) < 0.5 * flux;
}

/** The shape of a change in the convolved image itself: at the pixel of most light about its place, less the level around. */
function shapeInSource(
  { source: { data, variance, psf }, width, height }: ChangePlanes,
  { x, y }: Peak,
  fit: { readonly x: number; readonly y: number },
): { chi2: number; gain: number; ratio: number } {
  const radius = Math.max(3, Math.ceil(1.25 * psf.fwhmPix));
  const nothing = { chi2: 0, gain: 0, ratio: 1 };
  const reach = radius + 2;
  if (x < reach || y < reach || x >= width - reach || y >= height - reach) return nothing;
  let [cx, cy] = [Math.round(fit.x), Math.round(fit.y)];
  const around: [number, number] = [cx, cy];
  for (let j = -1; j <= 1; j++)
    for (let i = -1; i <= 1; i++)
      if (data[(around[1] + j) * width + around[0] + i]! > data[cy * width + cx]!) [cx, cy] = [around[0] + i, around[1] + j];
  if (cx < radius + 1 || cy < radius + 1 || cx >= width - radius - 1 || cy >= height - radius - 1) return nothing;
  const stamp = cut({ difference: data, variance, mask: null, width, height }, { x: cx, y: cy }, radius, 1);
  const ring: number[] = [];
  for (let j = -radius, k = 0; j <= radius; j++)
    for (let i = -radius; i <= radius; i++, k++) if (Math.hypot(i, j) > radius) ring.push(stamp.data[k]!);
  const level = ring.length > 0 ? ring.sort((a, b) => a - b)[ring.length >> 1]! : 0;
  for (let k = 0; k < stamp.data.length; k++) stamp.data[k] = stamp.data[k]! - level;
  const own = fitStar(stamp, psf, { x: cx, y: cy, snr: 1 }, radius);
  const shift = shiftOf(own, { x: cx, y: cy, snr: 1 });
  const model = recentre(
    psfStamp(psf, own.x, own.y, radius + shift),
    radius + shift,
    Math.round(own.x) - cx,
    Math.round(own.y) - cy,
    radius,
  );
  return own.flux > 0 ? shapeOf(stamp, model, own.flux) : nothing;
}

interface Stamp {
  readonly side: number;
  /** Turned so that the change is positive. */
  readonly data: Float64Array;
  /** 1 / variance, smoothed; 0: not to be used. */
  readonly weight: Float64Array;
  readonly good: number;
}

function cut(
  {
    difference,
    variance,
    mask,
    width,
    height,
  }: Pick<ChangePlanes, 'difference' | 'variance' | 'width' | 'height'> & {
    readonly mask: Uint16Array | null;
  },
  { x, y }: { readonly x: number; readonly y: number },
  radius: number,
  sign: number,
): Stamp {
  const side = 2 * radius + 1;
  const data = new Float64Array(side * side);
  const weight = new Float64Array(side * side);
  let good = 0;
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      const px = x - radius + i;
      const py = y - radius + j;
      if (px < 0 || py < 0 || px >= width || py >= height || (mask !== null && mask[py * width + px] !== 0)) continue;
      data[j * side + i] = sign * difference[py * width + px]!;
      // The mean about the pixel, so that weights don't know its own noise.
      let sum = 0;
      let n = 0;
      for (let v = Math.max(0, py - 1); v <= Math.min(height - 1, py + 1); v++)
        for (let u = Math.max(0, px - 1); u <= Math.min(width - 1, px + 1); u++) {
          sum += variance[v * width + u]!;
          n++;
        }
      weight[j * side + i] = sum > 0 ? n / sum : 0;
      if (sum > 0) good++;
    }
  }
  return { side, data, weight, good };
}

/** Flux and its error for a given image. */
function amplitude({ data, weight }: Stamp, model: Float64Array): { flux: number; fluxErr: number } {
  let sum = 0;
  let norm = 0;
  for (let i = 0; i < data.length; i++) {
    sum += weight[i]! * model[i]! * data[i]!;
    norm += weight[i]! * model[i]! * model[i]!;
  }
  return norm > 0 ? { flux: sum / norm, fluxErr: 1 / Math.sqrt(norm) } : { flux: NaN, fluxErr: NaN };
}

const peakOf = (model: Float64Array): number => model.reduce((a, b) => Math.max(a, b), 0);

/** χ²; `allowed` is the height whose error is allowed for (default: the model's own). */
function chi2Of({ data, weight }: Stamp, model: Float64Array, flux: number, allowed = flux * peakOf(model)): number {
  let sum = 0;
  const floor = (PSF_ERROR * allowed) ** 2;
  for (let i = 0; i < data.length; i++) if (weight[i]! > 0) sum += (data[i]! - flux * model[i]!) ** 2 / (1 / weight[i]! + floor);
  return sum;
}

/** Gauss-Newton in flux and place; it stays within 1.5 pixels of the peak. */
function fitStar(
  stamp: Stamp,
  psf: PsfModel,
  peak: Peak,
  radius: number,
): { x: number; y: number; flux: number; fluxErr: number } {
  let [x, y] = [peak.x, peak.y] as [number, number];
  const at = (px: number, py: number): Float64Array => {
    const shift = Math.max(Math.abs(Math.round(px) - peak.x), Math.abs(Math.round(py) - peak.y));
    return recentre(
      psfStamp(psf, px, py, radius + shift),
      radius + shift,
      Math.round(px) - peak.x,
      Math.round(py) - peak.y,
      radius,
    );
  };
  for (let pass = 0; pass < 5; pass++) {
    const model = at(x, y);
    const { flux, fluxErr } = amplitude(stamp, model);
    if (!(flux > 0)) break;
    const snr = flux / fluxErr;
    const step = 0.05;
    const [ax, bx, ay, by] = [at(x + step, y), at(x - step, y), at(x, y + step), at(x, y - step)];
    let [xx, xy, yy, xr, yr] = [0, 0, 0, 0, 0];
    for (let i = 0; i < model.length; i++) {
      const gx = (flux * (ax[i]! - bx[i]!)) / (2 * step);
      const gy = (flux * (ay[i]! - by[i]!)) / (2 * step);
      const r = stamp.weight[i]! * (stamp.data[i]! - flux * model[i]!);
      xx += stamp.weight[i]! * gx * gx;
      xy += stamp.weight[i]! * gx * gy;
      yy += stamp.weight[i]! * gy * gy;
      xr += gx * r;
      yr += gy * r;
    }
    const det = xx * yy - xy * xy;
    if (!(det > 0)) break;
    const clamp = (v: number, c: number): number => Math.min(c + 1.5, Math.max(c - 1.5, v));
    const [dx, dy] = [(yy * xr - xy * yr) / det, (xx * yr - xy * xr) / det];
    // What is unlike a star would otherwise throw the place about: shorter steps until the fit is better.
    let moved = 0;
    for (let part = 1; part > 0.1 && moved === 0; part /= 2) {
      const [nx, ny] = [clamp(x + part * dx, peak.x), clamp(y + part * dy, peak.y)];
      const next = amplitude(stamp, at(nx, ny));
      if (!(next.flux / next.fluxErr > snr)) continue;
      moved = Math.hypot(nx - x, ny - y);
      [x, y] = [nx, ny];
    }
    if (moved < 0.005) break;
  }
  return { x, y, ...amplitude(stamp, at(x, y)) };
}

const shiftOf = (fit: { x: number; y: number }, peak: Peak): number =>
  Math.max(Math.abs(Math.round(fit.x) - peak.x), Math.abs(Math.round(fit.y) - peak.y));

/** The part of a larger stamp about a pixel (dx, dy) before its middle. */
function recentre(stamp: Float64Array, from: number, dx: number, dy: number, radius: number): Float64Array {
  const side = 2 * radius + 1;
  const out = new Float64Array(side * side);
  for (let j = -radius; j <= radius; j++)
    for (let i = -radius; i <= radius; i++)
      out[(j + radius) * side + i + radius] = stamp[(j - dy + from) * (2 * from + 1) + i - dx + from] ?? 0;
  return out;
}

/** Width by windowed moments over that of the model by the same [1]. */
function momentRatio(
  stamp: Stamp,
  model: Float64Array,
  fit: { x: number; y: number },
  peak: Peak,
  radius: number,
  fwhmPix: number,
): number {
  const window = (2 * fwhmPix) / 2.3548;
  const moment = (values: Float64Array): number => {
    let sum = 0;
    let total = 0;
    for (let j = -radius, k = 0; j <= radius; j++)
      for (let i = -radius; i <= radius; i++, k++) {
        if (stamp.weight[k] === 0) continue;
        const r2 = (i + peak.x - fit.x) ** 2 + (j + peak.y - fit.y) ** 2;
        const w = Math.exp((-0.5 * r2) / window ** 2) * values[k]!;
        sum += w * r2;
        total += w;
      }
    return total > 0 ? sum / total : NaN;
  };
  const ratio = moment(stamp.data) / moment(model);
  return ratio > 0 ? Math.sqrt(ratio) : NaN;
}
