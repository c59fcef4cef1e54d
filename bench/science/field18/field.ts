import { seededRandom } from '@colibri/base';
import { tanSipWcs, type Wcs } from '@colibri/sky';

/** Gain [electron/adu], read noise [electron] and level [adu] of the pretend detector. */
export const detector = {
  gain: 2.2,
  readNoise: 6.8,
  level: 500,
  overscan: 48,
  saturationAdu: 65_000,
  darkAduPerSec: 0.6,
} as const;
export const plateScaleDeg = 0.38 / 3600;

/** What of the field of pipeline.md §18.1 is to be different. */
export interface FieldOptions {
  readonly seed: number;
  /** Side [pix], frames, seconds of each. */
  readonly size: number;
  readonly frames: number;
  readonly exposureSec: number;
  /** Stars in a square as large as one frame. */
  readonly stars: number;
  /** FWHM by frame index [pix], before integration over the pixel. */
  readonly fwhmPix: (frame: number) => number;
  /** Power of a Moffat profile; null: Gaussian. */
  readonly moffatBeta: number | null;
  /** AB magnitude of 1 adu/s at transparency 1 [mag], and the sky [adu/s per pixel]. */
  readonly zeroPointMag: number;
  readonly skyAduPerSec: number;
  /** Of frame `index`, 0-based [1]. */
  readonly transparency: (frame: number) => number;
  readonly ditherPix: number;
  readonly cosmicRays: number;
  /** Frame index of the satellite; null: none. Peak light per pixel of the trail [electron]. */
  readonly trailFrame: number | null;
  readonly trailElectron: number;
  /** Galaxies, each a host; stars of `hostTransientMag` sit on the first `hostTransients` of them in the frames from `hostFrom`. */
  readonly galaxies: number;
  readonly hostTransients: number;
  readonly hostTransientMag: number;
  readonly hostFrom: number;
  /** The three uncatalogued stars: two steady ones, and one that fades with the number of the frame. */
  readonly newStars: boolean;
  /** Distortion of about 3 pixels in the corners of a 2048² frame. */
  readonly distortion: boolean;
  /** The mount turns over by 180° from this frame on; null: never. */
  readonly flipFrom: number | null;
  /** Errors of the catalogue: position per axis [arcsec], magnitude [mag]. */
  readonly catalogArcsec: number;
  readonly catalogMag: number;
  readonly filter: string;
  /** UTC start of the first frame. */
  readonly startIso: string;
}

/** The field of §18.1 as it is written there; frame 8 is index 7, frame 5 index 4. */
export const field18: FieldOptions = {
  seed: 1,
  size: 1024,
  frames: 10,
  exposureSec: 30,
  stars: 350,
  fwhmPix: () => 3.2,
  moffatBeta: null,
  zeroPointMag: 24,
  skyAduPerSec: 20,
  transparency: (frame) => (frame === 7 ? 0.6 : 1),
  ditherPix: 40,
  cosmicRays: 30,
  trailFrame: 4,
  trailElectron: 110,
  galaxies: 0,
  hostTransients: 0,
  hostTransientMag: 20,
  hostFrom: 0,
  newStars: true,
  distortion: false,
  flipFrom: null,
  catalogArcsec: 0.002,
  catalogMag: 0.005,
  filter: 'r',
  startIso: '2026-01-01T04:20:01.000Z',
};

/** One true thing on the sky. Flux of it in frame k is `10^(−0.4 (mag − zero point)) · light(k) · transparency · exposure`. */
export interface FieldSource {
  readonly id: string;
  readonly kind: 'star' | 'galaxy' | 'new' | 'fading' | 'host-transient';
  readonly raDeg: number;
  readonly decDeg: number;
  readonly mag: number;
  /** Magnitudes in the catalogue's bands. */
  readonly colour: { readonly gr: number; readonly ri: number };
  readonly inCatalog: boolean;
  /** Light in frame k over that of `mag`. */
  light(frame: number): number;
  /** Galaxies: half-light radius [pix], axis ratio, angle from +x to +y on the sky east-left [rad]. */
  readonly shape: { readonly radiusPix: number; readonly axisRatio: number; readonly angle: number } | null;
}

export interface FieldFrame {
  readonly index: number;
  readonly frameId: string;
  readonly observedAt: string;
  readonly startUnix: number;
  readonly transparency: number;
  readonly fwhmPix: number;
  /** Of the upright frame, as reduction makes it. */
  readonly wcs: Wcs;
  /** Where the header says the telescope points. */
  readonly pointing: { readonly raDeg: number; readonly decDeg: number };
  readonly rotationDeg: number;
}

/** The truth of one seeded field. */
export interface Field {
  readonly options: FieldOptions;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly triggeredAt: string;
  readonly sources: readonly FieldSource[];
  readonly frames: readonly FieldFrame[];
}

/** Electrons per second of a source at transparency 1. */
export const trueElectronPerSec = (options: FieldOptions, mag: number): number =>
  detector.gain * 10 ** (-0.4 * (mag - options.zeroPointMag));

/** AB magnitude of 1 electron/s. */
export const trueZeroPointMag = (options: FieldOptions): number => options.zeroPointMag + 2.5 * Math.log10(detector.gain);

