import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateOfMjd, mjdOfDate } from './calendar.ts';
import { isoUtcOfMjd, mjdUtc, mjdUtcOfMs, msOfMjdUtc, parseUtc } from './iso.ts';
import { leapSecondNote, taiMinusUtc, utcDaySeconds } from './leap-seconds.ts';
import { julianEpoch, mjdOfJulianEpoch, taiOfUtc, tdbMinusTt, tdbOfUtc, ttOfUtc, utcOfTai, utcOfTt } from './scales.ts';
import { earthRotationAngleDeg, gmstDeg, lstDeg } from './sidereal.ts';

const SECOND = 1 / 86400;
const MICROSECOND = 1e-6 / 86400; // resolution of a double MJD is 0.6 µs

describe('mjdUtc', () => {
  it.each([
    // astropy 5.2: Time(iso, scale='utc').mjd
    ['1972-01-01T00:00:00', 41317],
    ['2000-01-01T12:00:00', 51544.5],
    ['2016-12-31T23:59:59.5', 57753.99998263909],
    ['2016-12-31T23:59:60.5', 57753.99999421303],
    ['2017-01-01T00:00:00', 57754],
    ['2026-01-01T04:20:01.250', 61041.18057002315],
    ['2024-02-29', 60369],
    ['2026-11-23 05:12:07Z', 61367.21674768518],
    ['2026-11-22T22:12:07-07:00', 61367.21674768518],
  ])('%s is %f', (iso, mjd) => expect(Math.abs(mjdUtc(iso) - mjd)).toBeLessThan(MICROSECOND));

  it.each([
    '',
    'yesterday',
    '2026-02-30T00:00:00',
    '2026-13-01',
    '2026-01-01T25:00:00',
    '2026-01-01T00:60:00',
    '2026-01-01T23:59:60',
  ])('refuses %j with TIME_MALFORMED', (text) =>
    expect(() => mjdUtc(text)).toThrow(expect.objectContaining({ code: 'TIME_MALFORMED' })),
  );

  it('accepts second 60 only where a leap second was', () => {
    expect(parseUtc('2016-12-31T23:59:60.999')).toEqual({ mjdDay: 57753, secondOfDay: expect.closeTo(86400.999, 9) });
    expect(() => parseUtc('2016-12-31T12:59:60')).toThrow();
    expect(() => parseUtc('2016-12-31T23:59:61')).toThrow();
  });
});

describe('isoUtcOfMjd', () => {
  it('writes the leap second as 23:59:60 and the next as midnight', () => {
    expect(isoUtcOfMjd(mjdUtc('2016-12-31T23:59:60.500'))).toBe('2016-12-31T23:59:60.500Z');
    expect(isoUtcOfMjd(57754)).toBe('2017-01-01T00:00:00.000Z');
  });

  it('carries a rounded second over midnight and over the year', () => {
    expect(isoUtcOfMjd(mjdUtc('2025-12-31T23:59:59.9996'))).toBe('2026-01-01T00:00:00.000Z');
    expect(isoUtcOfMjd(mjdUtc('2025-12-31T23:59:59.4'), 0)).toBe('2025-12-31T23:59:59Z');
  });

  it('returns what it was given, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1972, 0, 1), max: Date.UTC(2100, 0, 1) }), (ms) => {
        const iso = new Date(ms).toISOString();
        expect(isoUtcOfMjd(mjdUtc(iso))).toBe(iso);
        expect(msOfMjdUtc(mjdUtcOfMs(ms))).toBe(ms);
      }),
    );
  });
});

describe('calendar', () => {
  it('agrees with the POSIX calendar on every day from 1900 to 2200', () => {
    for (let mjd = 15020; mjd < 124593; mjd += 13) {
      const date = new Date((mjd - 40587) * 86_400_000);
      const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      expect(dateOfMjd(mjd)).toEqual(expected);
      expect(mjdOfDate(expected.year, expected.month, expected.day)).toBe(mjd);
    }
  });
});

