import type { BackgroundMesh } from '../background/background-mesh.ts';
import type { Compute } from '../compute.ts';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { MaskPlane } from '../mask-plane.ts';
import { type ObjectPlanes, UNUSABLE } from '../measure/object-planes.ts';
import { assertPlane, type Shape } from '../shape.ts';
import { keepBasins, plausibleSources } from './artefacts.ts';
import { dropHaloKnots } from './halo.ts';
import { moffatKernel } from './moffat.ts';
import { measureNoiseScale, rescaleAbove } from './noise-scale.ts';
import { measurePointSpread, type PointSpread } from './point-spread.ts';
import { findTrails, maskTrail, type Trail } from './trails.ts';
import { type Basins, watershed } from './watershed.ts';

export interface DetectOptions extends Shape {
  /** Least S/N of a source, by the matched filter and against its measured noise; default 4.8. */
  readonly threshold?: number;
  /** S/N of the filtered image down to which pixels belong to a source; default 2.5. */
  readonly isophote?: number;
  /** Cell of the background mesh [pix]; default 64. */
  readonly meshPix?: number;
  /** Least pixels of a source; default 3. */
  readonly minAreaPix?: number;
  /** Least height of a blended summit over its saddle, as a share of the higher one; default 0.0005. */
  readonly deblendContrast?: number;
  /** Assumed before the stars have been seen, and kept when there are none [pix]; default 3.5. */
  readonly assumedFwhmPix?: number;
}

/** Where the sources are, and the planes they were found on (in the memory of `compute`). */
export interface Detection extends Shape {
  /** Input minus background [electron]. */
  readonly image: Float32Array;
  readonly background: BackgroundMesh;
  /** The mask given, or a copy with MaskPlane.TRAIL where a trail was found. */
  readonly mask: Uint16Array;
  readonly trails: readonly Trail[];
  readonly pointSpread: PointSpread;
  /** Matched-filter S/N; rescaled to its own noise where above the isophote. */
  readonly snr: Float32Array;
  /** Segmentation: 0 sky, else 1 + number of the source. */
  readonly basins: Basins;
  /** Of the S/N image before rescaling, median over the frame. */
  readonly noiseScale: number;
}

/**
 * Finds every source of a frame, background still in it, in two passes. The first, with a Gaussian of assumed width, gives the stars'
 * profile and the places to leave out of the background; the second filters with that profile, judges the S/N image against its own
 * local noise and splits it into sources (see `watershed`).
 *
 * @param image    - [electron]; NaN: no datum
 * @param variance - of each pixel [electron²]
 * @param mask     - bits of MaskPlane; all but SATURATED hide a pixel
 */
