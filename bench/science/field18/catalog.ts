import { seededRandom } from '@colibri/base';
import type { ReferenceStars } from '@colibri/pipeline';
import type { Field, FieldSource } from './field.ts';

const bands = ['g', 'r', 'i', 'z'] as const;

interface Entry {
  readonly id: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly mags: Readonly<Record<(typeof bands)[number], number>>;
  readonly magErr: number;
  readonly isStar: boolean;
}

/** The reference catalogue of a field with its errors, brightest first; the three new stars and the transients are not in it. */
function entries(field: Field): Entry[] {
  const random = seededRandom(field.options.seed * 31 + 7);
  const { catalogArcsec, catalogMag } = field.options;
  const cosDec = Math.cos((field.decDeg * Math.PI) / 180);
  return field.sources
    .filter((source) => source.inCatalog)
    .map((source: FieldSource) => {
      const { mag, colour } = source;
      const magErr = Math.hypot(catalogMag, 0.02 * 10 ** (0.4 * (mag - 21)));
      const seen = (true_: number): number => true_ + magErr * random.normal();
      return {
        id: source.id,
        raDeg: source.raDeg + ((catalogArcsec / 3600) * random.normal()) / cosDec,
        decDeg: source.decDeg + (catalogArcsec / 3600) * random.normal(),
        mags: {
          g: seen(mag + colour.gr),
          r: seen(mag),
          i: seen(mag - colour.ri),
          z: seen(mag - 1.5 * colour.ri),
        },
        magErr,
        isStar: source.kind === 'star',
      };
    })
    .sort((a, b) => a.mags.r - b.mags.r);
}

/** As columns, for a catalogue in memory. */
export function referenceStars(field: Field): ReferenceStars {
  const list = entries(field);
  const column = (value: (entry: Entry) => number) => Float64Array.from(list, value);
  return {
    name: 'field18',
    count: list.length,
    raDeg: column((entry) => entry.raDeg),
    decDeg: column((entry) => entry.decDeg),
    epochJyear: 2026,
    pmRaMasYr: new Float32Array(list.length),
    pmDecMasYr: new Float32Array(list.length),
    isStar: Uint8Array.from(list, (entry) => (entry.isStar ? 1 : 0)),
    bands: new Map(
      bands.map((band) => [
        band,
        { mag: Float32Array.from(list, (e) => e.mags[band]), err: Float32Array.from(list, (e) => e.magErr) },
      ]),
    ),
  };
}

/** As the CSV that `gp1 catalog import` reads. */
export function referenceCsv(field: Field): string {
  const lines = entries(field).map(({ id, raDeg, decDeg, mags, magErr, isStar }) =>
    [
      id,
      raDeg.toFixed(8),
      decDeg.toFixed(8),
      ...bands.flatMap((b) => [mags[b].toFixed(4), magErr.toFixed(4)]),
      isStar ? 'S' : 'G',
    ].join(','),
  );
  return [`id,ra,dec,${bands.flatMap((b) => [b, `e_${b}`]).join(',')},type`, ...lines, ''].join('\n');
}
