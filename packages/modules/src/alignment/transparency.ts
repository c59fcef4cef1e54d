import { conjugateGradient, medianOf } from '@colibri/numerics';

/** Fluxes of the stars that frames have in common; columns of one length. */
export interface CommonFluxes {
  readonly frames: number;
  readonly stars: number;
  readonly frame: Int32Array;
  readonly star: Int32Array;
  /** ln of the flux per second, the same share of a star's light in each frame, and its 1 sigma error. */
  readonly lnFlux: Float64Array;
  readonly lnErr: Float64Array;
}

/** Light that stars give in each frame beside the others; arrays by frame. */
export interface RelativeTransparency {
  /** 1: the mean of the clear frames. NaN: no common stars. */
  readonly value: Float64Array;
  readonly error: Float64Array;
  /** Stars that made it. */
  readonly stars: Int32Array;
  /** Indices of the clear frames. */
  readonly reference: readonly number[];
  /** ln of the flux per second of each star at the reference transparency; NaN: not in common. */
  readonly brightness: Float64Array;
  /** Scatter of single stars beyond their errors [1]: flat field, profile, variables. */
  readonly scatter: number;
}

/** Nobody's flat field is better. */
const LEAST_SCATTER = 0.001;
const NU = 4;

/**
 * Relative transparencies by a robust weighted fit of ln flux = star + frame: each star its own brightness, each frame its own transparency, a
 * scatter beyond the errors found from the residuals, and variables and blends faded by Student's t. The reference is the mean of
 * all frames that are equally clear.
 *
 * @param shareErr - relative error of a frame's share of light, common to its stars
 */
export function fitTransparency(fluxes: CommonFluxes, shareErr: Float64Array): RelativeTransparency {
  const { frames, stars, frame, star, lnFlux, lnErr } = fluxes;
  const n = lnFlux.length;
  const seen = new Int32Array(stars);
  for (let k = 0; k < n; k++) seen[star[k]!]!++;
  const isTie = (k: number): boolean => seen[star[k]!]! >= 2 && Number.isFinite(lnFlux[k]!) && lnErr[k]! > 0;
  const ties = Array.from({ length: n }, (_, k) => k).filter(isTie);
  const level = startingLevels(fluxes, ties);
  const brightness = new Float64Array(stars);
  const robust = new Float64Array(n).fill(1);
  const weight = new Float64Array(n);
  let scatter = 0.01;
  let hold = new Float64Array(stars);
  const residual = (k: number): number => lnFlux[k]! - brightness[star[k]!]! - level[frame[k]!]!;
  // a start that no variable bends: each star's median
  medians(ties, star, stars, (k) => lnFlux[k]! - level[frame[k]!]!, brightness);
  for (let round = 0; round < 25; round++) {
    const squares: number[] = [];
    for (const k of ties) {
      const w = weight[k]!;
      const free = round === 0 ? 1 : Math.max(0.1, 1 - w / hold[star[k]!]!);
      const variance = lnErr[k]! ** 2 + scatter * scatter;
      const t2 = residual(k) ** 2 / (variance * free);
      robust[k] = (NU + 1) / (NU + t2);
      if (lnErr[k]! < 0.02 && free > 0.3) squares.push(residual(k) ** 2 / free / MEDIAN_CHI2 - lnErr[k]! ** 2);
    }
    if (squares.length >= 8)
      scatter = Math.min(0.1, Math.max(LEAST_SCATTER, Math.sqrt(Math.max(0, medianOf(Float64Array.from(squares))))));
    hold = new Float64Array(stars);
    for (const k of ties) {
      weight[k] = robust[k]! / (lnErr[k]! ** 2 + scatter * scatter);
      hold[star[k]!]! += weight[k]!;
    }
    const moved = step(fluxes, ties, weight, hold, level, brightness);
    if (round > 3 && moved < 1e-5) break;
  }
  const information = new Float64Array(frames);
  const count = new Int32Array(frames);
  for (const k of ties) {
    information[frame[k]!]! += weight[k]! * (1 - weight[k]! / hold[star[k]!]!);
    count[frame[k]!]!++;
  }
  const value = Float64Array.from(level, (l, f) => (count[f]! > 0 ? Math.exp(l) : NaN));
  const error = value.map((t, f) => t * Math.hypot(Math.sqrt(1 / information[f]!), shareErr[f]!));
  const { reference, mean: unit } = clearFrames(value, error);
  return {
    value: value.map((t) => t / unit),
    error: error.map((e) => e / unit),
    stars: count,
    reference,
    brightness: brightness.map((b, s) => (hold[s]! > 0 ? b + Math.log(unit) : NaN)),
    scatter,
  };
}

/** Median of chi² of one degree of freedom. */
const MEDIAN_CHI2 = 0.4549;

/** Frames within this of each other are equally clear [1]: the extinction of a night changes by as much with the airmass. */
const EQUALLY_CLEAR = 0.005;
/** Least share of the frames that can say what clear is: a single one that is high may be wrong. */
const LEAST_CLEAR = 0.25;

/**
 * Indices of the frames that are as clear as the clearest, and their mean: all that lie within 3 of their errors, or of `EQUALLY_CLEAR`, about that mean.
 * The clearest few by themselves would be those with the largest errors upwards, and the reference too high by about one error.
 */
