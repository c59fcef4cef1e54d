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

/** Scratch for one row; keep it for all tiles of an image. */
export interface NoiseScratch {
  readonly row: Float64Array;
  readonly differences: readonly [Float32Array, Float32Array, Float32Array];
  readonly histogram: Int32Array;
  readonly bin: Int32Array;
}

export const noiseScratch = (width: number): NoiseScratch => ({
  row: new Float64Array(width),
  differences: [new Float32Array(width), new Float32Array(width), new Float32Array(width)],
  histogram: new Int32Array(2048),
  bin: new Int32Array(width),
});

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
    if (n < 9) continue;
    rowDifferences(line, n, scratch, sigmas);
  }
  const [second, third, fifth] = sigmas.map(middle) as [number, number, number];
  let sigma = third;
  if (second !== 0 && second < sigma) sigma = second;
  if (fifth !== 0 && fifth < sigma) sigma = fifth;
  return { good, least, most, sigma };
}

/** Factors that turn the median of each absolute difference into the sigma of normal noise. */
const FACTOR_2 = 1.0483579;
const FACTOR_3 = 0.6052697;
const FACTOR_5 = 0.1772048;

function rowDifferences(line: Float64Array, n: number, scratch: NoiseScratch, sigmas: [number[], number[], number[]]): void {
  const [d2, d3, d5] = scratch.differences;
  let n2 = 0;
  let n3 = 0;
  let v1 = line[0]!;
  let v2 = line[1]!;
  let v3 = line[2]!;
  let v4 = line[3]!;
  let v5 = line[4]!;
  let v6 = line[5]!;
  let v7 = line[6]!;
  let v8 = line[7]!;
  for (let i = 8; i < n; i++) {
    const v9 = line[i]!;
    const isFlat = v5 === v6 && v6 === v7;
    if (!isFlat) d2[n2++] = Math.abs(v5 - v7);
    if (!(isFlat && v3 === v4 && v4 === v5)) {
      d3[n3] = Math.abs(2 * v5 - v3 - v7);
      d5[n3++] = Math.abs(6 * v5 - 4 * v3 - 4 * v7 + v1 + v9);
    }
    v1 = v2;
    v2 = v3;
    v3 = v4;
    v4 = v5;
    v5 = v6;
    v6 = v7;
    v7 = v8;
    v8 = v9;
  }
  if (n2 > 0) sigmas[0].push(FACTOR_2 * lowerMedian(d2, n2, scratch));
  if (n3 > 0) {
    sigmas[1].push(FACTOR_3 * lowerMedian(d3, n3, scratch));
    sigmas[2].push(FACTOR_5 * lowerMedian(d5, n3, scratch));
  }
}

function middle(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  const n = values.length;
  return n % 2 === 1 ? values[(n - 1) / 2]! : (values[n / 2 - 1]! + values[n / 2]!) / 2;
}

/**
 * The lower median of non-negative floats. Their bit patterns sort like the numbers, so two histograms of 11 and 10
 * bits leave a handful to sort: about three times faster than quickselect here.
 */
export function lowerMedian(
  values: Float32Array,
  n: number,
  { histogram, bin }: Pick<NoiseScratch, 'histogram' | 'bin'>,
): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, n);
  let rank = (n - 1) >> 1;
  histogram.fill(0);
  for (let i = 0; i < n; i++) histogram[bits[i]! >>> 20]!++;
  let high = 0;
  while (rank >= histogram[high]!) rank -= histogram[high++]!;
  let m = 0;
  for (let i = 0; i < n; i++) {
    const pattern = bits[i]!;
    if (pattern >>> 20 === high) bin[m++] = pattern;
  }
  if (m > 64) {
    histogram.fill(0, 0, 1024);
    for (let i = 0; i < m; i++) histogram[(bin[i]! >>> 10) & 1023]!++;
    let low = 0;
    while (rank >= histogram[low]!) rank -= histogram[low++]!;
    let kept = 0;
    for (let i = 0; i < m; i++) if (((bin[i]! >>> 10) & 1023) === low) bin[kept++] = bin[i]!;
    m = kept;
  }
  const rest = bin.subarray(0, m).sort();
  pattern[0] = rest[rank]!;
  return patternAsFloat[0]!;
}

const pattern = new Int32Array(1);
const patternAsFloat = new Float32Array(pattern.buffer);
