import type { Compute } from '../compute.ts';
import { gaussianKernel } from '../convolve/convolution-kernel.ts';
import { measureNoiseScale } from '../detect/noise-scale.ts';
import { MaskPlane } from '../mask-plane.ts';
import type { PsfModel } from '../psf/psf-model.ts';
import { psfStamp } from '../psf/psf-stamp.ts';
import { fillBad } from '../resample/fill-bad.ts';
import { assertPlane, type Shape } from '../shape.ts';
import { finiteValues, madSigma, medianOf, quantileInPlace } from '../stats/quantile.ts';
import { blockKernels, blockMiddle } from './convolve-blocks.ts';
import { fitMatchingKernel, type MatchingFit } from './fit-matching-kernel.ts';
import { basisImages, kernelAt, kernelScale, type MatchingKernel } from './matching-kernel.ts';
import { fitNoiseFactor, matchedNoiseFactor, scoreFilters } from './score-filters.ts';

/** One of the two images, on the common grid; the sky taken off but for what varies slowly. */
export interface SubtractImage extends Shape {
  readonly data: Float32Array;
  /** 1 sigma² per pixel. */
  readonly variance: Float32Array;
  /** Any bit but SATURATED: the value says nothing. */
  readonly mask: Uint16Array;
  readonly psf: PsfModel;
  /** Variance of sums over large areas over the sum of variances [1]; 1: pixels are independent. */
  readonly covarianceFactor: number;
}

export interface SubtractOptions {
  /** Places for the kernel's stamps [pix], best first: bright, unsaturated, alone. */
  readonly stamps: readonly { readonly x: number; readonly y: number }[];
  /** Highest order of the kernel's variation; default 3. */
  readonly maxOrder?: number;
  /** Cell of the background of the difference [pix]; default 128. */
  readonly meshPix?: number;
  /** Highest powers with the narrow, the middle and the wide Gaussian. */
  readonly degrees?: readonly [number, number, number];
  /** `optimal`: knows the noise of both images at each frequency; `matched`: the star's image; `both`: the weaker of the two. Default optimal. */
  readonly score?: 'optimal' | 'matched' | 'both';
  /** Error of the registration of the two images at a place [pix]; default 0. */
  readonly shiftErr?: (x: number, y: number) => number;
}

/** Science minus reference, in the unit and on the scale of the science image. All planes in the memory of `compute`. */
export interface Subtraction extends Shape {
  readonly difference: Float32Array;
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** Optimal statistic of a point source on each pixel [sigma]; 0 where nothing can be said. */
  readonly snr: Float32Array;
  /** The constant sky as the difference took it off: the matched image, in the science image's unit. */
  readonly constant: Float32Array;
  /** What a new star of unit flux looks like in `difference`. */
  readonly psf: PsfModel;
  readonly convolved: 'reference' | 'science';
  /** The image that was convolved as it was before, bad pixels filled: what is in it alone shows its own shape there. */
  readonly source: { readonly data: Float32Array; readonly variance: Float32Array; readonly psf: PsfModel };
  readonly fit: MatchingFit;
  readonly covarianceFactor: number;
  /** Error of a PSF flux over that with independent pixels [1], see `fitNoiseFactor`. */
  readonly fitNoise: number;
  /** Relative error of the matched image at bright stars, and misregistration of single stars [pix]: terms of the score's noise. */
  readonly modelErr: number;
  readonly shiftErrPix: number;
  /** Robust sigma of difference over expected noise: pixels of stars, and of the sky [1]. */
  readonly residualAtStars: number;
  readonly residualOnSky: number;
  /** Noise of the score over the expected, median over the image. */
  readonly noiseScale: number;
}

/** Side of the blocks within which the kernel, and the score's filter, are constant [pix]. */
const KERNEL_BLOCK = 32;
const SCORE_BLOCK = 128;
/** Share of the kernel on bad pixels of the convolved image from which the result is masked. */
const MOST_BAD = 0.02;
/** The same for saturated pixels, which lack much light. */
const MOST_SATURATED = 0.003;

