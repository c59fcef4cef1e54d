import {
  buildPointGrid,
  buildPsf,
  type Compute,
  type KnownSources,
  MaskPlane,
  medianOf,
  type PointGrid,
  type PsfFluxes,
  type PsfModel,
  type PsfPlanes,
  psfPhotometry,
  psfStamp,
} from '@colibri/numerics';
import type { ForcedImage, ForcedTable, PhotometricCalibration } from '@colibri/pipeline';
import type { Wcs } from '@colibri/sky';
import { microJyOf, scaledPlace, zeroPointAt } from './apply-calibration.ts';
import { withoutCentringBias } from './centring-bias.ts';
import { fitFluxScale } from './flux-scale.ts';

/** Bits of the FLAGS of forced photometry. */
export const ForcedFlag = {
  /** More than 2 % of the PSF's weight lies on masked pixels. */
  MASKED: 1,
  /** A saturated pixel within one FWHM: a lower limit. */
  SATURATED: 2,
  /** Its neighbours within 1.5 FWHM are brighter. */
  CROWDED: 4,
} as const;

/** One image to measure on. */
export interface ForcedTarget {
  readonly name: string;
  readonly kind: ForcedImage['kind'];
  readonly startedAt: string;
  readonly exposureSec: number;
  readonly midMjdUtc: number;
  readonly wcs: Wcs;
  readonly width: number;
  readonly height: number;
  /** Level at which light is lost [unit of the planes]. */
  readonly saturation: number;
  /** Roughly [pix]. */
  readonly fwhmPix: number;
  readonly covarianceFactor: number;
  /** Seconds that the planes' unit is summed over: the exposure for electrons, 1 for electrons per second. */
  readonly unitSec: number;
  /** It is the reference, or was combined into it: the places follow its noise. */
  readonly isPartOfReference: boolean;
  /** Planes with the background subtracted, in the memory of `compute`; called inside a scope. `hide`: circles to leave out of the background. */
  load(hide: readonly { readonly x: number; readonly y: number; readonly radius: number }[]): Promise<PsfPlanes>;
  /** Made elsewhere; null: made here from the reference stars. */
  readonly psf?: PsfModel | null;
  /** Light of a source here over that in the reference, already known; null: found here from the reference stars. */
  readonly scale?: { readonly value: number; readonly err: number } | null;
}

/** What is forced: sources of the reference image (all of them: neighbours are fitted with each other), and what else to report. */
export interface ForcedPlaces {
  /** As ForcedTable.source. */
  readonly source: Int32Array;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** Total flux in the reference, where the places were fitted [electron/s], and its error; NaN where it is not in it. */
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  /** Indices of the stars that PSF and scale are made of. */
  readonly stars: readonly number[];
  /** Zero point by place in the reference, and the colour of each source [mag] (NaN: the usual one). */
  readonly zeroPointMag: Float64Array;
}

/** The fluxes of all places in one image, on the scale of the reference. */
export interface ForcedMeasurement {
  readonly image: ForcedImage;
  readonly source: Int32Array;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** [electron/s of the reference] */
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  readonly chi2: Float64Array;
  readonly flags: Int32Array;
  readonly zeroPointMag: Float64Array;
  readonly psf: PsfModel | null;
}

/**
 * Fluxes at fixed places in one image, by its own PSF where it has stars enough, on the flux scale of the reference: the ratio of the
 * stars that both see. What the places owe to the noise of the reference is undone: faint fluxes scatter about the truth, also below
 * zero. null: no place lies on the image, or no star tells its scale.
 */
