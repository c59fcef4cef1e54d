import { describe, expect, it } from 'vitest';
import { airmassPickering, refractionDeg, standardPressureHPa } from './atmosphere.ts';
import { astroTime, bodyPosition, localSky, moonIllumination, moonSeparationDeg } from './ephemeris.ts';
import { nightTimes } from './night-times.ts';
import { sanPedroMartir } from './site.ts';

const seconds = (iso: string | null, other: string): number => Math.abs(Date.parse(iso ?? '') - Date.parse(`${other}Z`)) / 1000;

describe('nightTimes', () => {
  it('agrees with astropy at San Pedro Mártir on 2024-03-10 to a second', () => {
    // astropy 5.2 with ERFA: get_sun, get_moon in AltAz without air, UT1 = UTC, crossings interpolated in steps of 10 s
    const night = nightTimes('2024-03-10', sanPedroMartir);
    expect(night.label).toBe('Night 10→11 Mar 2024 · UT 11 Mar');
    expect(seconds(night.sunset, '2024-03-11T01:47:05.447')).toBeLessThan(1.5);
    expect(seconds(night.civilDusk, '2024-03-11T02:11:14.612')).toBeLessThan(1.5);
    expect(seconds(night.nauticalDusk, '2024-03-11T02:39:16.849')).toBeLessThan(1.5);
    expect(seconds(night.astronomicalDusk, '2024-03-11T03:07:25.043')).toBeLessThan(1.5);
    expect(seconds(night.astronomicalDawn, '2024-03-11T12:35:43.144')).toBeLessThan(1.5);
    expect(seconds(night.nauticalDawn, '2024-03-11T13:03:49.611')).toBeLessThan(1.5);
    expect(seconds(night.civilDawn, '2024-03-11T13:31:49.789')).toBeLessThan(1.5);
    expect(seconds(night.sunrise, '2024-03-11T13:55:56.854')).toBeLessThan(1.5);
    expect(night.moonUp).toHaveLength(2);
    expect(night.moonUp[0]?.from).toBe(night.noonBefore);
    expect(seconds(night.moonUp[0]!.to, '2024-03-11T02:29:35.810')).toBeLessThan(1.5);
    expect(seconds(night.moonUp[1]!.from, '2024-03-11T14:50:50.680')).toBeLessThan(1.5);
    expect(night.moonUp[1]?.to).toBe(night.noonAfter);
  });

  it('runs in order through every night of a year', () => {
    for (let day = 0; day < 366; day += 9) {
      const n = nightTimes(new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10), sanPedroMartir);
      const instants = [
        n.noonBefore,
        n.sunset,
        n.civilDusk,
        n.nauticalDusk,
        n.astronomicalDusk,
        n.astronomicalDawn,
        n.nauticalDawn,
        n.civilDawn,
        n.sunrise,
        n.noonAfter,
      ];
      expect(instants).not.toContain(null);
      expect([...instants].sort()).toEqual(instants);
      expect(n.moonIllumination).toBeGreaterThanOrEqual(0);
      expect(n.moonIllumination).toBeLessThanOrEqual(1);
      for (const { from, to } of n.moonUp) expect(from < to).toBe(true);
    }
  });

  it('says null where the Sun does not get there: midsummer and midwinter beyond the polar circle', () => {
    const tromso = { name: 'Tromsø', longitudeEastDeg: 18.96, latitudeDeg: 69.65, altitudeM: 10 };
    const summer = nightTimes('2026-06-21', tromso);
    expect([summer.sunset, summer.astronomicalDusk, summer.sunrise]).toEqual([null, null, null]);
    const winter = nightTimes('2026-12-21', tromso);
    expect([winter.sunset, winter.sunrise]).toEqual([null, null]);
    expect(winter.civilDusk).not.toBeNull();
  });
});

describe('localSky', () => {
  const at = Date.UTC(2024, 2, 11, 8, 0, 0);
  it.each([
    // astropy 5.2 AltAz without air, UT1 = UTC
    [200, 40, 66.96417333300136, 60.231354707067105],
    [90, -10, 0.15289431133086856, 258.2113198374408],
  ])('puts (%f, %f) where astropy does, to 1″', (ra, dec, altitude, azimuth) => {
    const sky = localSky(at, sanPedroMartir).altAz(ra, dec);
    expect(Math.abs(sky.altitudeDeg - altitude) * 3600).toBeLessThan(1); // astropy adds polar motion and diurnal aberration (0.3″)
    expect(Math.abs(sky.azimuthDeg - azimuth) * 3600 * Math.cos(altitude * (Math.PI / 180))).toBeLessThan(1);
  });

  it('puts Sun and Moon where astropy does', () => {
    const sun = bodyPosition('Sun', at, sanPedroMartir);
    expect(Math.abs(sun.altitudeDeg - -62.36205068920811) * 3600).toBeLessThan(2);
    const moon = bodyPosition('Moon', Date.UTC(2024, 2, 11, 2, 0, 0), sanPedroMartir);
    expect(Math.abs(moon.altitudeDeg - 5.194157146946494) * 3600).toBeLessThan(5); // the Moon's theory here: 2.5″
    expect(moon.radiusDeg).toBeCloseTo(0.279, 3);
  });

  it('knows the full and the new Moon, and how far they are', () => {
    expect(moonIllumination(Date.UTC(2024, 3, 8, 18, 21))).toBeLessThan(0.001); // total eclipse of the Sun
    expect(moonIllumination(Date.UTC(2024, 2, 25, 7, 0))).toBeGreaterThan(0.998);
    expect(moonSeparationDeg(0, 90, at, sanPedroMartir)).toBeGreaterThan(60);
  });

  it('tells the ephemerides the true TT − UTC', () => {
    const time = astroTime(Date.UTC(2026, 0, 1));
    expect((time.tt - time.ut) * 86400).toBeCloseTo(69.184, 4);
    const old = astroTime(Date.UTC(1950, 0, 1));
    expect((old.tt - old.ut) * 86400).toBeCloseTo(29.07, 0);
  });
});

describe('airmassPickering', () => {
  it('is 1 at the zenith, nearly sec z at 60°, 38.7 at the horizon, and nothing below', () => {
    expect(airmassPickering(90)).toBeCloseTo(1, 5);
    expect(Math.abs(airmassPickering(30) - 1.9939)).toBeLessThan(0.001); // Kasten & Young (1989) give 1.9939
    expect(airmassPickering(0)).toBeCloseTo(38.75, 1);
    expect(airmassPickering(-1)).toBeNaN();
    expect(airmassPickering(Number.NaN)).toBeNaN();
  });
});

describe('refractionDeg', () => {
  const air = { pressureHPa: 1010, temperatureC: 10 };
  it('is 29′ for a true altitude of 0° and 1′ at 45°, and scales with the air', () => {
    expect(refractionDeg(0, air) * 60).toBeCloseTo(28.98, 1);
    expect(refractionDeg(45, air) * 60).toBeCloseTo(1.01, 1);
    expect(refractionDeg(90, air)).toBeCloseTo(0, 4);
    expect(refractionDeg(20, { ...air, pressureHPa: 505 })).toBeCloseTo(refractionDeg(20, air) / 2, 12);
    expect(standardPressureHPa(2792)).toBeCloseTo(720, -1);
  });
});
