import { type TanSip, tanSipWcs, type Wcs } from '@colibri/sky';

/** COLIBRI's plate scale [deg/pixel]. */
export const plateScaleDeg = 0.0001056;

/**
 * The true WCS of a raw data area: north up and east left when the mount stands at 0°; the red arm (C2) sees its image mirrored top
 * to bottom; a mount rotation turns both. Distortion of third order, about 3 pixels 1000 pixels from the axis.
 */
export function trueWcs({
  raDeg,
  decDeg,
  size,
  camera,
  mountRotationDeg,
  rollDeg,
}: {
  raDeg: number;
  decDeg: number;
  size: number;
  camera: string;
  mountRotationDeg: number;
  rollDeg: number;
}): Wcs {
  // Reduction turns the raw frame by mountRotation: the sky in the raw frame is turned back by as much.
  const angle = ((rollDeg - mountRotationDeg) * Math.PI) / 180;
  const cos = Math.cos(angle) * plateScaleDeg,
    sin = Math.sin(angle) * plateScaleDeg;
  const upright: TanSip['cd'] = [-cos, sin, sin, cos];
  const mirrored = camera === 'C2';
  const cd: TanSip['cd'] = mirrored ? [upright[0], -upright[1], upright[2], -upright[3]] : upright;
  const flip = mirrored ? -1 : 1;
  const center: [number, number] = [(size - 1) / 2 + 6.8, (size - 1) / 2 - 11.2 * flip];
  return tanSipWcs({
    crpix: center,
    crval: [raDeg, decDeg],
    cd,
    order: 3,
    a: new Map([
      ['2,0', 4e-7],
      ['1,1', -2e-7 * flip],
      ['3,0', 2.9e-9],
      ['1,2', 3.0e-9],
    ]),
    b: new Map([
      ['0,2', -3e-7 * flip],
      ['2,0', 1.5e-7 * flip],
      ['0,3', 2.9e-9],
      ['2,1', 2.8e-9],
    ]),
  });
}
