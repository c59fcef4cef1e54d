import { describe, expect, it } from 'vitest';
import type { CardRow } from '../../workers/decode-image.ts';
import { alertCircle, skyFrame, skyOrientation } from './sky-frame.ts';

/** TAN, 0.38″ pixels, north turned by 3°, the centre of the projection at 0-based pixel (511.5, 511.5); `block` as a preview would write it. */
const cards = (block: number, mirrored = false): CardRow[] => {
  const scale = (0.38 / 3600) * block;
  const [cos, sin] = [Math.cos(Math.PI / 60), Math.sin(Math.PI / 60)];
  const e = mirrored ? 1 : -1;
  const crpix = 512 / block + 0.5;
  const rows: [string, string | number][] = [
    ['CTYPE1', 'RA---TAN'],
    ['CTYPE2', 'DEC--TAN'],
    ['CRPIX1', crpix],
    ['CRPIX2', crpix],
    ['CRVAL1', 215.6],
    ['CRVAL2', 53.1],
    ['CD1_1', e * scale * cos],
    ['CD1_2', e * scale * sin],
    ['CD2_1', -scale * sin],
    ['CD2_2', scale * cos],
  ];
  return rows.map(([keyword, value]) => [keyword, value, '']);
};
const middle = [511.5, 511.5] as const;

describe('sky coordinates of a picture', () => {
  it('gives the same sky from the preview and from the full image: half-pixel exact', () => {
    const whole = skyFrame(cards(1), 1, middle)!;
    const preview = skyFrame(cards(4), 4, middle)!;
    for (const [x, y] of [
      [0, 0],
      [511.5, 511.5],
      [1000.25, 3.5],
    ] as const) {
      const [ra, dec] = whole.pixelToSky(x, y);
      const [ra4, dec4] = preview.pixelToSky(x, y);
      expect(Math.hypot((ra - ra4) * Math.cos(dec / 57.3), dec - dec4) * 3600).toBeLessThan(1e-6);
      expect(preview.skyToPixel(ra, dec)).toEqual([expect.closeTo(x, 6), expect.closeTo(y, 6)]);
    }
    expect(whole.pixelArcsec).toBeCloseTo(0.38, 6);
    expect(preview.pixelArcsec).toBeCloseTo(0.38, 6);
  });

  it('puts the projection centre where the header says', () => {
    const [ra, dec] = skyFrame(cards(1), 1, middle)!.pixelToSky(...middle);
    expect([ra, dec]).toEqual([expect.closeTo(215.6, 9), expect.closeTo(53.1, 9)]);
  });

  it('turns north up, and mirrors only a mirrored sky', () => {
    const plain = skyOrientation(skyFrame(cards(1), 1, middle), ...middle);
    const mirrored = skyOrientation(skyFrame(cards(1, true), 1, middle), ...middle);
    expect(plain.flip).toBe(false);
    expect(Math.abs(plain.rotationDeg)).toBeCloseTo(3, 1);
    expect(mirrored.flip).toBe(true);
  });

  it('has no sky without a WCS', () => expect(skyFrame([['NAXIS', 2, '']], 1, middle)).toBeNull());
});

describe('the alert circle', () => {
  it('takes the position and the radius of the telescope control, or the position alone', () => {
    expect(
      alertCircle([
        ['ALRA', 10, ''],
        ['ALDE', -20, ''],
        ['ALUN', 0.03, ''],
      ]),
    ).toEqual({ raDeg: 10, decDeg: -20, radiusArcsec: expect.closeTo(108, 9) });
    expect(
      alertCircle([
        ['TRGRA', '215.1', ''],
        ['TRGDEC', '53', ''],
      ]),
    ).toEqual({ raDeg: 215.1, decDeg: 53, radiusArcsec: null });
    expect(alertCircle([])).toBeNull();
  });
});
