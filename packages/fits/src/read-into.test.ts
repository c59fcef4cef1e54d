import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openFileSource } from './node/index.ts';
import { openFits } from './open.ts';
import { readImage } from './read-image.ts';
import { bytesSource } from './source.ts';
import { writeFits } from './write.ts';
import { imageHdu } from './write-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'fits-into-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = [701, 903];
const values = Float32Array.from({ length: 701 * 903 }, (_, i) => Math.fround(1e-3 * i * (i % 7 ? 1 : -1)));

/** One comparison of all bytes: values one by one take seconds. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

describe('reading from a file into given memory', () => {
  it.each([
    ['float32', values],
    ['int16', Int16Array.from(values)],
    ['float64', Float64Array.from(values, (v) => v / 3)],
  ] as const)('gives the %s numbers of reading bytes', async (type, data) => {
    const bytes = writeFits([imageHdu({ data, shape })]);
    const path = join(folder, `${type}.fits`);
    writeFileSync(path, bytes);
    const source = await openFileSource(path);
    const hdu = (await openFits(source)).hdus[0]!;
    expect(bytesOf((await readImage(hdu, { out: data.slice().fill(0) })).data).equals(bytesOf(data))).toBe(true);
    // From any address: bytes need not lie on whole words.
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const odd = (await openFits(bytesSource(shifted.subarray(1)))).hdus[0]!;
    expect(bytesOf((await readImage(odd, { out: data.slice().fill(0) })).data).equals(bytesOf(data))).toBe(true);
    const section = [
      [3, 650],
      [10, 800],
    ] as const;
    const [part, same] = [await readImage(hdu, { section }), await readImage(odd, { section })];
    expect(bytesOf(part.data).equals(bytesOf(same.data))).toBe(true);
    await source.close();
  });

  it('says so when the file has become shorter', async () => {
    const bytes = writeFits([imageHdu({ data: values, shape })]);
    const source = { name: 'x', size: bytes.length, read: bytesSource(bytes).read, readInto: async () => 17 };
    const hdu = (await openFits(source)).hdus[0]!;
    await expect(readImage(hdu)).rejects.toMatchObject({ code: 'FITS_READ_FAILED' });
  });
});
