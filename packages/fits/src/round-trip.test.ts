import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeChecksum, onesComplementSum } from './checksum.ts';
import { crc32 } from './crc32.ts';
import {
  assembleTiles,
  assertChecksums,
  bytesSource,
  type CompressOptions,
  decodeTiles,
  encodeTiles,
  imageHdu,
  imageScaling,
  loadTiles,
  openFits,
  type PixelArray,
  plainCodec,
  planEncoding,
  planTiles,
  readImage,
  readTable,
  tableHdu,
  useCodec,
  writeFits,
} from './index.ts';
import { useZlib, zlibCodec } from './node/index.ts';
import { ditherSequence } from './tiles/dither.ts';
import { noiseScratch, tileNoise } from './tiles/noise.ts';
import { riceDecode } from './tiles/rice-decode.ts';
import { riceEncode, riceRoom } from './tiles/rice-encode.ts';

afterEach(() => useCodec(plainCodec));

const shapes = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 3 });
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function pixels(
  type: 'uint8' | 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64',
  n: number,
): fc.Arbitrary<PixelArray> {
  const size = { minLength: n, maxLength: n };
  switch (type) {
    case 'uint8':
      return fc.uint8Array(size);
    case 'int8':
      return fc.int8Array(size);
    case 'int16':
      return fc.int16Array(size);
    case 'uint16':
      return fc.uint16Array(size);
    case 'int32':
      return fc.int32Array(size);
    case 'uint32':
      return fc.uint32Array(size);
    case 'float32':
      return fc.float32Array(size);
    default:
      return fc.float64Array(size);
  }
}

const types = ['uint8', 'int8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64'] as const;

describe('an image', () => {
  it.each(types)(
    'of %s comes back plain, by GZIP_2 and (integers) by RICE_1, whatever its shape, tiles and section',
    async (type) => {
      const image = shapes.chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          data: pixels(type, product(shape)),
          tile: fc.tuple(...shape.map(() => fc.integer({ min: 1, max: 20 }))) as fc.Arbitrary<number[]>,
          section: fc.tuple(
            ...shape.map((size) =>
              fc
                .tuple(fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 1, max: size }))
                .map(([a, b]) => (a < b ? [a, b] : [b - 1, a + 1]) as [number, number]),
            ),
          ) as fc.Arbitrary<[number, number][]>,
        }),
      );
      await fc.assert(
        fc.asyncProperty(image, async ({ shape, data, tile, section }) => {
          const ways: (CompressOptions | undefined)[] = [undefined, { algorithm: 'GZIP_2', tile }];
          if (!type.startsWith('float')) ways.push({ algorithm: 'RICE_1', tile });
          for (const compress of ways) {
            const file = await openFits(writeFits([imageHdu({ data, shape, ...(compress ? { compress } : {}) })]));
            await assertChecksums(file);
            const hdu = file.firstImage();
            expect((await readImage(hdu)).data).toEqual(data);
            const part = await readImage(hdu, { section });
            const at = (i: number): number => {
              let rest = i;
              let from = 0;
              let stride = 1;
              shape.forEach((size, axis) => {
                const [low, high] = section[axis]!;
                from += (low + (rest % (high - low))) * stride;
                rest = Math.floor(rest / (high - low));
                stride *= size;
              });
              return from;
            };
            part.data.forEach((value: number | bigint, i: number) => {
              if (!Object.is(value, data[at(i)]))
                throw new Error(`pixel ${i} of ${JSON.stringify(section)} is ${value}, not ${data[at(i)]}`);
            });
          }
        }),
        { numRuns: 25, seed: 5, endOnFailure: true },
      );
    },
  );

  it('of quantised floats is off by half a step at most, keeps NaN, and keeps 0 under dither2', async () => {
    const values = fc.array(
      fc.oneof(
        { weight: 20, arbitrary: fc.float({ min: -5000, max: 60_000, noNaN: true }) },
        { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0) },
      ),
      { minLength: 90, maxLength: 90 },
    );
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.constantFrom('none' as const, 'dither1' as const, 'dither2' as const),
        fc.integer({ min: 1, max: 10_000 }),
        async (list, dither, seed) => {
          const data = Float32Array.from(list);
          const hdu = imageHdu({ data, shape: [30, 3], compress: { algorithm: 'RICE_1', quantize: { level: 4, dither, seed } } });
          const file = await openFits(writeFits([hdu]));
          const plan = await planTiles(file.hdus[1]!);
          const { data: back } = await readImage(file.hdus[1]!);
          for (let i = 0; i < data.length; i++) {
            const step = plan.scales![Math.floor(i / 30)]!;
            const value = Number(back[i]);
            if (Number.isNaN(data[i])) expect(value).toBeNaN();
            else if (data[i] === 0 && dither === 'dither2') expect(value === 0).toBe(true);
            // The last term: single precision of the result.
            else expect(Math.abs(value - data[i]!)).toBeLessThanOrEqual(step * 0.5000001 + Math.abs(data[i]!) * 2 ** -23);
          }
        },
      ),
      { numRuns: 60, seed: 9, endOnFailure: true },
    );
  });

  it('of the same pixels has the same bytes, also when its tiles are packed and unpacked in pieces', async () => {
    const data = Float32Array.from({ length: 64 * 50 }, (_, i) => Math.sin(i * 1.7) * 20 + Math.cos(i * 0.013) * 300);
    const input = { data, shape: [64, 50] };
    const compress: CompressOptions = { algorithm: 'RICE_1', quantize: { level: 4 } };
    const whole = writeFits([imageHdu({ ...input, compress })]);
    const plan = planEncoding(input, compress);
    const pieces = [encodeTiles(plan, data, 0, 13), encodeTiles(plan, data, 13, 14), encodeTiles(plan, data, 14, 50)];
    expect(writeFits([assembleTiles(input, plan, pieces)])).toEqual(whole);
    const hdu = (await openFits(whole)).hdus[1]!;
    const decoding = structuredClone(await planTiles(hdu));
    const out = new Float32Array(new SharedArrayBuffer(4 * data.length));
    const scaling = imageScaling(hdu.header, hdu.bitpix);
    for (const [from, to] of [
      [30, 50],
      [0, 7],
      [7, 30],
    ] as const)
      decodeTiles(decoding, await loadTiles(hdu, decoding, from, to), from, to, { out, scaling });
    expect(out).toEqual(new Float32Array((await readImage(hdu)).data as Float32Array));
  });

  it('is read into an array that the caller gives, of its type', async () => {
    const data = Uint16Array.of(0, 1, 40_000, 65_535);
    const file = await openFits(writeFits([imageHdu({ data, shape: [4] })]));
    const out = new Float32Array(6);
    await readImage(file.hdus[0]!, { out });
    expect([...out]).toEqual([0, 1, 40_000, 65_535, 0, 0]);
    expect((await readImage(file.hdus[0]!, { as: 'stored' })).data).toEqual(Int16Array.of(-32_768, -32_767, 7232, 32_767));
  });

  it('is read in pieces: of a large file only what a section needs', async () => {
    const bytes = writeFits([
      imageHdu({ data: new Float32Array(2_000_000).map((_, i) => i), shape: [1000, 2000] }),
      imageHdu({ data: Int16Array.of(1), shape: [1], name: 'B' }),
    ]);
    let taken = 0;
    const source = bytesSource(bytes, 'large');
    const file = await openFits({
      ...source,
      read: (offset, length) => {
        taken += length;
        return source.read(offset, length);
      },
    });
    expect(taken).toBeLessThan(60_000);
    const { data } = await readImage(file.hdus[0]!, {
      section: [
        [10, 12],
        [1500, 1502],
      ],
    });
    expect([...data]).toEqual([1_500_010, 1_500_011, 1_501_010, 1_501_011]);
    expect(taken).toBeLessThan(80_000);
  });
});

