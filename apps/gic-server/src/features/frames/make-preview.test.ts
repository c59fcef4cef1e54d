import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@colibri/base';
import { Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { parseWcs, tanSipWcs } from '@colibri/sky';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { binnedWcs } from './binned-wcs.ts';
import { blockAverage } from './block-average.ts';
import { makePreview } from './make-preview.ts';

const folder = mkdtempSync(join(tmpdir(), 'preview-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('blockAverage', () => {
  it('averages whole blocks, and what there is of the last ones', () => {
    const data = Float32Array.from({ length: 15 }, (_, i) => i); // 5 × 3
    const { data: out, width, height } = blockAverage({ data, width: 5, height: 3 }, null, 2);
    expect([width, height]).toEqual([3, 2]);
    expect([...out]).toEqual([3, 5, 6.5, 10.5, 12.5, 14]);
  });

  it('leaves masked pixels out, keeps a block of nothing else, and is NaN where there is no number', () => {
    const data = Float32Array.of(1, 100, 7, 9, NaN, NaN, 3, 100, 5, 9, NaN, NaN);
    const mask = Uint16Array.of(0, 2, 2, 2, 0, 0, 0, 2, 2, 2, 0, 0);
    expect([...blockAverage({ data, width: 6, height: 2 }, mask, 2).data]).toEqual([2, 7.5, NaN]);
  });

  it('keeps the mean of an image whose sides are multiples of the block', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (factor, blocks, seed) => {
        const random = seededRandom(seed),
          side = factor * blocks;
        const data = Float32Array.from({ length: side * side }, () => random.normal());
        const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;
        const small = blockAverage({ data, width: side, height: side }, null, factor);
        expect(mean(small.data)).toBeCloseTo(mean(data), 5); // float32
      }),
    );
  });
});

/** A solution with a distortion of many pixels, so that a slip in any term shows. */
const wcs = tanSipWcs(
  {
    crpix: [1010.3, 1033.8],
    crval: [150.1, 2.2],
    cd: [-1.05e-4, 3e-6, 2.5e-6, 1.06e-4],
    order: 3,
    a: new Map([
      ['2,0', 4e-6],
      ['1,1', -3e-6],
      ['0,2', 2e-6],
      ['3,0', 3e-9],
      ['1,2', -2e-9],
    ]),
    b: new Map([
      ['2,0', -2e-6],
      ['0,2', 5e-6],
      ['2,1', 4e-9],
      ['0,3', -1e-9],
    ]),
  },
  { width: 2048, height: 2048 },
);
const cards = (): Header => Header.of(wcs.toCards().map(({ keyword, value, comment }) => [keyword, value, comment] as const));

describe('binnedWcs', () => {
  it.each([1, 2, 3, 4, 7])('sees the same sky through blocks of %s: to the half pixel and through the distortion', (factor) => {
    const binned = parseWcs(new Map(binnedWcs(cards().values(), factor)))!;
    for (const [x, y] of [
      [0, 0],
      [13, 255],
      [290, 7],
      [291, 290],
    ] as const) {
      // The middle of a block, in pixels of the whole image: half a block from its first edge, which is at −0.5.
      const [ra, dec] = wcs.pixelToSky((x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5);
      const [raBinned, decBinned] = binned.pixelToSky(x, y);
      const milliarcsec = 3.6e6;
      expect(Math.abs(raBinned - ra) * Math.cos((dec * Math.PI) / 180) * milliarcsec).toBeLessThan(0.01); // rounding of the cards
      expect(Math.abs(decBinned - dec) * milliarcsec).toBeLessThan(0.01);
    }
  });

  it('scales CDELT where there is no CD, by the defaults of the standard where they are not said', () => {
    const words = new Map<string, string | number>([
      ['CTYPE1', 'RA---TAN'],
      ['CTYPE2', 'DEC--TAN'],
      ['CRPIX1', 1],
      ['CRPIX2', 2],
      ['CDELT1', -0.1],
      ['CRVAL1A', 3],
      ['NAXIS1', 100],
    ]);
    expect(new Map(binnedWcs(words, 2))).toEqual(
      new Map<string, string | number>([
        ['CTYPE1', 'RA---TAN'],
        ['CTYPE2', 'DEC--TAN'],
        ['CRPIX1', 0.75],
        ['CRPIX2', 1.25],
        ['CDELT1', -0.2],
        ['CDELT2', 2],
      ]),
    );
    expect(binnedWcs(new Map([['CRPIX1', 5]]), 2)).toEqual([]);
  });
});

describe('makePreview', () => {
  it('shows a star where it stands on the sky', async () => {
    const side = 600,
      [starX, starY] = [401, 222];
    const data = new Float32Array(side * side).fill(100);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) data[y * side + x]! += 5000 * Math.exp(-((x - starX) ** 2 + (y - starY) ** 2) / 18);
    }
    const path = join(folder, 'star.fits.fz');
    const header = cards().append('FILTER', 'r', 'as named');
    const mask = new Uint8Array(side * side);
    mask[0] = 1;
    data[0] = 1e6; // a bad pixel, which must not be seen
    const hdus = [
      imageHdu({ data, shape: [side, side], header, name: 'SCI', unit: 'electron', compress: { algorithm: 'GZIP_2' } }),
      imageHdu({ data: mask, shape: [side, side], name: 'MASK', compress: { algorithm: 'RICE_1' } }),
    ];
    writeFileSync(path, writeFits(hdus));

    const file = await openFits(await makePreview(path, 200));
    const hdu = file.hdu(0);
    const { data: small, shape } = await readImage(hdu, { as: 'float32' });
    expect(shape).toEqual([200, 200]);
    expect([hdu.unit, hdu.header.get('FILTER'), hdu.header.get('PVBLOCK'), small[0]]).toEqual(['electron', 'r', 3, 100]);
    let sum = 0,
      sumX = 0,
      sumY = 0;
    small.forEach((value, i) => {
      sum += value - 100;
      sumX += (value - 100) * (i % 200);
      sumY += (value - 100) * Math.floor(i / 200);
    });
    const seen = parseWcs(hdu.header.values())!.pixelToSky(sumX / sum, sumY / sum);
    const true_ = wcs.pixelToSky(starX, starY);
    const arcsec = Math.hypot((seen[0] - true_[0]) * Math.cos((true_[1] * Math.PI) / 180), seen[1] - true_[1]) * 3600;
    expect(arcsec).toBeLessThan(0.002); // a pixel is 0.38″: half a pixel would be a hundred times this
  });

  it('is the image itself when that is small enough', async () => {
    const path = join(folder, 'small.fits');
    writeFileSync(path, writeFits([imageHdu({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] })]));
    const file = await openFits(await makePreview(path, 64));
    expect([...(await readImage(file.hdu(0))).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
