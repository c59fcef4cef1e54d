import type { Compute } from '../compute.ts';
import { madSigma } from '../stats/quantile.ts';
import { type FixedStamps, fixedStamp, fixedStampsSize } from './fixed-stamps.ts';
import { groupSources } from './group-sources.ts';
import type { PsfFitColumns } from './open-group.ts';
import type { PsfModel } from './psf-model.ts';
import { type PsfSpline, psfAt, splineStamp } from './psf-spline.ts';
import { splineOf } from './psf-stamp.ts';
import type { PsfPlanes } from './psf-stars.ts';
import { subtractResidualSky } from './residual-sky.ts';

export interface PsfPhotometryOptions {
  /** Places are refined for sources marked 1; all fixed when not given. */
  readonly free?: Uint8Array;
  /** A first idea of the fluxes [unit]; from nothing when not given. */
  readonly flux?: Float64Array;
  /** Pixels within so many FWHM of a source are fitted; default 1.5. */
  readonly fitRadiusFwhm?: number;
  /** A constant background is fitted to each group; default false: the background is already subtracted. */
  readonly freeSky?: boolean;
  /** Times that all is fitted with the others' light subtracted; default 3. */
  readonly passes?: number;
  /**
   * Variance of sums over large areas over the sum of the pixels' variances, of a resampled image; default 1. Errors are raised to the
   * noise measured at blank places in any case.
   */
  readonly covarianceFactor?: number;
}

/** PSF fluxes of sources, columns of one length. NaN: not measurable (no usable pixel). */
export interface PsfFluxes {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** NaN where the place was not fitted. */
  readonly xErr: Float64Array;
  readonly yErr: Float64Array;
  readonly flux: Float64Array;
  /** 1 sigma, from the covariance of the group and the noise of blank places; the model's own error included. */
  readonly fluxErr: Float64Array;
  /** χ² per pixel. */
  readonly chi2: Float64Array;
  readonly spread: Float64Array;
  readonly spreadErr: Float64Array;
  readonly covered: Float64Array;
  /** Width of fluxes at blank places over their formal error [1]; 1 where too few were found. */
  readonly noiseFactor: number;
  readonly blankPlaces: number;
}

const BLANK_PLACES = 600;
const LEAST_BLANK = 100;

/**
 * Fits the PSF to all sources of an image at once, in groups that overlap, with the light of all others subtracted: passes over all
 * groups from the same residual image (so that the order does not matter), which is renewed after each.
 *
 * The places of faint detections follow the noise and make them brighter than they are; with two free coordinates S² is on average 2
 * too large (S: S/N), and fluxes of free sources are corrected for it, `f (1 − 1/S²)`. Fixed places need nothing of the kind.
 */
