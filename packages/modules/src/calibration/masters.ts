import { MaskPlane } from '@colibri/numerics';
import {
  type CalibrationFrame,
  defineModule,
  input,
  type Master,
  type MasterKey,
  type ModuleContext,
  number,
  output,
  type RawFrame,
} from '@colibri/pipeline';
import { detectorOf } from '../detector/cameras.ts';
import { measureLevels } from '../detector/overscan.ts';
import { frameGeometry } from '../detector/sections.ts';
import { acceptFrames } from './accept-frames.ts';
import {
  buildMaster,
  combineFrames,
  type Helpers,
  type MasterPixels,
  medianOf,
  pairNoise,
  prepareFrame,
} from './build-master.ts';
import { fitDark } from './fit-dark.ts';
import { coarsePicture, compareIllumination } from './illumination.ts';
import { nameOf, namesOf } from './master-source.ts';

const common = (nights: number, fewest: number) => ({
  nights: number('Nights whose frames are pooled, the newest first.', { unit: 'nights', default: nights, atLeast: 1 }),
  min_frames: number('Fewest frames of a master.', { unit: 'frames', default: fewest, atLeast: 1 }),
  max_frames: number('Most frames of a master; the newest are taken.', { unit: 'frames', default: 30, atLeast: 1, atMost: 255 }),
  temperature_tolerance: number('Farthest that the temperature of the detector may be from the typical one.', {
    unit: 'K',
    default: 2,
    above: 0,
  }),
});
const setup = (doc: string) => input('calibrationSetup', doc, 'adu');

/** Level structure of the detector, from frames without light and without time. */
export const bias = defineModule({
  name: 'bias',
  code: 'MB',
  version: '1.0.1',
  title: 'Master bias',
  summary:
    'Combines raw biases of each detector setup: overscan level removed, clipped mean with variance, unsteady pixels marked.',
  unitOfWork: 'setup',
  inputs: { setup: setup('Raw biases of one setup.') },
  parameters: common(1, 3),
  outputs: { master: output('master', 'Master bias with variance and mask; MRDNOISE, MLEVEL in its header.', { unit: 'adu' }) },
  metrics: {},
  async run({ setup: { key, frames: all } }, parameters, context) {
    const frames = chosen({ key, frames: all }, parameters, context);
    if (!frames) return nothing;
    const raws = await loadAll(frames);
    const planes = raws.map((raw) => prepareFrame(raw, key, { bias: null, dark: null }, context.compute));
    const { noiseAdu, mask } = steadiness(planes.map(({ data }) => data));
    const pixels = await combineFrames(planes, key, context.compute);
    const { gain } = detectorOf(raws[0]!.meta, raws[0]!.header, unset);
    const level = raws.reduce((sum, raw) => sum + measureLevels(raw, frameGeometry(raw)).mean, 0) / raws.length;
    const unsteady = countOf(mask);
    context.info(
      `${raws.length} biases of ${key.camera}: level ${level.toFixed(2)} adu, read noise ${noiseAdu.toFixed(3)} adu ` +
        `(${(noiseAdu * gain).toFixed(2)} electron at ${gain} electron/adu), ${unsteady} unsteady pixels.`,
    );
    return made(
      key,
      frames,
      { ...pixels, mask },
      [],
      [
        figure('MLEVEL', level, '[adu] mean level of the overscan'),
        figure('MRDNOISE', noiseAdu, '[adu] read noise of one frame'),
        figure('MRDNELEC', noiseAdu * gain, '[electron] the same at the gain of the camera'),
        figure('MUNSTEAD', unsteady, 'pixels that jump between levels'),
      ],
    );
  },
});

