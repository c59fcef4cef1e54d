import { describe, expect, it } from 'vitest';
import { fullTime, mjdOf, nightIdOf, nightLabel, shortTime, siderealHours } from './time.ts';

const at = (iso: string) => Date.parse(iso);

describe('time scales', () => {
  it('writes UT, site time with its abbreviation, and MJD with five decimals', () => {
    const ms = at('2026-11-23T05:12:07Z');
    expect(fullTime(ms, 'ut')).toBe('2026-11-23 05:12:07 UT');
    expect(fullTime(ms, 'site')).toBe('2026-11-22 21:12:07 PST');
    expect(fullTime(ms, 'mjd')).toBe('MJD 61367.21675');
    expect(fullTime(at('2026-07-01T05:00:00Z'), 'site')).toBe('2026-06-30 22:00:00 PDT');
    expect(shortTime(ms, 'ut')).toBe('05:12:07');
  });

  it('counts midnight as 00, never as 24', () => {
    expect(fullTime(at('2026-11-23T08:00:00Z'), 'site')).toBe('2026-11-23 00:00:00 PST');
  });

  it('knows the MJD of J2000.0', () => {
    expect(mjdOf(at('2000-01-01T12:00:00Z'))).toBe(51544.5);
  });

  it('agrees with the worked example of sidereal time (Meeus, example 12.b: 1987 April 10, 19:21:00 UT)', () => {
    // Mean sidereal time at Greenwich 8h 34m 57.0896s.
    expect(siderealHours(at('1987-04-10T19:21:00Z'), 0) * 3600).toBeCloseTo(8 * 3600 + 34 * 60 + 57.0896, 2);
  });

  it('keeps sidereal time within 0 and 24 h west of Greenwich', () => {
    for (let hour = 0; hour < 48; hour++) {
      const lst = siderealHours(at('2026-01-01T00:00:00Z') + hour * 3_600_000, -115.464);
      expect(lst).toBeGreaterThanOrEqual(0);
      expect(lst).toBeLessThan(24);
    }
  });
});

describe('the night label', () => {
  it.each([
    ['2026-11-22', 'Night 22→23 Nov 2026 · UT 23 Nov'],
    ['2026-11-30', 'Night 30 Nov→1 Dec 2026 · UT 1 Dec'],
    ['2025-12-31', 'Night 31 Dec 2025→1 Jan 2026 · UT 1 Jan'],
    ['2024-02-28', 'Night 28→29 Feb 2024 · UT 29 Feb'],
    ['not a night', 'Night not a night'],
  ])('writes night %s both ways: %s', (id, label) => {
    expect(nightLabel(id)).toBe(label);
  });

  it.each([
    ['evening', '2026-11-23T01:00:00Z', '2026-11-22'],
    ['dawn', '2026-11-23T14:00:00Z', '2026-11-22'],
    ['a second before the noon boundary', '2026-11-23T19:41:51Z', '2026-11-22'],
    ['a second after it', '2026-11-23T19:41:52Z', '2026-11-23'],
    ['the leap day', '2024-03-01T05:00:00Z', '2024-02-29'],
    ['the day clocks go back', '2026-11-01T19:41:52Z', '2026-11-01'],
    ['the day clocks go forward', '2026-03-08T19:41:51Z', '2026-03-07'],
  ])('files %s (%s) under night %s at the longitude of the site', (_when, iso, night) => {
    expect(nightIdOf(at(iso), -115.464)).toBe(night);
  });
});
