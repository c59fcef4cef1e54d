import { medianOf } from '../stats/quantile.ts';
import { type BasisOptions, kernelBasis } from './kernel-basis.ts';
import { inModes, inShapes, type KernelModes, kernelModes } from './kernel-modes.ts';
import { type MatchingPlanes, type MatchStamp, matchStamp, type StampPixels, stampPixels } from './match-stamp.ts';
import { lessNormals, solveNormals, stampChi2, stampNormals, type Variation, weightsAt } from './matching-equations.ts';
import { basisImages, kernelField, type MatchingKernel, termCount } from './matching-kernel.ts';

export interface MatchingOptions extends BasisOptions {
  /** Half-width of the stamps [pix]. */
  readonly half: number;
  /** Highest order of the kernel's variation that is tried; default 3. */
  readonly maxOrder?: number;
  /** Order of the variation of the flux scale; default 1. */
  readonly scaleOrder?: number;
}

export interface MatchingFit {
  readonly kernel: MatchingKernel;
  /** Ridge chosen, in units of the mean diagonal. */
  readonly ridge: number;
  /** Stamps in the fit, and thrown out: indices of the places. */
  readonly used: readonly number[];
  readonly rejected: readonly number[];
  /** Median reduced χ² of the stamps, and that of stamps that were held out. */
  readonly chi2: number;
  readonly heldOutChi2: number;
}

const FOLDS = 5;
/** In units of the response to the flux scale: for all shapes, and how much more for their variation over the image. */
const RIDGES = [1e-2, 1e-4, 1e-6, 1e-8, 1e-10];
const STIFFER = [1, 100, 10_000];
/** The first round finds what is unlike the others, with a kernel that hardly varies; the second chooses the model; the third solves again. */
const ROUNDS = 3;
const FIRST_ORDER = 1;
/** Stamps that each order of the variation needs. */
const STAMPS_FOR_ORDER = [0, 15, 40, 100];
/** Change of the kernel's noise from which weights are made anew [1]. */
const NEW_WEIGHTS = 0.1;

/**
 * Finds the kernel that makes one image of the other, from stamps about stars and galaxies: `target ≈ kernel ⊗ source + a constant in each
 * stamp`. Noise of the source image would make the kernel too small (it is in the squares of what is fitted); its expectation is taken
 * off the solution. The order of the variation and the ridge are those that predict stamps left out best (five folds). Stamps
 * that disagree, variable stars first, are thrown out by their χ².
 *
 * @param places - middles of the stamps [pix], best first
 * @returns null with fewer than three usable stamps
 * Source: Alard & Lupton 1998, ApJ 503, 325; Alard 2000, A&AS 144, 363; Fuller 1987, Measurement Error Models, ch. 2 (the noise taken off).
 */
export function fitMatchingKernel(
  planes: MatchingPlanes,
  places: readonly { readonly x: number; readonly y: number }[],
  options: MatchingOptions,
): MatchingFit | null {
  const basis = kernelBasis(options);
  const images = basisImages(basis);
  const gram = products(images);
  const pixels = places.flatMap((place, index) => stampPixels(planes, basis, { ...place, half: options.half, index }) ?? []);
  const place = {
    originX: (planes.width - 1) / 2,
    originY: (planes.height - 1) / 2,
    scaleX: planes.width / 2,
    scaleY: planes.height / 2,
  };
  // Share of the source's variance that the kernel passes, first guessed, then known.
  let power = roughScale(pixels) ** 2 / (4 * Math.PI * Math.max(options.sigmaPix, 0.5) ** 2);
  let stamps = pixels.map((one) => matchStamp(one, gram, power));
  let best: MatchingFit | null = null;
  let out = new Set<number>();
  let chosen: ChosenModel | null = null;
  let modes: KernelModes | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const used = stamps.filter(({ index }) => !out.has(index));
    if (used.length < 3) return best;
    if (modes === null || round < 2) modes = kernelModes(used);
    const reduced = used.map((stamp) => inModes(stamp, modes!));
    const scaleOrder = used.length >= STAMPS_FOR_ORDER[options.scaleOrder ?? 1]! ? (options.scaleOrder ?? 1) : 0;
    if (chosen === null || round < 2) {
      const most = options.maxOrder ?? 3;
      const shape = { count: modes.count, ...place, scaleOrder };
      chosen = chooseModel(reduced, shape, round === 0 ? Math.min(FIRST_ORDER, most) : most);
    }
    const { model, ridge } = chosen;
    const solution = solveNormals(stampNormals(reduced, model), model, ridge);
    if (solution === null) return best;
    const chi2 = Float64Array.from(reduced, (s) => stampChi2(s, weightsAt(model, solution, s.x, s.y)) / s.freedom);
    const usual = medianOf(chi2);
    const { count: _, ...variation } = model;
    const kernel: MatchingKernel = {
      ...variation,
      basis,
      coefficients: inShapes(solution, modes, termCount(model.scaleOrder), termCount(model.shapeOrder)),
    };
    best = { kernel, ridge: ridge[0], used: used.map((s) => s.index), rejected: [...out], chi2: usual, heldOutChi2: chosen.chi2 };
    const spread = 1.4826 * medianOf(chi2.map((c) => Math.abs(c - usual)));
    const limit = usual + Math.max(4 * spread, 0.3 * usual);
    const next = new Set([...out, ...used.filter((_, i) => !(chi2[i]! <= limit)).map(({ index }) => index)]);
    const passed = kernelField(kernel, images)(place.originX, place.originY).reduce((sum, k) => sum + k * k, 0);
    const isNew = Math.abs(passed / power - 1) > NEW_WEIGHTS;
    if (places.length - next.size < Math.max(3, places.length / 3)) break;
    if (round > 0 && next.size === out.size && !isNew) break;
    out = next;
    if (!isNew) continue;
    power = passed;
    stamps = pixels.map((one) => matchStamp(one, gram, power));
  }
  return best;
}