export function clearFrames(
  value: Float64Array,
  error: Float64Array,
): { readonly reference: readonly number[]; readonly mean: number } {
  const known = Array.from(value.keys()).filter((f) => Number.isFinite(value[f]!));
  const meanOf = (frames: readonly number[]): number => frames.reduce((sum, f) => sum + value[f]!, 0) / frames.length;
  const around = (start: number): number[] => {
    let mean = start;
    let frames: number[] = [];
    for (let round = 0; round < 10; round++) {
      const before = frames.length;
      frames = known.filter(
        (f) => Math.abs(value[f]! - mean) <= 3 * Math.hypot(Number.isFinite(error[f]!) ? error[f]! : 0, EQUALLY_CLEAR * mean),
      );
      if (frames.length === 0 || frames.length === before) break;
      mean = meanOf(frames);
    }
    return frames;
  };
  let reference: number[] = [];
  for (const f of [...known].sort((a, b) => value[b]! - value[a]! || a - b)) {
    const frames = around(value[f]!);
    if (frames.length > reference.length) reference = frames;
    if (reference.length >= LEAST_CLEAR * known.length) break;
  }
  return { reference, mean: meanOf(reference) };
}

/** ln transparency by medians over the stars that a frame shares with those before it. */
function startingLevels({ frames, stars, frame, star, lnFlux }: CommonFluxes, ties: readonly number[]): Float64Array {
  const byFrame: number[][] = Array.from({ length: frames }, () => []);
  for (const k of ties) byFrame[frame[k]!]!.push(k);
  const level = new Float64Array(frames);
  const sum = new Float64Array(stars);
  const times = new Int32Array(stars);
  const order = Array.from(byFrame.keys()).sort((a, b) => byFrame[b]!.length - byFrame[a]!.length || a - b);
  for (const f of order) {
    const differences = byFrame[f]!.filter((k) => times[star[k]!]! > 0).map(
      (k) => lnFlux[k]! - sum[star[k]!]! / times[star[k]!]!,
    );
    level[f] = differences.length > 0 ? medianOf(Float64Array.from(differences)) : 0;
    for (const k of byFrame[f]!) {
      sum[star[k]!]! += lnFlux[k]! - level[f]!;
      times[star[k]!]!++;
    }
  }
  return level;
}

function medians(
  ties: readonly number[],
  star: Int32Array,
  stars: number,
  value: (k: number) => number,
  out: Float64Array,
): void {
  const lists: number[][] = Array.from({ length: stars }, () => []);
  for (const k of ties) lists[star[k]!]!.push(value(k));
  for (let s = 0; s < stars; s++) if (lists[s]!.length > 0) out[s] = medianOf(Float64Array.from(lists[s]!));
}

/** One weighted step on frames and stars together, stars eliminated; the largest change of a level. */
function step(
  { frames, stars, frame, star, lnFlux }: CommonFluxes,
  ties: readonly number[],
  weight: Float64Array,
  hold: Float64Array,
  level: Float64Array,
  brightness: Float64Array,
): number {
  const diagonal = new Float64Array(frames);
  const mean = new Float64Array(stars);
  const value = new Float64Array(weight.length);
  /** out = what `value` says of the frames once the stars have followed it. */
  const project = (out: Float64Array): void => {
    mean.fill(0);
    out.fill(0);
    for (const k of ties) mean[star[k]!]! += weight[k]! * value[k]!;
    for (let s = 0; s < stars; s++) mean[s] = hold[s]! > 0 ? mean[s]! / hold[s]! : 0;
    for (const k of ties) out[frame[k]!]! += weight[k]! * (value[k]! - mean[star[k]!]!);
  };
  for (const k of ties) {
    diagonal[frame[k]!]! += weight[k]!;
    value[k] = lnFlux[k]! - level[frame[k]!]!;
  }
  const right = new Float64Array(frames);
  project(right);
  const { x } = conjugateGradient(
    {
      size: frames,
      apply: (p, out) => {
        for (const k of ties) value[k] = p[frame[k]!]!;
        project(out);
      },
      precondition: (r, out) => {
        for (let f = 0; f < frames; f++) out[f] = diagonal[f]! > 0 ? r[f]! / diagonal[f]! : 0;
      },
    },
    right,
    { tolerance: 1e-5, maxSteps: 200 },
  );
  let moved = 0;
  for (let f = 0; f < frames; f++) {
    level[f]! += x[f]!;
    moved = Math.max(moved, Math.abs(x[f]!));
  }
  brightness.fill(0);
  for (const k of ties) brightness[star[k]!]! += (weight[k]! * (lnFlux[k]! - level[frame[k]!]!)) / hold[star[k]!]!;
  return moved;
}

/** ln transparency of one more frame beside stars of known brightness, robustly; NaN: none in common. */
export function levelAmong(
  { star, lnFlux, lnErr }: CommonFluxes,
  brightness: (star: number) => number,
  scatter: number,
): { readonly level: number; readonly error: number } {
  const ties = Array.from(star.keys()).filter((k) => Number.isFinite(lnFlux[k]! - brightness(star[k]!)) && lnErr[k]! > 0);
  const difference = Float64Array.from(ties, (k) => lnFlux[k]! - brightness(star[k]!));
  let level = medianOf(difference);
  let information = 0;
  for (let round = 0; round < 10; round++) {
    let sum = 0;
    information = 0;
    for (const [i, k] of ties.entries()) {
      const variance = lnErr[k]! ** 2 + scatter * scatter;
      const w = (NU + 1) / (NU + (difference[i]! - level) ** 2 / variance) / variance;
      sum += w * difference[i]!;
      information += w;
    }
    level = sum / information;
  }
  return { level, error: Math.sqrt(1 / information) };
}
