import { cosd, sind } from '../angles.ts';
import {
  wcsBadProjectionParameter,
  wcsBadValue,
  wcsBrokenSip,
  wcsMissing,
  wcsSingular,
  wcsUnknownProjection,
  wcsUnsupportedDistortion,
} from '../errors.ts';
import type { Wcs } from '../wcs-types.ts';
import { type Bivariate, bivariate } from './bivariate.ts';
import { buildWcs, type LinearWcs } from './build-wcs.ts';
import { celestialRotation } from './celestial-rotation.ts';
import { hasDssPlate, parseDssWcs } from './dss-wcs.ts';
import { type CardReader, cardReader, type HeaderLookup } from './header-values.ts';
import { projections } from './projections/index.ts';
import { BadParameter } from './projections/projection.ts';
import type { Sip } from './sip.ts';
import { TPV_TERMS } from './tpv.ts';

export interface ParseWcsOptions {
  /** Letter of an alternate WCS, `A` to `Z`; the primary one by default. */
  readonly alternate?: string;
  /** File and HDU, for messages. */
  readonly where?: string;
  /** Look-up tables and the like, which we do not apply: an error, or left out knowingly. */
  readonly unsupportedDistortion?: 'refuse' | 'ignore';
}

/**
 * The celestial coordinates that a header describes (FITS standard 4.0 §8; Papers I and II; SIP; TPV).
 *
 * x and y are the pixel axes with the numbers of the two celestial axes (1 and 2 nearly always); further axes, of a
 * spectrum or of time, do not enter. Longitude comes first in the result whichever axis carries it.
 */
