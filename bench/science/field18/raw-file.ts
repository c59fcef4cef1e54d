import { Header, imageHdu, writeFits } from '@colibri/fits';
import { imageNoise } from '../../../apps/simulator/src/noise.ts';
import { exposeFrame } from './expose.ts';
import { detector, type Field, type FieldFrame } from './field.ts';

type Cards = readonly (readonly [keyword: string, value: string | number, comment?: string])[];

const iso = (unix: number): string => new Date(unix * 1000).toISOString().slice(0, 23);

/** The file of one science frame as the camera writes it: turned by the mount, overscan on both sides, Rice-compressed. */
export function rawScience(field: Field, frame: FieldFrame): Uint8Array {
  const { options } = field;
  const { counts } = exposeFrame(field, frame);
  if (frame.rotationDeg === 180) counts.reverse();
  const fading = field.sources.find((source) => source.kind === 'fading');
  const { overscan } = detector;
  const alert: Cards = [
    ['ALNM', 'SVOM 260101', 'alert name'],
    ['ALOR', 'svom', 'alert origin'],
    ['ALSVID', '929744', 'SVOM identifier'],
    ['ALEVT', field.triggeredAt.slice(0, 23), 'event time'],
    ['ALRA', fading?.raDeg ?? field.raDeg, '[deg]'],
    ['ALDE', fading?.decDeg ?? field.decDeg, '[deg]'],
    ['ALUN', 0.01, '[deg] uncertainty'],
  ];
  const mount: Cards = (['S', 'E'] as const).flatMap(
    (p) =>
      [
        [`${p}TRSTRA`, frame.pointing.raDeg, '[deg] target, J2000'],
        [`${p}TRSTDE`, frame.pointing.decDeg, '[deg] target, J2000'],
        [`${p}TROBAM`, 1.1, 'airmass'],
        [`${p}MTMRO`, frame.rotationDeg, '[deg] mount rotation'],
      ] as const,
  );
  const seed = options.seed * 65_537 + frame.index;
  return encode(counts, options.size, seed, [
    ...common(frame.frameId, frame.startUnix, options.exposureSec, 'object', options.filter, options.size, overscan),
    ['BSPIX1', options.size / 2 + 0.5 + overscan, 'boresight'],
    ['BSPIX2', options.size / 2 + 0.5, 'boresight'],
    ['PRPID', 1000, 'project'],
    ['OBSERVER', 'svom'],
    ...alert,
    ...mount,
  ]);
}

/** Raw calibration frames of the same detector, so that the real masters can be made: level, dark current and an even flat. */
export function rawCalibrations(field: Field): { name: string; bytes: Uint8Array }[] {
  const { size, exposureSec, filter, seed } = field.options;
  const evening = (field.frames[0]?.startUnix ?? 0) - 3 * 3600;
  const { gain, readNoise, level, darkAduPerSec, overscan } = detector;
  const kinds = [
    { type: 'bias', letter: 'b', count: 9, sec: 0, light: () => 0 },
    { type: 'dark', letter: 'd', count: 9, sec: exposureSec, light: () => 0 },
    { type: 'flat', letter: 'f', count: 7, sec: 5, light: (n: number) => 18_000 + 1500 * n },
  ] as const;
  let at = evening;
  return kinds.flatMap(({ type, letter, count, sec, light }, kind) =>
    Array.from({ length: count }, (_, n) => {
      at += sec + 9;
      const name = `${iso(at).slice(0, 19).replace(/[-:]/g, '')}C1${letter}`;
      const random = imageNoise(seed * 8191 + 1000 * kind + n);
      const mean = gain * (darkAduPerSec * sec + light(n));
      const counts = new Uint16Array(size * size);
      for (let i = 0; i < counts.length; i++) {
        const charge = mean > 0 ? random.poisson(mean) : 0;
        counts[i] = Math.round(level + charge / gain + (readNoise / gain) * random.normal());
      }
      const cards = common(name, at, sec, type, filter, size, overscan);
      return { name, bytes: encode(counts, size, seed * 524_287 + 1000 * kind + n, cards) };
    }),
  );
}

const common = (
  name: string,
  startUnix: number,
  exposureSec: number,
  type: string,
  filter: string,
  size: number,
  overscan: number,
): Cards => [
  ['DATE-OBS', iso(startUnix), 'UTC start of exposure'],
  ['ORIGIN', 'OAN/SPM'],
  ['TELESCOP', 'SIMULATED 1.3-m'],
  ['INSTRUME', 'C1'],
  ['ORIGNAME', `${name}.fits`],
  ['EXPTIME', exposureSec, '[s]'],
  ['EXPTYPE', type],
  ['CCD_NAME', 'C1'],
  ['BINNING', '1'],
  ['READMODE', '1MHz'],
  ['SOFTGAIN', 1],
  ['DATASAT', detector.saturationAdu, '[adu] saturation'],
  ['DATASEC', `[${overscan + 1}:${overscan + size},1:${size}]`],
  ['FILTER', filter],
  ['SDTTM', -60, '[C] detector temperature'],
  ['EDATE', iso(startUnix + exposureSec), 'UTC end of exposure'],
];

function encode(counts: Uint16Array, size: number, seed: number, cards: Cards): Uint8Array {
  const { overscan, level, readNoise, gain } = detector;
  const random = imageNoise(seed);
  const width = size + 2 * overscan;
  const data = new Uint16Array(width * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= overscan && x < overscan + size;
      data[y * width + x] = inside ? counts[y * size + x - overscan]! : Math.round(level + (readNoise / gain) * random.normal());
    }
  }
  const header = new Header();
  for (const [keyword, value, comment] of cards) header.set(keyword, value, comment);
  return writeFits([imageHdu({ data, shape: [width, size], header, compress: { algorithm: 'RICE_1' } })]);
}
