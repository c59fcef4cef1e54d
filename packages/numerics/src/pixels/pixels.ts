/** Turns the bytes of 32-bit values around, in place. */
export function swapWords(values: Float32Array): Float32Array {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const w = words[i]!;
    words[i] = (w << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24);
  }
  return values;
}

/** `out = mask & keep`. */
export function keepBits(mask: Uint16Array, keep: number, out: Uint16Array): Uint16Array {
  for (let i = 0; i < mask.length; i++) out[i] = mask[i]! & keep;
  return out;
}

/** `out = mask`, but 1 where a value is above `level`. */
export function flagAbove(values: Float32Array, level: number, mask: Uint16Array, out: Uint16Array): Uint16Array {
  const limit = Math.fround(level);
  for (let i = 0; i < values.length; i++) out[i] = values[i]! > limit ? 1 : mask[i]!;
  return out;
}

/** Indices of the values above `level`, ascending; NaN is not. */
export function indicesAbove(values: Float32Array, level: number): Int32Array {
  const limit = Math.fround(level);
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i]! > limit) found.push(i);
  return Int32Array.from(found);
}

/** Indices of the words that have any of `bits`, ascending. */
export function indicesWith(mask: Uint16Array, bits: number): Int32Array {
  const found: number[] = [];
  for (let i = 0; i < mask.length; i++) if ((mask[i]! & bits) !== 0) found.push(i);
  return Int32Array.from(found);
}