/** What collects in the dark, as a rate and an offset. */
export const dark = defineModule({
  name: 'dark',
  code: 'MD',
  version: '1.0.1',
  title: 'Master dark',
  summary:
    'Fits offset and rate to raw darks over all their exposure times, nights pooled at one temperature; hot pixels marked.',
  unitOfWork: 'setup',
  inputs: {
    setup: setup('Raw darks of one setup, of any exposure times.'),
    bias: input('bias', 'Master bias of the setup; auto: the one in the output folder.', 'adu'),
  },
  parameters: common(20, 2),
  outputs: {
    master: output('master', 'Dark rate with variance and mask, offset beside it; MRATE, MOFFSET, MHOT in its header.', {
      unit: 'adu/s',
    }),
  },
  metrics: {},
  async run({ setup: { key, frames: all }, bias: own }, parameters, context) {
    const usable = all.filter(({ meta }) => meta.exposureSec > 0);
    const frames = chosen({ key, frames: usable }, parameters, context);
    if (!frames) return nothing;
    const rateKey: MasterKey = { ...key, exposureSec: null };
    const fitted = await fitDark(frames, rateKey, own, context.compute);
    const { gain } = detectorOf(frames[0]!.meta, frames[0]!.header, unset);
    const hot = countOf(fitted.mask);
    context.info(
      `${frames.length} darks of ${key.camera}, ${fitted.exposuresSec.join(', ')} s: ${fitted.medianRate.toFixed(4)} adu/s ` +
        `(${(fitted.medianRate * gain).toFixed(4)} electron/s)${fitted.medianOffset === null ? '' : `, offset ${fitted.medianOffset.toFixed(3)} adu`}, ${hot} hot pixels.`,
    );
    if (fitted.offset === null)
      context.warn(
        `All darks of ${key.camera} last ${fitted.exposuresSec[0]} s: what does not grow with time cannot be told from the rate.`,
      );
    if (!own) context.warn(`No master bias for the darks of ${key.camera}: only the level of the overscan was removed.`);
    return made(
      rateKey,
      frames,
      fitted,
      [own],
      [
        figure('MRATE', fitted.medianRate, '[adu/s] median dark current'),
        ...(fitted.medianOffset === null ? [] : [figure('MOFFSET', fitted.medianOffset, '[adu] median offset at no time')]),
        figure('MTIMES', fitted.exposuresSec.length, 'exposure times in the fit'),
        figure('MTMIN', fitted.exposuresSec[0]!, '[s] shortest'),
        figure('MTMAX', fitted.exposuresSec.at(-1)!, '[s] longest'),
        figure('MHOT', hot, 'hot pixels'),
      ],
      fitted.offset,
    );
  },
});

/** Response of the pixels to even light. */
export const flat = defineModule({
  name: 'flat',
  code: 'MF',
  version: '1.0.1',
  title: 'Master flat',
  summary:
    'Combines raw flats of each filter: levels and illumination checked, each brought to median 1, stars clipped, dead pixels marked.',
  unitOfWork: 'setup',
  inputs: {
    setup: setup('Raw flats of one setup and filter.'),
    bias: input('bias', 'Master bias of the setup; auto: the one in the output folder.', 'adu'),
    dark: input('dark', 'Master dark of the setup; auto: the one in the output folder.', 'adu/s'),
  },
  parameters: {
    ...common(1, 3),
    min_level: number('Least median of a flat, for 1 × 1 binning.', { unit: 'adu', default: 1000, above: 0 }),
    max_level: number('Highest median of a flat, for 1 × 1 binning.', { unit: 'adu', default: 32000, above: 0 }),
    max_slope: number('Largest change across the frame against the other flats.', { unit: '1', default: 0.02, above: 0 }),
    max_roughness: number('Largest rms of the light against the other flats, in cells of a 16th of the frame.', {
      unit: '1',
      default: 0.005,
      above: 0,
    }),
  },
  outputs: {
    master: output('master', 'Master flat with variance and mask (NO_FLAT); MLEVEL, MSLOPE, MROUGH in its header.', {
      unit: '1',
    }),
  },
  metrics: {},
  async run({ setup: { key, frames: all }, bias: ownBias, dark: ownDark }, parameters, context) {
    const accepted = chosen({ key, frames: all }, parameters, context);
    if (!accepted) return nothing;
    const helpers: Helpers = { bias: ownBias, dark: ownDark };
    const binning = Math.max(1, Number.parseInt(key.binning, 10) || 1) ** 2;
    const [low, high] = [parameters.min_level * binning, parameters.max_level * binning];
    const lit: { frame: CalibrationFrame; raw: RawFrame; level: number; picture: Float64Array }[] = [];
    for (const frame of accepted) {
      const raw = await frame.load();
      const { data, width, height } = prepareFrame(raw, key, helpers, context.compute);
      const level = medianOf(data);
      if (level > low && level < high) lit.push({ frame, raw, level, picture: coarsePicture(data, width, height) });
      else context.warn(`${frame.meta.frameId} is left out: its level is ${level.toFixed(0)} adu; ${low} to ${high} is wanted.`);
      context.compute.free(data);
    }
    const light = compareIllumination(lit.map(({ picture, level }) => picture.map((value) => value / level)));
    const even = lit.filter(({ frame }, i) => {
      const { slope, roughness } = light[i]!;
      if (slope <= parameters.max_slope && roughness <= parameters.max_roughness) return true;
      context.warn(
        `${frame.meta.frameId} is left out: against the other flats its light changes by ${(100 * slope).toFixed(1)} % across the frame and ` +
          `by ${(100 * roughness).toFixed(2)} % rms in places.`,
      );
      return false;
    });
    if (even.length < parameters.min_frames) return refuse(context, key, even.length, parameters.min_frames);
    const pixels = await buildMaster(
      even.map(({ raw }) => raw),
      key,
      helpers,
      context.compute,
    );
    const dead = countOf(pixels.mask);
    const level = even.map((each) => each.level).sort((a, b) => a - b)[even.length >> 1]!;
    const kept = light.filter((_, i) => even.includes(lit[i]!));
    const [slope, roughness] = [Math.max(...kept.map((l) => l.slope)), Math.max(...kept.map((l) => l.roughness))];
    context.info(
      `${even.length} flats of ${key.camera} ${key.filter}: median level ${level.toFixed(0)} adu, illumination even to ` +
        `${(100 * slope).toFixed(2)} %, ${dead} pixels without response.`,
    );
    if (!ownBias) context.warn(`No master bias for the flats of ${key.camera}: only the level of the overscan was removed.`);
    return made(
      key,
      even.map(({ frame }) => frame),
      pixels,
      [ownBias, ownDark],
      [
        figure('MLEVEL', level, '[adu] median level of the flats'),
        figure('MSLOPE', slope, 'largest slope of one against the others'),
        figure('MROUGH', roughness, 'largest rms of one against the others'),
        figure('MDEAD', dead, 'pixels without response'),
      ],
    );
  },
});

