import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { separationArcsec } from '../coords/separation.ts';
import { cardsOfFits } from '../test/read-cards.ts';
import type { HeaderLookup } from './header-values.ts';
import { parseWcs } from './parse-wcs.ts';

const base = {
  CTYPE1: 'RA---TAN',
  CTYPE2: 'DEC--TAN',
  CRPIX1: 100,
  CRPIX2: 200,
  CRVAL1: 10,
  CRVAL2: 20,
  CD1_1: -1e-4,
  CD1_2: 0,
  CD2_1: 0,
  CD2_2: 1e-4,
};
const header = (change: Record<string, string | number | boolean | null | bigint> = {}, without: RegExp = /^$/): HeaderLookup =>
  new Map(Object.entries({ ...base, ...change }).filter(([keyword]) => !without.test(keyword)));
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('parseWcs', () => {
  it('counts pixels from 0: CRPIX 100, 200 is pixel (99, 199)', () => {
    const [ra, dec] = parseWcs(header()).pixelToSky(99, 199);
    expect(ra).toBeCloseTo(10, 12);
    expect(dec).toBeCloseTo(20, 12);
  });

  it('reads CD, PC with CDELT, and CROTA to the same sky', () => {
    const angle = 30 * (Math.PI / 180),
      c = Math.cos(angle),
      s = Math.sin(angle);
    const cd = parseWcs(header({ CD1_1: -2e-4 * c, CD1_2: -1e-4 * s, CD2_1: -2e-4 * s, CD2_2: 1e-4 * c }));
    const crota = parseWcs(header({ CDELT1: -2e-4, CDELT2: 1e-4, CROTA2: 30 }, /^CD\d_/));
    const pc = parseWcs(header({ CDELT1: -2e-4, CDELT2: 1e-4, PC1_1: c, PC1_2: s / 2, PC2_1: -2 * s, PC2_2: c }, /^CD\d_/));
    for (const wcs of [crota, pc]) {
      expect(separationArcsec(...wcs.pixelToSky(500, 700), ...cd.pixelToSky(500, 700))).toBeLessThan(1e-9);
    }
  });

  it('reads numbers in quotes, big integers, and units other than degrees', () => {
    const plain = parseWcs(header()).pixelToSky(0, 0);
    expect(parseWcs(header({ CRVAL1: ' 1.0D1 ', CRPIX1: 100n })).pixelToSky(0, 0)).toEqual(plain);
    const arcsec = parseWcs(
      header({ CUNIT1: 'arcsec', CUNIT2: 'arcsec', CRVAL1: 36000, CRVAL2: 72000, CD1_1: -0.36, CD2_2: 0.36 }),
    );
    expect(separationArcsec(...arcsec.pixelToSky(0, 0), ...plain)).toBeLessThan(1e-9);
  });

  it('finds the celestial pair among more axes, in either order', () => {
    const cube = parseWcs(header({ CTYPE3: 'FREQ', CRVAL3: 1e9, CD3_3: 1e6, WCSAXES: 3 }));
    expect(cube.pixelToSky(0, 0)).toEqual(parseWcs(header()).pixelToSky(0, 0));
    const swapped = parseWcs(
      header({ CTYPE1: 'DEC--TAN', CTYPE2: 'RA---TAN', CRVAL1: 20, CRVAL2: 10, CD1_1: 1e-4, CD2_2: -1e-4 }),
    );
    const [ra, dec] = swapped.pixelToSky(99, 209);
    expect(ra).toBeLessThan(10); // y is right ascension, growing to the left
    expect(dec).toBeCloseTo(20, 6);
    const back = swapped.skyToPixel(ra, dec)!;
    expect(back[0]).toBeCloseTo(99, 6);
    expect(back[1]).toBeCloseTo(209, 6);
  });

  it('reads an alternate description by its letter', () => {
    const both = header({
      CTYPE1A: 'GLON-CAR',
      CTYPE2A: 'GLAT-CAR',
      CRVAL1A: 50,
      CDELT1A: -0.1,
      CDELT2A: 0.1,
      CRPIX1A: 1,
      CRPIX2A: 1,
    });
    const wcs = parseWcs(both, { alternate: 'A' });
    expect([wcs.system, wcs.projection]).toEqual(['GALACTIC', 'CAR']);
    expect(wcs.pixelToSky(10, 10)).toEqual([expect.closeTo(49, 10), expect.closeTo(1, 10)]);
    expect(() => parseWcs(both, { alternate: 'B' })).toThrow(code('WCS_MISSING'));
  });

  it.each([
    [{}, 'ICRS', null],
    [{ RADESYS: 'ICRS', EQUINOX: 2000 }, 'ICRS', null],
    [{ EQUINOX: 2000 }, 'FK5', 2000],
    [{ EQUINOX: 1950 }, 'FK4', 1950],
    [{ RADECSYS: 'FK5' }, 'FK5', 2000],
    [{ EPOCH: 'B1950' }, 'FK4', 1950],
    [{ RADESYS: 'GAPPT' }, 'UNKNOWN', null],
    [{ CTYPE1: 'ELON-TAN', CTYPE2: 'ELAT-TAN' }, 'ECLIPTIC', 2000],
    [{ CTYPE1: 'HPLN-TAN', CTYPE2: 'HPLT-TAN' }, 'UNKNOWN', null],
  ])('%j is %s', (cards, system, equinox) => {
    const wcs = parseWcs(header(cards as Record<string, string | number>));
    expect([wcs.system, wcs.equinox]).toEqual([system, equinox]);
  });

  it('takes TAN with PV as TPV, unless SIP is there', () => {
    const pv = { PV1_1: 1, PV2_1: 1, PV1_4: 1e-3, PV2_5: 2e-3 };
    expect(parseWcs(header(pv)).projection).toBe('TPV');
    expect(parseWcs(header({ ...pv, A_ORDER: 2, B_ORDER: 2, A_2_0: 1e-6 })).projection).toBe('TAN-SIP');
  });

  it('knows all forty terms of TPV, the radial ones too, and inverts them', () => {
    const cards: Record<string, string | number> = { CTYPE1: 'RA---TPV', CTYPE2: 'DEC--TPV' };
    for (let m = 0; m < 40; m++) {
      cards[`PV1_${m}`] = m === 1 ? 1.01 : 1e-4 / (m + 1);
      cards[`PV2_${m}`] = m === 1 ? 0.99 : -1e-4 / (m + 2);
    }
    const wcs = parseWcs(header(cards));
    for (const [x, y] of [
      [0, 0],
      [3000, 4000],
      [-2000, 900],
    ] as const) {
      const back = wcs.skyToPixel(...wcs.pixelToSky(x, y))!;
      expect(Math.hypot(back[0] - x, back[1] - y)).toBeLessThan(1e-6);
    }
  });

  it.each([
    ['no axes', {}, /^CTYPE/, 'WCS_MISSING'],
    ['linear axes', { CTYPE1: 'LINEAR', CTYPE2: 'LINEAR' }, /^$/, 'WCS_MISSING'],
    ['a projection that does not exist', { CTYPE1: 'RA---XYZ', CTYPE2: 'DEC--XYZ' }, /^$/, 'WCS_UNKNOWN_PROJECTION'],
    ['two projections', { CTYPE1: 'RA---SIN' }, /^$/, 'WCS_UNKNOWN_PROJECTION'],
    ['half a pair', { CTYPE2: 'FREQ' }, /^$/, 'WCS_UNKNOWN_PROJECTION'],
    ['mixed systems', { CTYPE2: 'GLAT-TAN' }, /^$/, 'WCS_UNKNOWN_PROJECTION'],
    ['a quadrilateralised cube', { CTYPE1: 'RA---CSC', CTYPE2: 'DEC--CSC' }, /^$/, 'WCS_UNKNOWN_PROJECTION'],
    ['a matrix of zeros', { CD1_1: 0, CD2_2: 0 }, /^$/, 'WCS_SINGULAR'],
    ['parallel rows', { CD1_1: 1, CD1_2: 2, CD2_1: 2, CD2_2: 4 }, /^$/, 'WCS_SINGULAR'],
    ['CDELT 0', { CDELT1: 0 }, /^CD\d_/, 'WCS_SINGULAR'],
    ['a latitude of 100°', { CRVAL2: 100 }, /^$/, 'WCS_BAD_VALUE'],
    ['text for a number', { CRVAL1: 'north' }, /^$/, 'WCS_BAD_VALUE'],
    ['a flag for a number', { CRPIX1: true }, /^$/, 'WCS_BAD_VALUE'],
    ['an infinite number', { CD1_1: Number.NaN }, /^$/, 'WCS_BAD_VALUE'],
    ['metres for degrees', { CUNIT1: 'm' }, /^$/, 'WCS_BAD_VALUE'],
    ['A without B', { A_ORDER: 3, A_2_0: 1e-6 }, /^$/, 'WCS_BROKEN_SIP'],
    ['B without A', { B_ORDER: 3 }, /^$/, 'WCS_BROKEN_SIP'],
    ['an order of 2.5', { A_ORDER: 2.5, B_ORDER: 2 }, /^$/, 'WCS_BROKEN_SIP'],
    ['an order of 12', { A_ORDER: 12, B_ORDER: 2 }, /^$/, 'WCS_BROKEN_SIP'],
    ['coefficients without order', { CTYPE1: 'RA---TAN-SIP', CTYPE2: 'DEC--TAN-SIP', A_2_0: 1e-6 }, /^$/, 'WCS_BROKEN_SIP'],
    ['a look-up table', { CPDIS1: 'LOOKUP' }, /^$/, 'WCS_UNSUPPORTED_DISTORTION'],
    ['a detector-to-image table', { D2IMDIS2: 'LOOKUP' }, /^$/, 'WCS_UNSUPPORTED_DISTORTION'],
    ['a cone without angle', { CTYPE1: 'RA---COE', CTYPE2: 'DEC--COE' }, /^$/, 'WCS_BAD_PROJECTION_PARAMETER'],
    [
      'a polynomial that does not grow',
      { CTYPE1: 'RA---ZPN', CTYPE2: 'DEC--ZPN', PV2_3: 1 },
      /^$/,
      'WCS_BAD_PROJECTION_PARAMETER',
    ],
    ['TPV with a 41st term', { CTYPE1: 'RA---TPV', CTYPE2: 'DEC--TPV', PV1_40: 1 }, /^$/, 'WCS_BAD_PROJECTION_PARAMETER'],
  ])('refuses %s with its own code', (_, cards, without, wanted) => {
    expect(() => parseWcs(header(cards, without), { where: 'x.fits[0]' })).toThrow(code(wanted));
    try {
      parseWcs(header(cards, without), { where: 'x.fits[0]' });
    } catch (error) {
      expect(String(error)).toContain('x.fits[0]');
    }
  });

  it('leaves a look-up table out when told so', () => {
    expect(parseWcs(header({ CPDIS1: 'LOOKUP' }), { unsupportedDistortion: 'ignore' }).projection).toBe('TAN');
  });
});

