import { lowerMedian, quickselect } from './select.ts';

/**
 * The noise of a tile from the medians of absolute differences of 2nd, 3rd and 5th order between every other pixel
 * along each row: the smallest of the three (Pence, Seaman & White 2009, PASP 121, 414; Stoehr et al. 2007 for the
 * 3rd order). Runs of equal pixels do not count: they are saturated or empty, not quiet.
 */
export interface TileNoise {
  /** Pixels that are not NaN. */
  readonly good: number;
  readonly least: number;
  readonly most: number;
  /** 0 where no difference could be taken. */
  readonly sigma: number;
}

type Floats = Float32Array | Float64Array;

/** Scratch for one row; keep it for all tiles of an image. It changes how fast a median is found, never which. */
export interface NoiseScratch {
  readonly row: Float64Array;
  /** Bit patterns of the differences of one order that lie near the median expected from the rows before. */
  readonly near: readonly [Int32Array, Int32Array, Int32Array];
  /** Three floats, and their bit patterns. */
  readonly floats: Float32Array;
  readonly patterns: Int32Array;
  /** That expectation. */
  readonly expected: [number, number, number];
}

export function noiseScratch(width: number): NoiseScratch {
  const floats = new Float32Array(3);
  return {
    row: new Float64Array(width),
    near: [new Int32Array(width), new Int32Array(width), new Int32Array(width)],
    floats,
    patterns: new Int32Array(floats.buffer),
    expected: [0, 0, 0],
  };
}

/** Count and extremes alone, where the step of the integers is given and no noise need be known. */
export function tileRange(values: Floats, count: number): Pick<TileNoise, 'good' | 'least' | 'most'> {
  let good = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    good++;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { good, least, most };
}

/** Tiles of several rows: the median over the rows. `values` holds `rows` rows of `width` pixels; NaN is left out. */
export function tileNoise(values: Floats, width: number, rows: number, scratch: NoiseScratch): TileNoise {
  let good = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  const sigmas: [number[], number[], number[]] = [[], [], []];
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let n = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    const line = scratch.row;
    for (let i = 0; i < width; i++) {
      const value = values[start + i]!;
      if (Number.isNaN(value)) continue;
      line[n++] = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    good += n;
    if (low < least) least = low;
    if (high > most) most = high;
    if (n >= 9) rowMedians(line, n, scratch, sigmas);
  }
  const [second, third, fifth] = sigmas.map(middle) as [number, number, number];
  let sigma = third;
  if (second !== 0 && second < sigma) sigma = second;
  if (fifth !== 0 && fifth < sigma) sigma = fifth;
  return { good, least, most, sigma };
}

/** Factors that turn the median of each absolute difference into the sigma of normal noise. */
const FACTORS = [1.0483579, 0.6052697, 0.1772048] as const;

/** Half width of the window around the expected median: three times the scatter of a median of 4096 values. */
const WINDOW = 0.08;

function rowMedians(line: Float64Array, n: number, scratch: NoiseScratch, sigmas: [number[], number[], number[]]): void {
  const { near, expected } = scratch;
  const [near2, near3, near5] = near;
  const { floats, patterns } = scratch;
  // Non-negative floats sort like their bit patterns. A difference is put below or into its window by integer
  // arithmetic alone: as a branch it would be guessed wrong half the time.
  const low2 = patternOf(expected[0] * (1 - WINDOW));
  const low3 = patternOf(expected[1] * (1 - WINDOW));
  const low5 = patternOf(expected[2] * (1 - WINDOW));
  const high2 = patternOf(expected[0] * (1 + WINDOW));
  const high3 = patternOf(expected[1] * (1 + WINDOW));
  const high5 = patternOf(expected[2] * (1 + WINDOW));
  // Per order: how many differences, how many below the window, how many in it.
  let n2 = 0;
  let n3 = 0;
  let below2 = 0;
  let below3 = 0;
  let below5 = 0;
  let in2 = 0;
  let in3 = 0;
  let in5 = 0;
  for (let i = 8; i < n; i++) {
    const v3 = line[i - 6]!;
    const v5 = line[i - 4]!;
    const v7 = line[i - 2]!;
    const isFlat = v5 === v7 && v5 === line[i - 3]!;
    if (isFlat && v3 === v5 && v5 === line[i - 5]!) continue;
    floats[0] = Math.abs(v5 - v7);
    floats[1] = Math.abs(2 * v5 - v3 - v7);
    floats[2] = Math.abs(6 * v5 - 4 * (v3 + v7) + line[i - 8]! + line[i]!);
    if (!isFlat) {
      const p = patterns[0]!;
      n2++;
      near2[in2] = p;
      below2 += (p - low2) >>> 31;
      in2 += ((low2 - 1 - p) & (p - 1 - high2)) >>> 31;
    }
    const p = patterns[1]!;
    n3++;
    near3[in3] = p;
    below3 += (p - low3) >>> 31;
    in3 += ((low3 - 1 - p) & (p - 1 - high3)) >>> 31;
    const q = patterns[2]!;
    near5[in5] = q;
    below5 += (q - low5) >>> 31;
    in5 += ((low5 - 1 - q) & (q - 1 - high5)) >>> 31;
  }
  finish(0, n2, below2, in2);
  finish(1, n3, below3, in3);
  finish(2, n3, below5, in5);

  function finish(order: 0 | 1 | 2, count: number, below: number, inside: number): void {
    if (count === 0) return;
    const rank = ((count - 1) >> 1) - below;
    const isInside = rank >= 0 && rank < inside;
    const median = floatOf(isInside ? quickselect(near[order], inside, rank) : lowerMedian(differences(line, n, order)));
    expected[order] = isInside ? 0.8 * expected[order] + 0.2 * median : median;
    sigmas[order].push(FACTORS[order] * median);
  }
}

const oneFloat = new Float32Array(1);
const onePattern = new Int32Array(oneFloat.buffer);

function patternOf(value: number): number {
  oneFloat[0] = value;
  return onePattern[0]!;
}

function floatOf(pattern: number): number {
  onePattern[0] = pattern;
  return oneFloat[0]!;
}

/** Patterns of all differences of one order, the slow way: for the first row, and where a row is unlike those before. */
function differences(line: Float64Array, n: number, order: 0 | 1 | 2): Int32Array {
  const out = new Float32Array(n);
  let m = 0;
  for (let i = 8; i < n; i++) {
    const v3 = line[i - 6]!;
    const v5 = line[i - 4]!;
    const v7 = line[i - 2]!;
    const isFlat = v5 === v7 && v5 === line[i - 3]!;
    if (order === 0) {
      if (!isFlat) out[m++] = Math.abs(v5 - v7);
      continue;
    }
    if (isFlat && v3 === v5 && v5 === line[i - 5]!) continue;
    out[m++] = order === 1 ? Math.abs(2 * v5 - v3 - v7) : Math.abs(6 * v5 - 4 * (v3 + v7) + line[i - 8]! + line[i]!);
  }
  return new Int32Array(out.buffer, 0, m);
}

function middle(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  const n = values.length;
  return n % 2 === 1 ? values[(n - 1) / 2]! : (values[n / 2 - 1]! + values[n / 2]!) / 2;
}
