/** ZQUANTIZ: how floats became integers. */
export type DitherMethod = 'none' | 'dither1' | 'dither2';

export const ditherMethodOf = (quantiz: string | undefined): DitherMethod | undefined => {
  switch ((quantiz ?? 'NONE').trim().toUpperCase()) {
    case '':
    case 'NONE':
    case 'NO_DITHER':
      return 'none';
    case 'SUBTRACTIVE_DITHER_1':
      return 'dither1';
    case 'SUBTRACTIVE_DITHER_2':
      return 'dither2';
    default:
      return undefined;
  }
};

/** Stored for a pixel that is exactly zero under SUBTRACTIVE_DITHER_2, and for NaN where no ZBLANK says otherwise. */
export const ZERO_VALUE = -2147483646;
export const NULL_VALUE = -2147483647;

export const RANDOM_COUNT = 10_000;
let sequence: Float32Array | undefined;

/**
 * The 10,000 numbers in [0, 1) that every FITS program shares: Park and Miller's "minimal standard" generator,
 * a = 16807, m = 2^31 - 1, seed 1, as single floats (FITS 4.0, appendix I).
 */
export function ditherSequence(): Float32Array {
  if (sequence) return sequence;
  const made = new Float32Array(RANDOM_COUNT);
  let seed = 1;
  for (let i = 0; i < RANDOM_COUNT; i++) {
    seed = (16_807 * seed) % 2_147_483_647; // exact: below 2^46
    made[i] = seed / 2_147_483_647;
  }
  // The standard gives the value of the last seed, so that a faulty generator is noticed.
  if (seed !== 1_043_618_065) throw new Error('the dither sequence is wrong');
  sequence = made;
  return made;
}

/** Where a tile (counted from 0) begins in the sequence: which number chooses its start. */
export const ditherStart = (tile: number, seed: number): number => (tile + seed - 1) % RANDOM_COUNT;