/**
 * Subtracts two images of one sky. The sharper is convolved with a kernel that varies over the image (see `fitMatchingKernel`), the rest of
 * the sky background is taken off, and the score of a new or gone star is made with the optimal filter (see `scoreFilters`); its noise has
 * the photon noise of every pixel of both images, the imperfection of the matched image at bright stars and the misregistration of single
 * stars in it (Zackay, Ofek & Gal-Yam 2016, §3.3), and is then scaled to what the empty sky shows.
 *
 * @returns null with fewer than three usable stamps
 */
export async function subtractImages(
  science: SubtractImage,
  reference: SubtractImage,
  options: SubtractOptions,
  compute: Compute,
): Promise<Subtraction | null> {
  const { width, height } = science;
  const shape = { width, height };
  for (const plane of [science.data, science.variance, science.mask]) assertPlane(plane, shape, 'A plane of the science image');
  for (const plane of [reference.data, reference.variance, reference.mask]) assertPlane(plane, shape, 'A plane of the reference');
  const size = width * height;
  const convolved = reference.psf.fwhmPix <= science.psf.fwhmPix ? 'reference' : 'science';
  const [target, source] = convolved === 'reference' ? [science, reference] : [reference, science];
  const sign = convolved === 'reference' ? 1 : -1;

  return compute.scope(async (keep): Promise<Subtraction | null> => {
    const t = cleaned(target, compute);
    const s = cleaned(source, compute);
    for (const plane of [s.data, s.variance]) keep(plane);
    const bad = new Uint8Array(size);
    for (let i = 0; i < size; i++) bad[i] = target.mask[i]! | source.mask[i]! ? 1 : 0;
    const wider = Math.sqrt(Math.max(0, target.psf.fwhmPix ** 2 - source.psf.fwhmPix ** 2)) / 2.3548;
    const fit = fitMatchingKernel(
      { ...shape, target: t.data, targetVariance: t.variance, source: s.data, sourceVariance: s.variance, bad },
      options.stamps,
      {
        sigmaPix: wider,
        finestPix: source.psf.fwhmPix / 2.3548,
        half: Math.ceil(2.5 * target.psf.fwhmPix),
        maxOrder: options.maxOrder ?? 3,
        ...(options.degrees ? { degrees: options.degrees } : {}),
      },
    );
    if (fit === null) return null;
    const { kernel } = fit;

    // The matched image, its variance and its mask.
    const factor = matchedNoiseFactor(kernel, source.covarianceFactor);
    const { filter, squares, absolute } = imageFilters(kernel, factor, shape);
    const constant = await compute.convolveBlocks(s.data, filter, shape, keep(compute.float32(size)));
    const variance = await compute.convolveBlocks(s.variance, squares, shape, keep(compute.float32(size)));
    const mask = keep(compute.uint16(size));
    mask.set(target.mask);
    await spreadMask(source.mask, absolute, shape, mask, compute);
    const difference = keep(compute.float32(size));
    const noisy = compute.float32(size); // score's share of the target's variance
    for (let i = 0; i < size; i++) {
      variance[i] = variance[i]! + t.variance[i]!;
      difference[i] = t.data[i]! - constant[i]!;
      if ((mask[i]! & ~MaskPlane.SATURATED) !== 0) difference[i] = 0;
    }

    // Sources, for the sky to be measured without them.
    const light = compute.uint16(size);
    for (let i = 0; i < size; i++) {
      const v = variance[i]!;
      light[i] = mask[i]! !== 0 || constant[i]! > 1.5 * Math.sqrt(v) || t.data[i]! > 3 * Math.sqrt(v) ? 1 : 0;
    }
    const mesh = await compute.measureBackground(difference, light, { ...shape, meshPix: options.meshPix ?? 128 });
    if (Number.isFinite(mesh.globalLevel)) await compute.subtractMesh(difference, mesh.level, mesh, shape, difference);
    for (let i = 0; i < size; i++) {
      const nothing = mask[i]! !== 0;
      if (nothing) difference[i] = 0;
      noisy[i] = nothing ? 0 : t.variance[i]!;
    }

    // The score; with both filters, the weaker of the two.
    const design: ScoreDesign = {
      kernel,
      psf: target.psf,
      sourceVariance: s.variance,
      targetNoise: noisy,
      sky: { target: blockMedians(t.variance, mask, shape), source: blockMedians(s.variance, mask, shape) },
      covariance: [target.covarianceFactor, source.covarianceFactor],
      light,
      sign,
    };
    const { score = 'optimal' } = options;
    const snr = keep(compute.float32(size));
    const first = await makeScore({ difference, constant, mask }, design, score === 'matched', options, shape, snr, compute);
    if (score === 'both') {
      const second = compute.float32(size);
      await makeScore({ difference, constant, mask }, design, true, options, shape, second, compute);
      for (let i = 0; i < size; i++) {
        if (snr[i]! * second[i]! <= 0) snr[i] = 0;
        else if (Math.abs(second[i]!) < Math.abs(snr[i]!)) snr[i] = second[i]!;
      }
    }

    const { residualAtStars, residualOnSky } = residuals(
      difference,
      variance,
      mask,
      light,
      options.stamps,
      target.psf.fwhmPix,
      shape,
    );
    if (sign < 0) inScienceUnit(kernel, starScale(kernel, target.psf, source.psf), { difference, variance, constant }, shape);
    return {
      ...shape,
      difference,
      variance,
      mask,
      snr,
      constant,
      psf: target.psf,
      source: { ...s, psf: source.psf },
      convolved,
      fit,
      covarianceFactor: target.covarianceFactor,
      fitNoise: fitNoiseFactor(
        target.psf,
        kernel,
        { target: medianOf(design.sky.target), source: medianOf(design.sky.source) },
        design.covariance,
      ),
      modelErr: first.modelErr,
      shiftErrPix: first.shiftErrPix,
      residualAtStars,
      residualOnSky,
      noiseScale: first.noiseScale,
    };
  });
}

