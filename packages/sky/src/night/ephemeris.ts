import {
  type AstroTime,
  BaryState,
  Body,
  DeltaT_EspenakMeeus,
  Equator,
  Illumination,
  MakeTime,
  Observer,
  Rotation_EQJ_EQD,
  SetDeltaTFunction,
  SiderealTime,
} from 'astronomy-engine';
import { DEG, wrap360 } from '../angles.ts';
import { separationDeg } from '../coords/separation.ts';
import { LEAP_SECONDS, taiMinusUtc } from '../time/leap-seconds.ts';
import { TT_MINUS_TAI } from '../time/scales.ts';
import type { Site } from './site.ts';

/** Speed of light [au/day]. */
const LIGHT_AU_DAY = 173.1446326846693;

/**
 * astronomy-engine takes UTC for UT1 and extrapolates TT − UT by a model that is 6 s off in 2026. TT − UTC is known
 * exactly since 1972: we tell it so, once, before the first use.
 */
let deltaTIsSet = false;
export function astroTime(ms: number): AstroTime {
  if (!deltaTIsSet) {
    SetDeltaTFunction((daysFromJ2000) => {
      const mjd = Math.floor(daysFromJ2000 + 51544.5);
      return mjd < LEAP_SECONDS[0]![0] ? DeltaT_EspenakMeeus(daysFromJ2000) : taiMinusUtc(mjd) + TT_MINUS_TAI;
    });
    deltaTIsSet = true;
  }
  return MakeTime(new Date(ms));
}

const observerOf = (site: Site): Observer => new Observer(site.latitudeDeg, site.longitudeEastDeg, site.altitudeM);

/** Where something stands: true (geometric, not refracted) altitude, and azimuth from north through east [deg]. */
export interface Horizontal {
  readonly altitudeDeg: number;
  readonly azimuthDeg: number;
}

/** The sky over a site at one instant, for many positions. */
export interface LocalSky {
  /** Apparent local sidereal time [deg]. */
  readonly lstDeg: number;
  /** Of an ICRS position [deg]: precession, nutation and annual aberration applied; refraction is not. Good to 1″ where UT1 = UTC. */
  altAz(raDeg: number, decDeg: number): Horizontal;
}

/** @param atMs - UTC, milliseconds since 1970 */
export function localSky(atMs: number, site: Site): LocalSky {
  const time = astroTime(atMs);
  const r = Rotation_EQJ_EQD(time).rot as number[][];
  const earth = BaryState(Body.Earth, time);
  const beta = [earth.vx / LIGHT_AU_DAY, earth.vy / LIGHT_AU_DAY, earth.vz / LIGHT_AU_DAY] as const;
  const lst = wrap360(SiderealTime(time) * 15 + site.longitudeEastDeg);
  return {
    lstDeg: lst,
    altAz(raDeg, decDeg) {
      const c = Math.cos(decDeg / DEG);
      const x = c * Math.cos(raDeg / DEG) + beta[0],
        y = c * Math.sin(raDeg / DEG) + beta[1],
        z = Math.sin(decDeg / DEG) + beta[2];
      // astronomy-engine stores rotations by column.
      const u = r[0]![0]! * x + r[1]![0]! * y + r[2]![0]! * z,
        v = r[0]![1]! * x + r[1]![1]! * y + r[2]![1]! * z,
        w = r[0]![2]! * x + r[1]![2]! * y + r[2]![2]! * z;
      return horizontal(Math.atan2(v, u) * DEG, Math.atan2(w, Math.hypot(u, v)) * DEG, lst, site.latitudeDeg);
    },
  };
}

/** Altitude and azimuth of apparent coordinates of date [deg]. */
function horizontal(raDeg: number, decDeg: number, lst: number, latitudeDeg: number): Horizontal {
  const h = (lst - raDeg) / DEG,
    d = decDeg / DEG,
    f = latitudeDeg / DEG;
  const east = -Math.cos(d) * Math.sin(h),
    north = Math.sin(d) * Math.cos(f) - Math.cos(d) * Math.cos(h) * Math.sin(f),
    up = Math.sin(d) * Math.sin(f) + Math.cos(d) * Math.cos(h) * Math.cos(f);
  return { altitudeDeg: Math.atan2(up, Math.hypot(east, north)) * DEG, azimuthDeg: wrap360(Math.atan2(east, north) * DEG) };
}

/** Sun or Moon as seen from a site (parallax included): apparent coordinates of date [deg], true altitude [deg], angular radius [deg]. */
export interface BodyPosition extends Horizontal {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly radiusDeg: number;
}

const RADIUS_KM = { Sun: 695_700, Moon: 1737.4 } as const;
const AU_KM = 149_597_870.7;

export function bodyPosition(body: 'Sun' | 'Moon', atMs: number, site: Site): BodyPosition {
  const time = astroTime(atMs);
  const { ra, dec, dist } = Equator(body === 'Sun' ? Body.Sun : Body.Moon, time, observerOf(site), true, true);
  const lst = wrap360(SiderealTime(time) * 15 + site.longitudeEastDeg);
  return {
    raDeg: ra * 15,
    decDeg: dec,
    radiusDeg: Math.asin(RADIUS_KM[body] / (dist * AU_KM)) * DEG,
    ...horizontal(ra * 15, dec, lst, site.latitudeDeg),
  };
}

/** Share of the Moon's disc that is lit, 0 to 1. */
export const moonIllumination = (atMs: number): number => Illumination(Body.Moon, astroTime(atMs)).phase_fraction;

/** Distance of an ICRS position from the Moon as the site sees it [deg]. */
export function moonSeparationDeg(raDeg: number, decDeg: number, atMs: number, site: Site): number {
  const { ra, dec } = Equator(Body.Moon, astroTime(atMs), observerOf(site), false, true);
  return separationDeg(raDeg, decDeg, ra * 15, dec);
}
