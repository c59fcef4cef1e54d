import type { Compute } from '@colibri/numerics';
import {
  choice,
  defineModule,
  type Frame,
  flag,
  input,
  type Master,
  metric,
  number,
  output,
  type RawFrame,
} from '@colibri/pipeline';
import { detectorOf, isMirrored } from '../detector/cameras.ts';
import { emptyFrame, wrongShape } from '../detector/errors.ts';
import { measureLevels } from '../detector/overscan.ts';
import { cutSection, frameGeometry, sectionHeight, sectionWidth } from '../detector/sections.ts';
import { growCosmicRays, growSaturation } from './grow-mask.ts';
import { orientationCode, turnPlane } from './orientation.ts';
import { quickSky } from './quick-sky.ts';
import { startingWcs } from './starting-wcs.ts';

/** Raw counts to electrons with a mask and a variance for every pixel, north up when the mount tells its rotation. */
export const reduction = defineModule({
  name: 'reduction',
  code: 'RD',
  version: '1.1.0',
  title: 'Reduction',
  summary:
    'Removes overscan, bias, dark and flat from a raw frame, flags bad, saturated and cosmic-ray pixels, and turns it north up.',
  unitOfWork: 'frame',

  inputs: {
    raw: input('rawFrame', 'Raw science frame.', 'adu'),
    bias: input('bias', 'Master bias, overscan level removed.', 'adu'),
    dark: input('dark', 'Master dark, bias removed.', 'adu/s'),
    flat: input('flat', 'Master flat, median 1.', '1'),
  },
  parameters: {
    ps: number('Plate scale of the frame as binned; from the table of cameras when not set.', {
      unit: 'deg/pixel',
      default: null,
      above: 0,
    }),
    gain: number('Detector gain; from the header or the table of cameras when not set.', {
      unit: 'electron/adu',
      default: null,
      above: 0,
    }),
    read_noise: number('Read noise; from the header or the table of cameras when not set.', {
      unit: 'electron',
      default: null,
      atLeast: 0,
    }),
    sat_level: number('Raw counts at which a pixel is saturated; from the header or the table of cameras when not set.', {
      unit: 'adu',
      default: null,
      above: 0,
    }),
    detect_thresh: number('Threshold of the quick sky mask.', { unit: 'sigma', default: 1, above: 0 }),
    min_flat: number('Pixels whose flat is not above this get no value.', { unit: '1', default: 0.3, above: 0 }),
    cosmic_rays: flag('Find and flag cosmic rays.', { default: true }),
    cosmic_sigma: number('Detection limit of cosmic rays.', { unit: 'sigma', default: 4.5, above: 0 }),
    orientation: choice('Turn the frame north up by the rotation of the mount, or leave it as read out.', {
      options: ['mount', 'none'],
      default: 'mount',
    }),
  },
  outputs: {
    reduced: output('frame', 'Reduced frame with mask and variance, sky not subtracted.', { unit: 'electron', level: 'L1a' }),
  },
  metrics: {
    sky: metric('Sky level by the quick mask.', { unit: 'electron/pixel', card: 'RDSKY', field: 'skyElectronPerPixel' }),
    saturated: metric('Share of saturated pixels.', { unit: '1', card: 'RDSATFR', field: 'saturatedFraction', warnAbove: 0.05 }),
    cosmics: metric('Pixels flagged as cosmic rays.', { unit: 'pixel', card: 'RDNCOSM', field: 'cosmicPixels' }),
  },

  async run({ raw, bias, dark, flat }, parameters, context) {
    const { compute } = context;
    const geometry = frameGeometry(raw);
    const width = sectionWidth(geometry.data),
      height = sectionHeight(geometry.data),
      count = width * height;
    const detector = detectorOf(raw.meta, raw.header, {
      gain: parameters.gain,
      readNoise: parameters.read_noise,
      saturationAdu: parameters.sat_level,
      pixelScaleDeg: parameters.ps,
    });
    for (const [what, master] of [
      ['bias', bias],
      ['dark', dark],
      ['flat', flat],
    ] as const) {
      checkShape(raw, what, master, width, height);
      if (master?.note) context.warn(`The ${what} ${master.name} is not an exact choice: ${master.note}.`);
    }
    const { levels, mean: level } = measureLevels(raw, geometry);
    if (geometry.overscan.length === 0 && !bias)
      context.warn('No overscan and no bias: the electronic offset stays in the sky level.');

    const counts = raw.data instanceof Uint16Array ? compute.uint16(count) : compute.float32(count);
    cutSection(raw.data as never, raw.width, geometry.data, counts as never);
    const data = compute.float32(count),
      variance = compute.float32(count),
      mask = compute.uint16(count);
    const masterMask = mergedMask(count, [bias, dark, flat]);
    const found = await compute.calibrateFrame(
      counts,
      {
        bias: withOffset(bias, dark, compute),
        biasVariance: bias?.variance ?? null,
        darkRate: dark?.data ?? null,
        darkVariance: dark?.variance ?? null,
        flat: flat?.data ?? null,
        flatVariance: flat?.variance ?? null,
        masterMask,
      },
      {
        width,
        height,
        exposureSec: raw.meta.exposureSec,
        gain: detector.gain,
        readNoise: detector.readNoise,
        saturationAdu: detector.saturationAdu,
        minFlat: parameters.min_flat,
        levels,
      },
      { data, variance, mask },
    );
    compute.free(counts);
    const usable = count - found.noFlat - found.noData - found.saturated;
    if (usable <= 0)
      throw emptyFrame({
        frame: raw.meta.frameId,
        what: 'not one pixel could be calibrated (blank, NaN or saturated throughout)',
      });
    if (usable < 0.5 * count) context.warn(`Only ${((100 * usable) / count).toFixed(0)} % of the pixels could be calibrated.`);
    if (found.saturated > 0) await growSaturation(mask, width, height, 2, compute);
    const cosmics = parameters.cosmic_rays
      ? await compute.rejectCosmicRays(data, variance, mask, { width, height, sigmaClip: parameters.cosmic_sigma })
      : null;

    if (cosmics) await growCosmicRays(mask, width, height, compute);
    const sky = quickSky(data, mask, parameters.detect_thresh);

    const rotation = raw.header.get('SMTMRO');
    const turn = orientationCode(
      parameters.orientation === 'mount' && typeof rotation === 'number' ? rotation : 0,
      parameters.orientation === 'mount' && typeof rotation === 'number' && isMirrored(raw.meta.camera),
    );
    const wcs = startingWcs(raw, geometry.data, turn, detector.pixelScaleDeg);
    const planes = [data, variance, mask].map((plane) => {
      const turned = turnPlane(compute, turn, plane, width, height);
      if (turned !== plane) compute.free(plane);
      return turned;
    }) as [Float32Array, Float32Array, Uint16Array];
    context.info(
      `${raw.meta.frameId}: level ${level.toFixed(2)} adu, gain ${detector.gain} e/adu (${detector.source}), ` +
        `${found.saturated} saturated, ${cosmics ?? 'no search for'} cosmic-ray pixels`,
    );
    const reduced: Frame = {
      meta: raw.meta,
      header: raw.header,
      width: turn.transposed ? height : width,
      height: turn.transposed ? width : height,
      data: planes[0],
      variance: planes[1],
      mask: planes[2],
      gain: detector.gain,
      readNoise: detector.readNoise,
      saturation: (detector.saturationAdu - level) * detector.gain,
      wcs,
      solved: false,
    };
    return { outputs: { reduced }, metrics: { sky, saturated: found.saturated / count, cosmics } };
  },
});

