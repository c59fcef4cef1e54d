import { describe, expect, it } from 'vitest';
import { circularMoffat } from '../detect/moffat.ts';
import { psfStamp } from '../psf/psf-stamp.ts';
import { coordinateGrid } from '../resample/coordinate-grid.ts';
import { psfOnGrid } from './psf-on-grid.ts';
import { profilePsf } from './testing.ts';

const size = 400;
const shape = { width: size, height: size };
// Wider from left to right: 3.4 to 4.6 pixels.
const psf = profilePsf((x) => circularMoffat(3.4 + (1.2 * x) / size, 3), size);

describe('psfOnGrid', () => {
  it('is the same PSF at the same star when the grid is shifted', () => {
    const moved = psfOnGrid(
      psf,
      coordinateGrid(shape, (x, y) => [x + 30.3, y - 12.6]),
      shape,
    );
    expect(moved.fwhmPix).toBeCloseTo(psf.fwhmPix, 6);
    const [here, there] = [psfStamp(moved, 200, 150, 6), psfStamp(psf, 230, 137, 6)];
    // The spline is sampled at its own nodes again; 0.3 pixel change the width by 0.03 %.
    for (const [i, v] of here.entries()) expect(Math.abs(v - there[i]!)).toBeLessThan(1e-4);
  });

  it('turns with the grid: what varied along x varies along y', () => {
    const turned = psfOnGrid(
      psf,
      coordinateGrid(shape, (x, y) => [y, size - 1 - x]),
      shape,
    );
    const peak = (y: number) => psfStamp(turned, 200, y, 6)[6 * 13 + 6]!;
    expect(peak(40) / psfStamp(psf, 40, 200, 6)[6 * 13 + 6]!).toBeCloseTo(1, 3);
    expect(peak(360) / psfStamp(psf, 360, 200, 6)[6 * 13 + 6]!).toBeCloseTo(1, 3);
  });

  it('keeps the light, and the width on the sky, on pixels of another size', () => {
    for (const scale of [0.7, 1.6]) {
      const other = psfOnGrid(
        psf,
        coordinateGrid(shape, (x, y) => [scale * x, scale * y]),
        shape,
      );
      expect(other.fwhmPix * scale).toBeCloseTo(psf.fwhmPix, 6);
      const radius = Math.ceil(other.radiusPix);
      const stamp = psfStamp(other, 100, 100, radius);
      // A spline over nodes sums to 1; over whole pixels of a star this small nearly so.
      expect(Math.abs(stamp.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(0.004);
      // Samples of one profile, times the area of a pixel.
      const own = psfStamp(psf, 100 * scale, 100 * scale, 0)[0]!;
      expect(Math.abs(psfStamp(other, 100, 100, 0)[0]! / (own * scale ** 2) - 1)).toBeLessThan(0.004);
    }
  });
});
