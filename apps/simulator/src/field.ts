import { type Random, seededRandom } from '@colibri/base';

/** Bands of the reference catalogue; the broad filters are made from them. */
export const catalogBands = ['g', 'r', 'i', 'z', 'y'] as const;
export type CatalogBand = (typeof catalogBands)[number];

/** One object of the pretend sky. Positions ICRS [deg], magnitudes AB. */
export interface SkyObject {
  readonly id: string;
  readonly kind: 'star' | 'galaxy';
  readonly raDeg: number;
  readonly decDeg: number;
  readonly mags: Readonly<Record<CatalogBand, number>>;
  /** Half-light radius [arcsec], axis ratio and position angle [deg] of galaxies; 0 for stars. */
  readonly radiusArcsec: number;
  readonly axisRatio: number;
  readonly angleDeg: number;
}

/** A field of stars and galaxies with counts as at high galactic latitude, complete to r = 24.5. */
export interface Field {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly objects: readonly SkyObject[];
}

/**
 * Draws a square field. Counts per square degree and magnitude: stars 10^(0.19 r − 0.55), galaxies 10^(0.38 r − 4.9),
 * near those seen at |b| ≈ 50°; stellar colours along a line, galaxies redder with scatter.
 */
export function makeField(name: string, raDeg: number, decDeg: number, sideDeg: number, seed: number): Field {
  const random = seededRandom(seed);
  const objects: SkyObject[] = [];
  const area = sideDeg * sideDeg;
  for (const [kind, slope, offset] of [
    ['star', 0.19, -0.55],
    ['galaxy', 0.38, -4.9],
  ] as const) {
    const brightest = kind === 'star' ? 10.5 : 15,
      faintest = 24.5;
    const below = (mag: number): number => (10 ** (slope * mag + offset) / (slope * Math.LN10)) * area;
    const count = random.poisson(below(faintest) - below(brightest));
    for (let n = 0; n < count; n++) {
      const target = below(brightest) + random.uniform() * (below(faintest) - below(brightest));
      const r = (Math.log10((target / area) * slope * Math.LN10) - offset) / slope;
      objects.push(drawObject(kind, r, raDeg, decDeg, sideDeg, random, objects.length));
    }
  }
  return { name, raDeg, decDeg, objects };
}

function drawObject(
  kind: SkyObject['kind'],
  r: number,
  raDeg: number,
  decDeg: number,
  sideDeg: number,
  random: Random,
  index: number,
): SkyObject {
  const dec = decDeg + (random.uniform() - 0.5) * sideDeg;
  const ra = raDeg + ((random.uniform() - 0.5) * sideDeg) / Math.cos((dec * Math.PI) / 180);
  const gr = kind === 'star' ? 0.3 + 1.1 * random.uniform() ** 1.5 : 0.7 + 0.25 * random.normal();
  const ri = kind === 'star' ? 0.05 + 0.45 * gr + 0.03 * random.normal() : 0.3 + 0.1 * random.normal();
  const iz = 0.5 * ri + 0.03 * random.normal();
  const zy = 0.35 * iz + 0.03 * random.normal();
  const extended = kind === 'galaxy';
  return {
    id: `SIM${String(index).padStart(6, '0')}`,
    kind,
    raDeg: (ra + 360) % 360,
    decDeg: dec,
    mags: { g: r + gr, r, i: r - ri, z: r - ri - iz, y: r - ri - iz - zy },
    radiusArcsec: extended ? Math.max(0.3, 1.4 * 10 ** (-0.12 * (r - 20)) * Math.exp(0.3 * random.normal())) : 0,
    axisRatio: extended ? 0.3 + 0.7 * random.uniform() : 1,
    angleDeg: extended ? 180 * random.uniform() : 0,
  };
}

/** Magnitude of an object through a filter of the telescope (pipeline.md §11.2, PS1 → DDRAGO; blends as their reference band says). */
export function magThrough(mags: SkyObject['mags'], filter: string): number {
  const gr = mags.g - mags.r;
  const ri = mags.r - mags.i;
  switch (filter) {
    case 'B': {
      const b = mags.g + 0.194 + 0.561 * gr,
        v = mags.g - 0.017 - 0.508 * gr;
      return b - 0.24 * (b - v);
    }
    case 'g':
      return mags.g + 0.05 * gr;
    case 'r':
      return mags.r;
    case 'i':
      return mags.i + 0.04 * gr;
    case 'gri':
      return mags.r + 0.07 * gr;
    case 'z':
      return mags.z - 0.01 * ri;
    case 'zy':
      return mags.z - 0.09 * ri;
    case 'y':
      return mags.y;
    default:
      throw new RangeError(`No colour term for the filter ${filter}.`);
  }
}

/** The reference catalogue an observatory would own: down to `limit`, with 30 mas and a few mmag of error. */
export function referenceCsv(field: Field, limitMag: number, seed: number): string {
  const random = seededRandom(seed);
  const lines = [`id,ra,dec,${catalogBands.flatMap((b) => [b, `e_${b}`]).join(',')},type`];
  for (const object of field.objects) {
    if (object.mags.r > limitMag) continue;
    const positionErr = 0.03 / 3600;
    const ra = object.raDeg + (positionErr * random.normal()) / Math.cos((object.decDeg * Math.PI) / 180);
    const dec = object.decDeg + positionErr * random.normal();
    const mags = catalogBands.flatMap((band) => {
      const mag = object.mags[band];
      const err = Math.hypot(0.005, 0.03 * 10 ** (0.4 * (mag - 21)));
      return [(mag + err * random.normal()).toFixed(4), err.toFixed(4)];
    });
    lines.push([object.id, ra.toFixed(7), dec.toFixed(7), ...mags, object.kind === 'star' ? 'S' : 'G'].join(','));
  }
  return `${lines.join('\n')}\n`;
}
