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

/**
 * Fits one elliptical Moffat profile to many stars at once by Gauss–Newton with damping; each star has its own flux, which is
 * eliminated from the normal equations. Centres stay fixed.
 *
 * @param radius - half size of the stamps [pix]
 */
export function fitMoffat(planes: ObjectPlanes, stars: StarList, start: MoffatProfile, radius: number): MoffatFit {
  let shape = [start.xx, start.xy, start.yy, start.beta];
  const misfit = new Float64Array(stars.count);
  let state = accumulate(planes, stars, shape, radius, misfit);
  let damping = 1e-3;
  for (let iteration = 0; iteration < 15; iteration++) {
    const step = solveDamped(state.normal, state.gradient, damping);
    const next = shape.map((v, i) => v + step[i]!);
    const valid = next[0]! > 0 && next[2]! > 0 && next[0]! * next[2]! > next[1]! * next[1]! && next[3]! > 1.1 && next[3]! < 20;
    const trial = valid ? accumulate(planes, stars, next, radius, misfit) : null;
    if (trial !== null && trial.chi2 <= state.chi2) {
      const gain = (state.chi2 - trial.chi2) / trial.chi2;
      shape = next;
      state = trial;
      damping = Math.max(damping * 0.2, 1e-7);
      if (gain < 1e-5) break;
    } else {
      damping *= 8;
      if (damping > 1e6) break;
    }
  }
  accumulate(planes, stars, shape, radius, misfit); // a refused trial has left its misfits
  return { profile: { xx: shape[0]!, xy: shape[1]!, yy: shape[2]!, beta: shape[3]! }, misfit };
}

function accumulate(planes: ObjectPlanes, stars: StarList, shape: number[], radius: number, misfit: Float64Array) {
  const { image, variance, mask, labels, width, height } = planes;
  const [xx, xy, yy, beta] = shape as [number, number, number, number];
  const det = xx * yy - xy * xy;
  const unit = ((beta - 1) * Math.sqrt(det)) / Math.PI;
  const size = (2 * radius + 1) ** 2;
  const values = new Float64Array(size * 7); // data, weight, model of unit flux, three derivatives' parts
  const normal = new Float64Array(16);
  const gradient = new Float64Array(4);
  let chi2 = 0;
  for (let s = 0; s < stars.count; s++) {
    const label = stars.label[s]!;
    const x0 = stars.x[s]!;
    const y0 = stars.y[s]!;
    const cx = Math.round(x0);
    const cy = Math.round(y0);
    let n = 0;
    let pd = 0;
    let pp = 0;
    for (let y = Math.max(cy - radius, 0); y <= Math.min(cy + radius, height - 1); y++) {
      for (let x = Math.max(cx - radius, 0); x <= Math.min(cx + radius, width - 1); x++) {
        const i = y * width + x;
        const l = labels[i]!;
        if ((mask[i]! & UNUSABLE) !== 0 || (l !== 0 && l !== label) || !(variance[i]! > 0)) continue;
        const dx = x - x0;
        const dy = y - y0;
        const base = 1 + xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
        const logBase = Math.log(base);
        const model = unit * Math.exp(-beta * logBase);
        values[n] = image[i]!;
        values[n + 1] = variance[i]!;
        values[n + 2] = model;
        values[n + 3] = dx;
        values[n + 4] = dy;
        values[n + 5] = base;
        values[n + 6] = logBase;
        pd += (model * image[i]!) / variance[i]!;
        pp += (model * model) / variance[i]!;
        n += 7;
      }
    }
    if (pp === 0) continue;
    const rough = pd / pp; // flux with the noise weights, to know the model error
    let df = 0;
    let ff = 0;
    for (let k = 0; k < n; k += 7) {
      const model = values[k + 2]!;
      const w = 1 / (values[k + 1]! + (MODEL_ERROR * rough * model) ** 2);
      values[k + 1] = w;
      df += w * model * values[k]!;
      ff += w * model * model;
    }
    const flux = df / ff;
    const cross = [0, 0, 0, 0];
    let star = 0;
    for (let k = 0; k < n; k += 7) {
      const w = values[k + 1]!;
      const model = flux * values[k + 2]!;
      const dx = values[k + 3]!;
      const dy = values[k + 4]!;
      const base = values[k + 5]!;
      const residual = values[k]! - model;
      const g0 = model * ((0.5 * yy) / det - (beta * dx * dx) / base);
      const g1 = model * (-xy / det - (2 * beta * dx * dy) / base);
      const g2 = model * ((0.5 * xx) / det - (beta * dy * dy) / base);
      const g3 = model * (1 / (beta - 1) - values[k + 6]!);
      star += w * residual * residual;
      const p = w * values[k + 2]!;
      cross[0] = cross[0]! + p * g0;
      cross[1] = cross[1]! + p * g1;
      cross[2] = cross[2]! + p * g2;
      cross[3] = cross[3]! + p * g3;
      const wr = w * residual;
      gradient[0] = gradient[0]! + wr * g0;
      gradient[1] = gradient[1]! + wr * g1;
      gradient[2] = gradient[2]! + wr * g2;
      gradient[3] = gradient[3]! + wr * g3;
      normal[0] = normal[0]! + w * g0 * g0;
      normal[1] = normal[1]! + w * g0 * g1;
      normal[2] = normal[2]! + w * g0 * g2;
      normal[3] = normal[3]! + w * g0 * g3;
      normal[5] = normal[5]! + w * g1 * g1;
      normal[6] = normal[6]! + w * g1 * g2;
      normal[7] = normal[7]! + w * g1 * g3;
      normal[10] = normal[10]! + w * g2 * g2;
      normal[11] = normal[11]! + w * g2 * g3;
      normal[15] = normal[15]! + w * g3 * g3;
    }
    for (let a = 0; a < 4; a++) for (let b = a; b < 4; b++) normal[a * 4 + b] = normal[a * 4 + b]! - (cross[a]! * cross[b]!) / ff;
    misfit[s] = Math.sqrt(star / Math.max(n / 7 - 1, 1));
    chi2 += star;
  }
  for (let a = 0; a < 4; a++) for (let b = 0; b < a; b++) normal[a * 4 + b] = normal[b * 4 + a]!;
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