type Figures = NonNullable<Master['figures']>;

const unset = { gain: null, readNoise: null, saturationAdu: null, pixelScaleDeg: null };
const nothing = { outputs: { master: null }, metrics: {} };
const figure = (keyword: string, value: number, comment: string): Figures[number] => ({ keyword, value, comment });
const countOf = (mask: Uint16Array | null): number => mask?.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0) ?? 0;

async function loadAll(frames: readonly CalibrationFrame[]): Promise<RawFrame[]> {
  const raws: RawFrame[] = [];
  for (const frame of frames) raws.push(await frame.load());
  return raws;
}

function refuse(context: ModuleContext, key: MasterKey, found: number, wanted: number): typeof nothing {
  context.warn(
    `No ${key.type} for ${key.camera}${key.type === 'flat' ? ` ${key.filter}` : ''}: ${found} usable frames, ${wanted} are wanted.`,
  );
  return nothing;
}

function chosen(
  setupOf: { key: MasterKey; frames: readonly CalibrationFrame[] },
  parameters: { nights: number; min_frames: number; max_frames: number; temperature_tolerance: number },
  context: ModuleContext,
): readonly CalibrationFrame[] | null {
  const { frames, sentences } = acceptFrames(setupOf, {
    nights: parameters.nights,
    most: parameters.max_frames,
    toleranceK: parameters.temperature_tolerance,
  });
  for (const sentence of sentences) context.warn(sentence);
  if (frames.length >= parameters.min_frames) return frames;
  refuse(context, setupOf.key, frames.length, parameters.min_frames);
  return null;
}

/**
 * Read noise from the differences of neighbours in time: what is the same in both does not matter. A pixel that changes by more than
 * 5 sigma between neighbours three times jumps between levels, which no master can remove: BAD. One ray makes two such changes.
 */
function steadiness(planes: readonly Float32Array[]): { noiseAdu: number; mask: Uint16Array | null } {
  if (planes.length < 2) return { noiseAdu: Number.NaN, mask: null };
  const noises: number[] = [];
  const changes = new Uint8Array(planes[0]!.length);
  for (const [k, next] of planes.entries()) {
    if (k === 0) continue;
    const before = planes[k - 1]!;
    const noise = pairNoise(before, next);
    noises.push(noise);
    const limit = Math.max(5 * Math.SQRT2 * noise, 2); // 2 adu: steps of the converter
    for (let i = 0; i < changes.length; i++) if (Math.abs(next[i]! - before[i]!) > limit && changes[i]! < 255) changes[i]!++;
  }
  noises.sort((a, b) => a - b);
  const mask = changes.some((n) => n >= 3) ? Uint16Array.from(changes, (n) => (n >= 3 ? MaskPlane.BAD : 0)) : null;
  return { noiseAdu: noises[noises.length >> 1]!, mask };
}

function made(
  key: MasterKey,
  frames: readonly CalibrationFrame[],
  { width, height, data, variance, mask }: MasterPixels,
  helpers: readonly (Master | null)[],
  figures: Figures,
  offset: Float32Array | null = null,
): { outputs: { master: Master }; metrics: Record<string, never> } {
  const inputs = frames.map(({ meta, sha256 }) => ({ frameId: meta.frameId, sha256 }));
  const master: Master = {
    key,
    name: nameOf({ key, inputs }, helpers),
    sha256: null,
    nightId: frames
      .map(({ meta }) => meta.nightId)
      .sort()
      .at(-1)!,
    width,
    height,
    data,
    variance,
    mask,
    inputs: inputs.map(({ frameId }) => frameId),
    origin: { sha256: inputs.map(({ sha256 }) => sha256), helpers: namesOf(helpers) },
    note: null,
    figures: figures.filter(({ value }) => Number.isFinite(value)),
    ...(offset ? { offset } : {}),
  };
  return { outputs: { master }, metrics: {} };
}
