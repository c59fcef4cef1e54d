import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { separationArcsec } from '../coords/separation.ts';
import { deprojectTangent } from '../coords/tangent-plane.ts';
import { localGeometry } from './geometry.ts';
import { parseWcs } from './parse-wcs.ts';
import { tanSipWcs, tanWcs } from './tan-sip-wcs.ts';

const size = { width: 2048, height: 2048 };
/** A camera of 0.38″/pix turned by 0.25°, with a third-order distortion of 3 pix at the corners. */
const scale = 0.38 / 3600,
  cos = Math.cos(0.25 * (Math.PI / 180)),
  sin = Math.sin(0.25 * (Math.PI / 180));
const solution = {
  crpix: [1023.5, 1010.25],
  crval: [215.6, 53.1],
  cd: [-scale * cos, scale * sin, scale * sin, scale * cos],
  order: 3,
  a: new Map([
    ['2,0', 4e-7],
    ['1,1', -2e-7],
    ['0,2', 1e-7],
    ['3,0', 1.2e-9],
    ['1,2', 1.1e-9],
    ['2,1', 3e-11],
    ['0,3', -2e-11],
  ]),
  b: new Map([
    ['2,0', -1e-7],
    ['1,1', 3e-7],
    ['0,2', 2e-7],
    ['0,3', 1.2e-9],
    ['2,1', 1.3e-9],
    ['1,2', 1e-11],
    ['3,0', 2e-11],
  ]),
} as const;

