import { type BackgroundMesh, cellAt } from '../background/background-mesh.ts';
import type { Compute } from '../compute.ts';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { type ObjectPlanes, UNUSABLE } from '../measure/object-planes.ts';
import { assertPlane, type Shape } from '../shape.ts';
import { medianOf } from '../stats/quantile.ts';
import { keepBasins, plausibleSources } from './artefacts.ts';
import { dropHaloKnots } from './halo.ts';
import { moffatKernel } from './moffat.ts';
import { measureNoiseScale } from './noise-scale.ts';
import { pixelsAbove } from './pixels-above.ts';
import { measurePointSpread, type PointSpread } from './point-spread.ts';
import { residentFloats } from './resident.ts';
import { findTrails, maskTrail, type Trail } from './trails.ts';
import { type Basins, watershed } from './watershed.ts';

export interface DetectOptions extends Shape {
  /** Least S/N of a source, by the matched filter and against its measured noise; default 4.75. */
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
  /** As given. */
  readonly variance: Float32Array;
  /** As given, with MaskPlane.TRAIL added where a trail was found. */
  readonly mask: Uint16Array;
  readonly background: BackgroundMesh;
  readonly trails: readonly Trail[];
  readonly pointSpread: PointSpread;
  /** Matched-filter S/N; rescaled to its own noise where above the isophote. */
  readonly snr: Float32Array;
  /** Segmentation: 0 sky, else 1 + number of the source. */
  readonly basins: Basins;
  /** Of the S/N image before rescaling, median over the frame. */
  readonly noiseScale: number;
}

/** Radius of the filter in units of the FWHM: it holds 99 % of the S/N. */
const KERNEL_RADIUS = 1.3;
/** Outline of the bright sources of the first pass [sigma]. */
const ROUGH_ISOPHOTE = 5;
/** Least rise of a blended summit over its saddle [sigma]: neighbouring values of a filtered image share most of their noise. */
const PROMINENCE = 3;
/** The same as a share of the saddle: the light of a bright star is not smooth to better. */
const LOCAL_CONTRAST = 0.1;

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
  const { width, height, threshold = 4.75, isophote = 2.5, meshPix = 64, minAreaPix = 3, deblendContrast = 0.0005 } = options;
  const { assumedFwhmPix = 3.5 } = options;
  const shape = { width, height };
  assertPlane(image, shape, 'The image');
  assertPlane(variance, shape, 'The variance');
  assertPlane(mask, shape, 'The mask');
  const size = width * height;
  const frame = residentFloats(image, compute);
  const noise = residentFloats(variance, compute);
  const marked = compute.uint16(size);
  marked.set(mask);
  const hidden = compute.uint16(size);
  const hide = () => compute.keepBits(marked, UNUSABLE, hidden);
  await hide();
  const sky = compute.float32(size);
  const snr = compute.float32(size);
  const labels = compute.int32(size).fill(0);
  const planes = { image: sky, variance: noise, mask: marked, labels, ...shape };
  const limits = { prominence: PROMINENCE, localContrast: LOCAL_CONTRAST, contrast: deblendContrast };
  const split = (pixels: Int32Array, { rms, columns, rows }: BackgroundMesh, detect: number): Promise<Basins> =>
    watershed(
      {
        heights: snr,
        limits: { ...limits, detect },
        noise: { variance: noise, rms, columns, rows },
        mask: marked,
        labels,
        ...shape,
      },
      pixels,
      compute,
    );

  // First pass: what stars look like, and where not to measure the background.
  const first = await compute.measureBackground(frame, hidden, { ...shape, meshPix });
  await compute.subtractMesh(frame, first.level, first, shape, sky);
  await compute.matchedFilter(sky, first, hidden, gaussianKernel(assumedFwhmPix), shape, snr);
  const rough = await compute.indicesAbove(snr, ROUGH_ISOPHOTE);
  const bright = await split(rough, first, 2 * ROUGH_ISOPHOTE);
  const pointSpread = measurePointSpread(planes, bright, assumedFwhmPix);
  const { fwhmPix } = pointSpread;
  const trails = findTrails(bright, snr, mask, shape, fwhmPix);
  for (const trail of trails) maskTrail(trail, sky, marked, shape);
  if (trails.length > 0) await hide();

  const source = compute.uint16(size);
  await compute.flagAbove(snr, isophote, hidden, source);
  const background = await compute.measureBackground(frame, source, { ...shape, meshPix });
  compute.free(source);

  // Second pass.
  await compute.subtractMesh(frame, background.level, background, shape, sky);
  if (frame !== image) compute.free(frame);
  const kernel = moffatKernel(pointSpread.profile, Math.min(Math.max(Math.round(KERNEL_RADIUS * fwhmPix), 2), 12));
  await compute.matchedFilter(sky, background, hidden, kernel, shape, snr);
  compute.free(hidden);
  const scale = await measureNoiseScale(snr, labels, shape, compute);
  for (const p of bright.pixels) labels[p] = 0;
  const found = await split(await pixelsAbove({ snr, level: isophote, scale, ...shape }, compute), background, threshold);
  const likely = reliable(found, planes, background, kernel.data, { fwhmPix, isophote, minAreaPix });
  const basins = keepBasins(likely, await plausibleShapes(likely, planes, background, pointSpread, compute));
  return {
    ...shape,
    image: sky,
    variance: noise,
    mask: marked,
    background,
    trails,
    pointSpread,
    snr,
    basins,
    noiseScale: medianOf(scale.sigma),
  };
}

/** 0 for sources whose shape no star or galaxy can have, see `judgeShapes`. Without stars to compare with, all pass. */
async function plausibleShapes(
  { count, peakIndex, peakHeight, saddle }: Basins,
  planes: ObjectPlanes,
  { rms, columns, rows }: BackgroundMesh,
  { profile, fwhmPix, momentSizePix, starCount }: PointSpread,
  compute: Compute,
): Promise<Uint8Array> {
  if (starCount === 0) return new Uint8Array(count).fill(1);
  const noise = { rms, columns, rows };
  const args = { planes, peakIndex, peakHeight, saddle, noise, profile, fwhmPix, starSize: momentSizePix };
  const ranges = await compute.runTask('judgeShapes', args, count);
  return Uint8Array.from(ranges.flatMap((range) => [...range]));
}

/** Leaves out what is too small, too sharp or a knot in the halo of a bright star. */
function reliable(
  basins: Basins,
  planes: ObjectPlanes,
  background: BackgroundMesh,
  kernel: Float32Array,
  { fwhmPix, isophote, minAreaPix }: { fwhmPix: number; isophote: number; minAreaPix: number },
): Basins {
  const { image, labels } = planes;
  const { pixels } = basins;
  const area = new Int32Array(basins.count);
  const flux = new Float64Array(basins.count);
  for (let k = 0; k < pixels.length; k++) {
    const p = pixels[k]!;
    const n = labels[p]! - 1;
    if (n < 0) continue;
    area[n]!++;
    if (image[p]! > 0) flux[n]! += image[p]!;
  }
  const [peak, power] = kernelPower(kernel);
  const matched = Float64Array.from(
    basins.peakHeight,
    (m, n) => (m * background.rms[cellAt(background, planes, basins.peakIndex[n]!)]!) / Math.sqrt(power),
  );
  const keep = plausibleSources(planes, basins, matched, peak);
  dropHaloKnots(basins, { area, flux, matched }, { width: planes.width, fwhmPix, isophote }, keep);
  for (let n = 0; n < basins.count; n++) if (area[n]! < minAreaPix) keep[n] = 0;
  return keepBasins(basins, keep);
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
