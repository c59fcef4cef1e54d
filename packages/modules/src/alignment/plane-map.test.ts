import { describe, expect, it } from 'vitest';
import { planeToSky, skyToPlane } from '../astrometry/tangent-plane.ts';
import { mapPoint, meanDirection, planeMap, planeRotation } from './plane-map.ts';

describe('planeMap', () => {
  it.each([
    [
      { raDeg: 359.99, decDeg: 20 },
      { raDeg: 0.02, decDeg: 20.1 },
    ],
    [
      { raDeg: 100, decDeg: 89.9 },
      { raDeg: 190, decDeg: 89.85 },
    ],
    [
      { raDeg: 100, decDeg: -89.99 },
      { raDeg: 100, decDeg: -89.9 },
    ],
  ])('is the way over the sky: %o to %o', (from, to) => {
    const map = planeMap(from, to);
    const point = new Float64Array(2);
    const direct = (xi: number, eta: number) => skyToPlane(to, ...planeToSky(from, xi, eta));
    for (const [xi, eta] of [
      [0, 0],
      [400, -300],
      [-900, 20],
    ] as const) {
      mapPoint(map, xi, eta, point);
      const [x, y] = direct(xi, eta);
      expect(point[0]).toBeCloseTo(x, 6); // 1e-6 arcsec: rounding of right ascensions
      expect(point[1]).toBeCloseTo(y, 6);
    }
    const { cos, sin } = planeRotation(map);
    const [x0, y0] = direct(0, 0);
    const [x1, y1] = direct(1, 0);
    expect(x1 - x0).toBeCloseTo(cos, 4);
    expect(y1 - y0).toBeCloseTo(sin, 4);
  });

  it('gives nothing for what lies behind', () => {
    const point = new Float64Array(2);
    mapPoint(planeMap({ raDeg: 0, decDeg: 0 }, { raDeg: 180, decDeg: 0 }), 0, 0, point);
    expect(point[0]).toBeNaN();
  });

  it('finds the middle across 0° and at the pole', () => {
    expect(
      meanDirection([
        { raDeg: 359, decDeg: 1 },
        { raDeg: 1, decDeg: 1 },
      ]).raDeg % 360,
    ).toBeCloseTo(0, 9);
    expect(
      meanDirection([
        { raDeg: 0, decDeg: 89 },
        { raDeg: 180, decDeg: 89 },
      ]).decDeg,
    ).toBeCloseTo(90, 9);
  });
});
