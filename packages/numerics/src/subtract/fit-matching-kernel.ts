import { choleskyFactor, choleskySolve } from '../solve/cholesky.ts';
import { medianOf } from '../stats/quantile.ts';
import { type BasisOptions, kernelBasis } from './kernel-basis.ts';
import { type MatchingPlanes, type MatchStamp, matchStamp, stampChi2 } from './match-stamp.ts';
import { basisImages, kernelAt, kernelTerms, type MatchingKernel, termCount } from './matching-kernel.ts';

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
  /** Stamps in the fit and thrown out. */
  readonly stamps: number;
  readonly rejected: number;
  /** Median reduced χ² of the stamps, and that of stamps that were held out. */
  readonly chi2: number;
  readonly heldOutChi2: number;
}

const FOLDS = 5;
/** In units of the response to the flux scale: for all shapes, and how much more for their variation over the image. */
const RIDGES = [1e-2, 1e-4, 1e-6, 1e-8, 1e-10];
const STIFFER = [1, 100, 10_000];
const ROUNDS = 3;
/** Stamps that each order of the variation needs. */
const STAMPS_FOR_ORDER = [0, 15, 40, 100];

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
  const gram = new Float64Array(basis.count ** 2);
  for (let k = 0; k < basis.count; k++)
    for (let l = 0; l < basis.count; l++) {
      let sum = 0;
      for (let i = 0; i < images[k]!.length; i++) sum += images[k]![i]! * images[l]![i]!;
      gram[k * basis.count + l] = sum;
    }
  const frame = {
    originX: (planes.width - 1) / 2,
    originY: (planes.height - 1) / 2,
    scaleX: planes.width / 2,
    scaleY: planes.height / 2,
  };
  // Share of the source's variance that the kernel passes, first guessed, then known.
  let power = roughScale(planes, places) ** 2 / (4 * Math.PI * Math.max(options.sigmaPix, 0.5) ** 2);
  let best: { fit: MatchingFit; stamps: MatchStamp[] } | null = null;
  let out = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const all: MatchStamp[] = [];
    for (let i = 0; i < places.length; i++) {
      if (out.has(i)) continue;
      const stamp = matchStamp(planes, basis, gram, { ...places[i]!, half: options.half, index: i }, power);
      if (stamp) all.push(stamp);
    }
    if (all.length < 3) return best?.fit ?? null;
    const scaleOrder = all.length >= STAMPS_FOR_ORDER[options.scaleOrder ?? 1]! ? (options.scaleOrder ?? 1) : 0;
    const shape = { basis, ...frame, scaleOrder };
    const chosen = chooseModel(all, shape, options.maxOrder ?? 3);
    const kernel = solve(all, { ...shape, shapeOrder: chosen.order }, chosen.ridge);
    if (kernel === null) return best?.fit ?? null;
    const chi2 = Float64Array.from(all, (stamp) => stampChi2(stamp, kernel) / stamp.freedom);
    const usual = medianOf(chi2);
    best = {
      fit: { kernel, ridge: chosen.ridge[0]!, stamps: all.length, rejected: out.size, chi2: usual, heldOutChi2: chosen.chi2 },
      stamps: all,
    };
    const spread = 1.4826 * medianOf(chi2.map((c) => Math.abs(c - usual)));
    const limit = usual + Math.max(4 * spread, 0.3 * usual);
    const middle = kernelAt(kernel, frame.originX, frame.originY, images);
    power = middle.reduce((sum, k) => sum + k * k, 0);
    if (round === ROUNDS - 1) break;
    const next = new Set([...out, ...all.filter((_, i) => !(chi2[i]! <= limit)).map((stamp) => stamp.index)]);
    if (places.length - next.size < Math.max(3, places.length / 3)) break;
    out = next;
  }
  return best?.fit ?? null;
}

/** Light of one image over the other's, by squares about the stamps. */
function roughScale(
  { target, source, width, height }: MatchingPlanes,
  places: readonly { readonly x: number; readonly y: number }[],
): number {
  const ratios: number[] = [];
  for (const place of places) {
    const [cx, cy] = [Math.round(place.x), Math.round(place.y)];
    if (cx < 4 || cy < 4 || cx >= width - 4 || cy >= height - 4) continue;
    let [t, s] = [0, 0];
    for (let y = cy - 4; y <= cy + 4; y++)
      for (let x = cx - 4; x <= cx + 4; x++) {
        t += target[y * width + x]!;
        s += source[y * width + x]!;
      }
    if (t > 0 && s > 0) ratios.push(t / s);
  }
  return ratios.length === 0 ? 1 : medianOf(Float64Array.from(ratios));
}

type Shape = Omit<MatchingKernel, 'shapeOrder' | 'coefficients'>;