export async function psfPhotometry(
  planes: PsfPlanes,
  model: PsfModel,
  places: { readonly x: Float64Array; readonly y: Float64Array },
  options: PsfPhotometryOptions,
  compute: Compute,
): Promise<PsfFluxes> {
  const { width, height, lightVariance } = planes;
  const count = places.x.length;
  return compute.scope(async () => {
    const names = ['x', 'y', 'xErr', 'yErr', 'flux', 'fluxErr', 'skyErr', 'chi2', 'spread', 'spreadErr', 'covered'] as const;
    const columns = Object.fromEntries(names.map((name) => [name, compute.float64(count).fill(0)])) as unknown as PsfFitColumns;
    columns.x.set(places.x);
    columns.y.set(places.y);
    for (const name of ['xErr', 'yErr', 'fluxErr', 'skyErr', 'chi2', 'spread', 'spreadErr'] as const)
      columns[name].fill(Number.NaN);
    if (options.flux) for (let i = 0; i < count; i++) columns.flux[i] = Number.isFinite(options.flux[i]!) ? options.flux[i]! : 0;
    const spline = splineOf(model);
    const fitRadius = Math.max((options.fitRadiusFwhm ?? 1.5) * model.fwhmPix, 2);
    const outside = (i: number): boolean => {
      const x = places.x[i]!;
      const y = places.y[i]!;
      return !(x > -fitRadius && y > -fitRadius && x < width - 1 + fitRadius && y < height - 1 + fitRadius);
    };
    const px = places.x.map((x, i) => (outside(i) ? Number.NaN : x));
    const groups = groupSources(px, places.y, 1.3 * fitRadius);
    const residual = compute.float32(width * height);
    const room = options.free ? null : fixedStampsSize(spline, count);
    const stamps = room && { radius: room.radius, values: compute.float64(room.length) };
    const shared = {
      residual,
      variance: planes.variance,
      mask: planes.mask,
      width,
      height,
      lightVariance,
      spline,
      groups,
      columns,
      free: options.free ?? new Uint8Array(count),
      x0: places.x,
      y0: places.y,
      fitRadius,
      freeSky: options.freeSky ?? false,
      stamps,
    };
    const passes = options.passes ?? 3;
    if (stamps) await compute.runTask('fillPsfStamps', { spline, x: places.x, y: places.y, stamps }, count, { chunk: 64 });
    residual.set(planes.image);
    subtractSources(residual, width, height, spline, columns, stamps);
    for (let pass = 0; pass < passes; pass++) {
      await compute.runTask('fitPsfGroups', shared, groups.start.length - 1, { chunk: 32 });
      residual.set(planes.image);
      subtractSources(residual, width, height, spline, columns, stamps);
      if (!(options.freeSky ?? false)) {
        const radius = columns.flux.map((f, i) => haloRadius(f / columns.fluxErr[i]!, model.fwhmPix));
        await subtractResidualSky(residual, planes, { x: columns.x, y: columns.y, radius }, compute);
      }
    }
    const blank = await blankFluxes(planes, residual, spline, columns, fitRadius, compute);
    const plain = (a: Float64Array): Float64Array => new Float64Array(a);
    const resampled = Math.max(options.covarianceFactor ?? 1, 1);
    // Correlation multiplies all noise; what blank places show beyond is of the sky alone.
    const measured = blank.width ** 2;
    const correlated = blank.places >= LEAST_BLANK ? Math.min(resampled, measured) : resampled;
    const extra = blank.places >= LEAST_BLANK ? Math.max(measured - correlated, 0) : 0;
    const flux = plain(columns.flux);
    const fluxErr = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      if (outside(i)) {
        flux[i] = fluxErr[i] = Number.NaN;
        continue;
      }
      const noise2 = correlated * columns.fluxErr[i]! ** 2 + extra * columns.skyErr[i]! ** 2;
      const snr2 = flux[i]! ** 2 / noise2;
      if (!Number.isNaN(columns.xErr[i]!) && snr2 > 2) flux[i]! *= 1 - 1 / snr2;
      fluxErr[i] = Math.sqrt(noise2 + (model.relativeErr * flux[i]!) ** 2);
    }
    return {
      x: plain(columns.x),
      y: plain(columns.y),
      xErr: columns.xErr.map((e) => e * Math.sqrt(correlated)),
      yErr: columns.yErr.map((e) => e * Math.sqrt(correlated)),
      flux,
      fluxErr,
      chi2: plain(columns.chi2),
      spread: plain(columns.spread),
      spreadErr: columns.spreadErr.map((e) => e * Math.sqrt(correlated)),
      covered: plain(columns.covered),
      noiseFactor: blank.places >= LEAST_BLANK ? blank.width : Math.sqrt(resampled),
      blankPlaces: blank.places,
    };
  });
}

/** Circle about a source whose pixels say nothing of the sky [pix]. */
const haloRadius = (snr: number, fwhmPix: number): number => fwhmPix * (1.7 + (snr > 10 ? 1.2 * Math.log10(snr / 10) : 0));

/** Takes the light of all sources out of an image, in place. `stamps`: of places that are fixed. */
export function subtractSources(
  image: Float32Array,
  width: number,
  height: number,
  spline: PsfSpline,
  { x, y, flux }: { readonly x: Float64Array; readonly y: Float64Array; readonly flux: Float64Array },
  stamps: FixedStamps | null = null,
): void {
  const { model } = spline;
  const radius = Math.ceil(model.radiusPix);
  const side = 2 * radius + 1;
  const own = new Float64Array(side * side);
  const coefficients = new Float64Array(model.size ** 2);
  for (let s = 0; s < x.length; s++) {
    const f = flux[s]!;
    const cx = Math.round(x[s]!);
    const cy = Math.round(y[s]!);
    if (!(f !== 0 && Number.isFinite(f) && cx > -radius && cy > -radius && cx < width + radius && cy < height + radius)) continue;
    const value = stamps ? fixedStamp(stamps, s) : own;
    if (!stamps) {
      psfAt(spline, x[s]!, y[s]!, coefficients);
      splineStamp(coefficients, model.size, model.stepPix, x[s]! - cx, y[s]! - cy, radius, { value });
    }
    for (let j = Math.max(-radius, -cy); j <= Math.min(radius, height - 1 - cy); j++) {
      for (let i = Math.max(-radius, -cx); i <= Math.min(radius, width - 1 - cx); i++) {
        const p = (cy + j) * width + cx + i;
        image[p] = image[p]! - f * value[(j + radius) * side + i + radius]!;
      }
    }
  }
}

