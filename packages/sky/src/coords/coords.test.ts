import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eclipticToIcrs, galacticToIcrs, icrsToEcliptic, icrsToGalactic } from './frames.ts';
import { icrsToMeanOfDate, meanOfDateToIcrs, precess } from './precession.ts';
import { propagate, propagateColumns } from './proper-motion.ts';
import { positionAngleDeg, separationArcsec, separationDeg } from './separation.ts';
import { deprojectTangent, projectTangent } from './tangent-plane.ts';

const lon = fc.double({ min: 0, max: 360, noNaN: true, maxExcluded: true });
const lat = fc.double({ min: -90, max: 90, noNaN: true });

/** ERFA 2.0.0.1: ra, dec, Julian year; pmat06 → mean of date; eqec06 → mean ecliptic of date [deg]. */
const ofDate: readonly (readonly number[])[] = [
  [0, 0, 1875, 358.3990847241641, -0.6960004790395518, 358.2543716279268, -0.0013795502958113895],
  [0, 0, 2026.9, 0.3446636889757657, 0.14974351467642685, 0.3757869223200942, 0.00031181551562472657],
  [215.6, 53.1, 2026.9, 215.82849373707162, 52.97841907307126, 180.68490796904962, 60.77673976030252],
  [215.6, 53.1, 2100, 216.44910898661664, 52.64985426842147, 181.7232759559326, 60.775784584600395],
  [10.684, 41.269, 1875, 8.980082813581106, 40.583155464704475, 26.112132595539833, 33.3402577329642],
  [359.999, -89.9, 2100, 0.7375165626379464, -89.3434208429271, 271.6515266535541, -66.57349888875677],
];

const MICROARCSEC = 1e-6;

describe('frames', () => {
  it.each(ofDate)(
    '(%f, %f) on the mean equator and ecliptic of %f is where ERFA puts it',
    (ra, dec, year, raDate, decDate, l, b) => {
      expect(separationArcsec(...icrsToMeanOfDate(ra!, dec!, year!), raDate!, decDate!)).toBeLessThan(MICROARCSEC);
      expect(separationArcsec(...icrsToEcliptic(ra!, dec!, year!), l!, b!)).toBeLessThan(MICROARCSEC);
    },
  );

  it.each([
    // ERFA 2.0.0.1 icrs2g
    [0, 0, 96.33727234341765, -60.188553267593726],
    [215.6, 53.1, 96.11864036964928, 59.03380641303848],
    [359.999, -89.9, 302.95695091242976, -27.225739275598723],
  ])('(%f, %f) in galactic coordinates is where ERFA puts it', (ra, dec, l, b) => {
    expect(separationArcsec(...icrsToGalactic(ra, dec), l, b)).toBeLessThan(MICROARCSEC);
  });

  it('lead back to where one came from', () => {
    fc.assert(
      fc.property(lon, lat, fc.double({ min: 1850, max: 2150, noNaN: true }), (ra, dec, year) => {
        for (const [there, back] of [
          [icrsToGalactic, galacticToIcrs],
          [icrsToEcliptic, eclipticToIcrs],
        ] as const) {
          expect(separationArcsec(ra, dec, ...back(...there(ra, dec)))).toBeLessThan(1e-8);
        }
        expect(separationArcsec(ra, dec, ...meanOfDateToIcrs(...icrsToMeanOfDate(ra, dec, year), year))).toBeLessThan(1e-8);
        expect(separationArcsec(ra, dec, ...precess(...precess(ra, dec, 2000, year), year, 2000))).toBeLessThan(1e-8);
      }),
    );
  });
});

