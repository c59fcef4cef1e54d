import type { Compute } from '../compute.ts';
import type { Shape } from '../shape.ts';
import type { NoiseScale } from './noise-scale.ts';

/** What pixels need to be judged. */
export interface ScanArgs extends Shape {
  readonly snr: Float32Array;
  readonly level: number;
  /** The noise to judge by. */
  readonly scale: NoiseScale;
}

/**
 * Indices of the pixels above `level`, ascending, after the image was brought to its own noise, `(snr − mean) / sigma`, in place, but only
 * where that may matter: above the level or a little below.
 */
export async function pixelsAbove(args: ScanArgs, compute: Compute): Promise<Int32Array> {
  const found = await compute.indicesAbove(args.snr, leastBefore(args.scale, args.level));
  const pixels = compute.int32(found.length);
  pixels.set(found);
  const kept = await compute.runTask('rescale', { ...args, pixels }, pixels.length, { chunk: CHUNK });
  compute.free(pixels);
  let n = 0;
  for (const piece of kept) {
    found.set(piece, n);
    n += piece.length;
  }
  return found.slice(0, n);
}

/** Pixels in a range. */
const CHUNK = 1 << 14;

/** What a pixel must have before the rescaling to be above `level` after it, anywhere. */
function leastBefore({ level: means, sigma: sigmas }: NoiseScale, level: number): number {
  let least = Infinity;
  for (let c = 0; c < sigmas.length; c++) least = Math.min(least, means[c]! + level * sigmas[c]!);
  return least;
}

/** Rescales the pixels `from` … `to − 1` of a list, and returns those that are above the level then. A task of the pool. */
export function rescale(args: ScanArgs & { readonly pixels: Int32Array }, from: number, to: number): Int32Array {
  const { snr, level, width, height } = args;
  const { columns, rows, level: means, sigma: sigmas } = args.scale;
  const found = args.pixels.slice(from, to);
  const right = columns > 1 ? 1 : 0;
  const up = rows > 1 ? columns : 0;
  // Place between cell centres by column once, by row when it changes.
  const cellX = new Int32Array(width);
  const partX = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const f = Math.min(Math.max(((x + 0.5) * columns) / width - 0.5, 0), columns - 1);
    cellX[x] = Math.min(Math.floor(f), Math.max(columns - 2, 0));
    partX[x] = f - cellX[x]!;
  }
  let n = 0;
  let rowStart = -width;
  let base = 0;
  let ty = 0;
  for (let k = 0; k < found.length; k++) {
    const i = found[k]!;
    if (i >= rowStart + width) {
      const y = Math.floor(i / width);
      rowStart = y * width;
      const f = Math.min(Math.max(((y + 0.5) * rows) / height - 0.5, 0), rows - 1);
      const cy = Math.min(Math.floor(f), Math.max(rows - 2, 0));
      base = cy * columns;
      ty = f - cy;
    }
    const tx = partX[i - rowStart]!;
    const a = base + cellX[i - rowStart]!;
    const mean =
      (1 - ty) * ((1 - tx) * means[a]! + tx * means[a + right]!) + ty * ((1 - tx) * means[a + up]! + tx * means[a + up + right]!);
    const sigma =
      (1 - ty) * ((1 - tx) * sigmas[a]! + tx * sigmas[a + right]!) +
      ty * ((1 - tx) * sigmas[a + up]! + tx * sigmas[a + up + right]!);
    const v = (snr[i]! - mean) / sigma;
    snr[i] = v;
    if (v > level) found[n++] = i;
  }
  return found.slice(0, n);
}
