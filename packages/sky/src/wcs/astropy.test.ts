import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { separationArcsec } from '../coords/separation.ts';
import { askAstropy, pythonWithAstropy } from '../test/astropy.ts';
import { cardsOfFits } from '../test/read-cards.ts';
import { parseWcs } from './parse-wcs.ts';
import { tanSipWcs } from './tan-sip-wcs.ts';

type Cards = [string, string | number][];

/** Whole-sky maps, tilted: every projection with its parameters. */
const maps: readonly (readonly [string, Record<string, number>])[] = [
  ['TAN', {}],
  ['STG', {}],
  ['SIN', {}],
  ['SIN', { PV2_1: 0.3, PV2_2: -0.2 }],
  ['ARC', {}],
  ['ZEA', {}],
  ['ZPN', { PV2_1: 1, PV2_2: 0.02, PV2_3: -0.08 }],
  ['AZP', { PV2_1: 2, PV2_2: 30 }],
  ['AZP', { PV2_1: -0.5, PV2_2: 0 }],
  ['SZP', { PV2_1: 2, PV2_2: 210, PV2_3: 60 }],
  ['AIR', { PV2_1: 45 }],
  ['AIR', {}],
  ['CYP', { PV2_1: 1, PV2_2: 0.7 }],
  ['CEA', { PV2_1: 0.75 }],
  ['CAR', {}],
  ['MER', {}],
  ['SFL', {}],
  ['PAR', {}],
  ['MOL', {}],
  ['AIT', {}],
  ['COP', { PV2_1: 45, PV2_2: 25 }],
  ['COE', { PV2_1: -45, PV2_2: 25 }],
  ['COD', { PV2_1: 45, PV2_2: 25 }],
  ['COD', { PV2_1: 45, PV2_2: 0 }],
  ['COO', { PV2_1: 45, PV2_2: 25 }],
  ['BON', { PV2_1: 45 }],
  ['PCO', {}],
  ['HPX', {}],
  ['HPX', { PV2_1: 4, PV2_2: 2 }],
  ['XPH', {}],
];
const orientations: readonly (readonly [string, Record<string, number>])[] = [
  ['as it comes', { CRVAL1: 0, CRVAL2: 0 }],
  ['turned', { CRVAL1: 123.4, CRVAL2: 36, LONPOLE: 35 }],
];