describe('a table', () => {
  it('comes back, rows and columns chosen at will', async () => {
    const rows = fc.integer({ min: 1, max: 30 });
    const input = rows.chain((n) =>
      fc.record({
        a: pixels('int32', n),
        b: pixels('float64', 2 * n),
        c: fc.array(
          fc.string({ unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)), maxLength: 9 }),
          { minLength: n, maxLength: n },
        ),
        d: fc.array(fc.constantFrom(true, false, null), { minLength: n, maxLength: n }),
        e: fc.array(fc.float32Array({ maxLength: 5 }), { minLength: n, maxLength: n }),
        f: fc.bigUint64Array({ minLength: n, maxLength: n }),
        from: fc.integer({ min: 0, max: n }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(input, async ({ a, b, c, d, e, f, from }) => {
        const columns = [
          { name: 'A', data: a },
          { name: 'B', data: b, repeat: 2 },
          { name: 'C', data: c },
          { name: 'D', data: d },
          { name: 'E', data: e },
          { name: 'F', data: f },
        ];
        const file = await openFits(writeFits([tableHdu({ name: 'T', columns })]));
        await assertChecksums(file);
        const hdu = file.hdu('t');
        const all = await readTable(hdu);
        for (const { name, data } of columns) expect(all.column(name).data, name).toEqual(data);
        const part = await readTable(hdu, { rows: [from, a.length], columns: ['b', 'E'] });
        expect(part.columns.map((column) => column.name)).toEqual(['B', 'E']);
        expect(part.column('B').data).toEqual(b.slice(2 * from));
        expect(part.column('E').data).toEqual(e.slice(from));
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('scales and blanks: TSCAL, TZERO and TNULL give doubles with NaN', async () => {
    const bytes = writeFits([tableHdu({ columns: [{ name: 'N', data: Int16Array.of(1, -99, 3), null: -99 }] })]);
    const { data, nulls } = (await readTable((await openFits(bytes)).hdus[1]!)).column('N');
    expect(data).toEqual(Float64Array.of(1, Number.NaN, 3));
    expect(nulls).toEqual(Uint8Array.of(0, 1, 0));
  });
});

describe('gzip', () => {
  const plain = writeFits([imageHdu({ data: Int16Array.from({ length: 5000 }, (_, i) => i * 7), shape: [50, 100] })]);

  it.each([
    ['fflate', plainCodec],
    ['zlib', zlibCodec],
  ])('files of one or more members are read by %s', async (_, codec) => {
    useCodec(codec);
    const half = 4001;
    const members = [gzipSync(plain.subarray(0, half)), gzipSync(plain.subarray(half))];
    const joined = new Uint8Array(members[0]!.length + members[1]!.length);
    joined.set(members[0]!);
    joined.set(members[1]!, members[0]!.length);
    for (const packed of [gzipSync(plain), joined]) {
      const file = await openFits(packed);
      expect((await readImage(file.hdus[0]!)).data[4999]).toBe(((4999 * 7) << 16) >> 16);
      await assertChecksums(file);
    }
  });

  it.each([
    ['fflate', plainCodec],
    ['zlib', zlibCodec],
  ])('damage is noticed by %s', async (_, codec) => {
    useCodec(codec);
    const packed = gzipSync(plain);
    for (let at = 20; at < packed.length; at += 211) {
      const bad = packed.slice();
      bad[at]! ^= 0x10;
      const outcome = await openFits(bad).then(
        () => 'read',
        (error: { code: string }) => error.code,
      );
      expect(outcome).toMatch(/^FITS_(GZIP_CORRUPT|NOT_FITS|TRUNCATED|NO_END|BAD_KEYWORD|MISSING_KEYWORD|HEADER_NOT_TEXT)$/);
    }
  });

  it('tiles are the same whichever codec unpacks them', async () => {
    const data = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i));
    const bytes = writeFits([imageHdu({ data, shape: [50, 40], compress: { algorithm: 'GZIP_2' } })]);
    useZlib();
    expect((await readImage((await openFits(bytes)).hdus[1]!)).data).toEqual(data);
  });
});

describe('the parts', () => {
  it('the dither sequence ends where the standard says', () => {
    const sequence = ditherSequence();
    expect(sequence[0]).toBe(Math.fround(16_807 / 2_147_483_647));
    expect(sequence[9999]).toBe(Math.fround(1_043_618_065 / 2_147_483_647));
  });

  it('Rice codes of any pixels of any width come back and fit their room', () => {
    const list = fc.array(fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(list, fc.constantFrom(1, 2, 4), (values, bytePix) => {
        const ints = Int32Array.from(values, (value) =>
          bytePix === 1 ? value & 255 : bytePix === 2 ? (value << 16) >> 16 : value,
        );
        const room = new Uint8Array(riceRoom(ints.length, bytePix));
        const length = riceEncode(ints, ints.length, bytePix, room, 0, new Int32Array(32));
        expect(length).toBeLessThanOrEqual(room.length);
        const back = new Int32Array(ints.length);
        riceDecode(room, 0, length, back, ints.length, 32, bytePix);
        expect(back).toEqual(ints);
        // One byte less is never enough.
        expect(() => riceDecode(room.slice(0, length - 1), 0, length - 1, back, ints.length, 32, bytePix)).toThrow('end before');
      }),
      { numRuns: 400, seed: 2 },
    );
  });

  it('the noise of a row is that of its pixels, and does not depend on the rows before', () => {
    const width = 4000;
    let state = 1;
    const uniform = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const scratch = noiseScratch(width);
    for (const sigma of [1, 1, 1.01, 50, 0.02, 3]) {
      const row = Float32Array.from({ length: width }, (_, i) => 500 + i * 0.001 * sigma + sigma * normal());
      const fresh = tileNoise(row, width, 1, noiseScratch(width));
      expect(tileNoise(row, width, 1, scratch)).toEqual(fresh);
      // The median of 4000 differences scatters by about 2 %; three of them, the least taken.
      expect(fresh.sigma / sigma).toBeGreaterThan(0.9);
      expect(fresh.sigma / sigma).toBeLessThan(1.06);
    }
  });

  it('the checksum of any bytes, encoded, makes them sum to all ones', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const sum = onesComplementSum(bytes);
        const text = encodeChecksum(sum);
        expect(text).toMatch(/^[0-9A-Za-z]{16}$/);
        const rotated = Uint8Array.from(`${text.slice(1)}${text[0]}`, (c) => c.charCodeAt(0) - 48);
        const low = new Uint8Array(4).fill(0);
        // The encoded value is four bytes, each the sum of four characters less the offset of '0'.
        for (let i = 0; i < 4; i++) low[i] = rotated[i]! + rotated[4 + i]! + rotated[8 + i]! + rotated[12 + i]!;
        expect(onesComplementSum(low, sum)).toBe(0xffffffff);
        // Aligned and unaligned bytes, at once or in pieces.
        const shifted = new Uint8Array(bytes.length + 1);
        shifted.set(bytes, 1);
        expect(onesComplementSum(shifted.subarray(1))).toBe(sum);
        expect(onesComplementSum(bytes.slice(400), onesComplementSum(bytes.slice(0, 400)))).toBe(sum);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('the CRC is that of gzip', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new TextEncoder().encode('6789'), crc32(new TextEncoder().encode('12345')))).toBe(0xcbf43926);
  });
});