/** Draws a field: counts of stars grow by 10^0.18 a magnitude from 15 to 21.5, as in the bins of §18.1. */
export function drawField(change: Partial<FieldOptions> = {}): Field {
  const options: FieldOptions = { ...field18, ...change };
  const random = seededRandom(options.seed * 7919 + 18);
  const raDeg = 299.9 + 0.3 * random.uniform(),
    decDeg = 21 + 2 * random.uniform();
  const { size, ditherPix, frames, exposureSec } = options;
  const half = size / 2 + ditherPix + 30;
  const cosDec = Math.cos((decDeg * Math.PI) / 180);
  const place = (x: number, y: number) => ({
    raDeg: raDeg - (x * plateScaleDeg) / cosDec,
    decDeg: decDeg + y * plateScaleDeg,
  });
  const anywhere = () => place(half * (2 * random.uniform() - 1), half * (2 * random.uniform() - 1));
  const inside = () => place(0.4 * size * (2 * random.uniform() - 1), 0.4 * size * (2 * random.uniform() - 1));
  const colour = () => {
    const gr = 0.3 + 1.1 * random.uniform() ** 1.5;
    return { gr, ri: 0.05 + 0.45 * gr + 0.03 * random.normal() };
  };
  const magnitude = (bright: number, faint: number, slope: number): number => {
    const [low, high] = [10 ** (slope * bright), 10 ** (slope * faint)];
    return Math.log10(low + random.uniform() * (high - low)) / slope;
  };
  const steady = () => 1;
  const sources: FieldSource[] = [];
  const star = (
    id: string,
    kind: FieldSource['kind'],
    mag: number,
    at: { raDeg: number; decDeg: number },
    more: Partial<FieldSource> = {},
  ) => sources.push({ id, kind, ...at, mag, colour: colour(), inCatalog: kind === 'star', light: steady, shape: null, ...more });

  const count = Math.round(options.stars * ((2 * half) / size) ** 2);
  for (let n = 0; n < count; n++) star(`S${n}`, 'star', magnitude(15, 21.5, 0.18), anywhere());
  for (let n = 0; n < options.galaxies; n++) {
    const at = inside();
    const shape = {
      radiusPix: 2 + 5 * random.uniform(),
      axisRatio: 0.35 + 0.6 * random.uniform(),
      angle: Math.PI * random.uniform(),
    };
    const mag = magnitude(17.5, 20.5, 0.3);
    sources.push({
      id: `G${n}`,
      kind: 'galaxy',
      ...at,
      mag,
      colour: { gr: 0.7, ri: 0.35 },
      inCatalog: true,
      light: steady,
      shape,
    });
    if (n >= options.hostTransients) continue;
    const r = shape.radiusPix * random.uniform(),
      angle = 2 * Math.PI * random.uniform();
    const offset = {
      raDeg: at.raDeg - (r * Math.cos(angle) * plateScaleDeg) / cosDec,
      decDeg: at.decDeg + r * Math.sin(angle) * plateScaleDeg,
    };
    star(`T${n}`, 'host-transient', options.hostTransientMag, offset, { light: (k) => (k >= options.hostFrom ? 1 : 0) });
  }
  if (options.newStars) {
    star('N0', 'new', 21.43, inside());
    star('N1', 'new', 20.95, inside());
    star('FADING', 'fading', 19.5, inside(), { light: (k) => 1 / (k + 1) });
  }

  const start = Date.parse(options.startIso) / 1000;
  const list: FieldFrame[] = [];
  const roll = 0.5 * (2 * random.uniform() - 1);
  for (let index = 0; index < frames; index++) {
    const center = place(ditherPix * (2 * random.uniform() - 1), ditherPix * (2 * random.uniform() - 1));
    const startUnix = start + index * (exposureSec + 9);
    const observedAt = new Date(startUnix * 1000).toISOString();
    list.push({
      index,
      frameId: `${observedAt.slice(0, 19).replace(/[-:]/g, '')}C1o`,
      observedAt,
      startUnix,
      transparency: options.transparency(index),
      fwhmPix: options.fwhmPix(index),
      wcs: frameWcs(center, size, roll + 0.02 * random.normal(), options.distortion),
      pointing: {
        raDeg: center.raDeg + ((3 / 3600) * random.normal()) / cosDec,
        decDeg: center.decDeg + (3 / 3600) * random.normal(),
      },
      rotationDeg: options.flipFrom !== null && index >= options.flipFrom ? 180 : 0,
    });
  }
  return { options, raDeg, decDeg, triggeredAt: new Date((start - 61) * 1000).toISOString(), sources, frames: list };
}

function frameWcs(center: { raDeg: number; decDeg: number }, size: number, rollDeg: number, isDistorted: boolean): Wcs {
  const cos = Math.cos((rollDeg * Math.PI) / 180) * plateScaleDeg,
    sin = Math.sin((rollDeg * Math.PI) / 180) * plateScaleDeg;
  const terms = (list: [string, number][]) => new Map(isDistorted ? list : []);
  return tanSipWcs(
    {
      crpix: [(size - 1) / 2, (size - 1) / 2],
      crval: [center.raDeg, center.decDeg],
      cd: [-cos, sin, sin, cos],
      order: isDistorted ? 3 : 0,
      a: terms([
        ['2,0', 4e-7],
        ['1,1', -2e-7],
        ['3,0', 2.9e-9],
        ['1,2', 3e-9],
      ]),
      b: terms([
        ['0,2', -3e-7],
        ['2,0', 1.5e-7],
        ['0,3', 2.9e-9],
        ['2,1', 2.8e-9],
      ]),
    },
    { width: size, height: size },
  );
}