export function parseWcs(
  header: HeaderLookup,
  { alternate = '', where = 'the header', unsupportedDistortion = 'refuse' }: ParseWcsOptions = {},
): LinearWcs {
  const cards = cardReader(header, where);
  const axes = findCelestialAxes(cards, alternate);
  if (axes === null) {
    if (alternate === '' && hasDssPlate(cards)) return parseDssWcs(cards);
    throw wcsMissing({ where, keyword: `CTYPE1${alternate} and CTYPE2${alternate} of a celestial pair` });
  }
  if (unsupportedDistortion === 'refuse') refuseUnsupported(cards, axes, alternate);
  const { i, j, lon, lat } = axes;
  const number = (keyword: string, fallback: number): number => cards.number(keyword + alternate) ?? fallback;

  const unit = { [lon]: degreesPer(cards, `CUNIT${lon}${alternate}`), [lat]: degreesPer(cards, `CUNIT${lat}${alternate}`) };
  const crval: [number, number] = [number(`CRVAL${lon}`, 0) * unit[lon]!, number(`CRVAL${lat}`, 0) * unit[lat]!];
  if (Math.abs(crval[1]) > 90) {
    throw wcsBadValue({
      where,
      keyword: `CRVAL${lat}${alternate}`,
      value: String(crval[1]),
      expected: 'a latitude from −90 to 90',
    });
  }
  const crpix: [number, number] = [number(`CRPIX${i}`, 0) - 1, number(`CRPIX${j}`, 0) - 1];
  const matrix = readMatrix(cards, axes, alternate);
  const rowLon = matrix[lon]!.map((c) => c * unit[lon]!) as [number, number],
    rowLat = matrix[lat]!.map((c) => c * unit[lat]!) as [number, number];
  const cd = [...rowLon, ...rowLat] as [number, number, number, number];
  const determinant = cd[0] * cd[3] - cd[1] * cd[2];
  if (!(Math.abs(determinant) > 1e-14 * Math.hypot(...rowLon) * Math.hypot(...rowLat))) throw wcsSingular({ where, determinant });

  const pvLon = readPv(cards, lon, alternate),
    pvLat = readPv(cards, lat, alternate);
  const sip = alternate === '' && axes.code !== 'TPV' ? readSip(cards, axes.sip) : null;
  let { code } = axes;
  // SCAMP before 2012 wrote TPV's terms under the name TAN; where SIP is there too, SIP is meant.
  if (code === 'TAN' && sip === null && (pvLat.size > 0 || [...pvLon.keys()].some((m) => m > 4))) code = 'TPV';
  const isTpv = code === 'TPV';
  if (isTpv) {
    for (const [axis, pv] of [
      [lon, pvLon],
      [lat, pvLat],
    ] as const) {
      const beyond = [...pv.keys()].find((m) => m >= TPV_TERMS);
      if (beyond !== undefined) {
        const what = `PV${axis}_${beyond} lies beyond the ${TPV_TERMS} terms of TPV`;
        throw wcsBadProjectionParameter({ where, projection: 'TPV', what });
      }
    }
  }
  const parameters = isTpv || code === 'TAN' ? new Map<number, number>() : new Map(pvLat);
  const lonParameters = isTpv || (code === 'TAN' && sip !== null) ? new Map<number, number>() : new Map(pvLon);
  if (code === 'NCP') {
    if (crval[1] === 0) throw wcsBadProjectionParameter({ where, projection: 'NCP', what: 'it does not exist on the equator' });
    parameters.set(1, 0).set(2, cosd(crval[1]) / sind(crval[1]));
    code = 'SIN';
  } else if (code === 'GLS') {
    // AIPS's GLS is not rotated: its origin of the plane is moved instead (Paper II §6.1.4).
    if (crval[1] !== 0) lonParameters.set(0, 1).set(1, 0).set(2, crval[1]);
    code = 'SFL';
  }
  const make = projections[isTpv ? 'TAN' : code];
  if (make === undefined) throw wcsUnknownProjection({ where, ctype1: axes.ctype[0], ctype2: axes.ctype[1] });
  try {
    const projection = make((m, fallback) => parameters.get(m) ?? fallback);
    const phi0 = lonParameters.get(1) ?? projection.phi0,
      theta0 = lonParameters.get(2) ?? projection.theta0;
    const lonPole = cards.number(`LONPOLE${alternate}`) ?? lonParameters.get(3);
    const latPole = cards.number(`LATPOLE${alternate}`) ?? lonParameters.get(4);
    const rotation = celestialRotation({ lon0: crval[0], lat0: crval[1], phi0, theta0, lonPole, latPole });
    const offset = (lonParameters.get(0) ?? 0) === 0 ? [0, 0] : projection.toPlane(phi0, theta0);
    if (offset === null) throw new BadParameter(`its fiducial point (${phi0}, ${theta0}) is not on the map`);
    const written = isTpv ? [pvLon, pvLat] : [lonParameters, parameters];
    return buildWcs({
      name: sip !== null ? `${code}-SIP` : code,
      code,
      ...readSystem(cards, axes.family, alternate),
      axisNames: axes.names,
      crpix,
      crval,
      cd,
      sip,
      tpv: isTpv ? { pv1: pvLon, pv2: pvLat } : null,
      projection,
      rotation,
      planeOffset: [offset[0]!, offset[1]!],
      lonPole,
      latPole,
      pv: written.flatMap((pv, index) => [...pv].map(([m, value]) => [index === 0 ? 1 : 2, m, value] as const)),
    });
  } catch (cause) {
    if (cause instanceof BadParameter) throw wcsBadProjectionParameter({ where, projection: code, what: cause.message }, cause);
    throw cause;
  }
}

type Family = 'equatorial' | 'galactic' | 'ecliptic' | 'other';

interface CelestialAxes {
  /** Numbers of the pixel axes that are x and y. */
  readonly i: number;
  readonly j: number;
  /** Numbers of the longitude and latitude axes: the same two. */
  readonly lon: number;
  readonly lat: number;
  readonly code: string;
  readonly sip: boolean;
  readonly family: Family;
  readonly names: readonly [string, string];
  readonly ctype: readonly [string, string];
}