/** What does not grow with time is removed together: the bias, and the offset of a dark that was fitted over several times. */
function withOffset(bias: Master | null, dark: Master | null, compute: Compute): Float32Array | null {
  const offset = dark?.offset;
  if (!offset) return bias?.data ?? null;
  const sum = compute.float32(offset.length);
  for (let i = 0; i < sum.length; i++) sum[i] = offset[i]! + (bias ? bias.data[i]! : 0);
  return sum;
}

function checkShape(raw: RawFrame, what: string, master: Master | null, width: number, height: number): void {
  if (!master || (master.width === width && master.height === height)) return;
  throw wrongShape({
    frame: raw.meta.frameId,
    what,
    found: `${width} × ${height}`,
    expected: `${master.width} × ${master.height}`,
  });
}

const mergedMasks = new WeakMap<Uint16Array, { readonly masks: readonly Uint16Array[]; readonly merged: Uint16Array }>();

/** OR of the masters' masks; null when none has one. */
function mergedMask(count: number, masters: readonly (Master | null)[]): Uint16Array | null {
  const masks = masters.flatMap((master) => (master?.mask ? [master.mask] : []));
  if (masks.length === 0) return null;
  if (masks.length === 1) return masks[0]!;
  // The same masters serve a whole night: what was merged for the frame before is kept as long as they are.
  const known = mergedMasks.get(masks[0]!);
  if (known && known.masks.length === masks.length && known.masks.every((mask, k) => mask === masks[k])) return known.merged;
  const merged = new Uint16Array(count);
  for (const mask of masks) for (let i = 0; i < count; i++) merged[i]! |= mask[i]!;
  mergedMasks.set(masks[0]!, { masks, merged });
  return merged;
}
