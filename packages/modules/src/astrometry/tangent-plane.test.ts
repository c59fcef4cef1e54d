import { projectTangent, propagate } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { julianYear, planeToSky, projectCatalog, skyToPlane } from './tangent-plane.ts';

describe('projectCatalog', () => {
  it('is the projection of one moved entry, column by column, to a microarcsecond, at the pole too', () => {
    const center = { raDeg: 40, decDeg: 89.9 };
    const catalog = {
      count: 3,
      raDeg: Float64Array.of(40, 220, 130),
      decDeg: Float64Array.of(89.95, 89.99, 89.7),
      pmRaMasYr: Float32Array.of(10_000, -500, Number.NaN),
      pmDecMasYr: Float32Array.of(-3000, 200, 5),
      epochJyear: 2000,
    };
    const plane = projectCatalog(catalog, 2026, center);
    for (let i = 0; i < 3; i++) {
      const [ra, dec] = propagate(
        catalog.raDeg[i]!,
        catalog.decDeg[i]!,
        catalog.pmRaMasYr[i]!,
        catalog.pmDecMasYr[i]!,
        2000,
        2026,
      );
      const [xi, eta] = projectTangent(center.raDeg, center.decDeg, ra, dec)!;
      expect(plane.xi[i]).toBeCloseTo(xi * 3600, 6);
      expect(plane.eta[i]).toBeCloseTo(eta * 3600, 6);
    }
  });

  it('gives no position to the other side of the sky', () => {
    const none = Float32Array.of(0);
    const catalog = {
      count: 1,
      raDeg: Float64Array.of(180),
      decDeg: Float64Array.of(0),
      pmRaMasYr: none,
      pmDecMasYr: none,
      epochJyear: 2000,
    };
    expect(projectCatalog(catalog, null, { raDeg: 0, decDeg: 0 }).xi[0]).toBeNaN();
  });

  it('goes from plane to sky and back', () => {
    const center = { raDeg: 359.999, decDeg: -60 };
    const [xi, eta] = skyToPlane(center, ...planeToSky(center, 123.4, -567.8));
    expect(xi).toBeCloseTo(123.4, 8);
    expect(eta).toBeCloseTo(-567.8, 8);
  });
});

describe('julianYear', () => {
  it('is 2000 at MJD 51544.5 and 2016 5844 days later', () => {
    expect(julianYear(51544.5)).toBe(2000);
    expect(julianYear(57388.5)).toBe(2016);
  });
});
