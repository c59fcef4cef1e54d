import { bodyPosition, moonIllumination } from './ephemeris.ts';
import { nightBounds, nightLabel } from './night-id.ts';
import type { Site } from './site.ts';

/** The night axis: instants of Sun and Moon [ISO UTC]; null where it does not happen that night. The shape of contracts' `nightTimes`. */
export interface NightTimes {
  nightId: string;
  label: string;
  noonBefore: string;
  noonAfter: string;
  sunset: string | null;
  civilDusk: string | null;
  nauticalDusk: string | null;
  astronomicalDusk: string | null;
  astronomicalDawn: string | null;
  nauticalDawn: string | null;
  civilDawn: string | null;
  sunrise: string | null;
  moonUp: { from: string; to: string }[];
  /** Lit share of the Moon at local mean midnight, 0 to 1. */
  moonIllumination: number;
}

/**
 * Altitude [deg] of the centre of a body when its upper limb touches a sea-level horizon: 34′ of refraction, and for the
 * Sun 16′ of radius (convention of the almanacs). From the mountain the Sun is seen some minutes longer.
 */
const HORIZON_REFRACTION = 34 / 60;
const SUNSET_ALTITUDE = -50 / 60;
/** Step of the search: no twilight and no passage of the Moon is shorter, but at its extreme at high latitudes. */
const STEP_MS = 600_000;

/** Twilights and Moon of one night at a site, to the second; the Sun must pass 6°, 12° and 18° below the horizon. */
export function nightTimes(night: string, site: Site): NightTimes {
  const { startMs, endMs } = nightBounds(night, site.longitudeEastDeg);
  const sun = sampled((ms) => bodyPosition('Sun', ms, site).altitudeDeg, startMs, endMs);
  const dusk = (altitude: number): string | null => iso(sun.crossings(altitude).find((c) => !c.isRising)?.ms);
  const dawn = (altitude: number): string | null => iso(sun.crossings(altitude).findLast((c) => c.isRising)?.ms);
  return {
    nightId: night,
    label: nightLabel(night, site.longitudeEastDeg),
    noonBefore: new Date(startMs).toISOString(),
    noonAfter: new Date(endMs).toISOString(),
    sunset: dusk(SUNSET_ALTITUDE),
    civilDusk: dusk(-6),
    nauticalDusk: dusk(-12),
    astronomicalDusk: dusk(-18),
    astronomicalDawn: dawn(-18),
    nauticalDawn: dawn(-12),
    civilDawn: dawn(-6),
    sunrise: dawn(SUNSET_ALTITUDE),
    moonUp: moonUp(startMs, endMs, site),
    moonIllumination: moonIllumination((startMs + endMs) / 2),
  };
}

/** Stretches of the night with the Moon's upper limb above the horizon. */
function moonUp(startMs: number, endMs: number, site: Site): { from: string; to: string }[] {
  const moon = sampled(
    (ms) => {
      const { altitudeDeg, radiusDeg } = bodyPosition('Moon', ms, site);
      return altitudeDeg + radiusDeg + HORIZON_REFRACTION;
    },
    startMs,
    endMs,
  );
  const stretches: { from: string; to: string }[] = [];
  let from: string | null = moon.first > 0 ? new Date(startMs).toISOString() : null;
  for (const { ms, isRising } of moon.crossings(0)) {
    if (isRising) from = iso(ms);
    else if (from !== null) {
      stretches.push({ from, to: iso(ms)! });
      from = null;
    }
  }
  if (from !== null) stretches.push({ from, to: new Date(endMs).toISOString() });
  return stretches;
}

/** A height as a function of time, sampled once for all its crossings. */
function sampled(height: (ms: number) => number, startMs: number, endMs: number) {
  const times: number[] = [];
  for (let ms = startMs; ms < endMs; ms += STEP_MS) times.push(ms);
  times.push(endMs);
  const heights = times.map(height);
  return {
    first: heights[0]!,
    crossings(level: number): { ms: number; isRising: boolean }[] {
      const found: { ms: number; isRising: boolean }[] = [];
      for (let i = 1; i < times.length; i++) {
        const before = heights[i - 1]! - level,
          after = heights[i]! - level;
        if (before < 0 === after < 0) continue;
        found.push({ ms: root((ms) => height(ms) - level, times[i - 1]!, before, times[i]!, after), isRising: after > before });
      }
      return found;
    },
  };
}

/** Where a nearly straight function passes zero, to 0.1 s: false position (Illinois). */
function root(f: (ms: number) => number, a0: number, fa0: number, b0: number, fb0: number): number {
  let a = a0,
    fa = fa0,
    b = b0,
    fb = fb0;
  for (let i = 0; i < 30; i++) {
    const c = (a * fb - b * fa) / (fb - fa);
    const fc = f(c);
    if (Math.abs(fc) < 1e-7 || Math.abs(b - a) < 100) return c;
    if (fc < 0 === fb < 0) fa /= 2;
    else {
      a = b;
      fa = fb;
    }
    b = c;
    fb = fc;
  }
  return b;
}

/** To the nearest second. */
const iso = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(Math.round(ms / 1000) * 1000).toISOString();
