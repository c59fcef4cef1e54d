import { hInverse } from './hcompress-inverse.ts';
import { TileDataError } from './rice-decode.ts';

/**
 * HCOMPRESS_1 (White 1992; FITS 4.0, section 10.4.4): the H-transform's coefficients, divided by a scale, in quadtrees
 * of bit planes. Coefficients of 32-bit images exceed 32 bits, so they are kept in doubles, which hold them exactly.
 *
 * @param size - of the tile, axes of length 1 left out; the fastest first
 */
export function hcompressDecode(src: Uint8Array, dst: Int32Array, size: readonly number[], isSmoothed: boolean): void {
  if (src.length < 25 || src[0] !== 0xdd || src[1] !== 0x99) throw new TileDataError('it does not begin like HCOMPRESS');
  const view = new DataView(src.buffer, src.byteOffset, src.byteLength);
  // The format calls the slow axis x and the fast one y.
  const nx = view.getInt32(2);
  const ny = view.getInt32(6);
  const scale = view.getInt32(10);
  const sum = Number(view.getBigInt64(14));
  const pixels = size.reduce((product, n) => product * n, 1);
  if (nx < 1 || ny < 1 || nx * ny !== pixels || (size.length === 2 && ny !== size[0])) {
    throw new TileDataError(`it announces ${ny} × ${nx} pixels for a tile of ${size.join(' × ')}`);
  }
  const planes = [src[22]!, src[23]!, src[24]!];
  if (planes.some((n) => n > 52)) throw new TileDataError(`it announces ${Math.max(...planes)} bit planes`);
  const a = new Float64Array(pixels);
  const input = new BitInput(src, 25);
  const x2 = (nx + 1) >> 1;
  const y2 = (ny + 1) >> 1;
  readQuadrant(input, a, 0, ny, x2, y2, planes[0]!);
  readQuadrant(input, a, y2, ny, x2, ny >> 1, planes[1]!);
  readQuadrant(input, a, ny * x2, ny, nx >> 1, y2, planes[1]!);
  readQuadrant(input, a, ny * x2 + y2, ny, nx >> 1, ny >> 1, planes[2]!);
  if (input.bits(4) !== 0) throw new TileDataError('the mark after the bit planes is missing');
  input.align();
  for (let i = 0; i < pixels; i++) if (a[i] !== 0 && input.bits(1) === 1) a[i] = -a[i]!;
  a[0] = sum;
  if (scale > 1) for (let i = 0; i < pixels; i++) a[i]! *= scale;
  hInverse(a, nx, ny, isSmoothed ? scale : 0);
  for (let i = 0; i < pixels; i++) dst[i] = a[i]!;
}

/** Bits from the most significant on. */
class BitInput {
  private readonly src: Uint8Array;
  private at: number;
  private buffer = 0;
  private left = 0;

  constructor(src: Uint8Array, at: number) {
    this.src = src;
    this.at = at;
  }

  /** At most 8. */
  bits(count: number): number {
    if (this.left < count) {
      if (this.at >= this.src.length) throw new TileDataError('the packed bytes end before the last bit plane');
      this.buffer = ((this.buffer << 8) | this.src[this.at++]!) & 0xffff;
      this.left += 8;
    }
    this.left -= count;
    return (this.buffer >> this.left) & ((1 << count) - 1);
  }

  /** Goes on at the next byte. */
  align(): void {
    this.left = 0;
  }

  /** One of the 16 patterns of a 2 × 2 square, in the fixed Huffman code: 3 to 6 bits. */
  pattern(): number {
    let code = this.bits(3);
    if (code < 4) return 1 << code;
    code = (code << 1) | this.bits(1);
    if (code < 13) return fourBits[code - 8]!;
    code = (code << 1) | this.bits(1);
    if (code < 31) return fiveBits[code - 26]!;
    code = (code << 1) | this.bits(1);
    return code === 62 ? 0 : 14;
  }
}

const fourBits = [3, 5, 10, 12, 15];
const fiveBits = [6, 7, 9, 11, 13];

/** Sizes of the levels of a quadtree over `n` cells, coarsest (1) first: each halves the next, rounded up. */
export function levelSizes(n: number, levels: number): number[] {
  const sizes = [n];
  for (let k = 0; k < levels; k++) sizes.unshift((sizes[0]! + 1) >> 1);
  return sizes;
}

export const levelsOf = (n: number): number => Math.ceil(Math.log2(Math.max(1, n)) - 1e-9);

function readQuadrant(
  input: BitInput,
  a: Float64Array,
  at: number,
  stride: number,
  nx: number,
  ny: number,
  planes: number,
): void {
  if (nx === 0 || ny === 0) {
    // An empty quadrant still has its marks.
    for (let bit = planes - 1; bit >= 0; bit--) if (input.bits(4) === 15) input.pattern();
    return;
  }
  const levels = levelsOf(Math.max(nx, ny));
  const xs = levelSizes(nx, levels);
  const ys = levelSizes(ny, levels);
  const half = ((nx + 1) >> 1) * ((ny + 1) >> 1);
  for (let bit = planes - 1; bit >= 0; bit--) {
    let squares = new Uint8Array(half);
    const mark = input.bits(4);
    if (mark === 0) for (let i = 0; i < half; i++) squares[i] = input.bits(4);
    else if (mark === 15) {
      const root = input.pattern();
      if (root === 0) continue;
      squares = readTree(input, xs, ys, levels, root);
    } else throw new TileDataError(`a bit plane begins with the mark ${mark}`);
    addPlane(squares, a, at, stride, nx, ny, 2 ** bit);
  }
}

/** The squares of the finest level but one, from the root down: a square follows only where its parent's bit is set. */
function readTree(
  input: BitInput,
  xs: readonly number[],
  ys: readonly number[],
  levels: number,
  root: number,
): Uint8Array<ArrayBuffer> {
  let squares: Uint8Array<ArrayBuffer> = new Uint8Array([root]);
  for (let level = 1; level < levels; level++) {
    const nx = xs[level]!;
    const ny = ys[level]!;
    const next = new Uint8Array(nx * ny);
    const parentWidth = (ny + 1) >> 1;
    // The code runs from the last square to the first.
    for (let i = nx - 1; i >= 0; i--) {
      for (let j = ny - 1; j >= 0; j--) {
        const parent = squares[(i >> 1) * parentWidth + (j >> 1)]!;
        if ((parent >> (3 - 2 * (i & 1) - (j & 1))) & 1) next[i * ny + j] = input.pattern();
      }
    }
    squares = next;
  }
  return squares;
}

function addPlane(
  squares: Uint8Array,
  a: Float64Array,
  at: number,
  stride: number,
  nx: number,
  ny: number,
  weight: number,
): void {
  const width = (ny + 1) >> 1;
  for (let i = 0; i < nx; i++) {
    for (let j = 0; j < ny; j++) {
      const square = squares[(i >> 1) * width + (j >> 1)]!;
      if ((square >> (3 - 2 * (i & 1) - (j & 1))) & 1) a[at + i * stride + j]! += weight;
    }
  }
}