/** What the score of a difference is made with. */
interface ScoreDesign {
  readonly kernel: MatchingKernel;
  readonly psf: PsfModel;
  readonly sourceVariance: Float32Array;
  /** Of the target; 0 where the difference says nothing. */
  readonly targetNoise: Float32Array;
  /** Sky variances by block. */
  readonly sky: { readonly target: Float64Array; readonly source: Float64Array };
  readonly covariance: readonly [number, number];
  readonly light: Uint16Array;
  readonly sign: number;
}

/** Fills `snr`; `plain`: the filter is the star's image alone, best where the convolved image adds no noise. */
async function makeScore(
  { difference, constant, mask }: { difference: Float32Array; constant: Float32Array; mask: Uint16Array },
  design: ScoreDesign,
  plain: boolean,
  options: SubtractOptions,
  shape: Shape,
  snr: Float32Array,
  compute: Compute,
): Promise<{ modelErr: number; shiftErrPix: number; noiseScale: number }> {
  const { width, height } = shape;
  const size = width * height;
  const { fwhmPix } = design.psf;
  return compute.scope(async () => {
    const filters = scoreFilters({
      ...shape,
      psf: design.psf,
      kernel: design.kernel,
      blockPix: SCORE_BLOCK,
      radius: Math.ceil(2 * fwhmPix),
      targetVariance: design.sky.target,
      sourceVariance: plain ? new Float64Array(design.sky.source.length) : design.sky.source,
      targetCovariance: plain ? 1 : design.covariance[0],
      sourceCovariance: design.covariance[1],
    });
    await compute.convolveBlocks(difference, filters.score, shape, snr);
    const power = await compute.convolveBlocks(design.targetNoise, filters.targetNoise, shape, compute.float32(size));
    const other = await compute.convolveBlocks(design.sourceVariance, filters.sourceNoise, shape, compute.float32(size));
    for (let i = 0; i < size; i++) power[i] = power[i]! + other[i]!;
    const expected = await compute.convolveBlocks(constant, filters.score, shape, other);
    // Light that the matched image may have wrong here: that of the star around, not of the pixel alone.
    const square = compute.float32(size);
    for (let i = 0; i < size; i++) square[i] = expected[i]! ** 2;
    const near = await compute.convolve(square, gaussianKernel(fwhmPix), shape, compute.float32(size));
    const { modelErr, shiftErrPix } = imperfections(options.stamps, { snr, power, expected, near }, fwhmPix, shape);
    const m2 = modelErr * modelErr;
    // Where much of a star would fall outside nothing is said.
    const margin = Math.ceil(0.75 * fwhmPix);
    for (let y = 0, i = 0; y < height; y++) {
      let s2 = 0;
      for (let x = 0; x < width; x++, i++) {
        if (x % 16 === 0) s2 = (shiftErrPix ** 2 + (options.shiftErr?.(x, y) ?? 0) ** 2) / 4;
        let v = power[i]! + m2 * near[i]!;
        const inside = x >= margin && y >= margin && x < width - margin && y < height - margin;
        if (inside) {
          const dx = expected[i + 1]! - expected[i - 1]!;
          const dy = expected[i + width]! - expected[i - width]!;
          v += s2 * (dx * dx + dy * dy);
        }
        snr[i] = inside && v > 0 && mask[i]! === 0 ? (design.sign * snr[i]!) / Math.sqrt(v) : 0;
      }
    }
    const labels = compute.int32(size);
    for (let i = 0; i < size; i++) labels[i] = design.light[i]!;
    const scale = await measureNoiseScale(snr, labels, shape, compute);
    applyScale(snr, scale, shape);
    return { modelErr, shiftErrPix, noiseScale: medianOf(scale.sigma) };
  });
}

