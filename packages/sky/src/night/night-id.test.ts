import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nightBounds, nightId, nightLabel } from './night-id.ts';
import { sanPedroMartir } from './site.ts';

const longitude = sanPedroMartir.longitudeEastDeg;

describe('nightId', () => {
  it.each([
    ['evening at the site, next day in UT', '2026-11-23T02:10:00Z', '2026-11-22'],
    ['dawn', '2026-11-23T13:30:00Z', '2026-11-22'],
    ['last second before local mean noon', '2026-11-23T19:41:51Z', '2026-11-22'],
    ['first second after local mean noon', '2026-11-23T19:41:52Z', '2026-11-23'],
    ['dusk of a leap day', '2024-02-29T20:00:00Z', '2024-02-29'],
    ['dark hours of a leap day', '2024-03-01T08:00:00Z', '2024-02-29'],
    ['New Year', '2026-01-01T04:20:01Z', '2025-12-31'],
    ['a leap second', '2016-12-31T23:59:60Z', '2016-12-31'],
  ])('%s: %s belongs to %s', (_, at, night) => {
    expect(nightId(at, longitude)).toBe(night);
  });

  it('takes milliseconds as well as ISO text', () => {
    expect(nightId(Date.UTC(2026, 10, 23, 5, 12, 7), longitude)).toBe(nightId('2026-11-23T05:12:07', longitude));
  });

  it('changes at 12 h UT at Greenwich, and at 0 h UT on the date line', () => {
    expect(nightId('2026-11-23T11:59:59.999Z', 0)).toBe('2026-11-22');
    expect(nightId('2026-11-23T12:00:00Z', 0)).toBe('2026-11-23');
    expect(nightId('2026-11-23T00:00:00Z', 180)).toBe('2026-11-23');
    expect(nightId('2026-11-22T23:59:59.999Z', 180)).toBe('2026-11-22');
  });

  it('agrees with the bounds of its night to the millisecond, at every longitude', () => {
    const day = fc.integer({ min: 0, max: 40_000 }).map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));
    fc.assert(
      fc.property(day, fc.double({ min: -180, max: 180, noNaN: true }), (night, lon) => {
        const { startMs, endMs } = nightBounds(night, lon);
        expect(nightId(startMs, lon)).toBe(night);
        expect(nightId(endMs - 1, lon)).toBe(night);
        expect(nightId(startMs - 1, lon)).not.toBe(night);
        expect(nightId(endMs, lon)).not.toBe(night);
      }),
    );
  });

  it.each(['2026-02-29', '2026-1-1', 'tonight', ''])('refuses %j as a night', (night) =>
    expect(() => nightBounds(night, longitude)).toThrow(expect.objectContaining({ code: 'NIGHT_MALFORMED' })),
  );
});

describe('nightLabel', () => {
  it.each([
    ['2026-11-22', 'Night 22→23 Nov 2026 · UT 23 Nov'],
    ['2026-11-30', 'Night 30 Nov→1 Dec 2026 · UT 1 Dec'],
    ['2025-12-31', 'Night 31 Dec 2025→1 Jan 2026 · UT 1 Jan'],
    ['2024-02-28', 'Night 28→29 Feb 2024 · UT 29 Feb'],
  ])('%s reads %s', (night, label) => expect(nightLabel(night, longitude)).toBe(label));
});
