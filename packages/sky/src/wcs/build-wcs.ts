import type { Wcs } from '../wcs-types.ts';
import { sipCards, systemCards, type WcsCard } from './cards.ts';
import type { CelestialRotation } from './celestial-rotation.ts';
import { invertPlaneMap } from './plane-map.ts';
import type { Projection } from './projections/projection.ts';
import { type Sip, sipGuess, sipMap } from './sip.ts';
import { tpvMap } from './tpv.ts';

/** The steps between a pixel and the sky, in the order in which they are applied. */
export interface WcsParts {
  /** `TAN-SIP`, `TPV`, `SIN` …, and the three letters of CTYPE. */
  readonly name: string;
  readonly code: string;
  readonly system: Wcs['system'];
  readonly equinox: number | null;
  /** What CTYPE calls its longitude and latitude: `RA`, `DEC`; `GLON`, `GLAT` … */
  readonly axisNames: readonly [string, string];
  /** 0-based pixel. */
  readonly crpix: readonly [number, number];
  /** (longitude, latitude) [deg]. */
  readonly crval: readonly [number, number];
  /** Rows longitude, latitude; columns x, y [deg/pix]. */
  readonly cd: readonly [number, number, number, number];
  readonly sip: Sip | null;
  readonly tpv: { readonly pv1: ReadonlyMap<number, number>; readonly pv2: ReadonlyMap<number, number> } | null;
  readonly projection: Projection;
  readonly rotation: CelestialRotation;
  /** Of the plane's origin from the projection's own [deg]; zero but for PVi_0. */
  readonly planeOffset: readonly [number, number];
  readonly lonPole: number | undefined;
  readonly latPole: number | undefined;
  /** PVi_m as read, for the cards: (axis 1 longitude, 2 latitude; m; value). */
  readonly pv: readonly (readonly [1 | 2, number, number])[];
}

/** A WCS with what its cards said. */
export interface LinearWcs extends Wcs {
  /** 0-based reference pixel, its sky coordinates [deg], and the matrix [deg/pix] (rows longitude, latitude). */
  readonly crpix: readonly [number, number];
  readonly crval: readonly [number, number];
  readonly cd: readonly [number, number, number, number];
  /** Of FK5, FK4 and ecliptic coordinates [yr]; null for the others. */
  readonly equinox: number | null;
}

/** Closeness of the inverse [pix], three orders below what we promise. */
const PIXEL_TOLERANCE = 1e-9;

export function buildWcs(parts: WcsParts): LinearWcs {
  const { crpix, cd, sip, projection, rotation, planeOffset } = parts;
  const [c11, c12, c21, c22] = cd;
  const det = c11 * c22 - c12 * c21;
  const scale = Math.sqrt(Math.abs(det));
  const pixelMap = sip === null ? null : sipMap(sip);
  const planeMap = parts.tpv === null ? null : tpvMap(parts.tpv.pv1, parts.tpv.pv2);
  const out = new Float64Array(6);
  let planeOrientation = 1;
  if (planeMap !== null) {
    planeMap.evaluate(0, 0, out);
    planeOrientation = Math.sign(out[2]! * out[5]! - out[3]! * out[4]!) || 1;
  }
  return {
    projection: parts.name,
    system: parts.system,
    equinox: parts.equinox,
    crpix,
    crval: parts.crval,
    cd,
    pixelToSky(x, y) {
      let u = x - crpix[0],
        v = y - crpix[1];
      if (pixelMap !== null) {
        pixelMap.evaluate(u, v, out);
        u = out[0]!;
        v = out[1]!;
      }
      let xi = c11 * u + c12 * v,
        eta = c21 * u + c22 * v;
      if (planeMap !== null) {
        planeMap.evaluate(xi, eta, out);
        xi = out[0]!;
        eta = out[1]!;
      }
      const native = projection.toNative(xi + planeOffset[0], eta + planeOffset[1]);
      return native === null ? [Number.NaN, Number.NaN] : rotation.toSky(native[0], native[1]);
    },
    skyToPixel(lonDeg, latDeg) {
      if (!Number.isFinite(lonDeg) || !(Math.abs(latDeg) <= 90)) return null;
      const [phi, theta] = rotation.toNative(lonDeg, latDeg);
      const plane = projection.toPlane(phi, theta);
      if (plane === null) return null;
      let xi = plane[0] - planeOffset[0],
        eta = plane[1] - planeOffset[1];
      if (planeMap !== null) {
        const undistorted = invertPlaneMap(planeMap, [xi, eta], [xi, eta], {
          tolerance: PIXEL_TOLERANCE * scale,
          orientation: planeOrientation,
        });
        if (undistorted === null) return null;
        [xi, eta] = undistorted;
      }
      const u = (c22 * xi - c12 * eta) / det,
        v = (c11 * eta - c21 * xi) / det;
      if (pixelMap === null || sip === null) return [u + crpix[0], v + crpix[1]];
      const pixel = invertPlaneMap(pixelMap, [u, v], sipGuess(sip, u, v), { tolerance: PIXEL_TOLERANCE });
      return pixel === null ? null : [pixel[0] + crpix[0], pixel[1] + crpix[1]];
    },
    toCards: () => wcsCards(parts),
  };
}