/** Copies with bad pixels filled from their neighbours. */
function cleaned({ data, variance, mask, width, height }: SubtractImage, compute: Compute) {
  const out = { data: compute.float32(data.length), variance: compute.float32(data.length) };
  out.data.set(data);
  out.variance.set(variance);
  const marked: number[] = [];
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) marked.push(i);
  fillBad(out.data, out.variance, mask, marked, 0, { width, height });
  return out;
}

/** Filters of the matched image and of its variance, and the mean size of the kernel for masks. */
function imageFilters(kernel: MatchingKernel, factor: number, shape: Shape) {
  const side = 2 * kernel.basis.radius + 1;
  const filter = blockKernels(shape, KERNEL_BLOCK, side);
  const squares = blockKernels(shape, KERNEL_BLOCK, side);
  const images = basisImages(kernel.basis);
  const n = side * side;
  for (let block = 0; block < filter.columns * filter.rows; block++) {
    const k = kernelAt(kernel, ...blockMiddle(filter, shape, block), images);
    for (let i = 0; i < n; i++) {
      filter.data[block * n + i] = k[n - 1 - i]!; // a convolution
      squares.data[block * n + i] = factor * k[n - 1 - i]! ** 2;
    }
  }
  const middle = kernelAt(kernel, kernel.originX, kernel.originY, images).reverse().map(Math.abs);
  const sum = middle.reduce((a, b) => a + b, 0);
  return { filter, squares, absolute: { width: side, height: side, data: Float32Array.from(middle, (v) => v / sum) } };
}

/** Adds the bits of the convolved image's bad pixels where they have a share in the result. */
async function spreadMask(
  mask: Uint16Array,
  weights: { width: number; height: number; data: Float32Array },
  shape: Shape,
  out: Uint16Array,
  compute: Compute,
): Promise<void> {
  await compute.scope(async () => {
    const plane = compute.float32(mask.length);
    const share = compute.float32(mask.length);
    for (const bit of Object.values(MaskPlane)) {
      let any = false;
      for (let i = 0; i < mask.length; i++) {
        const on = (mask[i]! & bit) !== 0;
        plane[i] = on ? 1 : 0;
        any ||= on;
      }
      if (!any) continue;
      await compute.convolve(plane, weights, shape, share);
      const most = bit === MaskPlane.SATURATED ? MOST_SATURATED : MOST_BAD;
      for (let i = 0; i < mask.length; i++) if (share[i]! > most) out[i]! |= bit;
    }
  });
}

/** Median variance of the good pixels of each block; that of the image where there are none. */
function blockMedians(variance: Float32Array, mask: Uint16Array, { width, height }: Shape): Float64Array {
  const { blockPix, columns, rows } = blockKernels({ width, height }, SCORE_BLOCK, 1);
  const out = new Float64Array(columns * rows);
  const values = new Float32Array(Math.ceil(blockPix / 2) ** 2);
  for (let b = 0; b < out.length; b++) {
    const x0 = (b % columns) * blockPix;
    const y0 = Math.floor(b / columns) * blockPix;
    let n = 0;
    for (let y = y0; y < Math.min(height, y0 + blockPix); y += 2)
      for (let x = x0; x < Math.min(width, x0 + blockPix); x += 2) {
        const i = y * width + x;
        if (mask[i] === 0 && variance[i]! > 0) values[n++] = variance[i]!;
      }
    out[b] = n > 20 ? quantileInPlace(values, 0.5, n) : NaN;
  }
  const known = finiteValues(out);
  const usual = known.length > 0 ? medianOf(known) : 1;
  return out.map((v) => (v > 0 ? v : usual));
}

