import { seededRandom } from '@colibri/base';
import { Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { scalarCompute } from '@colibri/numerics';
import { describe, expect, it } from 'vitest';
import { readPixels } from '../read-pixels.ts';
import { packPlane } from './pack-plane.ts';
import { planeNoise } from './plane-noise.ts';
import { tileTasks } from './tile-tasks.ts';

const [width, height] = [150, 200];
const random = seededRandom(8);
/** A sky of noise 10 with a gradient, on memory that threads share. */
const plane = (): Float32Array => {
  const data = new Float32Array(new SharedArrayBuffer(4 * width * height));
  for (let i = 0; i < data.length; i++) data[i] = 500 + 0.1 * (i % width) + 10 * random.normal();
  return data;
};

/** Compute with the tasks brought, and what it was asked for. */
function withTasks() {
  const asked: string[] = [];
  const freed: ArrayBufferView[] = [];
  const compute = scalarCompute(tileTasks);
  return {
    asked,
    freed,
    compute: {
      ...compute,
      free: (array: ArrayBufferView) => void freed.push(array),
      unpackRice: (...args: Parameters<typeof compute.unpackRice>) => {
        asked.push('unpackRice');
        return compute.unpackRice(...args);
      },
      runBrought: <R>(name: string, args: unknown, count: number, options?: { chunk?: number }) => {
        asked.push(name);
        return compute.runBrought<R>(name, args, count, options);
      },
    },
  };
}

describe('packing by ranges of tiles', () => {
  it('gives the bytes of packing in one piece', async () => {
    const data = plane();
    const input = { data, shape: [width, height], name: 'SCI' };
    const options = { algorithm: 'RICE_1', quantize: { level: -0.7, seed: 5 } } as const;
    const { compute, asked } = withTasks();
    const packed = writeFits([await packPlane(input, options, compute)]);
    expect(asked).toEqual(['encodeTiles']);
    expect(packed).toEqual(writeFits([imageHdu({ ...input, compress: options })]));
  });

  it('keeps every pixel to half a step, whatever its tile', async () => {
    const data = plane();
    const options = { algorithm: 'RICE_1', quantize: { level: -0.7, seed: 5 } } as const;
    const file = await openFits(
      writeFits([await packPlane({ data, shape: [width, height], name: 'SCI' }, options, withTasks().compute)]),
    );
    const back = (await readImage(file.hdu('SCI'), { as: 'float32' })).data;
    const worst = back.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
    expect(worst).toBeLessThan(0.35 + 1e-3); // half a step, and what a float32 of 500 rounds
    expect(worst).toBeGreaterThan(0.3);
  });
});

describe('unpacking by ranges of tiles', () => {
  const counts = Uint16Array.from({ length: width * height }, () => 1000 + random.below(60));
  const file = (data: Uint16Array | Int32Array = counts, tile?: number[]): Uint8Array => {
    const header = Header.of([['EXPTIME', 30]]);
    const compress = { algorithm: 'RICE_1', ...(tile ? { tile } : {}) } as const;
    return writeFits([imageHdu({ data, shape: [width, height], header, compress })]);
  };

  it('gives the pixels that reading in one piece gives', async () => {
    for (const tile of [undefined, [width, 7], [width, height]]) {
      const { compute, asked } = withTasks();
      const fits = await openFits(file(counts, tile));
      expect(await readPixels(fits.firstImage(), compute)).toEqual(counts);
      expect(asked).toEqual(['unpackRice']);
      expect(await readPixels(fits.firstImage(), null)).toEqual(counts);
    }
  });

  it('leaves tiles of other numbers, or of parts of rows, to the reader of the format', async () => {
    for (const bytes of [file(Int32Array.from(counts)), file(counts, [40, 9])]) {
      const { compute, asked } = withTasks();
      expect(Array.from(await readPixels((await openFits(bytes)).firstImage(), compute))).toEqual([...counts]);
      expect(asked).toEqual(['decodeTiles']);
    }
  });

  it('names the damaged tile, and gives the memory back', async () => {
    const bytes = file();
    bytes.fill(0, bytes.length - 20_000, bytes.length - 12_000);
    const { compute, freed } = withTasks();
    const fits = await openFits(bytes);
    await expect(readPixels(fits.firstImage(), compute)).rejects.toMatchObject({ code: 'FITS_TILE_CORRUPT' });
    expect(freed).toHaveLength(1);
  });
});

describe('planeNoise', () => {
  it('is the noise, whatever gradient and stars lie on it', () => {
    const data = plane();
    for (let i = 0; i < data.length; i += 37) data[i]! += 5000;
    // Rows of 150 pixels know their noise to 9 %, and the lower quartile of 32 lies 0.7 of that below the middle.
    expect(planeNoise(data, width)! / 10).toBeGreaterThan(0.88);
    expect(planeNoise(data, width)! / 10).toBeLessThan(1.1);
  });

  it('is not known of a plane without noise', () => {
    expect(planeNoise(new Float32Array(100).fill(3), 10)).toBeNull();
    expect(planeNoise(new Float32Array(100).fill(Number.NaN), 10)).toBeNull();
  });
});
