import type { Compute } from '../compute.ts';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { measureNoiseScale, type NoiseScale } from '../detect/noise-scale.ts';
import type { PsfModel } from '../psf/psf-model.ts';
import type { Shape } from '../shape.ts';
import { finiteValues, medianOf, quantileInPlace } from '../stats/quantile.ts';
import { blockKernels } from './convolve-blocks.ts';
import { imperfections } from './imperfections.ts';
import type { MatchingKernel } from './matching-kernel.ts';
import { scoreFilters } from './score-filters.ts';
import type { SubtractImage, SubtractOptions } from './subtraction.ts';

/** A difference before its score is made: `target − kernel ⊗ source`. Planes in the memory of `compute`. */
export interface DifferencePlanes extends Shape {
  /** 0 where masked. */
  readonly difference: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** `kernel ⊗ source`. */
  readonly constant: Float32Array;
  /** 0: sky alone. */
  readonly light: Uint16Array;
}

/** What the score of a difference is made with. */
export interface ScoreDesign extends Pick<SubtractOptions, 'stamps' | 'shiftErr'> {
  readonly kernel: MatchingKernel;
  readonly psf: PsfModel;
  readonly targetVariance: Float32Array;
  /** Sky variances by block. */
  readonly sky: { readonly target: Float64Array; readonly source: Float64Array };
  readonly covariance: readonly [number, number];
  /** −1: the science image was convolved, and a new star is negative in the difference. */
  readonly sign: 1 | -1;
}

/** Side of the blocks within which the score's filter is constant [pix]. */
const SCORE_BLOCK = 256;

/**
 * Makes the score of a new or gone star at each pixel [sigma] with the optimal filter (see `scoreFilters`); `plain`: with the star's image
 * alone, best where the convolved image adds no noise. Its noise has the photon noise of every pixel of both images, the imperfection of
 * the matched image at bright stars and the misregistration of single stars in it, and is then scaled to what the empty sky shows.
 *
 * Source: Zackay, Ofek & Gal-Yam 2016, ApJ 830, 27, section 3.3.
 */
export async function makeScore(
  planes: DifferencePlanes,
  design: ScoreDesign,
  plain: boolean,
  snr: Float32Array,
  compute: Compute,
): Promise<{ modelErr: number; shiftErrPix: number; noiseScale: number }> {
  const { width, height, difference, constant, light } = planes;
  const shape = { width, height };
  const size = width * height;
  const { fwhmPix } = design.psf;
  return compute.scope(async () => {
    const filters = scoreFilters({
      ...shape,
      psf: design.psf,
      kernel: design.kernel,
      blockPix: SCORE_BLOCK,
      targetVariance: design.sky.target,
      sourceVariance: plain ? new Float64Array(design.sky.source.length) : design.sky.source,
      targetCovariance: plain ? 1 : design.covariance[0],
      sourceCovariance: design.covariance[1],
    });
    await compute.convolveBlocks(difference, filters.score, shape, snr);
    const noisy = scoredVariance(planes, design.targetVariance, filters.sourceShare, compute);
    const power = await compute.convolveBlocks(noisy, filters.noise, shape, compute.float32(size));
    const expected = await compute.convolveBlocks(constant, filters.score, shape, noisy);
    // Light that the matched image may have wrong here: that of the star around, not of the pixel alone.
    const square = compute.float32(size);
    for (let i = 0; i < size; i++) square[i] = expected[i]! * expected[i]!;
    const near = await compute.convolve(square, gaussianKernel(fwhmPix), shape, compute.float32(size));
    const { modelErr, shiftErrPix } = imperfections(design.stamps, { snr, power, expected, near }, fwhmPix, shape);
    divideByNoise(planes, { snr, power, expected, near }, { modelErr, shiftErrPix }, design);
    const labels = compute.int32(size);
    labels.set(light);
    const scale = await measureNoiseScale(snr, labels, shape, compute);
    applyScale(snr, scale, shape);
    return { modelErr, shiftErrPix, noiseScale: medianOf(scale.sigma) };
  });
}

/** Side of the squares within which the error of the registration is taken as constant [pix]; a power of two. */
const CELL = 16;

