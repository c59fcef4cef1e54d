import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { separationArcsec } from '../coords/separation.ts';
import { cardsOfFits } from '../test/read-cards.ts';
import { parseWcs } from './parse-wcs.ts';

const folder = resolve(import.meta.dirname, '../../../../../shared/data/fits-conformance');
const present = existsSync(folder);

type Sample = [[number, number], [number | null, number | null]];
interface Entry {
  pix2world_1based?: Sample[];
  hdus?: ({ wcs_pix2world_1based?: Sample[] } | undefined)[];
}
const expected: Record<string, Entry> = present ? JSON.parse(readFileSync(resolve(folder, 'expected.json'), 'utf8')) : {};
const cases = Object.entries(expected).flatMap(([file, entry]) => [
  ...(entry.pix2world_1based ? [{ file, hdu: 0, samples: entry.pix2world_1based }] : []),
  ...(entry.hdus ?? []).flatMap((hdu, index) =>
    hdu?.wcs_pix2world_1based ? [{ file, hdu: index, samples: hdu.wcs_pix2world_1based }] : [],
  ),
]);
const headerOf = (file: string, hdu: number) => cardsOfFits(readFileSync(resolve(folder, 'files', file)))[hdu]!;

/** Axes in pixels or other linear units: nothing celestial in them. (In test0 the first HDU has lost the names of its axes.) */
const linear = new Set([
  'astropy__fixed-1890.fits',
  'astropy__test0.fits 1',
  'midas__tst0001.mt',
  'midas__f43test.fits',
  'midas__ccd.fits',
]);
const isLinear = ({ file, hdu }: { file: string; hdu: number }): boolean => linear.has(file) || linear.has(`${file} ${hdu}`);

describe.skipIf(!present)(
  'parseWcs against the positions of wcslib (skipped where the shared conformance files are absent)',
  () => {
    it.each(cases.filter((c) => !isLinear(c)))('$file, HDU $hdu', ({ file, hdu, samples }) => {
      const header = headerOf(file, hdu);
      const wcs = parseWcs(header);
      const isLatitudeFirst = String(header.get('CTYPE1')).startsWith('DEC');
      for (const [[x, y], world] of samples) {
        const [lon, lat] = wcs.pixelToSky(x - 1, y - 1);
        const [a, b] = isLatitudeFirst ? [world[1], world[0]] : world;
        if (a === null || b === null) {
          expect([lon, lat]).toEqual([Number.NaN, Number.NaN]);
          continue;
        }
        expect(separationArcsec(lon, lat, a, b)).toBeLessThan(1e-8); // rounding of degrees near 360 is 2e-10″, and sums of ten terms
        const back = wcs.skyToPixel(lon, lat);
        expect(back?.[0]).toBeCloseTo(x - 1, 6);
        expect(back?.[1]).toBeCloseTo(y - 1, 6);
      }
    });

    it.each(cases.filter(isLinear))('$file, HDU $hdu has no place on the sky', ({ file, hdu }) => {
      expect(() => parseWcs(headerOf(file, hdu))).toThrow(expect.objectContaining({ code: 'WCS_MISSING' }));
    });

    it.each(cases.filter((c) => !isLinear(c)))(
      '$file, HDU $hdu says the same after it was written and read again',
      ({ file, hdu, samples }) => {
        const wcs = parseWcs(headerOf(file, hdu));
        const again = parseWcs(new Map(wcs.toCards().map((card) => [card.keyword, card.value])));
        expect(again.projection).toBe(wcs.projection);
        expect(again.system).toBe(wcs.system);
        for (const [[x, y]] of samples) {
          const [lon, lat] = wcs.pixelToSky(x - 1, y - 1),
            [lon2, lat2] = again.pixelToSky(x - 1, y - 1);
          if (Number.isNaN(lon)) expect(lon2).toBeNaN();
          else expect(separationArcsec(lon, lat, lon2, lat2)).toBeLessThan(1e-8);
        }
      },
    );
  },
);