describe('propagate', () => {
  it.each([
    // ERFA 2.0.0.1 pmsafe without parallax and radial velocity; the last is 0.36″ from the pole
    [269.452082, 4.693365, -801.551, 10362.394, 2016, 1950, 269.4668225291178, 4.503388324454692],
    [10, 89.9999, 5000, -3000, 2000, 2050, 68.97561588746571, 89.91896311600505],
  ])('(%f, %f) with (%f, %f) mas/yr from %f to %f', (ra, dec, pmRa, pmDec, from, to, raTo, decTo) => {
    expect(separationArcsec(...propagate(ra, dec, pmRa, pmDec, from, to), raTo, decTo)).toBeLessThan(2e-6); // ERFA's own distance limit
  });

  it("follows Barnard's star for 50 years with its radial velocity", () => {
    const radial = { parallaxMas: 546.9759, radialVelocityKmS: -110.51 };
    const [ra, dec] = propagate(269.452082, 4.693365, -801.551, 10362.394, 2016, 2066, radial);
    // ERFA 2.0.0.1 pmsafe, which adds the Doppler effect of light time: 518″ · 110.51 km/s / c = 0.19″ at most.
    expect(separationArcsec(ra, dec, 269.4408749344129, 4.837733060269353)).toBeLessThan(0.19);
    expect(separationArcsec(ra, dec, ...propagate(269.452082, 4.693365, -801.551, 10362.394, 2016, 2066))).toBeGreaterThan(0.5);
  });

  it('leaves a star without known motion where it is', () => {
    expect(propagate(359.9, 12, Number.NaN, Number.NaN, 2016, 2026)).toEqual([359.9, 12]);
    expect(propagate(-0.1, 12, 0, 0, 2016, 2026)).toEqual([359.9, 12]);
  });

  it('returns to the start when time runs back, but for the second order', () => {
    const [ra, dec] = propagate(120, 60, 300, -200, 2016, 2026);
    expect(separationArcsec(...propagate(ra, dec, 300, -200, 2026, 2016), 120, 60)).toBeLessThan(1e-4);
  });

  it('does columns as it does single stars', () => {
    const stars = { raDeg: [10, 359.9999999], decDeg: [-80, 0], pmRaMasYr: [100, 3600], pmDecMasYr: [Number.NaN, 0] };
    const moved = propagateColumns(stars, 2016, 2026.5);
    expect([moved.raDeg[0], moved.decDeg[0]]).toEqual(propagate(10, -80, 100, Number.NaN, 2016, 2026.5));
    expect(moved.raDeg[1]).toBeCloseTo(37.8 / 3600 - 1e-7, 9);
  });
});

describe('separation and position angle', () => {
  it('keep their digits from a milliarcsecond to the antipode', () => {
    expect(separationArcsec(10, 45, 10, 45 + 1e-3 / 3600)).toBeCloseTo(1e-3, 8);
    expect(separationArcsec(10, 89.9999, 190, 89.9999)).toBeCloseTo(0.72, 9);
    expect(separationArcsec(0, 10, 360, 10)).toBeLessThan(1e-9);
    expect(separationDeg(30, 20, 210, -20)).toBeCloseTo(180, 6);
    expect(separationDeg(30, 0, 120, 0)).toBeCloseTo(90, 12);
  });

  it('are measured from north through east', () => {
    expect(positionAngleDeg(10, 0, 10, 1)).toBe(0);
    expect(positionAngleDeg(10, 0, 11, 0)).toBe(90);
    expect(positionAngleDeg(10, 0, 10, -1)).toBe(180);
    expect(positionAngleDeg(0, 0, 359, 0)).toBe(270);
    expect(positionAngleDeg(10, 60, 10 + 1e-5, 60 + 1e-5)).toBeCloseTo(Math.atan(0.5) * (180 / Math.PI), 4);
  });
});

describe('tangent plane', () => {
  it('comes back to the sphere, at the pole too', () => {
    const plane = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(lon, lat, plane, plane, (ra, dec, xi, eta) => {
        const [xi2, eta2] = projectTangent(ra, dec, ...deprojectTangent(ra, dec, xi, eta))!;
        expect(Math.hypot(xi2 - xi, eta2 - eta) * 3600).toBeLessThan(1e-7);
      }),
    );
    expect(projectTangent(0, 0, 180, 0)).toBeNull();
  });
});
