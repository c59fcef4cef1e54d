import { parseWcs, type Wcs } from '@colibri/sky';
import type { CardRow } from '../../workers/decode-image.ts';
import { northUp, upright, type View } from './transform.ts';

/** Sky coordinates of a picture in full-resolution pixels, whatever level the header was made for. */
export interface SkyFrame {
  pixelToSky(x: number, y: number): readonly [number, number];
  skyToPixel(raDeg: number, decDeg: number): readonly [number, number] | null;
  /** Directions of north and east on the pixels at a place, unit length; y up. */
  directions(x: number, y: number): { readonly north: readonly [number, number]; readonly east: readonly [number, number] };
  /** Size of a full-resolution pixel [arcsec]. */
  readonly pixelArcsec: number;
  readonly projection: string;
}

/** The WCS of header cards; `block` tells how many full pixels a side one pixel of this header covers. null: the header has none. */
export function skyFrame(cards: readonly CardRow[], block: number, centre: readonly [number, number]): SkyFrame | null {
  let wcs: Wcs;
  try {
    wcs = parseWcs(new Map(cards.map(([keyword, value]) => [keyword, value])));
  } catch {
    return null;
  }
  return fromWcs(wcs, block, centre);
}

function fromWcs(wcs: Wcs, block: number, centre: readonly [number, number]): SkyFrame | null {
  // The middle of a square of `block` pixels: full = (own + ½) · block − ½.
  const own = (full: number) => (full + 0.5) / block - 0.5;
  const full = (value: number) => (value + 0.5) * block - 0.5;
  const pixelToSky = (x: number, y: number) => wcs.pixelToSky(own(x), own(y));
  const directions = (x: number, y: number) => {
    const step = Math.max(1, block);
    const at = (dx: number, dy: number) => pixelToSky(x + dx, y + dy);
    const [ra, dec] = at(0, 0);
    const cos = Math.cos((dec * Math.PI) / 180);
    const wrap = (deg: number) => ((deg + 540) % 360) - 180;
    const offset = ([ra1, dec1]: readonly [number, number]) => [wrap(ra1 - ra) * cos, dec1 - dec] as const;
    const [ex, nx] = offset(at(step, 0));
    const [ey, ny] = offset(at(0, step));
    // Jacobian [[ex, ey], [nx, ny]]: its inverse's columns are the directions of east and north.
    const det = ex * ny - ey * nx;
    const unit = (dx: number, dy: number) => {
      const length = Math.hypot(dx, dy);
      return [dx / length, dy / length] as const;
    };
    return { east: unit(ny / det, -nx / det), north: unit(-ey / det, ex / det), area: Math.abs(det) / step ** 2 };
  };
  const middle = directions(...centre);
  const pixelArcsec = Math.sqrt(middle.area) * 3600;
  if (!Number.isFinite(pixelArcsec) || pixelArcsec <= 0) return null;
  return {
    pixelToSky,
    skyToPixel(raDeg, decDeg) {
      const found = wcs.skyToPixel(raDeg, decDeg);
      return found === null ? null : [full(found[0]), full(found[1])];
    },
    directions,
    pixelArcsec,
    projection: wcs.projection,
  };
}

/** Orientation with north up and east left at a place. */
export function skyOrientation(sky: SkyFrame | null, x: number, y: number): Pick<View, 'rotationDeg' | 'flip'> {
  if (sky === null) return upright;
  const { north, east } = sky.directions(x, y);
  return northUp(north, east);
}

/** The alert's place by the header: ICRS [deg] and radius [arcsec]; the spellings of the telescope control and of the simulator. */
export function alertCircle(cards: readonly CardRow[]): { raDeg: number; decDeg: number; radiusArcsec: number | null } | null {
  const number = (...keywords: string[]) => {
    for (const keyword of keywords) {
      const value = cards.find(([name]) => name === keyword)?.[1];
      const parsed = typeof value === 'number' ? value : typeof value === 'string' ? Number.parseFloat(value) : Number.NaN;
      if (Number.isFinite(parsed)) return parsed;
    }
    return null;
  };
  const raDeg = number('ALRA', 'SEXALRA', 'TRGRA');
  const decDeg = number('ALDE', 'SEXALDE', 'TRGDEC');
  const radiusDeg = number('ALUN', 'SEXALUN');
  return raDeg === null || decDeg === null
    ? null
    : { raDeg, decDeg, radiusArcsec: radiusDeg === null || radiusDeg <= 0 ? null : radiusDeg * 3600 };
}
