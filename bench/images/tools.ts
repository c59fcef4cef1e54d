import { type MeasuredImage, measureImage } from '@colibri/modules';
import { type Compute, splineOf, subtractSources } from '@colibri/numerics';
import { lend } from '../held-image.ts';
import type { Finder, Found } from './depth.ts';
import type { ForeignImage } from './foreign-image.ts';
import { extractWithPsf } from './peers.ts';

/** What a tool makes of an image: sources with PSF fluxes, and the image without sky and sources. Heap arrays. */
export interface Measurement extends Found {
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  /** 0: the tool has nothing to say against it. */
  readonly flags: ArrayLike<number>;
  readonly residual: Float32Array;
  /** FWHM of stars [pix]; null: the tool gives none. */
  readonly fwhmPix: number | null;
}

export interface Tool {
  readonly name: string;
  measure(image: ForeignImage): Promise<Measurement>;
}

export interface Settings {
  /** FWHM before the stars were seen [pix]. */
  readonly fwhmPix: number;
  readonly meshPix: number;
  /** Order of the variation of PSFEx's model: our own is chosen by the stars. */
  readonly order: number;
  /** source-extractor's threshold [sigma of its filtered pixels]. */
  readonly theirThreshold: number;
  /** FWHM of source-extractor's filter [pix]. */
  readonly theirFilterPix: number;
}

/** The measurement that `photometry` makes of a stack and `subtraction` of a frame. */
export const gp1 = (settings: Settings, compute: Compute): Tool => ({
  name: 'gp1',
  measure: (image) => compute.scope(async () => plainOf(await measured(image, settings, compute), image)),
});

export function measured(image: ForeignImage, { fwhmPix, meshPix }: Settings, compute: Compute): Promise<MeasuredImage> {
  return measureImage(
    { ...image, ...lend(image, compute), lightVariance: Number.isFinite(image.saturation) ? 1 : 0, covarianceFactor: 1, fwhmPix },
    { threshold: 4.75, meshPix, deblendContrast: 0.0005 },
    { isFinal: true },
    compute,
  );
}

function plainOf({ columns, fluxes, planes, psf, psfToTotal }: MeasuredImage, { width, height }: ForeignImage): Measurement {
  const residual = planes.image.slice();
  const flux = fluxes.flux.map((f) => f / psfToTotal);
  subtractSources(residual, width, height, splineOf(psf), { x: fluxes.x, y: fluxes.y, flux });
  return {
    x: fluxes.x.slice(),
    y: fluxes.y.slice(),
    flux: fluxes.flux.slice(),
    fluxErr: fluxes.fluxErr.slice(),
    flags: columns.flags.slice(),
    residual,
    fwhmPix: psf.fwhmPix,
  };
}

/** source-extractor with a model of PSFEx. */
export const sourceExtractor = ({ order, theirThreshold, theirFilterPix }: Settings): Tool => ({
  name: 'source-extractor + PSFEx',
  measure: async (image) => ({
    // DETECT_THRESH counts in sigmas of the unfiltered image: the filter leaves 0.664 / FWHM of them
    ...(await extractWithPsf(image, {
      order,
      threshold: (theirThreshold * 0.664) / theirFilterPix,
      filterFwhmPix: theirFilterPix,
    })),
    fwhmPix: null,
  }),
});

export const finderOf =
  (tool: Tool): Finder =>
  (image) =>
    tool.measure(image);

/** Robust rms of a residual over the noise, on pixels within `radiusPix` of any of the places [1]. */
export function residualNear(
  { width, height, variance, mask }: ForeignImage,
  residual: Float32Array,
  places: Found,
  radiusPix: number,
): number {
  const inside = new Uint8Array(width * height);
  for (let s = 0; s < places.x.length; s++) {
    const [cx, cy] = [places.x[s]!, places.y[s]!];
    for (let y = Math.max(0, Math.ceil(cy - radiusPix)); y <= Math.min(height - 1, cy + radiusPix); y++)
      for (let x = Math.max(0, Math.ceil(cx - radiusPix)); x <= Math.min(width - 1, cx + radiusPix); x++)
        if (Math.hypot(x - cx, y - cy) <= radiusPix) inside[y * width + x] = 1;
  }
  let sum = 0;
  let count = 0;
  for (let p = 0; p < inside.length; p++) {
    const pull = residual[p]! / Math.sqrt(variance[p]!);
    if (inside[p] !== 1 || mask[p] !== 0 || !Number.isFinite(pull)) continue;
    sum += pull * pull;
    count++;
  }
  return Math.sqrt(sum / count);
}
