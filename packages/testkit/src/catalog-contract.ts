import { seededRandom } from '@colibri/base';
import type { ReferenceCatalog, ReferenceStars } from '@colibri/pipeline';
import { separationDeg } from '@colibri/sky';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A catalogue under test and how to end it. */
export interface OpenedCatalog {
  readonly catalog: ReferenceCatalog;
  close?(): Promise<void>;
}

/**
 * What every reference catalogue must do, wherever it lives. `open` is given the entries to serve: in the shape of Gaia
 * DR3 (bands G, BP, RP in AB; all stars; epoch 2016), which every adapter can hold.
 */
export function describeReferenceCatalog(name: string, open: (stars: ReferenceStars) => Promise<OpenedCatalog>): void {
  describe(`reference catalogue contract: ${name}`, () => {
    const stars = contractStars();
    let opened: OpenedCatalog;
    beforeAll(async () => {
      opened = await open(stars);
    });
    afterAll(async () => {
      await opened.close?.();
    });

    const cones = [
      ['a field', 215.6, 53.1, 0.2],
      ['across 0° and 360°', 359.99, -12, 0.3],
      ['around the north pole', 100, 89.95, 0.4],
      ['at the south pole itself', 0, -90, 0.5],
      ['across the borders of 1° tiles', 216, 53, 0.4],
    ] as const;

    it.each(cones)('gives every entry of %s within the cone and none outside, brightest first', async (_, ra, dec, radius) => {
      const answer = await opened.catalog.cone(ra, dec, radius, 100_000);
      const truth = rowsWithin(stars, ra, dec, radius);
      expect(truth.length).toBeGreaterThan(20);
      expect(places(answer)).toEqual(truth.map((i) => place(stars.raDeg[i]!, stars.decDeg[i]!)).sort());
      const mags = Array.from(answer.bands.get('G')!.mag);
      const known = mags.filter((mag) => !Number.isNaN(mag));
      expect(known).toEqual([...known].sort((a, b) => a - b));
      expect(mags.slice(known.length).every(Number.isNaN)).toBe(true); // entries without that magnitude come last
    });

    it('says what it knows of each entry: position to a microarcsecond, motion, magnitudes and errors, and NaN where it knows nothing', async () => {
      const answer = await opened.catalog.cone(215.6, 53.1, 0.15, 100_000);
      expect(answer.epochJyear).toBe(stars.epochJyear);
      expect([...answer.bands.keys()]).toEqual(['G', 'BP', 'RP']);
      let withoutMotion = 0,
        withoutColour = 0;
      for (let k = 0; k < answer.count; k++) {
        const i = rowsWithin(stars, answer.raDeg[k]!, answer.decDeg[k]!, 1e-6)[0]!;
        const offset = separationDeg(answer.raDeg[k]!, answer.decDeg[k]!, stars.raDeg[i]!, stars.decDeg[i]!) * 3.6e9;
        expect(offset).toBeLessThan(1);
        expect(answer.isStar[k]).toBe(1);
        same(answer.pmRaMasYr[k]!, stars.pmRaMasYr[i]!, 1e-3);
        same(answer.pmDecMasYr[k]!, stars.pmDecMasYr[i]!, 1e-3);
        if (Number.isNaN(answer.pmRaMasYr[k]!)) withoutMotion++;
        for (const [band, { mag, err }] of answer.bands) {
          same(mag[k]!, stars.bands.get(band)!.mag[i]!, 2e-5);
          same(err[k]!, stars.bands.get(band)!.err[i]!, 1e-5);
        }
        if (Number.isNaN(answer.bands.get('BP')!.mag[k]!)) withoutColour++;
      }
      expect(withoutMotion).toBeGreaterThan(0);
      expect(withoutColour).toBeGreaterThan(0);
    });

    it('keeps to the limit, and to the brightest', async () => {
      const all = await opened.catalog.cone(215.6, 53.1, 0.15, 100_000);
      const few = await opened.catalog.cone(215.6, 53.1, 0.15, 10);
      expect(few.count).toBe(10);
      expect(places(few)).toEqual(places({ ...all, raDeg: all.raDeg.slice(0, 10), decDeg: all.decDeg.slice(0, 10) }));
      expect((await opened.catalog.cone(215.6, 53.1, 0.15, 0)).count).toBe(0);
    });

    it('is empty, with columns of length 0, where it has no entries', async () => {
      const answer = await opened.catalog.cone(40, -60, 0.1, 100);
      expect(answer.count).toBe(0);
      expect(answer.raDeg).toHaveLength(0);
      expect(answer.isStar).toHaveLength(0);
      expect(answer.name).not.toBe('');
    });

    it('gives columns of one length', async () => {
      const answer = await opened.catalog.cone(216, 53, 0.4, 50);
      const { count } = answer;
      const columns = [answer.raDeg, answer.decDeg, answer.pmRaMasYr, answer.pmDecMasYr, answer.isStar];
      for (const { mag, err } of answer.bands.values()) columns.push(mag, err);
      expect(columns.map((column) => column.length)).toEqual(columns.map(() => count));
    });

    it('answers many questions at once as it answers each alone', async () => {
      const questions = cones.map(([, ra, dec, radius]) => [ra, dec, radius, 30] as const);
      const alone = [];
      for (const question of questions) alone.push(places(await opened.catalog.cone(...question)));
      const together = await Promise.all([...questions, ...questions].map((question) => opened.catalog.cone(...question)));
      expect(together.map(places)).toEqual([...alone, ...alone]);
    });
  });
}

