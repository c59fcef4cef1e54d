import { type ObjectPlanes, UNUSABLE } from '../measure/object-planes.ts';
import type { MoffatProfile } from './moffat.ts';

/** Stars to fit: centroids [pix] and labels of their pixels. */
export interface StarList {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly label: Int32Array;
  readonly count: number;
}

/** One profile for all stars, and how well each agrees. */
export interface MoffatFit {
  readonly profile: MoffatProfile;
  /** Root mean square of (data − model) / error of each star; error contains 2 % of the model, since no profile is perfect. */
  readonly misfit: Float64Array;
}

const MODEL_ERROR = 0.02;
/** Relative change of chi² that no longer matters. */
const CONVERGED = 1e-5;

/**
 * Fits one elliptical Moffat profile to many stars at once by Gauss–Newton with damping; each star has its own flux, which is
 * eliminated from the normal equations. Centres stay fixed.
 *
 * @param radius - half size of the stamps [pix]
 */
export function fitMoffat(planes: ObjectPlanes, stars: StarList, start: MoffatProfile, radius: number): MoffatFit {
  let shape = [start.xx, start.xy, start.yy, start.beta];
  const stamps = gatherStamps(planes, stars, radius);
  const misfit = new Float64Array(stars.count);
  let state = accumulate(stamps, shape, misfit);
  let damping = 1e-3;
  for (let iteration = 0; iteration < 15; iteration++) {
    const step = solveDamped(state.normal, state.gradient, damping);
    const next = shape.map((v, i) => v + step[i]!);
    const valid = next[0]! > 0 && next[2]! > 0 && next[0]! * next[2]! > next[1]! * next[1]! && next[3]! > 1.1 && next[3]! < 20;
    const trial = valid ? accumulate(stamps, next, misfit) : null;
    if (trial !== null && trial.chi2 <= state.chi2) {
      const gain = (state.chi2 - trial.chi2) / trial.chi2;
      shape = next;
      state = trial;
      damping = Math.max(damping * 0.2, 1e-7);
      if (gain < CONVERGED) break;
    } else {
      // No better, but no worse either: the bottom, which weights that follow the model put a little beside the least chi².
      if (trial !== null && trial.chi2 - state.chi2 < CONVERGED * state.chi2) break;
      damping *= 8;
      if (damping > 1e6) break;
    }
  }
  accumulate(stamps, shape, misfit); // a refused trial has left its misfits
  return { profile: { xx: shape[0]!, xy: shape[1]!, yy: shape[2]!, beta: shape[3]! }, misfit };
}

/** The pixels that count, star by star: what does not change from one trial to the next. */
interface Stamps {
  /** First place of each star, and the end. */
  readonly starts: Int32Array;
  /** Offsets from the star's centre [pix], light and variance. */
  readonly dx: Float64Array;
  readonly dy: Float64Array;
  readonly light: Float64Array;
  readonly variance: Float64Array;
  /** Work space: model of unit flux, weight, base of the power and its logarithm. */
  readonly model: Float64Array;
  readonly weight: Float64Array;
  readonly base: Float64Array;
  readonly logBase: Float64Array;
}

function gatherStamps({ image, variance, mask, labels, width, height }: ObjectPlanes, stars: StarList, radius: number): Stamps {
  const room = stars.count * (2 * radius + 1) ** 2;
  const column = (): Float64Array => new Float64Array(room);
  const stamps = {
    starts: new Int32Array(stars.count + 1),
    dx: column(),
    dy: column(),
    light: column(),
    variance: column(),
    model: column(),
    weight: column(),
    base: column(),
    logBase: column(),
  };
  let n = 0;
  for (let s = 0; s < stars.count; s++) {
    const label = stars.label[s]!;
    const cx = Math.round(stars.x[s]!);
    const cy = Math.round(stars.y[s]!);
    for (let y = Math.max(cy - radius, 0); y <= Math.min(cy + radius, height - 1); y++) {
      for (let x = Math.max(cx - radius, 0); x <= Math.min(cx + radius, width - 1); x++) {
        const i = y * width + x;
        const l = labels[i]!;
        if ((mask[i]! & UNUSABLE) !== 0 || (l !== 0 && l !== label) || !(variance[i]! > 0)) continue;
        stamps.dx[n] = x - stars.x[s]!;
        stamps.dy[n] = y - stars.y[s]!;
        stamps.light[n] = image[i]!;
        stamps.variance[n++] = variance[i]!;
      }
    }
    stamps.starts[s + 1] = n;
  }
  return stamps;
}