describe.skipIf(pythonWithAstropy === null)(
  'parseWcs against wcslib through astropy (skipped where Python has no astropy)',
  () => {
    const random = seededRandom(7);
    const pixels = Array.from({ length: 60 }, (_, i) =>
      i < 40 ? [120 + 120 * random.uniform(), 60 + 120 * random.uniform()] : [360 * random.uniform(), 240 * random.uniform()],
    );
    const cases = maps.flatMap(([code, pv]) =>
      orientations.map(([how, place]) => ({
        title: `${code} ${JSON.stringify(pv)}, ${how}`,
        cards: Object.entries({
          CTYPE1: `RA---${code}`,
          CTYPE2: `DEC--${code}`,
          CRPIX1: 181,
          CRPIX2: 121,
          CDELT1: -1,
          CDELT2: 1,
          PC1_1: 0.9,
          PC1_2: -0.3,
          PC2_1: 0.3,
          PC2_2: 0.9,
          ...place,
          ...pv,
        }) as Cards,
      })),
    );
    const answers = pythonWithAstropy === null ? [] : askAstropy(cases.map(({ cards }) => ({ cards, pixels })));

    it.each(cases.map((c, i) => ({ ...c, answer: answers[i] })))('$title', ({ cards, answer }) => {
      if (answer!.error !== undefined) {
        expect(() => parseWcs(new Map(cards))).toThrow(expect.objectContaining({ code: 'WCS_BAD_PROJECTION_PARAMETER' }));
        return;
      }
      const wcs = parseWcs(new Map(cards));
      let compared = 0;
      pixels.forEach(([x, y], i) => {
        const [lon, lat] = wcs.pixelToSky(x!, y!);
        const [a, b] = answer!.world[i]!;
        if (a === null || b === null) {
          // wcslib lets a few projections run over the edge of the sphere where we say NaN; never the other way round.
          expect(lon).toBeNaN();
          return;
        }
        if (Number.isNaN(lon)) return;
        compared++;
        expect(separationArcsec(lon, lat, a, b)).toBeLessThan(1e-5); // wcslib iterates MOL, PCO, AIR and ZPN to 1e-12 of a radian or less well
        const back = wcs.skyToPixel(lon, lat);
        if (back !== null) expect(Math.hypot(back[0] - x!, back[1] - y!)).toBeLessThan(1e-6);
      });
      expect(compared).toBeGreaterThan(15);
    });

    it('reads a solution of ours as we do, and inverts it to 0.01 pix with AP and BP alone', () => {
      const scale = 0.38 / 3600;
      const wcs = tanSipWcs(
        {
          crpix: [1023.5, 1010.25],
          crval: [215.6, 53.1],
          cd: [-scale, scale / 200, scale / 200, scale],
          order: 3,
          a: new Map([
            ['2,0', 4e-7],
            ['1,1', -2e-7],
            ['3,0', 1.2e-9],
            ['1,2', 1.1e-9],
            ['0,3', -2e-11],
          ]),
          b: new Map([
            ['0,2', 2e-7],
            ['0,3', 1.2e-9],
            ['2,1', 1.3e-9],
          ]),
        },
        { width: 2048, height: 2048 },
      );
      const grid = Array.from({ length: 400 }, (_, i) => [(i % 20) * 107.7, Math.floor(i / 20) * 107.7]);
      const [answer] = askAstropy([{ cards: wcs.toCards().map(({ keyword, value }) => [keyword, value]), pixels: grid }]);
      grid.forEach(([x, y], i) => {
        const [a, b] = answer!.world[i]!;
        expect(separationArcsec(...wcs.pixelToSky(x!, y!), a!, b!)).toBeLessThan(1e-8);
        const [bx, by] = answer!.foc2pix![i]!;
        expect(Math.hypot(bx - x!, by - y!)).toBeLessThan(0.01);
      });
    });
  },
);

const images = resolve(import.meta.dirname, '../../../../../shared/data/images');
const imageFiles = existsSync(images)
  ? ['2mass-m17', 'decam-multiepoch', 'lt-rise', 'misc'].flatMap((folder) =>
      readdirSync(resolve(images, folder))
        .filter((name) => name.endsWith('.fits'))
        .map((name) => `${folder}/${name}`),
    )
  : [];

describe.skipIf(pythonWithAstropy === null || imageFiles.length === 0)(
  'parseWcs on real images against wcslib (skipped without astropy or the shared images)',
  () => {
    const cases = imageFiles.flatMap((file) => {
      const headers = cardsOfFits(readFileSync(resolve(images, file)));
      const header = headers.find((h) => h.get('CTYPE1') !== undefined) ?? headers[0]!;
      const cards = [...(header as Map<string, string | number>)].filter(([k]) =>
        /^(CTYPE|CRPIX|CRVAL|CD|PC|PV|CROTA|CUNIT|LONPOLE|LATPOLE|RADE|EQUINOX|[AB]P?_)/.test(k),
      );
      return String(header.get('CTYPE1') ?? '').match(/^(RA|GLON)/) ? [{ file, cards: cards as Cards, header }] : [];
    });
    const pixels = [
      [0, 0],
      [100.25, 50.5],
      [500, 17],
      [249, 249],
    ];
    const answers = askAstropyIfAny(cases.map(({ cards }) => ({ cards, pixels })));
    it.each(cases.map((c, i) => ({ ...c, answer: answers[i] })))('$file', ({ header, answer }) => {
      const wcs = parseWcs(header);
      pixels.forEach(([x, y], i) => {
        expect(separationArcsec(...wcs.pixelToSky(x!, y!), answer!.world[i]![0]!, answer!.world[i]![1]!)).toBeLessThan(1e-8);
      });
    });
  },
);

function askAstropyIfAny(questions: Parameters<typeof askAstropy>[0]) {
  return pythonWithAstropy === null || questions.length === 0 ? [] : askAstropy(questions);
}