/** Entries in the places where catalogues go wrong: a field, 0°/360°, both poles; some without motion, colour or magnitude. */
export function contractStars(): ReferenceStars {
  const random = seededRandom(20260101);
  const around: (readonly [number, number, number])[] = [
    [215.6, 53.1, 0.7],
    [0, -12, 0.5],
    [0, 90, 0.6],
    [0, -90, 0.7],
  ];
  const perField = 400;
  const count = around.length * perField;
  const raDeg = new Float64Array(count),
    decDeg = new Float64Array(count);
  around.forEach(([ra, dec, radius], field) => {
    for (let k = 0; k < perField; k++) {
      const i = field * perField + k;
      const r = radius * Math.sqrt(random.uniform()),
        turn = 2 * Math.PI * random.uniform();
      if (Math.abs(dec) === 90) {
        decDeg[i] = round(Math.sign(dec) * (90 - r));
        raDeg[i] = round((turn * 180) / Math.PI);
      } else {
        decDeg[i] = round(dec + r * Math.sin(turn));
        raDeg[i] = round((((ra + (r * Math.cos(turn)) / Math.cos((dec * Math.PI) / 180)) % 360) + 360) % 360);
      }
    }
  });
  const mag = (offset: number, missingEvery: number): { mag: Float32Array; err: Float32Array } => {
    const values = Float32Array.from({ length: count }, (_, i) =>
      i % missingEvery === 3 ? Number.NaN : 12 + 9 * random.uniform() + offset,
    );
    return { mag: values, err: values.map((v) => (Number.isNaN(v) ? Number.NaN : 0.001 + (v - 11) ** 2 / 5000)) };
  };
  const motion = (): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => (i % 7 === 2 ? Number.NaN : 30 * random.normal()));
  return {
    name: 'Gaia DR3',
    count,
    raDeg,
    decDeg,
    epochJyear: 2016,
    pmRaMasYr: motion(),
    pmDecMasYr: motion(),
    isStar: new Uint8Array(count).fill(1),
    bands: new Map([
      ['G', mag(0, 29)],
      ['BP', mag(0.4, 5)],
      ['RP', mag(-0.5, 5)],
    ]),
  };
}

/** Ten digits, as catalogues print them. */
const round = (deg: number): number => Number(deg.toFixed(10));

const rowsWithin = (stars: ReferenceStars, ra: number, dec: number, radiusDeg: number): number[] =>
  Array.from({ length: stars.count }, (_, i) => i).filter(
    (i) => separationDeg(ra, dec, stars.raDeg[i]!, stars.decDeg[i]!) <= radiusDeg,
  );

const place = (ra: number, dec: number): string => `${ra.toFixed(8)} ${dec.toFixed(8)}`;
const places = (stars: Pick<ReferenceStars, 'raDeg' | 'decDeg'>): string[] =>
  Array.from(stars.raDeg, (ra, i) => place(ra, stars.decDeg[i]!)).sort();

function same(found: number, truth: number, tolerance: number): void {
  if (Number.isNaN(truth)) expect(found).toBeNaN();
  else expect(Math.abs(found - truth)).toBeLessThan(tolerance);
}
