import { DEG, wrap180 } from '../angles.ts';
import { separationDeg } from '../coords/separation.ts';
import type { Wcs } from '../wcs-types.ts';

/** How the sky lies on the pixels at one place. */
export interface LocalGeometry {
  /** Square root of the area of a pixel on the sky [arcsec]. */
  readonly pixelScaleArcsec: number;
  /** Position angle of +y, from north through east [deg], in (−180, 180]. */
  readonly rotationDeg: number;
  /** 1: east lies to the left when north is up, as on the sky; −1: mirrored. */
  readonly parity: 1 | -1;
}

/** Scale, rotation and parity at a pixel, by central differences over one pixel. */
export function localGeometry(wcs: Wcs, x: number, y: number): LocalGeometry {
  const [lon, lat] = wcs.pixelToSky(x, y);
  const toward = (dx: number, dy: number): [number, number] => {
    const [l1, b1] = wcs.pixelToSky(x + dx, y + dy),
      [l0, b0] = wcs.pixelToSky(x - dx, y - dy);
    const [e1, n1] = offset(lon, lat, l1, b1),
      [e0, n0] = offset(lon, lat, l0, b0);
    return [e1 - e0, n1 - n0]; // over one pixel: dx, dy = 0.5
  };
  const [eastX, northX] = toward(0.5, 0),
    [eastY, northY] = toward(0, 0.5);
  const area = eastX * northY - northX * eastY;
  return {
    pixelScaleArcsec: Math.sqrt(Math.abs(area)) * 3600,
    rotationDeg: wrap180(Math.atan2(eastY, northY) * DEG),
    parity: area < 0 ? 1 : -1,
  };
}

/** East and north of a point from a near one [deg], in the tangent plane to first order. */
function offset(lon0: number, lat0: number, lon: number, lat: number): [number, number] {
  const distance = separationDeg(lon0, lat0, lon, lat);
  if (distance === 0) return [0, 0];
  const dLon = (lon - lon0) / DEG,
    b0 = lat0 / DEG,
    b = lat / DEG;
  const east = Math.cos(b) * Math.sin(dLon),
    north = Math.sin(b) * Math.cos(b0) - Math.cos(b) * Math.sin(b0) * Math.cos(dLon);
  const norm = Math.hypot(east, north);
  return [(east / norm) * distance, (north / norm) * distance];
}
