import { numericsShape } from '../errors.ts';

/** Tiles of integers, each packed by itself. */
export interface RiceTiles {
  readonly bytes: Uint8Array;
  /** First byte of each tile in `bytes`, and its number of bytes. */
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  /** Pixels of a tile; the last one has what is left. */
  readonly tilePixels: number;
  /** Pixels that share a split. */
  readonly blockSize: number;
}

/** What the integers of each tile stand for: value · scale + zero, NaN for `blank`. */
export interface TileSteps {
  readonly scales: Float64Array;
  readonly zeros: Float64Array;
  readonly blank: number;
}

/** Bits of a value, bits that name the split, and the split that stands for differences as they are. */
interface RiceWords {
  readonly bits: 16 | 32;
  readonly fsBits: number;
  readonly fsMax: number;
}

const SHORT: RiceWords = { bits: 16, fsBits: 4, fsMax: 14 };
const LONG: RiceWords = { bits: 32, fsBits: 5, fsMax: 25 };

/**
 * Unpacks tiles that follow each other in `out`. A tile begins with its first value, 16 bits; then, block by block, come 4 bits with the
 * split `fs` + 1 and the differences of neighbours, folded to be positive (0, −1, 1, −2 … as 0, 1, 2, 3 …): the part above `fs` bits as
 * that many zeros and a one, then the `fs` bits. fs = −1: no difference in the block; fs = 14: each difference in 16 plain bits.
 *
 * @param flip - xor of every value: 0x8000 turns signed integers into those above −32768
 * @returns the first tile that ends before its last pixel, −1 when none does; what `out` has of such a tile is undefined
 * Source: FITS 4.0, section 10.4.1; Rice, Yeh & Miller 1993, AIAA 93-4541.
 */
export function unpackRice(tiles: RiceTiles, flip: number, out: Uint16Array): number {
  assertRice(tiles, out);
  return unpackTiles(tiles, SHORT, out.length, (i, value) => {
    out[i] = value ^ flip;
  });
}

/**
 * The same of 32-bit integers, whose split takes 5 bits and is 25 for differences in 32 plain bits, to the floats that they stand for. A tile with a split
 * above 25 counts as one that ends too early.
 */
export function unpackRiceFloats(tiles: RiceTiles, { scales, zeros, blank }: TileSteps, out: Float32Array): number {
  assertRice(tiles, out);
  return unpackTiles(tiles, LONG, out.length, (i, value, tile) => {
    out[i] = value === blank ? NaN : value * scales[tile]! + zeros[tile]!;
  });
}

function unpackTiles(
  { bytes, offsets, lengths, tilePixels, blockSize }: RiceTiles,
  { bits: valueBits, fsBits, fsMax }: RiceWords,
  count: number,
  put: (i: number, value: number, tile: number) => void,
): number {
  for (let tile = 0; tile < offsets.length; tile++) {
    const bits = bitsOf(bytes, offsets[tile]!, lengths[tile]!);
    const end = Math.min((tile + 1) * tilePixels, count);
    let last = bits.take(valueBits);
    for (let i = tile * tilePixels; i < end && !bits.isOver(); ) {
      const stop = Math.min(i + blockSize, end);
      const fs = bits.take(fsBits) - 1;
      if (fs > fsMax) return tile;
      for (; i < stop && !bits.isOver(); i++) {
        if (fs >= 0) {
          const folded = fs === fsMax ? bits.take(valueBits) : (bits.zeros() << fs) | bits.take(fs);
          last = (last + ((folded >>> 1) ^ -(folded & 1))) | 0;
        }
        put(i, last, tile);
      }
    }
    if (bits.isOver()) return tile;
  }
  return -1;
}

/** Reads bits, the highest of each byte first. */
function bitsOf(bytes: Uint8Array, offset: number, length: number) {
  let at = 8 * offset;
  const end = 8 * (offset + length);
  const next = (): number => {
    const bit = at < end ? (bytes[at >>> 3]! >>> (7 - (at & 7))) & 1 : 1;
    at++;
    return bit;
  };
  return {
    take(count: number): number {
      let value = 0;
      for (let k = 0; k < count; k++) value = (value << 1) | next();
      return value;
    },
    /** Zeros up to the next one, which is taken too. */
    zeros(): number {
      let count = 0;
      while (next() === 0) count++;
      return count;
    },
    /** More bits were taken than there are. */
    isOver: (): boolean => at > end,
  };
}

export function assertRice({ offsets, lengths, tilePixels }: RiceTiles, out: { readonly length: number }): void {
  const expected = Math.ceil(out.length / tilePixels);
  for (const found of [offsets.length, lengths.length])
    if (found !== expected) throw numericsShape({ what: 'The list of tiles', found, expected });
}