/** Forced fluxes at places without a source, spread evenly (Roberts' R2 sequence): their width in units of the formal error. */
async function blankFluxes(
  planes: PsfPlanes,
  residual: Float32Array,
  spline: PsfSpline,
  sources: PsfFitColumns,
  fitRadius: number,
  compute: Compute,
): Promise<{ width: number; places: number }> {
  const { width, height } = planes;
  const cell = 2 * fitRadius;
  const taken = new Set<number>();
  const key = (x: number, y: number): number => Math.floor(y / cell) * 65536 + Math.floor(x / cell);
  for (let i = 0; i < sources.x.length; i++) {
    for (const dx of [-cell / 2, cell / 2])
      for (const dy of [-cell / 2, cell / 2]) taken.add(key(sources.x[i]! + dx, sources.y[i]! + dy));
  }
  const x: number[] = [];
  const y: number[] = [];
  const radius = Math.ceil(fitRadius);
  const isClean = (cx: number, cy: number): boolean => {
    for (let j = -radius; j <= radius; j++)
      for (let i = -radius; i <= radius; i++) if (planes.mask[(cy + j) * width + cx + i] !== 0) return false;
    return true;
  };
  if (width <= 2 * radius + 2 || height <= 2 * radius + 2) return { width: 1, places: 0 };
  for (let k = 1; k <= 6 * BLANK_PLACES && x.length < BLANK_PLACES; k++) {
    const px = radius + ((k * 0.7548776662466927) % 1) * (width - 1 - 2 * radius);
    const py = radius + ((k * 0.5698402909980532) % 1) * (height - 1 - 2 * radius);
    if (taken.has(key(px, py)) || !isClean(Math.round(px), Math.round(py))) continue;
    x.push(px);
    y.push(py);
  }
  if (x.length < LEAST_BLANK) return { width: 1, places: x.length };
  const fitted = await forcedAlone(
    { ...planes, image: residual },
    spline,
    Float64Array.from(x),
    Float64Array.from(y),
    fitRadius,
    compute,
  );
  const pulls = fitted.flux.map((f, i) => f / fitted.fluxErr[i]!);
  return { width: Math.max(madSigma(pulls), 0.5), places: x.length };
}

/** Each place for itself, at a fixed place, nothing subtracted. */
async function forcedAlone(
  planes: PsfPlanes,
  spline: PsfSpline,
  x: Float64Array,
  y: Float64Array,
  fitRadius: number,
  compute: Compute,
): Promise<{ flux: Float64Array; fluxErr: Float64Array }> {
  const count = x.length;
  const names = ['x', 'y', 'xErr', 'yErr', 'flux', 'fluxErr', 'skyErr', 'chi2', 'spread', 'spreadErr', 'covered'] as const;
  const columns = Object.fromEntries(names.map((name) => [name, compute.float64(count).fill(0)])) as unknown as PsfFitColumns;
  columns.x.set(x);
  columns.y.set(y);
  const groups = { members: Int32Array.from(x.keys()), start: Int32Array.from({ length: count + 1 }, (_, k) => k) };
  await compute.runTask(
    'fitPsfGroups',
    {
      residual: planes.image,
      variance: planes.variance,
      mask: planes.mask,
      width: planes.width,
      height: planes.height,
      lightVariance: planes.lightVariance,
      spline,
      groups,
      columns,
      free: new Uint8Array(count),
      x0: x,
      y0: y,
      fitRadius,
      freeSky: false,
      stamps: null,
    },
    count,
    { chunk: 32 },
  );
  return { flux: new Float64Array(columns.flux), fluxErr: new Float64Array(columns.fluxErr) };
}