/** How far stars that did not change still show: as a share of their light, and as a shift [pix]; what noise explains is taken off. */
function imperfections(
  stars: readonly { readonly x: number; readonly y: number }[],
  { snr, power, expected, near }: { snr: Float32Array; power: Float32Array; expected: Float32Array; near: Float32Array },
  fwhmPix: number,
  { width, height }: Shape,
): { modelErr: number; shiftErrPix: number } {
  const share: number[] = [];
  const noise: number[] = [];
  const shifts: number[] = [];
  const shiftNoise: number[] = [];
  const reach = Math.ceil(fwhmPix) + 3;
  for (const star of stars) {
    const x = Math.round(star.x);
    const y = Math.round(star.y);
    if (x < reach || y < reach || x >= width - reach || y >= height - reach) continue;
    const i = y * width + x;
    const q = expected[i]!;
    if (!(q > 30 * Math.sqrt(power[i]!)) || snr[i] === 0) continue;
    for (let k = 0; k < 9; k++) {
      // The middle, and a ring about it.
      const ring = k === 8 ? 0 : 0.7 * fwhmPix;
      const p = i + Math.round(ring * Math.sin((k * Math.PI) / 4)) * width + Math.round(ring * Math.cos((k * Math.PI) / 4));
      if (snr[p] === 0 || !(near[p]! > 0)) continue;
      share.push(snr[p]! / Math.sqrt(near[p]!));
      noise.push(power[p]! / near[p]!);
    }
    let [sx, sy, gx, gy] = [0, 0, 0, 0];
    for (let j = -2; j <= 2; j++)
      for (let k = -2; k <= 2; k++) {
        const p = i + j * width + k;
        const dx = (expected[p + 1]! - expected[p - 1]!) / 2;
        const dy = (expected[p + width]! - expected[p - width]!) / 2;
        sx += snr[p]! * dx;
        sy += snr[p]! * dy;
        gx += dx * dx;
        gy += dy * dy;
      }
    shifts.push(sx / gx, sy / gy);
    const centroid = (fwhmPix / 2.3548) ** 2 * 2 * (power[i]! / (q * q));
    shiftNoise.push(centroid, centroid);
  }
  if (shifts.length < 10) return { modelErr: 0.01, shiftErrPix: 0.03 };
  const shiftExcess = madSigma(Float64Array.from(shifts)) ** 2 - medianOf(Float64Array.from(shiftNoise));
  return {
    modelErr: Math.max(0.001, excessError(share, noise)),
    shiftErrPix: Math.sqrt(Math.max(0.003 ** 2, shiftExcess)),
  };
}

/** Samples of the brightest stars that the error is judged by: nine of each. */
const BRIGHTEST = 135;

/**
 * The relative error that, beside the noise, explains the scatter of the brightest stars: both its middle (half within 0.67 sigma) and its
 * wings (nine tenths within 1.64 sigma).
 */
function excessError(share: readonly number[], noise: readonly number[]): number {
  const order = noise.map((_, i) => i).sort((a, b) => noise[a]! - noise[b]! || a - b);
  const used = order.slice(0, BRIGHTEST);
  const quantileAt = (error: number, level: number): number => {
    const values = Float64Array.from(used, (i) => Math.abs(share[i]!) / Math.sqrt(noise[i]! + error * error));
    return quantileInPlace(values, level);
  };
  let [low, high] = [0, 0.2];
  for (let k = 0; k < 20; k++) {
    const middle = (low + high) / 2;
    if (quantileAt(middle, 0.5) > 0.6745 || quantileAt(middle, 0.9) > 1.645) low = middle;
    else high = middle;
  }
  return high;
}