export async function forceOn(target: ForcedTarget, places: ForcedPlaces, compute: Compute): Promise<ForcedMeasurement | null> {
  return compute.scope(async () => {
    const { width, height, fwhmPix } = target;
    const n = places.raDeg.length;
    const x = new Float64Array(n).fill(Number.NaN);
    const y = new Float64Array(n).fill(Number.NaN);
    const inside: number[] = [];
    for (let i = 0; i < n; i++) {
      const place = target.wcs.skyToPixel(places.raDeg[i]!, places.decDeg[i]!);
      if (!place) continue;
      [x[i], y[i]] = place;
      if (place[0] > -0.5 && place[1] > -0.5 && place[0] < width - 0.5 && place[1] < height - 0.5) inside.push(i);
    }
    if (inside.length === 0) return null;
    const hide = inside.map((i) => ({ x: x[i]!, y: y[i]!, radius: hiddenRadius(places.flux[i]!, places.fluxErr[i]!, fwhmPix) }));
    const planes = await target.load(hide);
    const guess = places.flux.map((f) => f * target.unitSec * (target.scale?.value ?? 1));
    const known: KnownSources = { x, y, flux: guess };
    const stars = places.stars.filter((i) => guess[i]! > 0 && Number.isFinite(x[i]!));
    const { saturation, covarianceFactor } = target;
    const psf =
      target.psf ??
      buildPsf(planes, known, stars, {
        fwhmPix,
        saturation,
        covarianceFactor,
        holdOut: false,
        rounds: target.kind === 'frame' ? 2 : 3,
      });
    if (!psf) return null;
    const raw = await psfPhotometry(planes, psf, { x, y }, { flux: guess, covarianceFactor, passes: 2 }, compute);
    const perSec = raw.flux.map((f) => f / target.unitSec);
    const perSecErr = raw.fluxErr.map((e) => e / target.unitSec);
    const usable = stars.filter(
      (i) => raw.covered[i]! > 0.98 && x[i]! > 0 && y[i]! > 0 && x[i]! < width - 1 && y[i]! < height - 1,
    );
    const scale =
      target.scale ??
      fitFluxScale({
        flux: Float64Array.from(usable, (i) => perSec[i]!),
        fluxErr: Float64Array.from(usable, (i) => perSecErr[i]!),
        reference: Float64Array.from(usable, (i) => places.flux[i]!),
        referenceErr: Float64Array.from(usable, (i) => places.fluxErr[i]!),
      });
    if (!scale) return null;
    const grid = buildPointGrid(x, y, 1.5 * fwhmPix);
    const take = (values: Float64Array, factor = 1): Float64Array => Float64Array.from(inside, (i) => values[i]! * factor);
    const sigma = blankSigma(planes, psf, raw) / target.unitSec / scale.value;
    const zeroPoint = medianOf(take(places.zeroPointMag));
    const limit = (k: number): number | null => {
      const mag = zeroPoint - 2.5 * Math.log10(k * sigma);
      return Number.isFinite(mag) ? mag : null;
    };
    return {
      image: {
        name: target.name,
        kind: target.kind,
        startedAt: target.startedAt,
        exposureSec: target.exposureSec,
        midMjdUtc: target.midMjdUtc,
        scaleErr: scale.err / scale.value,
        limitMag3Sigma: limit(3),
        limitMag5Sigma: limit(5),
        fwhmPix: psf.fwhmPix,
      },
      source: Int32Array.from(inside, (i) => places.source[i]!),
      raDeg: take(places.raDeg),
      decDeg: take(places.decDeg),
      flux: Float64Array.from(inside, (i) =>
        withoutCentringBias(perSec[i]! / scale.value, places.flux[i]!, places.fluxErr[i]!, target.isPartOfReference),
      ),
      fluxErr: take(perSecErr, 1 / scale.value),
      chi2: take(raw.chi2),
      flags: Int32Array.from(inside, (i) => flagsOf(planes, raw, grid, i, fwhmPix)),
      zeroPointMag: take(places.zeroPointMag),
      psf,
    };
  });
}

/** Zero points of places in the reference image, the colour of each taken into account. NaN without a calibration. */
export function zeroPointsOf(
  calibration: PhotometricCalibration | null,
  x: Float64Array,
  y: Float64Array,
  shape: { width: number; height: number },
  colour: Float64Array | null,
): Float64Array {
  return x.map((px, i) => {
    if (!calibration) return Number.NaN;
    const [u, v] = scaledPlace(px, y[i]!, shape);
    return zeroPointAt(calibration, u, v, colour?.[i] ?? Number.NaN).mag;
  });
}