/** Score over its noise; 0 where masked, and where much of a star would fall outside. */
function divideByNoise(
  { width, height, mask }: DifferencePlanes,
  { snr, power, expected, near }: Readonly<Record<'snr' | 'power' | 'expected' | 'near', Float32Array>>,
  { modelErr, shiftErrPix }: { readonly modelErr: number; readonly shiftErrPix: number },
  { psf, sign, shiftErr }: ScoreDesign,
): void {
  const m2 = modelErr * modelErr;
  const margin = Math.max(1, Math.ceil(0.75 * psf.fwhmPix));
  const shift2 = new Float64Array(Math.ceil(width / CELL));
  for (let y = 0; y < height; y++) {
    const row = y * width;
    if (y < margin || y >= height - margin || width <= 2 * margin) {
      snr.fill(0, row, row + width);
      continue;
    }
    if (y === margin || y % CELL === 0)
      for (let c = 0; c < shift2.length; c++)
        shift2[c] = (shiftErrPix ** 2 + (shiftErr?.(c * CELL + CELL / 2, y + CELL / 2) ?? 0) ** 2) / 4;
    snr.fill(0, row, row + margin);
    snr.fill(0, row + width - margin, row + width);
    for (let x = margin, i = row + margin; x < width - margin; x++, i++) {
      const dx = expected[i + 1]! - expected[i - 1]!;
      const dy = expected[i + width]! - expected[i - width]!;
      const v = power[i]! + m2 * near[i]! + shift2[x >> 4]! * (dx * dx + dy * dy);
      snr[i] = mask[i] === 0 && v > 0 ? (sign * snr[i]!) / Math.sqrt(v) : 0;
    }
  }
}

/** Variance as the score sees it: of the source, what the filter lets through of its correlated noise. 0 where the difference is. */
function scoredVariance(
  { width, height, variance, mask }: DifferencePlanes,
  target: Float32Array,
  share: Float64Array,
  compute: Compute,
): Float32Array {
  const out = compute.float32(variance.length);
  const columns = Math.ceil(width / SCORE_BLOCK);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(y / SCORE_BLOCK) * columns;
    for (let b = 0; b < columns; b++) {
      const passed = share[row + b]!;
      for (const end = y * width + Math.min(width, (b + 1) * SCORE_BLOCK); i < end; i++)
        out[i] = mask[i] !== 0 ? 0 : target[i]! + passed * (variance[i]! - target[i]!);
    }
  }
  return out;
}

/** Median variance of the good pixels of each block of the score; that of the image where there are none. */
export function blockMedians({ width, height, variance, mask }: Pick<SubtractImage, 'width' | 'height' | 'variance' | 'mask'>) {
  const { blockPix, columns, rows } = blockKernels({ width, height }, SCORE_BLOCK, 1);
  const step = 4;
  const out = new Float64Array(columns * rows);
  const values = new Float32Array(Math.ceil(blockPix / step) ** 2);
  for (let b = 0; b < out.length; b++) {
    const x0 = (b % columns) * blockPix;
    const y0 = Math.floor(b / columns) * blockPix;
    let n = 0;
    for (let y = y0; y < Math.min(height, y0 + blockPix); y += step)
      for (let x = x0; x < Math.min(width, x0 + blockPix); x += step) {
        const i = y * width + x;
        if (mask[i] === 0 && variance[i]! > 0) values[n++] = variance[i]!;
      }
    out[b] = n > 20 ? quantileInPlace(values, 0.5, n) : NaN;
  }
  const known = finiteValues(out);
  const usual = known.length > 0 ? medianOf(known) : 1;
  return out.map((v) => (v > 0 ? v : usual));
}

/** Takes off the level and divides by the noise scale, both bilinear between cell centres. */
function applyScale(snr: Float32Array, { columns, rows, level, sigma }: NoiseScale, { width, height }: Shape): void {
  const [rowLevel, rowSigma] = [new Float64Array(columns + 1), new Float64Array(columns + 1)];
  const cell = new Int32Array(width);
  const share = new Float64Array(width);
  for (let x = 0; x < width; x++) {
    const fx = Math.min(Math.max(((x + 0.5) * columns) / width - 0.5, 0), columns - 1);
    cell[x] = Math.min(Math.floor(fx), Math.max(columns - 2, 0));
    share[x] = fx - cell[x]!;
  }
  for (let y = 0, i = 0; y < height; y++) {
    const fy = Math.min(Math.max(((y + 0.5) * rows) / height - 0.5, 0), rows - 1);
    const r = Math.min(Math.floor(fy), Math.max(rows - 2, 0));
    const up = rows > 1 ? columns : 0;
    const b = fy - r;
    for (let c = 0; c <= columns; c++) {
      const k = r * columns + Math.min(c, columns - 1);
      rowLevel[c] = (1 - b) * level[k]! + b * level[k + up]!;
      rowSigma[c] = (1 - b) * sigma[k]! + b * sigma[k + up]!;
    }
    for (let x = 0; x < width; x++, i++) {
      if (snr[i] === 0) continue;
      const c = cell[x]!;
      const a = share[x]!;
      snr[i] =
        (snr[i]! - (rowLevel[c]! + a * (rowLevel[c + 1]! - rowLevel[c]!))) /
        (rowSigma[c]! + a * (rowSigma[c + 1]! - rowSigma[c]!));
    }
  }
}
