import { allocate, type PixelArray, type PixelType } from './pixels.ts';

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** `count` big-endian values as a typed array; reuses `into` when it is given and of the right type, also where `bytes` are its own. */
export function fromBigEndian(bytes: Uint8Array, type: PixelType, count: number, into?: PixelArray): PixelArray {
  const out = into && into.length >= count ? into : allocate(type, count);
  switch (type) {
    case 'uint8':
    case 'int8':
      new Uint8Array(out.buffer, out.byteOffset, count).set(bytes.subarray(0, count));
      break;
    case 'int16':
    case 'uint16': {
      words16(bytes, out, count);
      break;
    }
    case 'int32':
    case 'uint32':
    case 'float32':
      words32(bytes, new Int32Array(out.buffer, out.byteOffset, count), count);
      break;
    default: {
      const words = new Int32Array(out.buffer, out.byteOffset, 2 * count);
      words32(bytes, words, 2 * count);
      if (isLittleEndian) swapPairs(words);
    }
  }
  return out;
}

/** Two values at a time where both arrays lie on whole words. */
function words16(bytes: Uint8Array, out: PixelArray, count: number): void {
  const words = new Uint16Array(out.buffer, out.byteOffset, count);
  let i = 0;
  if (isLittleEndian && bytes.byteOffset % 4 === 0 && out.byteOffset % 4 === 0) {
    const from = new Int32Array(bytes.buffer, bytes.byteOffset, count >> 1);
    const to = new Int32Array(out.buffer, out.byteOffset, count >> 1);
    for (let k = 0; k < to.length; k++) {
      const w = from[k]!;
      to[k] = ((w & 0xff00ff) << 8) | ((w >>> 8) & 0xff00ff);
    }
    i = 2 * to.length;
  }
  for (let j = 2 * i; i < count; i++, j += 2) words[i] = (bytes[j]! << 8) | bytes[j + 1]!;
}

function words32(bytes: Uint8Array, words: Int32Array, count: number): void {
  if (isLittleEndian && bytes.byteOffset % 4 === 0) {
    const from = new Int32Array(bytes.buffer, bytes.byteOffset, count);
    for (let i = 0; i < count; i++) {
      const w = from[i]!;
      words[i] = (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24);
    }
    return;
  }
  for (let i = 0, j = 0; i < count; i++, j += 4) {
    words[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!;
  }
}

function swapPairs(words: Int32Array): void {
  for (let i = 0; i < words.length; i += 2) {
    const first = words[i]!;
    words[i] = words[i + 1]!;
    words[i + 1] = first;
  }
}

/** The values as big-endian bytes, written at `out[at…]`. */
export function toBigEndian(values: PixelArray, out: Uint8Array, at: number): void {
  const size = values.BYTES_PER_ELEMENT;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (size === 1 || !isLittleEndian) {
    out.set(raw, at);
    return;
  }
  const n = raw.length;
  if (size === 2) {
    const words = new Uint16Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0, j = at; i < words.length; i++, j += 2) {
      const w = words[i]!;
      out[j] = w >>> 8;
      out[j + 1] = w;
    }
  } else if (size === 4) {
    const words = new Int32Array(values.buffer, values.byteOffset, values.length);
    if ((out.byteOffset + at) % 4 === 0) {
      const swapped = new Int32Array(out.buffer, out.byteOffset + at, words.length);
      for (let i = 0; i < words.length; i++) {
        const w = words[i]!;
        swapped[i] = (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24);
      }
      return;
    }
    for (let i = 0, j = at; i < words.length; i++, j += 4) {
      const w = words[i]!;
      out[j] = w >>> 24;
      out[j + 1] = w >>> 16;
      out[j + 2] = w >>> 8;
      out[j + 3] = w;
    }
  } else {
    for (let i = 0; i < n; i += 8) for (let k = 0; k < 8; k++) out[at + i + k] = raw[i + 7 - k]!;
  }
}