describe('tanSipWcs', () => {
  it('is the definition of SIP, written out: polynomial, matrix, tangent plane', () => {
    const wcs = tanSipWcs(solution);
    for (const [x, y] of [
      [0, 0],
      [2047, 2047],
      [100.5, 1900.25],
      [1023.5, 1010.25],
    ] as const) {
      const u = x - solution.crpix[0],
        v = y - solution.crpix[1];
      const sum = (terms: ReadonlyMap<string, number>): number =>
        [...terms].reduce((total, [key, c]) => total + c * u ** Number(key[0]) * v ** Number(key[2]), 0);
      const fu = u + sum(solution.a),
        fv = v + sum(solution.b);
      const truth = deprojectTangent(
        ...solution.crval,
        solution.cd[0] * fu + solution.cd[1] * fv,
        solution.cd[2] * fu + solution.cd[3] * fv,
      );
      expect(separationArcsec(...wcs.pixelToSky(x, y), ...truth)).toBeLessThan(1e-9);
    }
  });

  it('inverts itself to a millionth of a pixel over the image and around it', () => {
    const wcs = tanSipWcs(solution);
    const pixel = fc.double({ min: -500, max: 2548, noNaN: true });
    fc.assert(
      fc.property(pixel, pixel, (x, y) => {
        const [bx, by] = wcs.skyToPixel(...wcs.pixelToSky(x, y))!;
        expect(Math.hypot(bx - x, by - y)).toBeLessThan(1e-6);
      }),
    );
  });

  it('reads its own cards back to the same positions, with an inverse for software that does not iterate', () => {
    const wcs = tanSipWcs(solution, size);
    const cards = new Map(wcs.toCards().map(({ keyword, value }) => [keyword, value]));
    expect(cards.get('CTYPE1')).toBe('RA---TAN-SIP');
    expect(cards.get('CRPIX1')).toBe(1024.5);
    expect(cards.get('A_ORDER')).toBe(3);
    const again = parseWcs(cards);
    let worst = 0;
    for (let x = 0; x < 2048; x += 89) {
      for (let y = 0; y < 2048; y += 89) {
        const sky = wcs.pixelToSky(x, y);
        expect(separationArcsec(...again.pixelToSky(x, y), ...sky)).toBeLessThan(1e-9);
        // The other software's way: tangent plane, matrix, then AP and BP once.
        const [u, v] = tanWcs(solution).skyToPixel(...sky)!;
        const U = u - solution.crpix[0],
          V = v - solution.crpix[1];
        const poly = (name: string): number => {
          let total = 0;
          for (const [keyword, value] of cards) {
            const term = new RegExp(`^${name}_(\\d)_(\\d)$`).exec(keyword);
            if (term !== null) total += Number(value) * U ** Number(term[1]) * V ** Number(term[2]);
          }
          return total;
        };
        worst = Math.max(worst, Math.hypot(u + poly('AP') - x, v + poly('BP') - y));
      }
    }
    expect(worst).toBeLessThan(0.01);
  });

  it('writes a plain TAN where there is no distortion, and no inverse where no size is known', () => {
    const plain = tanSipWcs({ ...solution, order: 1, a: new Map(), b: new Map() }, size);
    expect(plain.projection).toBe('TAN');
    expect(plain.toCards().map((c) => c.keyword)).not.toContain('A_ORDER');
    expect(
      tanSipWcs(solution)
        .toCards()
        .map((c) => c.keyword),
    ).not.toContain('AP_ORDER');
  });

  it('works at the pole and across 0°', () => {
    for (const crval of [
      [0, 90],
      [123, -90],
      [0.01, 0],
      [359.99, 80],
    ] as const) {
      const wcs = tanSipWcs({ ...solution, crval });
      const again = parseWcs(new Map(wcs.toCards().map(({ keyword, value }) => [keyword, value])));
      for (const [x, y] of [
        [0, 0],
        [2047, 0],
        [1023.5, 1010.25],
        [700, 1500],
      ] as const) {
        const [ra, dec] = wcs.pixelToSky(x, y);
        expect(ra).toBeGreaterThanOrEqual(0);
        expect(ra).toBeLessThan(360);
        const back = wcs.skyToPixel(ra, dec)!;
        expect(Math.hypot(back[0] - x, back[1] - y)).toBeLessThan(1e-6);
        expect(separationArcsec(...again.pixelToSky(x, y), ra, dec)).toBeLessThan(1e-9);
      }
    }
  });

  it('has no pixel for a point on the other side of the sky, nor for what is no point', () => {
    const wcs = tanSipWcs(solution);
    expect(wcs.skyToPixel(35.6, -53.1)).toBeNull();
    expect(wcs.skyToPixel(Number.NaN, 0)).toBeNull();
    expect(wcs.skyToPixel(0, 91)).toBeNull();
  });

  it('gives up beyond a fold of its polynomial instead of inventing a pixel', () => {
    const folding = tanSipWcs({ ...solution, order: 2, a: new Map([['2,0', -5e-4]]), b: new Map() });
    // u + A has its maximum at u = 1000; what lies beyond it on the sky has no pixel.
    const beyond = tanWcs(solution).pixelToSky(solution.crpix[0] + 600, solution.crpix[1]);
    expect(folding.skyToPixel(...beyond)).toBeNull();
    const inside = tanWcs(solution).pixelToSky(solution.crpix[0] + 400, solution.crpix[1]);
    const [x] = folding.skyToPixel(...inside)!;
    expect(x - solution.crpix[0]).toBeCloseTo(1000 * (1 - Math.sqrt(1 - 0.8)), 6);
  });

  it('refuses a matrix without inverse', () => {
    expect(() => tanWcs({ ...solution, cd: [1, 2, 2, 4] })).toThrow(expect.objectContaining({ code: 'WCS_SINGULAR' }));
  });
});

describe('localGeometry', () => {
  it('measures scale, rotation and parity', () => {
    const g = localGeometry(tanWcs(solution), ...solution.crpix);
    expect(g.pixelScaleArcsec).toBeCloseTo(0.38, 9);
    expect(g.rotationDeg).toBeCloseTo(0.25, 6);
    expect(g.parity).toBe(1);
    const mirrored = localGeometry(tanWcs({ ...solution, cd: [scale, 0, 0, scale] }), 10, 20);
    expect(mirrored.parity).toBe(-1);
    const turned = localGeometry(tanWcs({ ...solution, crval: [0, 89.9999], cd: [scale, 0, 0, -scale] }), ...solution.crpix);
    expect(Math.abs(turned.rotationDeg)).toBeCloseTo(180, 6);
    expect(turned.parity).toBe(1);
  });
});
