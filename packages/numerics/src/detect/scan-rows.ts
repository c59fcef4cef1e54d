import type { Compute } from '../compute.ts';
import type { Shape } from '../shape.ts';
import type { NoiseScale } from './noise-scale.ts';

/** What a row needs to be scanned. */
export interface ScanArgs extends Shape {
  readonly snr: Float32Array;
  readonly level: number;
  /** The noise to judge by; null: 1. */
  readonly scale: NoiseScale | null;
}

/**
 * Indices of the pixels above `level`, ascending. With a noise scale the image is first brought to its own noise, `(snr − mean) / sigma`,
 * in place, but only where that may matter: above the level or a little below.
 */
export async function pixelsAbove(args: ScanArgs, compute: Compute): Promise<Int32Array> {
  const bands = await compute.runTask('scanRows', args, args.height, { chunk: 128 });
  const all = new Int32Array(bands.reduce((n, band) => n + band.length, 0));
  let at = 0;
  for (const band of bands) {
    all.set(band, at);
    at += band.length;
  }
  return all;
}

/** The same for rows `from` … `to − 1`. A task of the pool. */
export function scanRows({ snr, level, scale, width, height }: ScanArgs, from: number, to: number): Int32Array {
  const found = select(snr, from * width, to * width, scale === null ? level : leastBefore(scale, level));
  return scale === null ? found : rescale(snr, found, scale, { width, height }, level);
}

function select(snr: Float32Array, from: number, to: number, level: number): Int32Array {
  let found = new Int32Array(16384);
  let n = 0;
  for (let i = from; i < to; i++) {
    if (!(snr[i]! > level)) continue;
    if (n === found.length) {
      const wider = new Int32Array(2 * n);
      wider.set(found);
      found = wider;
    }
    found[n++] = i;
  }
  return found.slice(0, n);
}

/** What a pixel must have before the rescaling to be above `level` after it, anywhere. */
function leastBefore({ level: means, sigma: sigmas }: NoiseScale, level: number): number {
  let least = Infinity;
  for (let c = 0; c < sigmas.length; c++) least = Math.min(least, means[c]! + level * sigmas[c]!);
  return least;
}

function rescale(snr: Float32Array, found: Int32Array, scale: NoiseScale, { width, height }: Shape, level: number): Int32Array {
  const { columns, rows, level: means, sigma: sigmas } = scale;
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
