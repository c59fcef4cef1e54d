import { choice, defineModule, flag, input, metric, number, output, text } from '../define-module.ts';
import type { Frame, RawFrame } from '../frame.ts';
import { sequence } from '../sequence.ts';

/** Modules with the names and kinds of the real ones and next to no arithmetic: the framework's test pieces. */
export const reduction = defineModule({
  name: 'reduction',
  code: 'RD',
  version: '1.0.0',
  title: 'Reduction',
  summary: 'Counts times gain.',
  unitOfWork: 'frame',
  inputs: {
    raw: input('rawFrame', 'Raw frame.', 'adu'),
    bias: input('bias', 'Master bias.', 'adu'),
    dark: input('dark', 'Master dark.', 'adu/s'),
    flat: input('flat', 'Master flat.', '1'),
  },
  parameters: {
    ps: number('Plate scale.', { unit: 'deg/pixel', default: null, above: 0 }),
    gain: number('Gain.', { unit: 'electron/adu', default: 6.2, above: 0 }),
    sat_level: number('Saturation.', { unit: 'adu', default: 7000, above: 0 }),
    detect_thresh: number('Threshold of the sky mask.', { unit: 'sigma', default: 1, above: 0, below: 100 }),
    cosmic_rays: flag('Look for cosmic rays.', { default: true }),
    orientation: choice('Turn the frame.', { options: ['mount', 'none'], default: 'mount' }),
    comment: text('Words.', { default: '' }),
  },
  outputs: { reduced: output('frame', 'Reduced frame.', { unit: 'electron', level: 'L1a' }) },
  metrics: {
    sky: metric('Mean level.', { unit: 'electron/pixel', card: 'RDSKY', field: 'skyElectronPerPixel', warnAbove: 5000 }),
    saturated: metric('Share of saturated pixels.', { unit: '1', card: 'RDSATFR', field: 'saturatedFraction', warnAbove: 0.05 }),
  },
  run({ raw, bias }, { gain, sat_level }, context) {
    const data = Float32Array.from(raw.data, (counts, i) => (counts - (bias?.data[i] ?? 0)) * gain);
    const mask = Uint16Array.from(raw.data, (counts) => (counts >= sat_level ? 2 : 0));
    context.info(`${raw.meta.frameId} reduced`);
    return {
      outputs: { reduced: toFrame(raw, data, mask, gain) },
      metrics: {
        sky: data.reduce((sum, value) => sum + value, 0) / data.length,
        saturated: mask.filter((bits) => bits > 0).length / mask.length,
      },
    };
  },
});

const toFrame = (raw: RawFrame, data: Float32Array, mask: Uint16Array, gain: number): Frame => ({
  meta: raw.meta,
  header: raw.header,
  width: raw.width,
  height: raw.height,
  data,
  mask,
  variance: data.map((value) => Math.abs(value) + 1),
  gain,
  readNoise: 8,
  saturation: 90_000,
  wcs: null,
  solved: false,
});

export const findstars = defineModule({
  name: 'findstars',
  code: 'FS',
  version: '1.0.0',
  title: 'Find stars',
  summary: 'Every pixel above the threshold is a star.',
  unitOfWork: 'frame',
  inputs: { frame: input('frame', 'Reduced frame.', 'electron') },
  parameters: { detect_thresh: number('Threshold.', { unit: 'electron', default: 1000, above: 0 }) },
  outputs: { sources: output('sources', 'Sources.') },
  metrics: { count: metric('Sources.', { unit: '', card: 'FSNSRC', field: 'sourceCount', warnBelow: 1 }) },
  run({ frame }, { detect_thresh }, context) {
    const at = [...frame.data.keys()].filter((i) => frame.data[i]! > detect_thresh);
    if (at.length === 0) context.warn('No star stands out.');
    const column = (value: (i: number) => number): Float64Array => Float64Array.from(at, value);
    const flux = column((i) => frame.data[i]!);
    const columns = {
      count: at.length,
      x: column((i) => i % frame.width),
      y: column((i) => Math.floor(i / frame.width)),
      xErr: column(() => 0.1),
      yErr: column(() => 0.1),
      fluxAuto: flux,
      fluxAutoErr: flux.map(Math.sqrt),
      fluxAper: flux,
      fluxAperErr: flux.map(Math.sqrt),
      snrWin: flux.map(Math.sqrt),
      peak: flux,
      background: column(() => 100),
      fwhm: column(() => 3.5),
      a: column(() => 1.6),
      b: column(() => 1.4),
      thetaDeg: column(() => 12),
      kronRadius: column(() => 3.5),
      areaPix: Int32Array.from(at, () => 9),
      flags: Int32Array.from(at, () => 0),
      maskFlags: Int32Array.from(at, (i) => frame.mask[i]!),
    };
    return {
      outputs: { sources: { columns, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null } },
      metrics: { count: at.length },
    };
  },
});

export const astrometry = defineModule({
  name: 'astrometry',
  code: 'AS',
  version: '1.0.0',
  title: 'Astrometry',
  summary: 'Says that it has no catalogue.',
  unitOfWork: 'frame',
  inputs: {
    frame: input('frame', 'Reduced frame.', 'electron'),
    sources: input('sources', 'Sources.'),
    catalog: input('referenceCatalog', 'Reference stars.'),
  },
  parameters: { radius: number('Search radius.', { unit: 'arcmin', default: 2, above: 0 }) },
  outputs: { notes: output('notes', 'What was found.') },
  metrics: { rms: metric('Residual.', { unit: 'arcsec', card: 'ASRMS', field: 'wcsRmsArcsec' }) },
  run({ catalog }) {
    const notes = {
      solved: false,
      reason: catalog ? 'The toy solves nothing.' : 'No reference catalogue is configured.',
      raDeg: null,
      decDeg: null,
      pixelScaleArcsec: null,
      rotationDeg: null,
      parity: null,
      projection: null,
      distortionOrder: null,
      catalog: catalog?.name ?? null,
      band: null,
      photometryNote: null,
    };
    return { outputs: { notes }, metrics: { rms: null } };
  },
});

export const toySequence = sequence('standard', [reduction, findstars, astrometry]);
