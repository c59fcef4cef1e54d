const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The ones-complement sum of big-endian 32-bit words (FITS 4.0, appendix J), continuing from `sum`. `bytes` begins at
 * a word; a rest of less than four bytes counts as if filled with zeros.
 */
export function onesComplementSum(bytes: Uint8Array, sum = 0): number {
  let high = 0;
  let low = 0;
  const whole = bytes.length & ~3;
  if (isLittleEndian && bytes.byteOffset % 4 === 0) {
    // Bytes 0 and 2, 1 and 3 of each word are summed side by side in 16 bits each: 256 words do not overflow them.
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, whole / 4);
    for (let from = 0; from < words.length; from += 256) {
      let even = 0;
      let odd = 0;
      for (let i = from, end = Math.min(words.length, from + 256); i < end; i++) {
        const w = words[i]!;
        even = (even + (w & 0xff00ff)) | 0;
        odd = (odd + ((w >>> 8) & 0xff00ff)) | 0;
      }
      high += 256 * (even & 0xffff) + (odd & 0xffff);
      low += 256 * (even >>> 16) + (odd >>> 16);
    }
  } else {
    for (let i = 0; i < whole; i += 4) {
      high += (bytes[i]! << 8) | bytes[i + 1]!;
      low += (bytes[i + 2]! << 8) | bytes[i + 3]!;
    }
  }
  if (bytes.length > whole) {
    high += ((bytes[whole] ?? 0) << 8) | (bytes[whole + 1] ?? 0);
    low += (bytes[whole + 2] ?? 0) << 8;
  }
  high += Math.floor(sum / 65_536);
  low += sum % 65_536;
  while (high > 65_535 || low > 65_535) {
    const carryHigh = Math.floor(high / 65_536);
    const carryLow = Math.floor(low / 65_536);
    high = (high % 65_536) + carryLow;
    low = (low % 65_536) + carryHigh;
  }
  return high * 65_536 + low;
}

/** The 16 characters that make an HDU sum to all ones (or, without complement, that stand for the sum itself). */
export function encodeChecksum(sum: number, complement = true): string {
  const value = complement ? 0xffffffff - sum : sum;
  const characters = new Array<number>(16);
  for (let byte = 0; byte < 4; byte++) {
    const b = Math.floor(value / 2 ** (24 - 8 * byte)) & 255;
    const quotient = Math.floor(b / 4) + 48;
    const four = [quotient + (b % 4), quotient, quotient, quotient];
    // Punctuation between digits and letters is avoided by moving pairs apart, which keeps their sum.
    for (let again = true; again; ) {
      again = false;
      for (let j = 0; j < 4; j += 2) {
        if (isPunctuation(four[j]!) || isPunctuation(four[j + 1]!)) {
          four[j]!++;
          four[j + 1]!--;
          again = true;
        }
      }
    }
    for (let j = 0; j < 4; j++) characters[4 * j + byte] = four[j]!;
  }
  // Rotated right by one, because the value of the card begins in column 12.
  return String.fromCharCode(characters[15]!, ...characters.slice(0, 15));
}

const isPunctuation = (code: number): boolean => (code >= 0x3a && code <= 0x40) || (code >= 0x5b && code <= 0x60);
