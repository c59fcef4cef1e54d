import type { RawFrame } from '@colibri/pipeline';
import { parseWcs, type TanSip, tanSipWcs, type Wcs } from '@colibri/sky';
import type { Section } from '../detector/sections.ts';
import { type Orientation, turnPoint } from './orientation.ts';

/**
 * A plain TAN to start the astrometry from, for the trimmed and turned frame: the header's own WCS when it has one (distortion left
 * out), else the pointing with north up and east left. null when the header gives neither.
 */
export function startingWcs(raw: RawFrame, data: Section, turn: Orientation, pixelScaleDeg: number): Wcs | null {
  const width = data.x1 - data.x0,
    height = data.y1 - data.y0;
  const fromHeader = headerWcs(raw);
  if (fromHeader) {
    return tanNear(
      (x, y) => {
        const [ox, oy] = unturn(turn, x, y, width, height);
        return fromHeader.pixelToSky(ox + data.x0, oy + data.y0);
      },
      ...turnedSize(turn, width, height),
    );
  }
  if (!raw.meta.pointing) return null;
  const [w, h] = turnedSize(turn, width, height);
  return tanSipWcs(
    plainTan(
      [(w - 1) / 2, (h - 1) / 2],
      [raw.meta.pointing.raDeg, raw.meta.pointing.decDeg],
      [-pixelScaleDeg, 0, 0, pixelScaleDeg],
    ),
  );
}

const turnedSize = (turn: Orientation, width: number, height: number): [number, number] =>
  turn.transposed ? [height, width] : [width, height];

/** The raw header's WCS, when it is celestial and readable; a broken one is as good as none. */
function headerWcs(raw: RawFrame): Wcs | null {
  const type = raw.header.get('CTYPE1');
  if (typeof type !== 'string' || !/^(RA|DEC|GLON|ELON)-/.test(type)) return null;
  try {
    const wcs = parseWcs(raw.header);
    return wcs.system === 'ICRS' || wcs.system === 'FK5' ? wcs : null;
  } catch {
    return null;
  }
}

/** Old pixel of a new one: the orientations are isometries, so the inverse is another of the eight. */
function unturn(turn: Orientation, x: number, y: number, width: number, height: number): [number, number] {
  const inverse = turn.code === 1 ? 3 : turn.code === 3 ? 1 : turn.code;
  const [w, h] = turnedSize(turn, width, height);
  return turnPoint({ code: inverse, transposed: turn.transposed }, x, y, w, h);
}

/** TAN through the centre of an image with the local scale and rotation of any pixel → sky function. */
function tanNear(pixelToSky: (x: number, y: number) => [number, number], width: number, height: number): Wcs | null {
  const cx = (width - 1) / 2,
    cy = (height - 1) / 2;
  const [ra, dec] = pixelToSky(cx, cy);
  const step = Math.max(1, Math.min(width, height) / 8);
  const east = pixelToSky(cx + step, cy),
    north = pixelToSky(cx, cy + step);
  const west = pixelToSky(cx - step, cy),
    south = pixelToSky(cx, cy - step);
  const cos = Math.cos((dec * Math.PI) / 180);
  const dRa = (a: number, b: number): number => ((((a - b + 540) % 360) - 180) * cos) / (2 * step);
  const cd: TanSip['cd'] = [
    dRa(east[0], west[0]),
    dRa(north[0], south[0]),
    (east[1] - west[1]) / (2 * step),
    (north[1] - south[1]) / (2 * step),
  ];
  if (![ra, dec, ...cd].every(Number.isFinite) || cd[0] * cd[3] - cd[1] * cd[2] === 0) return null;
  return tanSipWcs(plainTan([cx, cy], [ra, dec], cd));
}

const plainTan = (crpix: [number, number], crval: [number, number], cd: TanSip['cd']): TanSip => ({
  crpix,
  crval,
  cd,
  order: 0,
  a: new Map(),
  b: new Map(),
});