/** Divides by the noise scale, bilinear between cell centres. */
function applyScale(
  snr: Float32Array,
  scale: { columns: number; rows: number; level: Float32Array; sigma: Float32Array },
  { width, height }: Shape,
): void {
  const { columns, rows, level, sigma } = scale;
  for (let y = 0, i = 0; y < height; y++) {
    const fy = Math.min(Math.max(((y + 0.5) * rows) / height - 0.5, 0), rows - 1);
    const r = Math.min(Math.floor(fy), Math.max(rows - 2, 0));
    const up = rows > 1 ? columns : 0;
    for (let x = 0; x < width; x++, i++) {
      if (snr[i] === 0) continue;
      const fx = Math.min(Math.max(((x + 0.5) * columns) / width - 0.5, 0), columns - 1);
      const c = Math.min(Math.floor(fx), Math.max(columns - 2, 0));
      const k = r * columns + c;
      const right = columns > 1 ? 1 : 0;
      const a = fx - c;
      const b = fy - r;
      const mix = (m: Float32Array): number =>
        (1 - b) * ((1 - a) * m[k]! + a * m[k + right]!) + b * ((1 - a) * m[k + up]! + a * m[k + up + right]!);
      snr[i] = (snr[i]! - mix(level)) / mix(sigma);
    }
  }
}

/** Robust sigma of difference / √variance over pixels of the stars (within a FWHM), and over those without light. */
function residuals(
  difference: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  light: Uint16Array,
  stars: readonly { readonly x: number; readonly y: number }[],
  fwhmPix: number,
  { width, height }: Shape,
): { residualAtStars: number; residualOnSky: number } {
  const radius = Math.round(fwhmPix);
  const at: number[] = [];
  for (const star of stars) {
    const [cx, cy] = [Math.round(star.x), Math.round(star.y)];
    for (let y = Math.max(0, cy - radius); y <= Math.min(height - 1, cy + radius); y++)
      for (let x = Math.max(0, cx - radius); x <= Math.min(width - 1, cx + radius); x++) {
        const i = y * width + x;
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius * radius && mask[i] === 0) at.push(difference[i]! / Math.sqrt(variance[i]!));
      }
  }
  const sky: number[] = [];
  for (let i = 0; i < light.length; i += 7) if (light[i] === 0) sky.push(difference[i]! / Math.sqrt(variance[i]!));
  const sigma = (values: number[]): number => (values.length < 20 ? NaN : madSigma(Float64Array.from(values)));
  return { residualAtStars: sigma(at), residualOnSky: sigma(sky) };
}

/**
 * Light of a star in `kernel ⊗ source`, measured with the target's star image, over the kernel's sum, in the middle: below 1 or above where
 * the kernel leaves the wings out.
 */
function starScale(kernel: MatchingKernel, target: PsfModel, source: PsfModel): number {
  const [x, y] = [Math.round(kernel.originX), Math.round(kernel.originY)];
  const { radius } = kernel.basis;
  const half = Math.ceil(1.5 * target.fwhmPix);
  const star = psfStamp(target, x, y, half);
  const wide = half + radius;
  const other = psfStamp(source, x, y, wide);
  const k = kernelAt(kernel, x, y);
  let [product, norm] = [0, 0];
  for (let j = -half, p = 0; j <= half; j++)
    for (let i = -half; i <= half; i++, p++) {
      let sum = 0;
      for (let v = -radius, q = 0; v <= radius; v++)
        for (let u = -radius; u <= radius; u++, q++) sum += k[q]! * other[(j - v + wide) * (2 * wide + 1) + i - u + wide]!;
      product += sum * star[p]!;
      norm += star[p]! ** 2;
    }
  const ratio = product / norm / kernelScale(kernel, x, y);
  return ratio > 0.8 && ratio < 1.25 ? ratio : 1;
}

/** Turns `reference − kernel ⊗ science` round, and divides by the light that a star has in it. */
function inScienceUnit(
  kernel: MatchingKernel,
  perSum: number,
  { difference, variance, constant }: { difference: Float32Array; variance: Float32Array; constant: Float32Array },
  { width, height }: Shape,
): void {
  for (let y = 0, i = 0; y < height; y++) {
    let scale = 1;
    for (let x = 0; x < width; x++, i++) {
      if (x % 16 === 0) scale = perSum * kernelScale(kernel, x + 7.5, y);
      difference[i] = -difference[i]! / scale;
      variance[i] = variance[i]! / (scale * scale);
      constant[i] = constant[i]! / scale;
    }
  }
}