export async function detectSources(
  image: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  options: DetectOptions,
  compute: Compute,
): Promise<Detection> {
  const { width, height, threshold = 4.8, isophote = 2.5, meshPix = 64, minAreaPix = 3, deblendContrast = 0.0005 } = options;
  const { assumedFwhmPix = 3.5 } = options;
  const shape = { width, height };
  assertPlane(image, shape, 'The image');
  assertPlane(variance, shape, 'The variance');
  assertPlane(mask, shape, 'The mask');
  const size = width * height;
  const hidden = compute.uint16(size);
  for (let i = 0; i < size; i++) hidden[i] = mask[i]! & UNUSABLE;
  const sky = compute.float32(size);
  const snr = compute.float32(size);
  const labels = compute.int32(size);
  const limits = { detect: threshold, prominence: 3.5, localContrast: 0.1, contrast: deblendContrast };
  const solid = (p: number): boolean => (mask[p]! & MaskPlane.SATURATED) !== 0;

  const first = await compute.measureBackground(image, hidden, { ...shape, meshPix });
  await compute.subtractMesh(image, first.level, first, shape, sky);
  await compute.matchedFilter(sky, first, hidden, gaussianKernel(assumedFwhmPix), shape, snr);
  let noiseScale = measureNoiseScale(snr, null, shape);
  let candidates = rescaleAbove(snr, noiseScale, shape, isophote);
  let basins = watershed(snr, candidates, shape, limits, brightNoise(variance, first, shape), solid, labels);
  const pointSpread = measurePointSpread({ image: sky, variance, mask, labels, ...shape }, basins, assumedFwhmPix);
  const trails = findTrails(basins, snr, mask, shape, pointSpread.fwhmPix);
  const marked = trails.length > 0 ? mask.slice() : mask;
  for (const trail of trails) maskTrail(trail, sky, marked, shape);
  if (trails.length > 0) for (let i = 0; i < size; i++) hidden[i] = marked[i]! & UNUSABLE;
  const planes = { image: sky, variance, mask: marked, labels, ...shape };

  const source = compute.uint16(size);
  for (let i = 0; i < size; i++) source[i] = hidden[i]! | (labels[i]! !== 0 ? 1 : 0);
  const background = await compute.measureBackground(image, source, { ...shape, meshPix });
  compute.free(source);
  await compute.subtractMesh(image, background.level, background, shape, sky);
  const radius = Math.min(Math.max(Math.round(1.3 * pointSpread.fwhmPix), 2), 12);
  const kernel = moffatKernel(pointSpread.profile, radius);
  await compute.matchedFilter(sky, background, hidden, kernel, shape, snr);
  noiseScale = measureNoiseScale(snr, labels, shape);
  candidates = rescaleAbove(snr, noiseScale, shape, isophote);
  basins = watershed(snr, candidates, shape, limits, brightNoise(variance, background, shape), solid, labels);
  compute.free(hidden);
  basins = reliable(basins, planes, background, pointSpread.fwhmPix, kernel.data, minAreaPix);
  const sigmas = Float32Array.from(noiseScale.sigma).sort();
  return {
    ...shape,
    image: sky,
    background,
    mask: marked,
    trails,
    pointSpread,
    snr,
    basins,
    noiseScale: sigmas[sigmas.length >> 1]!,
  };
}

/** Leaves out what is too small, too sharp or a knot in the halo of a bright star. */
function reliable(
  basins: Basins,
  planes: ObjectPlanes,
  background: BackgroundMesh,
  fwhmPix: number,
  kernel: Float32Array,
  minAreaPix: number,
): Basins {
  const { image, labels } = planes;
  const area = new Int32Array(basins.count);
  const flux = new Float64Array(basins.count);
  for (let p = 0; p < labels.length; p++) {
    const n = labels[p]! - 1;
    if (n < 0) continue;
    area[n]!++;
    if (image[p]! > 0) flux[n]! += image[p]!;
  }
  const [peak, power] = kernelPower(kernel);
  const rmsAt = skyRms(background, planes);
  const matched = Float64Array.from(basins.peakHeight, (m, n) => (m * rmsAt(basins.peakIndex[n]!)) / Math.sqrt(power));
  const keep = plausibleSources(planes, basins, matched, peak);
  dropHaloKnots(basins, flux, matched, planes.width, fwhmPix, keep);
  for (let n = 0; n < basins.count; n++) if (area[n]! < minAreaPix) keep[n] = 0;
  return keepBasins(basins, keep);
}

/** Noise of the S/N image where sources add photons of their own: sqrt(variance) over the sky's rms, at least 1. */
function brightNoise(variance: Float32Array, mesh: BackgroundMesh, shape: Shape): (pixel: number) => number {
  const rmsAt = skyRms(mesh, shape);
  return (p) => Math.sqrt(Math.max(variance[p]! / rmsAt(p) ** 2, 1));
}

/** The sky's noise at a pixel: that of its cell. */
function skyRms(mesh: BackgroundMesh, { width, height }: Shape): (pixel: number) => number {
  return (p) => {
    const x = p % width;
    const y = (p - x) / width;
    const cx = Math.min(Math.floor(((x + 0.5) * mesh.columns) / width), mesh.columns - 1);
    const cy = Math.min(Math.floor(((y + 0.5) * mesh.rows) / height), mesh.rows - 1);
    return mesh.rms[cy * mesh.columns + cx]!;
  };
}

/** Largest weight of a kernel, and the sum of its squares. */
function kernelPower(data: Float32Array): [number, number] {
  let peak = 0;
  let power = 0;
  for (const k of data) {
    peak = Math.max(peak, k);
    power += k * k;
  }
  return [peak, power];
}
