/** One level of an image: texel (k, l) is the mean (or the union of bits) of a square of `block` pixels of the full image. */
export interface Level<T extends Float32Array | Uint16Array = Float32Array> {
  readonly width: number;
  readonly height: number;
  /** Side of the square [full-resolution pixel]. */
  readonly block: number;
  readonly data: T;
}

/** Levels stop when the whole image fits one tile. */
export const tileSize = 512;

/** Halves an image by means of 2 × 2 squares; pixels without a value do not count, squares without any are NaN. */
export function halveMean(level: Level): Level {
  const { width, height, data } = level;
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const out = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    const row0 = 2 * y * width;
    const row1 = 2 * y + 1 < height ? row0 + width : -1;
    for (let x = 0; x < w; x++) {
      const pair = 2 * x + 1 < width;
      let [sum, count] = [0, 0];
      for (const at of [
        row0 + 2 * x,
        pair ? row0 + 2 * x + 1 : -1,
        row1 < 0 ? -1 : row1 + 2 * x,
        row1 < 0 || !pair ? -1 : row1 + 2 * x + 1,
      ]) {
        const value = at < 0 ? Number.NaN : data[at]!;
        if (!Number.isNaN(value)) {
          sum += value;
          count++;
        }
      }
      out[y * w + x] = count === 0 ? Number.NaN : sum / count;
    }
  }
  return { width: w, height: h, block: level.block * 2, data: out };
}

/** Halves a mask: a bit is set where any of the four pixels has it. */
export function halveBits(level: Level<Uint16Array>): Level<Uint16Array> {
  const { width, height, data } = level;
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const out = new Uint16Array(w * h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out[(y >> 1) * w + (x >> 1)]! |= data[y * width + x]!;
  }
  return { width: w, height: h, block: level.block * 2, data: out };
}

/** All levels, the finest first. */
export function pyramid<T extends Float32Array | Uint16Array>(
  finest: Level<T>,
  halve: (level: Level<T>) => Level<T>,
): Level<T>[] {
  const levels = [finest];
  for (;;) {
    const last = levels[levels.length - 1]!;
    if (last.width <= tileSize && last.height <= tileSize) return levels;
    levels.push(halve(last));
  }
}

/** The coarsest level whose squares are not larger than a screen pixel: nothing is lost, nothing is aliased. */
export function levelFor(levels: readonly { readonly block: number }[], screenPerPixel: number): number {
  const found = levels.findLastIndex((level) => level.block * screenPerPixel <= 1.0001);
  return Math.max(0, found);
}

/** Value at a full-resolution pixel. */
export function valueAt(level: Level<Float32Array> | Level<Uint16Array>, x: number, y: number): number | null {
  const [k, l] = [Math.floor((x + 0.5) / level.block), Math.floor((y + 0.5) / level.block)];
  if (k < 0 || l < 0 || k >= level.width || l >= level.height) return null;
  return level.data[l * level.width + k]!;
}