function wcsCards(parts: WcsParts): WcsCard[] {
  const { axisNames, code, sip, crpix, crval, cd } = parts;
  const suffix = sip === null ? '' : '-SIP';
  const ctype = (axis: string): string => `${axis.padEnd(4, '-')}-${code.padEnd(3, '-')}${suffix}`;
  const cards: WcsCard[] = [
    { keyword: 'WCSAXES', value: 2, comment: 'Number of coordinate axes' },
    { keyword: 'CTYPE1', value: ctype(axisNames[0]), comment: 'Longitude axis and projection' },
    { keyword: 'CTYPE2', value: ctype(axisNames[1]), comment: 'Latitude axis and projection' },
    { keyword: 'CUNIT1', value: 'deg', comment: 'Unit of axis 1' },
    { keyword: 'CUNIT2', value: 'deg', comment: 'Unit of axis 2' },
    { keyword: 'CRVAL1', value: crval[0], comment: '[deg] Longitude at the reference pixel' },
    { keyword: 'CRVAL2', value: crval[1], comment: '[deg] Latitude at the reference pixel' },
    { keyword: 'CRPIX1', value: crpix[0] + 1, comment: '[pix] Reference pixel, axis 1' },
    { keyword: 'CRPIX2', value: crpix[1] + 1, comment: '[pix] Reference pixel, axis 2' },
    { keyword: 'CD1_1', value: cd[0], comment: '[deg/pix]' },
    { keyword: 'CD1_2', value: cd[1], comment: '[deg/pix]' },
    { keyword: 'CD2_1', value: cd[2], comment: '[deg/pix]' },
    { keyword: 'CD2_2', value: cd[3], comment: '[deg/pix]' },
  ];
  if (parts.lonPole !== undefined)
    cards.push({ keyword: 'LONPOLE', value: parts.lonPole, comment: '[deg] Native longitude of the pole' });
  if (parts.latPole !== undefined)
    cards.push({ keyword: 'LATPOLE', value: parts.latPole, comment: '[deg] Latitude of the native pole' });
  cards.push(...systemCards(parts.system, parts.equinox));
  for (const [axis, m, value] of parts.pv)
    cards.push({ keyword: `PV${axis}_${m}`, value, comment: 'Projection or distortion parameter' });
  if (sip !== null) {
    for (const [name, poly] of [
      ['A', sip.a],
      ['B', sip.b],
      ['AP', sip.ap],
      ['BP', sip.bp],
    ] as const) {
      if (poly === null) continue;
      cards.push(...sipCards(name, poly.order, (p, q) => poly.coefficients[p * (poly.order + 1) + q]!));
    }
  }
  return cards;
}
