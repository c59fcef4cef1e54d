import type { Random } from '@colibri/base';
import type { ReferenceStars } from '@colibri/pipeline';
import { separationDeg } from '@colibri/sky';
import type { Thing } from './made-sky.ts';

export function makeReference(
  things: readonly Thing[],
  sky: readonly [number, number][],
  filter: string,
  random: Random,
): ReferenceStars {
  const kept = things.map((thing, i) => ({ thing, i })).filter(({ thing }) => thing.inCatalog);
  const column = (value: (k: number) => number) => Float32Array.from(kept, (_, k) => value(k));
  const err = column((k) => 0.01 + 0.05 * 10 ** (0.4 * (kept[k]!.thing.mag - 22)));
  const scatter = kept.map(({ thing }, k) => (thing.kind === 'variable' ? 0 : err[k]! * random.normal()));
  return {
    name: 'refcat',
    count: kept.length,
    raDeg: Float64Array.from(kept, ({ i }) => sky[i]![0] + (0.02 * random.normal()) / 3600 / 0.6),
    decDeg: Float64Array.from(kept, ({ i }) => sky[i]![1] + (0.02 * random.normal()) / 3600),
    epochJyear: 2016,
    pmRaMasYr: column(() => 0),
    pmDecMasYr: column(() => 0),
    isStar: Uint8Array.from(kept, ({ thing }) => (thing.kind === 'galaxy' ? 0 : 1)),
    bands: new Map([[filter, { mag: column((k) => kept[k]!.thing.mag + scatter[k]!), err }]]),
  };
}

export function coneOf(stars: ReferenceStars, raDeg: number, decDeg: number, radiusDeg: number, limit: number): ReferenceStars {
  const rows = Array.from({ length: stars.count }, (_, i) => i)
    .filter((i) => separationDeg(raDeg, decDeg, stars.raDeg[i]!, stars.decDeg[i]!) <= radiusDeg)
    .slice(0, limit);
  const pick = <T extends Float64Array | Float32Array | Uint8Array>(column: T): T =>
    (column as Float64Array).constructor === Float64Array
      ? (Float64Array.from(rows, (i) => column[i]!) as T)
      : column instanceof Uint8Array
        ? (Uint8Array.from(rows, (i) => column[i]!) as T)
        : (Float32Array.from(rows, (i) => column[i]!) as T);
  return {
    ...stars,
    count: rows.length,
    raDeg: pick(stars.raDeg),
    decDeg: pick(stars.decDeg),
    pmRaMasYr: pick(stars.pmRaMasYr),
    pmDecMasYr: pick(stars.pmDecMasYr),
    isStar: pick(stars.isStar),
    bands: new Map([...stars.bands].map(([name, { mag, err }]) => [name, { mag: pick(mag), err: pick(err) }])),
  };
}
