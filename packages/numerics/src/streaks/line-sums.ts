import type { StreakCells } from './streak-cells.ts';

/** Lines of one octant and one length that stand out, and what tells how far such lines scatter. */
export interface LineSums {
  /** Columns that the lines cross; 0: the image is too small for this length. */
  readonly width: number;
  /** Of each line: first column + rise, row at which it enters (it may begin below the image), S/N. */
  readonly row: Int32Array;
  readonly y: Int32Array;
  readonly snr: Float32Array;
  /** |S/N| of lines here and there; 0: no such line. */
  readonly samples: Float32Array;
}

/** Lines of octant `o` are those of the cells with x and y exchanged (2, 3) and turned upside down (1, 3) that rise by 0 to 45°. */
export const OCTANTS = 4;
/** Lengths of lines that are looked at: those of a half and of the whole of the power of two that holds the columns. */
export const LENGTHS = 2;
/** Least length [cells]. */
const SHORTEST = 32;
/** Lines that tell the scatter. */
export const SAMPLES = 4096;
/** Lines beside a line whose mean is taken from it [cells]: structure of the sky or the detector that is wider than a streak. */
const FLANKS = [-5, -4, -3, 3, 4, 5] as const;

const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(n, 1)));

/**
 * S/N along all lines of an image: `OCTANTS` × `LENGTHS` lists of those above `threshold` that are the best of their neighbours along y. Sums along lines
 * come from sums along halves of them, so all n² lines of one octant cost n² log n additions, and each step on the way gives those of half the
 * length: streaks that begin or end in the image.
 *
 * Source: Götz & Druckmüller 1996, Pattern Recognition 29, 711; Brady 1998, SIAM J. Comput. 27, 107; for streaks in astronomical images
 * Nir, Zackay & Ofek 2018, AJ 156, 229.
 */
export function sumLines(cells: StreakCells, threshold: number): LineSums[] {
  return Array.from({ length: OCTANTS }, (_, o) => {
    const found = octant(turned(cells, o >> 1 === 1, (o & 1) === 1), threshold);
    while (found.length < LENGTHS) found.push(lineSums(0, [], [], [], new Float32Array(SAMPLES)));
    return found;
  }).flat();
}

function lineSums(
  width: number,
  row: readonly number[],
  y: readonly number[],
  snr: readonly number[],
  samples: Float32Array,
): LineSums {
  return { width, row: Int32Array.from(row), y: Int32Array.from(y), snr: Float32Array.from(snr), samples };
}

/** The cells with x and y exchanged, and turned upside down. */
function turned(cells: StreakCells, isSteep: boolean, isFalling: boolean): StreakCells {
  const [columns, rows] = isSteep ? [cells.rows, cells.columns] : [cells.columns, cells.rows];
  const move = (from: Float32Array): Float32Array => {
    const out = new Float32Array(from.length);
    for (let y = 0; y < rows; y++) {
      const v = isFalling ? rows - 1 - y : y;
      for (let x = 0; x < columns; x++) out[y * columns + x] = isSteep ? from[x * cells.columns + v]! : from[v * columns + x]!;
    }
    return out;
  };
  return { columns, rows, signal: move(cells.signal), weight: move(cells.weight) };
}

/** Sums of strips of `width` columns: row `first column + rise` holds those along the lines that enter at y − `pad` and leave `rise` higher. */
interface Strips {
  readonly s: Float32Array;
  readonly w: Float32Array;
  readonly rows: number;
  readonly size: number;
  readonly width: number;
  readonly stride: number;
  readonly pad: number;
}

function octant({ columns, rows, signal, weight }: StreakCells, threshold: number): LineSums[] {
  const size = powerOfTwo(columns);
  const pad = size;
  const stride = rows + pad;
  let [s, w, s2, w2] = Array.from({ length: 4 }, () => new Float32Array(size * stride)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      s[x * stride + pad + y] = signal[y * columns + x]!;
      w[x * stride + pad + y] = weight[y * columns + x]!;
    }
  }
  const found: LineSums[] = [];
  const shortest = Math.min(size, Math.max(SHORTEST, size / 2));
  for (let half = 1; half < size; half *= 2) {
    const width = 2 * half;
    for (let strip = 0; strip < size; strip += width) {
      for (let rise = 0; rise < width; rise++) {
        const near = rise >> 1;
        const shift = rise - near;
        const a = (strip + near) * stride + pad;
        const b = (strip + half + near) * stride + pad + shift;
        const o = (strip + rise) * stride + pad;
        const both = rows - shift;
        for (let y = -rise; y < both; y++) {
          s2[o + y] = s[a + y]! + s[b + y]!;
          w2[o + y] = w[a + y]! + w[b + y]!;
        }
        for (let y = Math.max(both, -rise); y < rows; y++) {
          s2[o + y] = s[a + y]!;
          w2[o + y] = w[a + y]!;
        }
      }
    }
    [s, s2, w, w2] = [s2, s, w2, w];
    if (width >= shortest) found.push(collect({ s, w, rows, size, width, stride, pad }, threshold));
  }
  return found;
}

function snrAt({ s, w, rows }: Strips, row: number, y: number, rise: number): number {
  const p = row + y;
  if (!(w[p]! > 0)) return 0;
  let [sum, weight] = [0, 0];
  for (const d of FLANKS) {
    if (y + d < -rise || y + d >= rows) continue;
    sum += s[p + d]!;
    weight += w[p + d]!;
  }
  return weight > 0 ? (s[p]! / w[p]! - sum / weight) / Math.sqrt(1 / w[p]! + 1 / weight) : 0;
}

function collect(strips: Strips, threshold: number): LineSums {
  const { s, w, rows, size, width, stride, pad } = strips;
  const samples = new Float32Array(SAMPLES);
  for (let k = 0; k < SAMPLES; k++) {
    const strip = Math.floor((((k * 7) % 64) / 64) * (size / width)) * width;
    const rise = (k * 31) % width;
    samples[k] = Math.abs(snrAt(strips, (strip + rise) * stride + pad, (k * 101) % rows, rise));
  }
  const [found, ys, snrs]: [number[], number[], number[]] = [[], [], []];
  // Flanks are near 0: what is far below the limit without them is below it with them.
  const least = Math.fround(0.49 * threshold * threshold);
  for (let strip = 0; strip < size; strip += width) {
    for (let rise = 0; rise < width; rise++) {
      const row = (strip + rise) * stride + pad;
      for (let y = -rise; y < rows; y++) {
        const value = s[row + y]!;
        if (!(value > 0 && Math.fround(value * value) > Math.fround(least * w[row + y]!))) continue;
        const snr = snrAt(strips, row, y, rise);
        if (snr < threshold || (y > -rise && snrAt(strips, row, y - 1, rise) > snr)) continue;
        if (y + 1 < rows && snrAt(strips, row, y + 1, rise) >= snr) continue;
        found.push(strip + rise);
        ys.push(y);
        snrs.push(snr);
      }
    }
  }
  return lineSums(width, found, ys, snrs, samples);
}

/** Room that the sums of an octant need [values per plane], and the most lines that one list may hold: no two neighbours. */
export function lineRoom({ columns, rows }: Pick<StreakCells, 'columns' | 'rows'>): {
  readonly plane: number;
  readonly most: number;
} {
  const plane = (a: number, b: number): number => powerOfTwo(a) * (powerOfTwo(a) + b + 16) + 16;
  const values = Math.max(plane(columns, rows), plane(rows, columns));
  return { plane: values, most: Math.ceil(values / 2) };
}