/** The pair of axes whose CTYPE names a longitude, a latitude and one projection. */
function findCelestialAxes(cards: CardReader, alternate: string): CelestialAxes | null {
  let lonAxis: ParsedCtype | undefined, latAxis: ParsedCtype | undefined;
  for (let axis = 1; axis <= 9; axis++) {
    const ctype = cards.text(`CTYPE${axis}${alternate}`)?.toUpperCase();
    if (ctype === undefined) continue;
    const parsed = parseCtype(axis, ctype);
    if (parsed?.kind === 'lon') lonAxis ??= parsed;
    if (parsed?.kind === 'lat') latAxis ??= parsed;
  }
  if (lonAxis === undefined && latAxis === undefined) return null;
  const ctype: [string, string] = [lonAxis?.ctype ?? '(none)', latAxis?.ctype ?? '(none)'];
  if (lonAxis === undefined || latAxis === undefined || lonAxis.code !== latAxis.code || lonAxis.partner !== latAxis.name) {
    throw wcsUnknownProjection({ where: cards.where, ctype1: ctype[0], ctype2: ctype[1] });
  }
  return {
    i: Math.min(lonAxis.axis, latAxis.axis),
    j: Math.max(lonAxis.axis, latAxis.axis),
    lon: lonAxis.axis,
    lat: latAxis.axis,
    code: lonAxis.code,
    sip: lonAxis.sip,
    family:
      lonAxis.name === 'RA'
        ? 'equatorial'
        : lonAxis.name === 'GLON'
          ? 'galactic'
          : lonAxis.name === 'ELON'
            ? 'ecliptic'
            : 'other',
    names: [lonAxis.name, latAxis.name],
    ctype,
  };
}

interface ParsedCtype {
  readonly axis: number;
  readonly ctype: string;
  readonly kind: 'lon' | 'lat';
  readonly name: string;
  /** Name of the other axis of the pair. */
  readonly partner: string;
  readonly code: string;
  readonly sip: boolean;
}

function parseCtype(axis: number, ctype: string): ParsedCtype | null {
  const match = /^(RA|DEC|[A-Z]L(?:ON|AT)|[A-Z]{2}L[NT])-+([A-Z]{3})(-SIP)?/.exec(ctype);
  if (match === null) return null;
  const [, name, code, sip] = match as unknown as [string, string, string, string | undefined];
  const kind = name === 'RA' || /L(ON|N)$/.test(name) ? 'lon' : 'lat';
  const partner = name === 'RA' ? 'DEC' : name === 'DEC' ? 'RA' : name.replace(/LON$/, 'LAT').replace(/LN$/, 'LT');
  return { axis, ctype, kind, name, partner, code, sip: sip !== undefined };
}

/** Factor from the unit of an axis to degrees. */
function degreesPer(cards: CardReader, keyword: string): number {
  const unit = cards.text(keyword);
  switch (unit?.toLowerCase()) {
    case undefined:
    case '':
    case 'deg':
    case 'degree':
    case 'degrees':
      return 1;
    case 'arcmin':
      return 1 / 60;
    case 'arcsec':
      return 1 / 3600;
    case 'mas':
      return 1 / 3_600_000;
    case 'rad':
      return 180 / Math.PI;
    default:
      throw wcsBadValue({ where: cards.where, keyword, value: `'${unit}'`, expected: 'deg, arcmin, arcsec, mas or rad' });
  }
}

/** Row of the matrix per celestial axis; columns x, y. PC with CDELT before CD before CROTA, as wcslib does. */
function readMatrix(cards: CardReader, { i, j, lat }: CelestialAxes, alternate: string): Record<number, [number, number]> {
  const element = (kind: string, row: number, column: number): number | undefined =>
    cards.number(`${kind}${row}_${column}${alternate}`) ??
    (alternate === '' ? cards.number(`${kind}00${row}00${column}`) : undefined);
  const anyOf = (kind: string): boolean => [i, j].some((r) => [i, j].some((c) => element(kind, r, c) !== undefined));
  const cdelt = { [i]: cards.number(`CDELT${i}${alternate}`) ?? 1, [j]: cards.number(`CDELT${j}${alternate}`) ?? 1 };
  const rows = (value: (row: number, column: number) => number): Record<number, [number, number]> => ({
    [i]: [value(i, i), value(i, j)],
    [j]: [value(j, i), value(j, j)],
  });
  if (anyOf('PC')) return rows((r, c) => cdelt[r]! * (element('PC', r, c) ?? (r === c ? 1 : 0)));
  if (anyOf('CD')) return rows((r, c) => element('CD', r, c) ?? 0);
  const rotation = alternate === '' ? (cards.number(`CROTA${lat}`) ?? cards.number(`CROTA${lat === i ? j : i}`) ?? 0) : 0;
  return {
    [i]: [cdelt[i]! * cosd(rotation), -cdelt[j]! * sind(rotation)],
    [j]: [cdelt[i]! * sind(rotation), cdelt[j]! * cosd(rotation)],
  };
}