/** Measurements of images as one table, images in the order given. */
export function forcedTable(measured: readonly ForcedMeasurement[]): ForcedTable {
  const count = measured.reduce((sum, m) => sum + m.flux.length, 0);
  const table = {
    count,
    source: new Int32Array(count),
    raDeg: new Float64Array(count),
    decDeg: new Float64Array(count),
    image: new Int32Array(count),
    fluxMicroJy: new Float64Array(count),
    fluxErrMicroJy: new Float64Array(count),
    chi2: new Float64Array(count),
    flags: new Int32Array(count),
    images: measured.map((m) => m.image),
  };
  let at = 0;
  for (const [k, m] of measured.entries()) {
    table.source.set(m.source, at);
    table.raDeg.set(m.raDeg, at);
    table.decDeg.set(m.decDeg, at);
    table.image.fill(k, at, at + m.flux.length);
    table.chi2.set(m.chi2, at);
    table.flags.set(m.flags, at);
    for (let i = 0; i < m.flux.length; i++) {
      const microJy = microJyOf(m.zeroPointMag[i]!);
      table.fluxMicroJy[at + i] = m.flux[i]! * microJy;
      table.fluxErrMicroJy[at + i] = m.fluxErr[i]! * microJy;
    }
    at += m.flux.length;
  }
  return table;
}

/** Circle around a source that a background must not see [pix]. */
function hiddenRadius(flux: number, fluxErr: number, fwhmPix: number): number {
  const snr = flux / fluxErr;
  return fwhmPix * (1.2 + (snr > 10 ? 0.8 * Math.log10(snr / 10) : 0));
}

function flagsOf(planes: PsfPlanes, raw: PsfFluxes, grid: PointGrid, i: number, fwhmPix: number): number {
  let flags = raw.covered[i]! < 0.98 ? ForcedFlag.MASKED : 0;
  const reach = Math.ceil(fwhmPix);
  const cx = Math.round(raw.x[i]!);
  const cy = Math.round(raw.y[i]!);
  for (let j = Math.max(0, cy - reach); j <= Math.min(planes.height - 1, cy + reach); j++) {
    for (let k = Math.max(0, cx - reach); k <= Math.min(planes.width - 1, cx + reach); k++)
      if ((planes.mask[j * planes.width + k]! & MaskPlane.SATURATED) !== 0) flags |= ForcedFlag.SATURATED;
  }
  const c0 = grid.cell;
  const column = Math.floor((raw.x[i]! - grid.x0) / c0);
  const row = Math.floor((raw.y[i]! - grid.y0) / c0);
  for (let r = Math.max(0, row - 1); r <= Math.min(grid.rows - 1, row + 1); r++) {
    for (let c = Math.max(0, column - 1); c <= Math.min(grid.columns - 1, column + 1); c++) {
      for (let k = grid.start[r * grid.columns + c]!; k < grid.start[r * grid.columns + c + 1]!; k++) {
        const o = grid.order[k]!;
        if (o === i || !(raw.flux[o]! > raw.flux[i]!)) continue;
        if (Math.hypot(raw.x[o]! - raw.x[i]!, raw.y[o]! - raw.y[i]!) < 1.5 * fwhmPix) flags |= ForcedFlag.CROWDED;
      }
    }
  }
  return flags;
}

/** 1 sigma of the flux of a point source that is not there, in the middle half of the image [unit of the planes]. */
function blankSigma({ width, height, variance, mask, image, lightVariance }: PsfPlanes, psf: PsfModel, raw: PsfFluxes): number {
  const samples: number[] = [];
  for (let k = 1; k <= 2000; k++) {
    const x = Math.floor(width * (0.25 + 0.5 * ((k * 0.7548776662466927) % 1)));
    const y = Math.floor(height * (0.25 + 0.5 * ((k * 0.5698402909980532) % 1)));
    const p = y * width + x;
    if (mask[p] === 0 && variance[p]! > 0) samples.push(variance[p]! - lightVariance * image[p]!);
  }
  const v = medianOf(Float64Array.from(samples));
  let power = 0;
  for (const s of psfStamp(psf, Math.round(width / 2), Math.round(height / 2), Math.round(1.5 * psf.fwhmPix))) power += s * s;
  return raw.noiseFactor * Math.sqrt(v / power);
}
