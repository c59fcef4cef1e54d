import { type Compute, psfStamp } from '@colibri/numerics';
import type { PhotometricCalibration, UnitPhotometry } from '@colibri/pipeline';
import { scaledPlace, zeroPointAt } from './apply-calibration.ts';
import { type DetectParameters, detectOn, type MeasurableImage, type MeasuredImage } from './measure-stack.ts';

/** Steps about the 5 sigma limit at which stars are injected [mag]. */
const STEPS = [-1.5, -1, -0.6, -0.3, 0, 0.3, 0.6, 1];
/** One star per so many pixels, at most: they must not crowd the image. */
const PIXELS_PER_STAR = 9000;
const MOST_PER_STEP = 60;

/**
 * Stars of known brightness put into the image, with their shot noise, and looked for by the real detection: the share that comes back
 * within one FWHM, by magnitude. Places are random from a fixed seed, away from masked pixels but not from other sources: crowding costs completeness,
 * and is to be seen.
 *
 * @param limitMag - 5 sigma limit typical of the image [AB mag]
 */
export async function injectStars(
  image: MeasurableImage,
  { psf, columns, psfToTotal }: MeasuredImage,
  calibration: PhotometricCalibration,
  limitMag: number,
  parameters: DetectParameters,
  compute: Compute,
): Promise<UnitPhotometry['completeness']> {
  const { width, height, mask } = image;
  const random = xorshift(20_261_125);
  const perStep = Math.min(MOST_PER_STEP, Math.floor((width * height) / PIXELS_PER_STAR / STEPS.length));
  if (perStep < 3) return [];
  const radius = Math.ceil(psf.radiusPix);
  const side = 2 * radius + 1;
  return compute.scope(async () => {
    const data = compute.float32(width * height);
    const variance = compute.float32(width * height);
    data.set(image.data);
    variance.set(image.variance);
    const placed: { x: number; y: number; step: number }[] = [];
    for (let tries = 0; placed.length < perStep * STEPS.length && tries < 50 * perStep * STEPS.length; tries++) {
      const x = random() * (width - 1);
      const y = random() * (height - 1);
      if (mask[Math.round(y) * width + Math.round(x)] !== 0) continue;
      if (placed.some((s) => Math.hypot(s.x - x, s.y - y) < 5 * psf.fwhmPix)) continue;
      const step = placed.length % STEPS.length;
      const [u, v] = scaledPlace(x, y, { width, height });
      const flux = 10 ** (-0.4 * (limitMag + STEPS[step]! - zeroPointAt(calibration, u, v).mag)) / psfToTotal;
      const stamp = psfStamp(psf, x, y, radius);
      const cx = Math.round(x);
      const cy = Math.round(y);
      for (let p = 0; p < stamp.length; p++) {
        const px = cx - radius + (p % side);
        const py = cy - radius + Math.floor(p / side);
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        const light = flux * stamp[p]!;
        const noise2 = Math.max(light, 0) * image.lightVariance;
        const q = py * width + px;
        data[q] = data[q]! + light + Math.sqrt(noise2) * gaussian(random);
        variance[q] = variance[q]! + noise2;
      }
      placed.push({ x, y, step });
    }
    const { basins } = await detectOn({ ...image, data, variance }, parameters, compute);
    const near = (x: number, y: number, px: number, py: number): boolean => Math.hypot(x - px, y - py) < 0.7 * psf.fwhmPix;
    const found = Array.from(basins.peakIndex.subarray(0, basins.count), (p) => [p % width, Math.floor(p / width)] as const);
    return STEPS.map((offset, step) => {
      // A star that fell on a source that was there before can't be told from it.
      const mine = placed.filter((s) => s.step === step && !columns.x.some((x, i) => near(s.x, s.y, x, columns.y[i]!)));
      const recovered = mine.filter((s) => found.some(([x, y]) => near(s.x, s.y, x, y))).length;
      return { mag: limitMag + offset, injected: mine.length, recovered };
    });
  });
}

/** Marsaglia 2003, J. Stat. Softw. 8(14). Uniform in [0, 1). */
function xorshift(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4_294_967_296;
  };
}

const gaussian = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