function readPv(cards: CardReader, axis: number, alternate: string): Map<number, number> {
  const pv = new Map<number, number>();
  for (let m = 0; m < 100; m++) {
    const value = cards.number(`PV${axis}_${m}${alternate}`);
    if (value !== undefined) pv.set(m, value);
  }
  return pv;
}

/** SIP, where CTYPE or the cards say so. */
function readSip(cards: CardReader, announced: boolean): Sip | null {
  const a = readPolynomial(cards, 'A'),
    b = readPolynomial(cards, 'B');
  if (a === null && b === null) {
    if (announced && ['A_2_0', 'A_0_2', 'A_1_1'].some(cards.has)) {
      throw wcsBrokenSip({ where: cards.where, what: 'coefficients A_p_q without A_ORDER and B_ORDER' });
    }
    return null;
  }
  if (a === null || b === null) {
    const [there, missing] = a === null ? ['B', 'A'] : ['A', 'B'];
    throw wcsBrokenSip({ where: cards.where, what: `${there}_ORDER is there, ${missing}_ORDER is not` });
  }
  const ap = readPolynomial(cards, 'AP'),
    bp = readPolynomial(cards, 'BP');
  return ap === null || bp === null ? { a, b, ap: null, bp: null } : { a, b, ap, bp };
}

function readPolynomial(cards: CardReader, name: string): Bivariate | null {
  const order = cards.number(`${name}_ORDER`);
  if (order === undefined) return null;
  if (!Number.isInteger(order) || order < 0 || order > 9) {
    throw wcsBrokenSip({ where: cards.where, what: `${name}_ORDER is ${order}, expected an integer from 0 to 9` });
  }
  const terms = new Map<string, number>();
  for (let p = 0; p <= order; p++) {
    for (let q = 0; p + q <= order; q++) {
      const value = cards.number(`${name}_${p}_${q}`);
      if (value !== undefined) terms.set(`${p},${q}`, value);
    }
  }
  return bivariate(order, terms);
}

/** The frame of equatorial coordinates (FITS standard 4.0 §8.3), by RADESYS, else by EQUINOX. */
function readSystem(cards: CardReader, family: Family, alternate: string): { system: Wcs['system']; equinox: number | null } {
  if (family === 'galactic') return { system: 'GALACTIC', equinox: null };
  const equinox = readEquinox(cards, alternate);
  if (family === 'ecliptic') return { system: 'ECLIPTIC', equinox: equinox ?? 2000 };
  if (family === 'other') return { system: 'UNKNOWN', equinox: null };
  const radesys = (
    cards.text(`RADESYS${alternate}`) ||
    (alternate === '' ? cards.text('RADECSYS') : undefined) ||
    ''
  ).toUpperCase();
  if (radesys === 'ICRS') return { system: 'ICRS', equinox: null };
  if (radesys.startsWith('FK5')) return { system: 'FK5', equinox: equinox ?? 2000 };
  if (radesys.startsWith('FK4')) return { system: 'FK4', equinox: equinox ?? 1950 };
  if (radesys !== '') return { system: 'UNKNOWN', equinox: equinox ?? null };
  if (equinox === undefined) return { system: 'ICRS', equinox: null };
  return equinox < 1984 ? { system: 'FK4', equinox } : { system: 'FK5', equinox };
}

/** EQUINOX (or EPOCH of old headers); `J2000` and `B1950` in quotes are met too. */
function readEquinox(cards: CardReader, alternate: string): number | undefined {
  for (const keyword of [`EQUINOX${alternate}`, ...(alternate === '' ? ['EPOCH'] : [])]) {
    const value = Number.parseFloat((cards.text(keyword) ?? '').replace(/^[JB]/i, ''));
    if (Number.isFinite(value) && value > 0) return value;
  }
  return undefined;
}

/** Distortions of Paper IV in look-up tables, and detector-to-image corrections. */
function refuseUnsupported(cards: CardReader, { i, j }: CelestialAxes, alternate: string): void {
  for (const keyword of [i, j].flatMap((n) => [`CPDIS${n}${alternate}`, `CQDIS${n}${alternate}`, `D2IMDIS${n}`])) {
    const value = cards.text(keyword);
    if (value !== undefined && value !== '') throw wcsUnsupportedDistortion({ where: cards.where, keyword, value });
  }
}
