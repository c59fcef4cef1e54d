/** Chance with a seed: xoshiro128** (Blackman & Vigna 2018), split from one 32-bit seed by splitmix32. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Normal with mean 0 and sigma 1. */
  normal(): number;
  /** Poisson counts of this mean; exact below 30, Hörmann's PTRS (1993) above. */
  poisson(mean: number): number;
  /** Integer in [0, n). */
  below(n: number): number;
}

export function seededRandom(seed: number): Random {
  let z = seed >>> 0;
  const split = (): number => {
    z = (z + 0x9e3779b9) >>> 0;
    let t = z ^ (z >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
  let a = split(),
    b = split(),
    c = split(),
    d = split();
  const next = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => (next() >>> 5) * 2 ** -27 + (next() >>> 6) * 2 ** -53;
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    let u: number, v: number, s: number;
    do {
      u = 2 * uniform() - 1;
      v = 2 * uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const f = Math.sqrt((-2 * Math.log(s)) / s);
    spare = v * f;
    return u * f;
  };
  const poisson = (mean: number): number => {
    if (!(mean > 0)) return 0;
    if (mean < 30) {
      const limit = Math.exp(-mean);
      let k = 0;
      for (let p = uniform(); p > limit; p *= uniform()) k++;
      return k;
    }
    const logMean = Math.log(mean),
      bHat = 0.931 + 2.53 * Math.sqrt(mean),
      aHat = -0.059 + 0.02483 * bHat;
    const invAlpha = 1.1239 + 1.1328 / (bHat - 3.4),
      vr = 0.9277 - 3.6224 / (bHat - 2);
    for (;;) {
      const u = uniform() - 0.5,
        v = uniform(),
        us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * aHat) / us + bHat) * u + mean + 0.43);
      if (us >= 0.07 && v <= vr) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      if (Math.log((v * invAlpha) / (aHat / (us * us) + bHat)) <= k * logMean - mean - logGamma(k + 1)) return k;
    }
  };
  return { uniform, normal, poisson, below: (n) => Math.floor(uniform() * n) };
}

/** log Γ(x) for x ≥ 1 by Stirling's series after shifting up; error below 1e-10. */
function logGamma(x: number): number {
  let shift = 0;
  while (x < 8) {
    shift -= Math.log(x);
    x++;
  }
  const r = 1 / (x * x);
  return shift + (x - 0.5) * Math.log(x) - x + 0.9189385332046727 + (1 / 12 - r * (1 / 360 - r / 1260)) / x;
}
