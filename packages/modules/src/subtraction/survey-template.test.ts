import { Header, imageHdu, writeFits } from '@colibri/fits';
import { MaskPlane } from '@colibri/numerics';
import { tanWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { decodeLegacy, decodePs1 } from './survey-template.ts';

const wcs = tanWcs({ crpix: [3.5, 2.5], crval: [10, 20], cd: [-7e-5, 0, 0, 7e-5] });

function image(values: readonly number[], cards: Record<string, number> = {}) {
  const header = new Header();
  for (const [keyword, value] of Object.entries(cards)) header.set(keyword, value, '');
  for (const { keyword, value, comment } of wcs.toCards()) header.set(keyword, value, comment);
  return imageHdu({ data: Float32Array.from(values), shape: [values.length / 2, 2], header });
}

const about = { filter: 'r', name: 'cut', sha256: 'aa' };

describe('decodePs1', () => {
  it('undoes the asinh, and gives counts per second of zero point 25', async () => {
    const counts = [0, 3, -2, 500, 1e5, 40, 7, 8];
    const packed = counts.map((c) => 1.0857 * Math.asinh((c - 1.5) / (2 * 0.8)));
    packed[7] = Number.NaN;
    const cards = { BOFFSET: 1.5, BSOFTEN: 0.8, EXPTIME: 40, 'MJD-OBS': 56000 };
    const weights = counts.map((c) => 1.0857 * Math.asinh((Math.abs(c) + 9 - 1.5) / (2 * 0.8)));
    const template = await decodePs1({
      ...about,
      image: writeFits([image(packed, cards)]),
      weight: writeFits([image(weights, cards)]),
    });
    for (let i = 0; i < 7; i++) {
      expect(template.data[i]! * 40).toBeCloseTo(counts[i]!, 1);
      expect(template.variance[i]! * 1600).toBeCloseTo(Math.abs(counts[i]!) + 9, 1);
      expect(template.mask[i]).toBe(0);
    }
    expect(template.data[7]).toBe(0);
    expect(template.mask[7]).toBe(MaskPlane.NO_DATA);
    expect(template).toMatchObject({ origin: 'survey', zeroPointMag: 25, midMjdUtc: 56000, width: 4, height: 2 });
    expect(template.wcs.pixelToSky(3.5, 2.5)[1]).toBeCloseTo(20, 6);
  });

  it('takes plain pixels as they are, with the noise of their scatter', async () => {
    const values = Array.from({ length: 400 }, (_, i) => ((i * 7919) % 101) / 10);
    const template = await decodePs1({ ...about, image: writeFits([image(values)]), weight: null });
    expect(template.data[3]).toBeCloseTo(values[3]!, 5);
    expect(template.variance[0]).toBeGreaterThan(1);
    expect(template.variance[0]).toBeLessThan(20);
  });
});

describe('decodeLegacy', () => {
  it('takes variances from the second image, and masks what has none', async () => {
    const template = await decodeLegacy({
      ...about,
      image: writeFits([image([1, 2, 3, 4]), image([4, 4, 0, 25])]),
      weight: null,
    });
    expect(Array.from(template.data)).toEqual([1, 2, 3, 4]);
    expect(template.variance[0]).toBeCloseTo(0.25, 6);
    expect(template.variance[3]).toBeCloseTo(0.04, 6);
    expect(Array.from(template.mask)).toEqual([0, 0, MaskPlane.NO_DATA, 0]);
    expect(template.zeroPointMag).toBe(22.5);
  });
});