/** Order and ridge by the χ² of stamps that were left out; the median over stamps, since some of them vary. */
function chooseModel(
  stamps: readonly MatchStamp[],
  shape: Shape,
  maxOrder: number,
): { order: number; ridge: number[]; chi2: number } {
  let best = { order: 0, ridge: [RIDGES[0]!, RIDGES[0]!], chi2: Infinity };
  const folds = Math.min(FOLDS, stamps.length);
  for (let order = 0; order <= maxOrder; order++) {
    if (stamps.length < STAMPS_FOR_ORDER[order]!) break;
    const model = { ...shape, shapeOrder: order };
    const parts = Array.from({ length: folds }, (_, f) =>
      normals(
        stamps.filter((_, i) => i % folds === f),
        model,
      ),
    );
    for (const ridge of RIDGES.flatMap((r) => (order === 0 ? [[r, r]] : STIFFER.map((s) => [r, r * s])))) {
      const chi2 = new Float64Array(stamps.length);
      for (let f = 0; f < folds; f++) {
        const kernel = solveNormals(
          parts.filter((_, i) => i !== f),
          model,
          ridge,
        );
        for (let i = f; i < stamps.length; i += folds)
          chi2[i] = kernel === null ? Infinity : stampChi2(stamps[i]!, kernel) / stamps[i]!.freedom;
      }
      // Not only the usual stamp: the better nine tenths.
      const sorted = chi2.sort();
      const n = Math.max(1, Math.floor(0.9 * sorted.length));
      const mean = sorted.subarray(0, n).reduce((a, b) => a + b, 0) / n;
      if (mean < best.chi2 * (1 - 1e-4)) best = { order, ridge, chi2: mean };
    }
  }
  return best;
}

interface Normals {
  readonly a: Float64Array;
  /** What the source's noise adds to it. */
  readonly own: Float64Array;
  readonly b: Float64Array;
}

type Model = Omit<MatchingKernel, 'coefficients'>;

/** Sums of the stamps' equations, each shape times each term of the place. Only the lower triangle of `a`. */
function normals(stamps: readonly MatchStamp[], model: Model): Normals {
  const shapes = model.basis.count;
  const ns = termCount(model.scaleOrder);
  const nq = termCount(model.shapeOrder);
  const n = ns + (shapes - 1) * nq;
  const a = new Float64Array(n * n);
  const own = new Float64Array(n * n);
  const b = new Float64Array(n);
  const start = (k: number): number => (k === 0 ? 0 : ns + (k - 1) * nq);
  for (const stamp of stamps) {
    const first = kernelTerms(model, stamp.x, stamp.y, model.scaleOrder);
    const other = kernelTerms(model, stamp.x, stamp.y, model.shapeOrder);
    for (let k = 0; k < shapes; k++) {
      const pk = k === 0 ? first : other;
      const rowK = start(k);
      for (let i = 0; i < pk.length; i++) {
        const row = rowK + i;
        b[row]! += stamp.b[k]! * pk[i]!;
        for (let l = 0; l <= k; l++) {
          const pl = l === 0 ? first : other;
          const c = stamp.a[k * shapes + l]! * pk[i]!;
          const d = stamp.own[k * shapes + l]! * pk[i]!;
          const at = row * n + start(l);
          for (let j = 0; j < pl.length; j++) {
            a[at + j]! += c * pl[j]!;
            own[at + j]! += d * pl[j]!;
          }
        }
      }
    }
  }
  return { a, own, b };
}

function solve(stamps: readonly MatchStamp[], model: Model, ridge: readonly number[]): MatchingKernel | null {
  return solveNormals([normals(stamps, model)], model, ridge);
}

/**
 * The ridge pulls the shapes to 0, never the flux scale. The source's noise N in `a` is undone by two steps of x ← a⁻¹ (b + N x): where light
 * dominates that is all of it; where noise does, it stays, and calms the solution.
 */
function solveNormals(parts: readonly Normals[], model: Model, ridge: readonly number[]): MatchingKernel | null {
  const n = parts[0]!.b.length;
  const a = new Float64Array(n * n);
  const own = new Float64Array(n * n);
  const b = new Float64Array(n);
  for (const part of parts) {
    for (let i = 0; i < a.length; i++) {
      a[i] = a[i]! + part.a[i]!;
      own[i] = own[i]! + part.own[i]!;
    }
    for (let i = 0; i < n; i++) b[i] = b[i]! + part.b[i]!;
  }
  const ns = termCount(model.scaleOrder);
  const unit = a[0]!;
  const nq = termCount(model.shapeOrder);
  for (let i = ns; i < n; i++) a[i * n + i]! += ridge[(i - ns) % nq === 0 ? 0 : 1]! * unit;
  for (let i = 0; i < ns; i++) a[i * n + i]! *= 1 + 1e-10;
  if (!choleskyFactor(a, n)) return null;
  const x = b.slice();
  choleskySolve(a, n, x);
  for (let step = 0; step < 2; step++) {
    const next = b.slice();
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const v = own[i * n + j]!;
        next[i]! += v * x[j]!;
        next[j]! += v * x[i]!;
      }
      next[i]! += own[i * n + i]! * x[i]!;
    }
    choleskySolve(a, n, next);
    x.set(next);
  }
  return { ...model, coefficients: x };
}
