import { Header, imageHdu, writeFits } from '@colibri/fits';
import { type AnyModule, defineModule, input, metric, number, output, type Sequence, sequence } from '@colibri/pipeline';

/** Stand-ins for the real modules: same names and kinds, next to no arithmetic. COMMENT1 in a header makes them misbehave. */
const reduction = defineModule({
  name: 'reduction',
  code: 'RD',
  version: '1.0.0',
  title: 'Reduction',
  summary: 'Counts times gain.',
  unitOfWork: 'frame',
  inputs: { raw: input('rawFrame', 'Raw frame.', 'adu'), bias: input('bias', 'Master bias.', 'adu') },
  parameters: {
    ps: number('Plate scale.', { unit: 'deg/pixel', default: null, above: 0 }),
    gain: number('Gain.', { unit: 'electron/adu', default: 6.2, above: 0 }),
    sat_level: number('Saturation.', { unit: 'adu', default: 7000, above: 0 }),
    detect_thresh: number('Threshold.', { unit: 'sigma', default: 1, above: 0 }),
  },
  outputs: { reduced: output('frame', 'Reduced frame.', { unit: 'electron' }) },
  metrics: { sky: metric('Mean level.', { unit: 'electron/pixel', card: 'RDSKY', field: 'skyElectronPerPixel' }) },
  async run({ raw, bias }, { gain }) {
    const trick = raw.header.get('TRICK');
    if (trick === 'throw') throw new Error('this module does not like this frame');
    if (trick === 'die') process.exit(7);
    if (trick === 'hang') for (;;);
    if (typeof trick === 'number') await new Promise((resolve) => setTimeout(resolve, trick));
    const data = Float32Array.from(raw.data, (counts, i) => (counts - (bias?.data[i] ?? 300)) * gain);
    const reduced = {
      meta: raw.meta,
      header: raw.header,
      width: raw.width,
      height: raw.height,
      data,
      mask: new Uint16Array(data.length),
      variance: data.map((value) => Math.abs(value) + 64),
      gain,
      readNoise: 8,
      saturation: 90_000,
      wcs: null,
      solved: false,
    };
    return { outputs: { reduced }, metrics: { sky: data.reduce((sum, value) => sum + value, 0) / data.length } };
  },
});

const findstars = defineModule({
  name: 'findstars',
  code: 'FS',
  version: '1.0.0',
  title: 'Find stars',
  summary: 'Finds nothing.',
  unitOfWork: 'frame',
  inputs: { frame: input('frame', 'Reduced frame.', 'electron') },
  parameters: { detect_thresh: number('Threshold.', { unit: 'sigma', default: 1.5, above: 0 }) },
  outputs: { sources: output('sources', 'Sources.') },
  metrics: { count: metric('Sources.', { unit: '', card: 'FSNSRC', field: 'sourceCount' }) },
  run() {
    const none = new Float64Array(0);
    const doubles = {
      x: none,
      y: none,
      xErr: none,
      yErr: none,
      fluxAuto: none,
      fluxAutoErr: none,
      fluxAper: none,
      fluxAperErr: none,
    };
    const shapes = { snrWin: none, peak: none, background: none, fwhm: none, a: none, b: none, thetaDeg: none, kronRadius: none };
    const counts = { areaPix: new Int32Array(0), flags: new Int32Array(0), maskFlags: new Int32Array(0) };
    const columns = { count: 0, ...doubles, ...shapes, ...counts };
    return {
      outputs: { sources: { columns, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null } },
      metrics: { count: 0 },
    };
  },
});

export const toySequence: Sequence = sequence('standard', [reduction, findstars] as readonly AnyModule[]);
/** As workers import it. */
export const standard = toySequence;

export type Cards = Readonly<Record<string, string | number | null>>;

/** A small raw frame as a FITS file; other seeds, other bytes. */
export function rawFits(change: Cards = {}, { seed = 0, width = 16, height = 12 } = {}): Uint8Array {
  const cards: Cards = {
    'DATE-OBS': '2026-01-01T04:20:01.000',
    EXPTIME: 30,
    EXPTYPE: 'object',
    INSTRUME: 'C0',
    FILTER: 'r',
    BINNING: '1',
    READMODE: '1MHz',
    SOFTGAIN: 6.2,
    TRGID: '929744',
    OBSERVER: 'svom',
    ...change,
  };
  const header = new Header();
  for (const [keyword, value] of Object.entries(cards)) if (value !== null) header.set(keyword, value);
  const data = Uint16Array.from({ length: width * height }, (_, i) => 300 + ((i * 7 + seed * 13) % 11));
  return writeFits([imageHdu({ data, shape: [width, height], header })]);
}