function products(images: readonly Float64Array[]): Float64Array {
  const n = images.length;
  const gram = new Float64Array(n * n);
  for (let k = 0; k < n; k++)
    for (let l = 0; l <= k; l++) {
      let sum = 0;
      for (let i = 0; i < images[k]!.length; i++) sum += images[k]![i]! * images[l]![i]!;
      gram[k * n + l] = gram[l * n + k] = sum;
    }
  return gram;
}

/** Light of the target over the source's in the stamps; the first shape only spreads it. */
function roughScale(pixels: readonly StampPixels[]): number {
  const ratios = pixels.flatMap(({ target, shapes }) => {
    const t = target.reduce((a, b) => a + b, 0);
    const s = shapes.subarray(0, target.length).reduce((a, b) => a + b, 0);
    return t > 0 && s > 0 ? [t / s] : [];
  });
  return ratios.length === 0 ? 1 : medianOf(Float64Array.from(ratios));
}

interface ChosenModel {
  readonly model: Variation;
  readonly ridge: readonly [number, number];
  readonly chi2: number;
}

/** Order and ridge by the χ² of stamps that were left out; not only of the usual one: the mean of the better nine tenths. */
function chooseModel(stamps: readonly MatchStamp[], shape: Omit<Variation, 'shapeOrder'>, maxOrder: number): ChosenModel {
  let best: ChosenModel = { model: { ...shape, shapeOrder: 0 }, ridge: [RIDGES[0]!, RIDGES[0]!], chi2: Infinity };
  const folds = Math.min(FOLDS, stamps.length);
  for (let order = 0; order <= maxOrder && stamps.length >= STAMPS_FOR_ORDER[order]!; order++) {
    const model = { ...shape, shapeOrder: order };
    const whole = stampNormals(stamps, model);
    const others = Array.from({ length: folds }, (_, f) =>
      lessNormals(
        whole,
        stampNormals(
          stamps.filter((_, i) => i % folds === f),
          model,
        ),
      ),
    );
    for (const ridge of RIDGES.flatMap((r) => (order === 0 ? [1] : STIFFER).map((s): [number, number] => [r, r * s]))) {
      const chi2 = new Float64Array(stamps.length);
      for (let f = 0; f < folds; f++) {
        const solution = solveNormals(others[f]!, model, ridge);
        for (let i = f; i < stamps.length; i += folds) {
          const stamp = stamps[i]!;
          chi2[i] = solution === null ? Infinity : stampChi2(stamp, weightsAt(model, solution, stamp.x, stamp.y)) / stamp.freedom;
        }
      }
      const sorted = chi2.sort();
      const n = Math.max(1, Math.floor(0.9 * sorted.length));
      const mean = sorted.subarray(0, n).reduce((a, b) => a + b, 0) / n;
      if (mean < best.chi2 * (1 - 1e-4)) best = { model, ridge, chi2: mean };
    }
  }
  return best;
}
