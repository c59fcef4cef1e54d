/** Cells per side of the coarse picture of a flat. */
const CELLS = 16;

/** How evenly a flat was lit against its fellows. */
export interface Illumination {
  /** Largest change over the frame of the plane fitted to flat / typical flat [1]. */
  readonly slope: number;
  /** Rms about that plane [1]. */
  readonly roughness: number;
}

/** Medians of 16 × 16 cells [unit of `data`]; NaN where a cell has no value. */
export function coarsePicture(data: Float32Array, width: number, height: number): Float64Array {
  const picture = new Float64Array(CELLS * CELLS).fill(Number.NaN);
  for (let cy = 0; cy < CELLS; cy++) {
    for (let cx = 0; cx < CELLS; cx++) {
      const [x0, x1] = [Math.floor((cx * width) / CELLS), Math.floor(((cx + 1) * width) / CELLS)];
      const [y0, y1] = [Math.floor((cy * height) / CELLS), Math.floor(((cy + 1) * height) / CELLS)];
      // About 1000 pixels give the median of a cell to 0.1 % of a flat's noise per pixel.
      const step = Math.max(1, Math.floor(Math.sqrt(((x1 - x0) * (y1 - y0)) / 1000)));
      const values: number[] = [];
      for (let y = y0; y < y1; y += step)
        for (let x = x0; x < x1; x += step) {
          const value = data[y * width + x]!;
          if (!Number.isNaN(value)) values.push(value);
        }
      if (values.length > 0) picture[cy * CELLS + cx] = median(values);
    }
  }
  return picture;
}

/**
 * Compares each flat with the median of all: clouds, twilight gradients and half-open domes show as slopes and lumps that the others do
 * not have. What all share cannot be seen here.
 */
export function compareIllumination(pictures: readonly Float64Array[]): Illumination[] {
  const typical = Array.from({ length: CELLS * CELLS }, (_, i) =>
    median(pictures.map((picture) => picture[i]!).filter((value) => !Number.isNaN(value))),
  );
  return pictures.map((picture) => {
    const ratio = Array.from(picture, (value, i) => value / typical[i]!);
    // On a regular grid without holes 1, u and v are orthogonal; holes are few and filled with the mean.
    const good = ratio.filter((value) => Number.isFinite(value));
    const mean = good.reduce((sum, value) => sum + value, 0) / good.length;
    let su = 0,
      sv = 0,
      norm = 0;
    const at = (i: number): [number, number] => [(2 * (i % CELLS) + 1) / CELLS - 1, (2 * Math.floor(i / CELLS) + 1) / CELLS - 1];
    ratio.forEach((value, i) => {
      const [u, v] = at(i);
      const change = Number.isFinite(value) ? value / mean - 1 : 0;
      su += change * u;
      sv += change * v;
      norm += u * u;
    });
    const [a, b] = [su / norm, sv / norm];
    const rest = ratio.map((value, i) => {
      const [u, v] = at(i);
      return Number.isFinite(value) ? value / mean - 1 - a * u - b * v : 0;
    });
    return {
      slope: 2 * Math.hypot(a, b),
      roughness: Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0) / rest.length),
    };
  });
}

function median(values: number[]): number {
  if (values.length === 0) return Number.NaN;
  values.sort((a, b) => a - b);
  return (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2;
}
