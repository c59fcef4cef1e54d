import { tanSipWcs, tanWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { pixelScale, plateOfWcs, plateToPlane, recenterPlate, tanSipOfPlate } from './plate-model.ts';
import { planeToSky, skyToPlane } from './tangent-plane.ts';

/** A cubic distortion of 3 pixels in the corners of 2048². */
const bent = tanSipWcs({
  crpix: [1030.3, 1011.8],
  crval: [215.6, 53.11],
  cd: [-1.0553e-4, -2.39e-6, -2.39e-6, 1.0553e-4],
  order: 3,
  a: new Map([
    ['2,0', 6e-7],
    ['1,1', -3.6e-7],
    ['3,0', 3.2e-9],
    ['1,2', 3.36e-9],
  ]),
  b: new Map([
    ['0,2', -4.8e-7],
    ['1,1', 3e-7],
    ['0,3', 3.2e-9],
    ['2,1', 3.04e-9],
  ]),
});

describe('plate models', () => {
  it('reproduce a distorted WCS over the whole frame, there and back as TAN-SIP', () => {
    const model = plateOfWcs(bent, 2048, 2048)!;
    expect(model.order).toBe(3);
    expect(pixelScale(model)).toBeCloseTo(0.3812, 3); // the distortion stretches the frame by 0.3 % on average
    const back = tanSipWcs(tanSipOfPlate(model));
    for (const [x, y] of [
      [0, 0],
      [2047, 0],
      [0, 2047],
      [2047, 2047],
      [700, 1400],
    ] as const) {
      const truth = bent.pixelToSky(x, y);
      // the distortion's centre moved to the middle of the frame: exact but for the tangent point, 1 mas allowed
      expect(Math.hypot(...skyToPlane({ raDeg: truth[0], decDeg: truth[1] }, ...back.pixelToSky(x, y)))).toBeLessThan(1e-3);
    }
  });

  it.each([
    [10, 0],
    [200, 89.99],
    [0, -89.9999],
    [359.9999, 45],
  ])('move their tangent point without moving the sky, at (%d, %d)', (ra, dec) => {
    const wcs = tanWcs({ crpix: [512, 512], crval: [ra, dec], cd: [-1e-4, 2e-6, 2e-6, 1e-4] });
    const model = plateOfWcs(wcs, 1024, 1024)!;
    const shifted = { ...model, xi: model.xi.slice(), eta: model.eta.slice() };
    shifted.xi[0]! += 40;
    shifted.eta[0]! -= 70;
    const recentred = recenterPlate(shifted);
    expect(Math.hypot(...plateToPlane(recentred, 511.5, 511.5))).toBeLessThan(1e-4); // quadratic terms of an 80″ shift, left out at order 1
    for (const [x, y] of [
      [0, 0],
      [1023, 1023],
      [0, 1023],
    ] as const) {
      const before = planeToSky(shifted.center, ...plateToPlane(shifted, x, y));
      const after = planeToSky(recentred.center, ...plateToPlane(recentred, x, y));
      expect(Math.hypot(...skyToPlane({ raDeg: before[0], decDeg: before[1] }, ...after))).toBeLessThan(1e-3);
    }
  });

  it('say nothing where the WCS does not reach', () => {
    const wcs = { ...bent, pixelToSky: (): [number, number] => [NaN, NaN] };
    expect(plateOfWcs(wcs, 100, 100)).toBeNull();
  });
});