function accumulate(stamps: Stamps, shape: number[], misfit: Float64Array) {
  const { starts, dx, dy, light, variance, model, weight, base, logBase } = stamps;
  const [xx, xy, yy, beta] = shape as [number, number, number, number];
  const det = xx * yy - xy * xy;
  const unit = ((beta - 1) * Math.sqrt(det)) / Math.PI;
  const slope0 = (0.5 * yy) / det;
  const slope1 = -xy / det;
  const slope2 = (0.5 * xx) / det;
  const slope3 = 1 / (beta - 1);
  const normal = new Float64Array(16);
  const gradient = new Float64Array(4);
  let chi2 = 0;
  for (let s = 0; s + 1 < starts.length; s++) {
    const first = starts[s]!;
    const last = starts[s + 1]!;
    let pd = 0;
    let pp = 0;
    for (let k = first; k < last; k++) {
      const b = 1 + xx * dx[k]! * dx[k]! + 2 * xy * dx[k]! * dy[k]! + yy * dy[k]! * dy[k]!;
      const log = Math.log(b);
      const m = unit * Math.exp(-beta * log);
      model[k] = m;
      base[k] = b;
      logBase[k] = log;
      const weighted = m / variance[k]!;
      pd += weighted * light[k]!;
      pp += weighted * m;
    }
    if (pp === 0) continue;
    const rough = pd / pp; // flux with the noise weights, to know the model error
    let df = 0;
    let ff = 0;
    for (let k = first; k < last; k++) {
      const m = model[k]!;
      const w = 1 / (variance[k]! + MODEL_ERROR * rough * m * (MODEL_ERROR * rough * m));
      weight[k] = w;
      df += w * m * light[k]!;
      ff += w * m * m;
    }
    const flux = df / ff;
    let star = 0;
    let c0 = 0;
    let c1 = 0;
    let c2 = 0;
    let c3 = 0;
    let r0 = 0;
    let r1 = 0;
    let r2 = 0;
    let r3 = 0;
    let n00 = 0;
    let n01 = 0;
    let n02 = 0;
    let n03 = 0;
    let n11 = 0;
    let n12 = 0;
    let n13 = 0;
    let n22 = 0;
    let n23 = 0;
    let n33 = 0;
    for (let k = first; k < last; k++) {
      const w = weight[k]!;
      const m = flux * model[k]!;
      const residual = light[k]! - m;
      const fall = beta / base[k]!;
      const g0 = m * (slope0 - fall * dx[k]! * dx[k]!);
      const g1 = m * (slope1 - 2 * fall * dx[k]! * dy[k]!);
      const g2 = m * (slope2 - fall * dy[k]! * dy[k]!);
      const g3 = m * (slope3 - logBase[k]!);
      const wr = w * residual;
      const p = w * model[k]!;
      star += wr * residual;
      c0 += p * g0;
      c1 += p * g1;
      c2 += p * g2;
      c3 += p * g3;
      r0 += wr * g0;
      r1 += wr * g1;
      r2 += wr * g2;
      r3 += wr * g3;
      const w0 = w * g0;
      const w1 = w * g1;
      const w2 = w * g2;
      n00 += w0 * g0;
      n01 += w0 * g1;
      n02 += w0 * g2;
      n03 += w0 * g3;
      n11 += w1 * g1;
      n12 += w1 * g2;
      n13 += w1 * g3;
      n22 += w2 * g2;
      n23 += w2 * g3;
      n33 += w * g3 * g3;
    }
    const cross = [c0, c1, c2, c3];
    const own = [n00, n01, n02, n03, n01, n11, n12, n13, n02, n12, n22, n23, n03, n13, n23, n33];
    for (let a = 0; a < 4; a++) {
      gradient[a]! += [r0, r1, r2, r3][a]!;
      for (let b = 0; b < 4; b++) normal[a * 4 + b]! += own[a * 4 + b]! - (cross[a]! * cross[b]!) / ff;
    }
    misfit[s] = Math.sqrt(star / Math.max(last - first - 1, 1));
    chi2 += star;
  }
  return { normal, gradient, chi2 };
}

/** Solves (N + damping·diag N) s = g by Gaussian elimination with pivots. */
function solveDamped(normal: Float64Array, gradient: Float64Array, damping: number): number[] {
  const m = [0, 1, 2, 3].map((r) => [
    ...Array.from({ length: 4 }, (_, c) => normal[r * 4 + c]! * (r === c ? 1 + damping : 1)),
    gradient[r]!,
  ]);
  for (let c = 0; c < 4; c++) {
    let pivot = c;
    for (let r = c + 1; r < 4; r++) if (Math.abs(m[r]![c]!) > Math.abs(m[pivot]![c]!)) pivot = r;
    [m[c], m[pivot]] = [m[pivot]!, m[c]!];
    const top = m[c]!;
    if (!(Math.abs(top[c]!) > 0)) return [0, 0, 0, 0];
    for (let r = 0; r < 4; r++) {
      if (r === c) continue;
      const f = m[r]![c]! / top[c]!;
      for (let k = c; k < 5; k++) m[r]![k]! -= f * top[k]!;
    }
  }
  return m.map((r, i) => r[4]! / r[i]!);
}
