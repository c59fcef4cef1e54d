/** Noise for whole images: normal deviates drawn from a table of 2^18 quantiles, so that 4 million cost some 20 ms. */
export interface Noise {
  /** Normal with mean 0 and sigma 1, cut at ±4.8. */
  normal(): number;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Counts of this mean: exact below 20, normal above. */
  poisson(mean: number): number;
}

const bits = 18;
let quantiles: Float32Array | undefined;

export function imageNoise(seed: number): Noise {
  const table = (quantiles ??= makeQuantiles());
  // sfc32 (Doty-Humphrey), 32-bit words.
  let a = seed | 0,
    b = (seed ^ 0x9e3779b9) | 0,
    c = 0x243f6a88,
    counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  const normal = (): number => table[next() >>> (32 - bits)]!;
  const uniform = (): number => next() / 4294967296;
  const poisson = (mean: number): number => {
    if (mean > 20) return Math.round(mean + Math.sqrt(mean) * normal());
    let k = 0;
    for (let p = uniform(), limit = Math.exp(-mean); p > limit; p *= uniform()) k++;
    return k;
  };
  return { normal, uniform, poisson };
}

/** Quantiles at the middles of 2^18 equal shares, by Acklam's rational approximation of the inverse normal (relative error 1.2e-9). */
function makeQuantiles(): Float32Array {
  const n = 1 << bits;
  const table = new Float32Array(n);
  for (let i = 0; i < n; i++) table[i] = inverseNormal((i + 0.5) / n);
  return table;
}

function inverseNormal(p: number): number {
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const polynomial = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, k) => sum * x + k, 0);
  if (p > 0.5) return -inverseNormal(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(c, q) / (polynomial(d, q) * q + 1);
  }
  const q = p - 0.5,
    r = q * q;
  return (polynomial(a, r) * q) / (polynomial(b, r) * r + 1);
}
