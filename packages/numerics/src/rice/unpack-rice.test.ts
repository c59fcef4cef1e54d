import { existsSync } from 'node:fs';
import { seededRandom } from '@colibri/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compute } from '../compute.ts';
import { kernelsPath, openCompute } from '../node/index.ts';
import { type RiceTiles, unpackRice, unpackRiceFloats } from './unpack-rice.ts';

/** The bits of numbers written one after the other, as a string of 0 and 1. */
const bits = (value: number, count: number): string => (value >>> 0).toString(2).padStart(32, '0').slice(-count);

/** Packs values, each block by the given split. */
function pack(values: readonly number[], blockSize: number, splits: readonly number[]): Uint8Array {
  let stream = bits(values[0]!, 16);
  let last = values[0]!;
  values.forEach((value, i) => {
    const fs = splits[Math.floor(i / blockSize)]!;
    if (i % blockSize === 0) stream += bits(fs + 1, 4);
    const d = ((value - last) << 16) >> 16;
    const folded = d < 0 ? -2 * d - 1 : 2 * d;
    last = value;
    if (fs === 14) stream += bits(folded, 16);
    else if (fs >= 0) stream += `${'0'.repeat(folded >>> fs)}1${fs > 0 ? bits(folded, fs) : ''}`;
  });
  stream = stream.padEnd(Math.ceil(stream.length / 8) * 8, '0');
  return Uint8Array.from(stream.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
}

function tilesOf(packed: readonly Uint8Array[], tilePixels: number, blockSize: number): RiceTiles {
  const lengths = Int32Array.from(packed, (tile) => tile.length);
  const offsets = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
  const bytes = new Uint8Array(lengths.reduce((a, b) => a + b, 0));
  for (const [i, tile] of packed.entries()) bytes.set(tile, offsets[i]);
  return { bytes, offsets, lengths, tilePixels, blockSize };
}

describe('unpackRice', () => {
  it('gives back what was packed, with every split', () => {
    const random = seededRandom(3);
    for (let fs = -1; fs <= 14; fs++) {
      const values = Array.from({ length: 70 }, () => (fs < 0 ? 700 : (700 + Math.round(2 ** fs * random.normal())) & 0xffff));
      const out = new Uint16Array(70);
      expect(unpackRice(tilesOf([pack(values, 32, [fs, fs, fs])], 70, 32), 0, out)).toBe(-1);
      expect([...out]).toEqual(values);
    }
  });

  it('says which tile ends too early', () => {
    const whole = pack([1, 5, 2, 9, 4, 4, 4, 4], 4, [2, 0]);
    const tiles = tilesOf([whole, whole.slice(0, -1), whole], 8, 4);
    expect(unpackRice(tiles, 0, new Uint16Array(24))).toBe(1);
  });
});

describe.skipIf(!existsSync(kernelsPath))('unpackRice, compiled (skipped before npm run build)', () => {
  let wasm: Compute;
  beforeAll(async () => {
    wasm = await openCompute({ threads: 2, megabytes: 64 });
  });
  afterAll(() => wasm.close());

  it('gives the values of its twin on any stream of bits, also on codes of hundreds of zeros', async () => {
    const random = seededRandom(9);
    for (let run = 0; run < 60; run++) {
      const blockSize = [1, 7, 16, 32, 64][run % 5]!;
      const tilePixels = 1 + random.below(900);
      // Sparse ones make long codes, dense ones short codes; what a stream says is followed as far as it goes.
      const ones = [0.5, 0.1, 0.02, 0.9][run % 4]!;
      const stream = (): Uint8Array =>
        Uint8Array.from({ length: 40_000 }, () => {
          let byte = 0;
          for (let k = 0; k < 8; k++) byte = (byte << 1) | (random.uniform() < ones ? 1 : 0);
          return byte;
        });
      const tiles = tilesOf([stream(), stream(), stream()], tilePixels, blockSize);
      const flip = run % 2 === 0 ? 0 : 0x8000;
      const [truth, found] = [new Uint16Array(2 * tilePixels + 1), new Uint16Array(2 * tilePixels + 1)];
      expect(await wasm.unpackRice(tiles, flip, found)).toBe(unpackRice(tiles, flip, truth));
      expect(found).toEqual(truth);
      const steps = { scales: Float64Array.of(0.25, 2, 3), zeros: Float64Array.of(-7, 0, 1e9), blank: 1 };
      const [floats, same] = [new Float32Array(2 * tilePixels + 1), new Float32Array(2 * tilePixels + 1)];
      const broken = unpackRiceFloats(tiles, steps, floats);
      expect(await wasm.unpackRiceFloats(tiles, steps, same)).toBe(broken);
      if (broken < 0) expect(same).toEqual(floats); // of a broken tile, and those behind it, nobody asks
    }
  });

  it('finds the same damage as its twin', async () => {
    const random = seededRandom(4);
    const values = Array.from({ length: 300 }, () => 500 + Math.round(20 * random.normal()));
    const whole = pack(
      values,
      32,
      Array.from({ length: 10 }, () => 4),
    );
    for (let cut = 0; cut < whole.length; cut += 7) {
      const tiles = tilesOf([whole, whole.slice(0, cut), whole], 300, 32);
      const out = new Uint16Array(900);
      expect(await wasm.unpackRice(tiles, 0, out)).toBe(unpackRice(tiles, 0, new Uint16Array(900)));
      expect(await wasm.unpackRice(tiles, 0, out)).toBe(1);
    }
  });
});
