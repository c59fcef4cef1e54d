import { emptyHdu, imageHdu, writeFits } from '@colibri/fits';
import { describe, expect, it } from 'vitest';
import { buffersOf, decodeImage } from './decode-image.ts';

const [width, height] = [600, 520];
const science = Float32Array.from({ length: width * height }, (_, i) =>
  i === 7 ? Number.NaN : 200 + 20 * Math.sin(i * 0.37) + (i % 1013 === 0 ? 4000 : 0),
);
const flags = Int16Array.from({ length: width * height }, (_, i) => (i % 1013 === 0 ? 2 : i === 7 ? 1 : 0));
const shape = [width, height];

describe('decoding a frame for the screen', () => {
  it.each([
    ['plain', undefined, 1e-3],
    // Quantised with dither in steps of a quarter of the noise of a tile: bounded loss, stated in the header.
    ['tile-compressed', { algorithm: 'RICE_1' as const }, 3],
  ])('reads SCI and MASK of a %s file, with levels for every zoom', async (_name, compress, tolerance) => {
    const packed = compress === undefined ? {} : { compress };
    const bytes = writeFits([
      emptyHdu(),
      imageHdu({ data: science, shape, name: 'SCI', unit: 'electron', ...packed }),
      imageHdu({ data: flags, shape, name: 'MASK', ...packed }),
    ]);
    const image = await decodeImage(bytes, 'frame.fits.fz');
    expect([image.width, image.height, image.unit]).toEqual([width, height, 'electron']);
    expect(image.levels.map((level) => [level.width, level.block])).toEqual([
      [600, 1],
      [300, 2],
    ]);
    let worst = 0;
    image.levels[0]!.data.forEach((value, i) => {
      if (i !== 7) worst = Math.max(worst, Math.abs(value - science[i]!));
    });
    expect(worst).toBeLessThan(tolerance);
    expect(image.levels[0]!.data[7]).toBeNaN();
    expect(image.mask![0]!.data[1013]).toBe(2);
    expect(image.mask![1]!.data[3]).toBe(1); // pixel 7 lies in the square 3
    expect(image.cards.some(([keyword]) => keyword === 'BUNIT')).toBe(true);
    expect(new Set(buffersOf(image)).size).toBe(5);
  });

  it('refuses what is not FITS with a code and a remedy', async () => {
    await expect(decodeImage(new TextEncoder().encode('<html>not found</html>'.padEnd(3000)), 'x')).rejects.toMatchObject({
      code: expect.stringMatching(/^FITS_/),
    });
  });
});