describe('leap seconds', () => {
  it('step at UTC midnight: 36 s until the end of 2016, 37 s after', () => {
    expect(taiMinusUtc(mjdUtc('2016-12-31T23:59:60'))).toBe(36);
    expect(taiMinusUtc(57754)).toBe(37);
    expect(taiMinusUtc(41317)).toBe(10);
    expect(utcDaySeconds(57753)).toBe(86401);
    expect(utcDaySeconds(57754)).toBe(86400);
    expect(utcDaySeconds(41316)).toBe(86400);
  });

  it('refuses instants before UTC had leap seconds', () => {
    expect(() => taiMinusUtc(41316.9)).toThrow(expect.objectContaining({ code: 'TIME_BEFORE_UTC' }));
    expect(() => utcOfTai(41000)).toThrow(expect.objectContaining({ code: 'TIME_BEFORE_UTC' }));
  });

  it('say until when they were checked', () => {
    expect(leapSecondNote(mjdUtc('2026-01-01'))).toBeNull();
    expect(leapSecondNote(mjdUtc('2027-01-01'))).toContain('2026-06-28');
  });

  it('let TAI run evenly through a leap second', () => {
    const instants = ['2016-12-31T23:59:59', '2016-12-31T23:59:60', '2017-01-01T00:00:00', '2017-01-01T00:00:01'];
    const tai = instants.map((iso) => taiOfUtc(mjdUtc(iso)));
    for (let i = 1; i < tai.length; i++) expect(Math.abs(tai[i]! - tai[i - 1]! - SECOND)).toBeLessThan(2 * MICROSECOND);
    expect(tai.map((t) => isoUtcOfMjd(utcOfTai(t)))).toEqual(instants.map((iso) => `${iso}.000Z`));
  });
});

describe('time scales', () => {
  it.each([
    // ERFA 2.0.0.1 dtdb at the geocentre [s]
    [51544.50074287037, -9.92857053845883e-5],
    [61041.18137076389, -7.689086031920466e-5],
    [61367.21754842593, -0.0010871372736250319],
  ])('TDB − TT at MJD %f is that of ERFA to 10 µs', (tt, seconds) =>
    expect(Math.abs(tdbMinusTt(tt) - seconds)).toBeLessThan(1e-5),
  );

  it.each([
    // ERFA 2.0.0.1: utctai, taitt, and dtdb at the geocentre (longitude 0, u = v = 0)
    ['2000-01-01T12:00:00', 51544.50037037037, 51544.50074287037],
    ['2026-01-01T04:20:01.250', 61041.18099826389, 61041.18137076389],
  ])('%s in TAI and TT', (iso, tai, tt) => {
    expect(Math.abs(taiOfUtc(mjdUtc(iso)) - tai)).toBeLessThan(MICROSECOND);
    expect(Math.abs(ttOfUtc(mjdUtc(iso)) - tt)).toBeLessThan(MICROSECOND);
  });

  it('keep TDB within 2 ms of TT, and TDB = TT + tdbMinusTt', () => {
    for (let mjd = 41317; mjd < 70000; mjd += 97.3) {
      expect(Math.abs(tdbMinusTt(mjd))).toBeLessThan(0.002);
      expect(tdbOfUtc(mjd) - ttOfUtc(mjd)).toBeCloseTo(tdbMinusTt(ttOfUtc(mjd)) / 86400, 10);
    }
  });

  it('come back to UTC from TT', () => {
    for (let mjd = 41318; mjd < 70000; mjd += 97.31) expect(Math.abs(utcOfTt(ttOfUtc(mjd)) - mjd)).toBeLessThan(2 * MICROSECOND);
  });

  it('count Julian years of 365.25 days from J2000', () => {
    expect(julianEpoch(51544.5)).toBe(2000);
    expect(julianEpoch(57388.5)).toBe(2016);
    expect(mjdOfJulianEpoch(2016)).toBe(57388.5);
  });
});

describe('sidereal time', () => {
  it.each([
    // ERFA 2.0.0.1: era00(2400000.5, mjd), gmst06(2400000.5, mjd, 2400000.5, tt), both [deg]
    [51544.5, 280.46061837504004, 280.4606224305415],
    [57753.99998263909, 100.61385421713705, 100.83167449606039],
    [61041.18057002315, 165.51089256633597, 165.84402928345176],
    [61367.21674768518, 139.88011396334866, 140.22468858348324],
  ])('at MJD %f is that of ERFA', (mjd, era, gmst) => {
    expect(Math.abs(earthRotationAngleDeg(mjd) - era) * 3600).toBeLessThan(1e-4); // 0.6 µs of a double MJD turn the Earth by 1e-5″
    // In the last second of 2016 UTC, counted in a day of 86 401 s, is no UT1: 15″ between the two conventions.
    if (mjd !== 57753.99998263909) expect(Math.abs(gmstDeg(mjd) - gmst) * 3600).toBeLessThan(1e-4);
  });

  it('grows by 360.9856° a day and by the longitude', () => {
    expect((gmstDeg(61042) - gmstDeg(61041) + 360) % 360).toBeCloseTo(0.985647, 5);
    expect(lstDeg(61041, -115.4646)).toBeCloseTo((gmstDeg(61041) - 115.4646 + 360) % 360, 9);
  });
});
