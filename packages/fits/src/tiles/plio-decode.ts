import { TileDataError } from './rice-decode.ts';

/**
 * PLIO_1 (FITS 4.0, section 10.4.3; IRAF pixel list): 16-bit words, each an operation in its top 4 bits and a number in
 * the lower 12. A level `high` is kept; runs of it, or single pixels, are written; the rest is 0.
 */
export function plioDecode(src: Uint8Array, dst: Int32Array, count: number): void {
  const words = src.length >> 1;
  const word = (i: number): number => (((src[2 * i]! << 8) | src[2 * i + 1]!) << 16) >> 16;
  if (words < 3) throw new TileDataError('the line list is shorter than its header');
  // Old lists have their length in word 3; new ones (word 3 negative or zero) have a header of words[1] words and a
  // length of 15-bit parts in words 4 and 5.
  const isOld = word(2) > 0;
  const length = isOld ? word(2) : word(3) + (word(4) << 15);
  const first = isOld ? 3 : word(1);
  if (length > words || first < 0 || first > length || (!isOld && words < 5))
    throw new TileDataError('the line list names a length that it has not');
  let high = 1;
  let at = 0;
  const fill = (n: number, value: number): void => {
    if (at + n > count) throw new TileDataError('the line list runs beyond the tile');
    dst.fill(value, at, at + n);
    at += n;
  };
  for (let i = first; i < length; i++) {
    const w = word(i) & 0xffff;
    const n = w & 0xfff;
    switch (w >> 12) {
      case 0: // zeros
        fill(n, 0);
        break;
      case 1: // set the level: this word and the next
        if (i + 1 >= length) throw new TileDataError('a level lacks its second word');
        high = ((word(++i) & 0xffff) << 12) | n;
        break;
      case 2:
        high += n;
        break;
      case 3:
        high -= n;
        break;
      case 4: // a run of the level
        fill(n, high);
        break;
      case 5: // zeros, the last pixel at the level
        if (n > 0) {
          fill(n - 1, 0);
          fill(1, high);
        }
        break;
      case 6: // raise, then one pixel
        high += n;
        fill(1, high);
        break;
      case 7:
        high -= n;
        fill(1, high);
        break;
      default:
        throw new TileDataError(`operation ${w >> 12} does not exist`);
    }
  }
  if (at < count) dst.fill(0, at, count);
}