const plate = resolve(import.meta.dirname, '../../../../../shared/data/images/misc/HorseHead.fits');

describe.skipIf(!existsSync(plate))(
  'the plate solution of the Digitized Sky Survey (skipped where the shared images are absent)',
  () => {
    const cards = existsSync(plate) ? (cardsOfFits(readFileSync(plate))[0] as ReadonlyMap<string, string | number>) : new Map();
    const withoutCtype = new Map([...cards].filter(([keyword]) => !/^(CTYPE|CRVAL|CRPIX|CDELT|CD\d)/.test(keyword)));

    it('puts the object of the request where the survey says it lies: 05 41 06.0 −02 27 30 at scan pixel (12682.48, 20411.37)', () => {
      const wcs = parseWcs(withoutCtype);
      expect(wcs.projection).toBe('DSS');
      // OBJCTX, OBJCTY count the pixels of the whole scan from its first as 1; CNPIX is that of this cut.
      const [ra, dec] = wcs.pixelToSky(12682.48 - 12237 - 1, 20411.37 - 19965 - 1);
      expect(separationArcsec(ra, dec, 85.275, -2.4583333333333335)).toBeLessThan(1); // a pixel is 1.0″
    });

    it('inverts itself, and is read back from its own cards', () => {
      const wcs = parseWcs(withoutCtype);
      const again = parseWcs(new Map(wcs.toCards().map(({ keyword, value }) => [keyword, value])));
      for (const [x, y] of [
        [0, 0],
        [890, 892],
        [445, 10],
      ] as const) {
        const sky = wcs.pixelToSky(x, y);
        const back = wcs.skyToPixel(...sky)!;
        expect(Math.hypot(back[0] - x, back[1] - y)).toBeLessThan(1e-6);
        expect(separationArcsec(...again.pixelToSky(x, y), ...sky)).toBeLessThan(1e-9);
      }
    });
  },
);
