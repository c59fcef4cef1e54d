import type { PixelArray, Scaling } from './pixels.ts';

/**
 * Writes `count` stored values as physical ones into `out[at…]`. Integers that are only shifted go without floats;
 * blanks become NaN in a float `out`. An `out` of another type than `scaling.type` gets JavaScript's conversion.
 */
export function storePhysical(
  stored: PixelArray,
  from: number,
  count: number,
  scaling: Scaling,
  out: PixelArray,
  at: number,
): void {
  const { scale, zero, blank } = scaling;
  if (stored instanceof BigInt64Array || stored instanceof BigUint64Array) {
    storeBig(stored, from, count, scaling, out, at);
    return;
  }
  if (out instanceof BigInt64Array || out instanceof BigUint64Array) {
    for (let i = 0; i < count; i++) out[at + i] = BigInt(Math.round(stored[from + i]! * scale + zero));
    return;
  }
  if (scale === 1 && zero === 0 && blank === undefined) {
    copyNumbers(stored, from, count, out, at);
  } else if (blank === undefined && scale === 1) {
    shiftNumbers(stored, from, count, zero, out, at);
  } else {
    scaleNumbers(stored, from, count, scaling, out, at);
  }
}

type Numbers = Exclude<PixelArray, BigInt64Array | BigUint64Array>;

/** Also between types: the engine's own copy converts like an assignment, faster than a loop. */
function copyNumbers(stored: Numbers, from: number, count: number, out: Numbers, at: number): void {
  out.set(stored.subarray(from, from + count), at);
}

function shiftNumbers(stored: Numbers, from: number, count: number, zero: number, out: Numbers, at: number): void {
  // One loop per pair of common types keeps each monomorphic, hence fast.
  if (out instanceof Uint16Array) shiftInto(stored, from, count, zero, out, at);
  else if (out instanceof Float32Array) shiftInto(stored, from, count, zero, out, at);
  else for (let i = 0; i < count; i++) out[at + i] = stored[from + i]! + zero;
}

function shiftInto<T extends Numbers>(stored: Numbers, from: number, count: number, zero: number, out: T, at: number): void {
  for (let i = 0; i < count; i++) out[at + i] = stored[from + i]! + zero;
}

function scaleNumbers(
  stored: Numbers,
  from: number,
  count: number,
  { scale, zero, blank }: Scaling,
  out: Numbers,
  at: number,
): void {
  if (blank === undefined) {
    for (let i = 0; i < count; i++) out[at + i] = stored[from + i]! * scale + zero;
    return;
  }
  for (let i = 0; i < count; i++) {
    const value = stored[from + i]!;
    out[at + i] = value === blank ? Number.NaN : value * scale + zero;
  }
}

function storeBig(
  stored: BigInt64Array | BigUint64Array,
  from: number,
  count: number,
  scaling: Scaling,
  out: PixelArray,
  at: number,
): void {
  const { scale, zero, blank } = scaling;
  if (out instanceof BigUint64Array && zero === 2 ** 63) {
    for (let i = 0; i < count; i++) out[at + i] = BigInt.asUintN(64, stored[from + i]! + 0x8000000000000000n);
  } else if (out instanceof BigInt64Array || out instanceof BigUint64Array) {
    for (let i = 0; i < count; i++) out[at + i] = stored[from + i]!;
  } else {
    for (let i = 0; i < count; i++) {
      const value = Number(stored[from + i]!);
      out[at + i] = value === blank ? Number.NaN : value * scale + zero;
    }
  }
}
