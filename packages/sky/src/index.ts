export { ARCSEC, DEG, wrap180, wrap360 } from './angles.ts';
export { eclipticToIcrs, galacticToIcrs, icrsToEcliptic, icrsToGalactic } from './coords/frames.ts';
export { icrsToMeanOfDate, meanObliquityDeg, meanOfDateToIcrs, precess } from './coords/precession.ts';
export type { RadialMotion } from './coords/proper-motion.ts';
export { propagate, propagateColumns } from './coords/proper-motion.ts';
export { positionAngleDeg, separationArcsec, separationDeg } from './coords/separation.ts';
export { formatDec, formatRa, parseDec, parseRa, sexagesimal } from './coords/sexagesimal.ts';
export { deprojectTangent, projectTangent } from './coords/tangent-plane.ts';
export * as skyErrors from './errors.ts';
export type { CatalogMatch, MatchKind } from './match/match-catalogs.ts';
export { matchCatalogs } from './match/match-catalogs.ts';
export type { Neighbour } from './match/sphere-index.ts';
export { SphereIndex } from './match/sphere-index.ts';
export type { Air } from './night/atmosphere.ts';
export { airmassPickering, refractionDeg, standardPressureHPa } from './night/atmosphere.ts';
export type { BodyPosition, Horizontal, LocalSky } from './night/ephemeris.ts';
export { bodyPosition, localSky, moonIllumination, moonSeparationDeg } from './night/ephemeris.ts';
export { nightBounds, nightId, nightLabel } from './night/night-id.ts';
export type { NightTimes } from './night/night-times.ts';
export { nightTimes } from './night/night-times.ts';
export type { Site } from './night/site.ts';
export { sanPedroMartir } from './night/site.ts';
export { dateOfMjd, mjdOfDate } from './time/calendar.ts';
export type { UtcInstant } from './time/iso.ts';
export { isoUtcOfMjd, mjdUtc, mjdUtcOfMs, msOfMjdUtc, parseUtc } from './time/iso.ts';
export { LEAP_SECONDS, LEAP_SECONDS_CHECKED_UNTIL_MJD, leapSecondNote, taiMinusUtc } from './time/leap-seconds.ts';
export {
  jdOfMjd,
  julianEpoch,
  mjdOfJd,
  mjdOfJulianEpoch,
  taiOfUtc,
  tdbMinusTt,
  tdbOfUtc,
  ttOfUtc,
  utcOfTai,
  utcOfTt,
} from './time/scales.ts';
export { earthRotationAngleDeg, gmstDeg, lstDeg } from './time/sidereal.ts';
export type { LinearWcs } from './wcs/build-wcs.ts';
export type { WcsCard } from './wcs/cards.ts';
export type { LocalGeometry } from './wcs/geometry.ts';
export { localGeometry } from './wcs/geometry.ts';
export type { HeaderLookup } from './wcs/header-values.ts';
export type { ParseWcsOptions } from './wcs/parse-wcs.ts';
export { parseWcs } from './wcs/parse-wcs.ts';
export type { ImageSize } from './wcs/sip-inverse.ts';
export { tanSipWcs, tanWcs } from './wcs/tan-sip-wcs.ts';
export type { TanSip, Wcs } from './wcs-types.ts';
