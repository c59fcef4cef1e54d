/** Stretches, limits and what they need to know of an image: pure arithmetic, the same for shader, canvas and histogram. */
export const stretches = ['linear', 'asinh', 'log', 'sqrt', 'histogram'] as const;
export type Stretch = (typeof stretches)[number];
export const limitModes = ['zscale', 'p99', 'p995', 'p999', 'sky', 'minmax', 'manual'] as const;
export type LimitMode = (typeof limitModes)[number];
export const ramps = ['grey', 'inverted', 'cividis'] as const;
export type Ramp = (typeof ramps)[number];

export const limitNames: Readonly<Record<LimitMode, string>> = {
  zscale: 'zscale',
  p99: '99 %',
  p995: '99.5 %',
  p999: '99.9 %',
  sky: 'sky ± 5σ',
  minmax: 'min–max',
  manual: 'by hand',
};

/** Strength of asinh and log: empirical, faint galaxies beside unsaturated stars of a 1.3-m frame. */
export const asinhStrength = 12;
export const logStrength = 1000;

/** Position of a value in the ramp, 0–1. NaN stays NaN. `histogram` needs the sorted sample. */
export function stretched(value: number, lo: number, hi: number, stretch: Stretch, sorted: Float32Array): number {
  if (Number.isNaN(value)) return Number.NaN;
  if (stretch === 'histogram') {
    // Share of the pixels between the limits that lie below.
    const [a, b] = [rank(sorted, lo), rank(sorted, hi)];
    return clamp01((rank(sorted, value) - a) / Math.max(1, b - a));
  }
  return curve(clamp01((value - lo) / (hi - lo)), stretch);
}

export function curve(t: number, stretch: Exclude<Stretch, 'histogram'>): number {
  if (stretch === 'asinh') return Math.asinh(asinhStrength * t) / Math.asinh(asinhStrength);
  if (stretch === 'log') return Math.log1p(logStrength * t) / Math.log1p(logStrength);
  return stretch === 'sqrt' ? Math.sqrt(t) : t;
}

const clamp01 = (t: number) => Math.min(1, Math.max(0, t));

/** How many of the sorted values lie below. */
function rank(sorted: Float32Array, value: number): number {
  let [lo, hi] = [0, sorted.length];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (sorted[middle]! < value) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** An evenly spread, sorted sample of the finite pixels. */
export function sortedSample(data: Float32Array, most = 60_000): Float32Array {
  // A step that has no common factor with powers of two visits all columns.
  const step = Math.max(1, Math.floor(data.length / most) | 1);
  const sample = new Float32Array(Math.ceil(data.length / step));
  let count = 0;
  for (let i = 0; i < data.length; i += step) {
    const value = data[i]!;
    if (Number.isFinite(value)) sample[count++] = value;
  }
  return sample.slice(0, count).sort();
}

export function quantile(sorted: Float32Array, share: number): number {
  if (sorted.length === 0) return 0;
  const at = Math.min(sorted.length - 1, Math.max(0, share * (sorted.length - 1)));
  const below = Math.floor(at);
  const value = sorted[below]!;
  return value + (at - below) * ((sorted[below + 1] ?? value) - value);
}

/** Limits of a mode; `manual` gives those of zscale as a place to start from. */
export function limitsFor(mode: LimitMode, sorted: Float32Array): [number, number] {
  const between = (share: number): [number, number] => [quantile(sorted, 1 - share), quantile(sorted, share)];
  const [lo, hi] = ((): [number, number] => {
    switch (mode) {
      case 'p99':
        return between(0.99);
      case 'p995':
        return between(0.995);
      case 'p999':
        return [quantile(sorted, 0.01), quantile(sorted, 0.999)];
      case 'minmax':
        return [sorted[0] ?? 0, sorted[sorted.length - 1] ?? 1];
      case 'sky': {
        const median = quantile(sorted, 0.5);
        const sigma = median - quantile(sorted, 0.158655) || 1; // the lower side knows no stars
        return [median - 5 * sigma, median + 5 * sigma];
      }
      default:
        return zscale(sorted);
    }
  })();
  return hi > lo ? [lo, hi] : [lo, lo + (Math.abs(lo) * 1e-3 || 1)];
}

/**
 * Limits by zscale with contrast 0.25: a line through the sorted sample, outliers rejected, whose slope over the contrast gives the range.
 * Source: the help page of IRAF's `display` (ALGORITHM): 5 iterations at 2.5 σ, at least half of the sample kept.
 */
export function zscale(sorted: Float32Array, contrast = 0.25): [number, number] {
  const most = 1000;
  const stride = Math.max(1, Math.floor(sorted.length / most));
  const sample: number[] = [];
  for (let i = 0; i < sorted.length && sample.length < most; i += stride) sample.push(sorted[i]!);
  const n = sample.length;
  if (n === 0) return [0, 1];
  const [least, greatest] = [sample[0]!, sample[n - 1]!];
  const centre = (n - 1) >> 1;
  const median = n % 2 === 1 ? sample[centre]! : (sample[centre]! + sample[centre + 1]!) / 2;
  const leastKept = Math.max(5, Math.floor(n * 0.5));
  let kept = new Array<boolean>(n).fill(true);
  let keptCount = n;
  let before = n + 1;
  let slope = 0;
  for (let iteration = 0; iteration < 5 && keptCount < before && keptCount >= leastKept; iteration++) {
    before = keptCount;
    const line = fitLine(sample, kept);
    slope = line.slope;
    const residuals = sample.map((value, i) => value - (line.slope * i + line.intercept));
    const used = residuals.filter((_, i) => kept[i]);
    const mean = used.reduce((sum, r) => sum + r, 0) / used.length;
    const sigma = Math.sqrt(used.reduce((sum, r) => sum + (r - mean) ** 2, 0) / used.length);
    const bad = residuals.map((r, i) => !kept[i] || Math.abs(r) > 2.5 * sigma);
    // Neighbours of rejected samples go too.
    const reach = Math.max(1, Math.floor(n * 0.01)) >> 1;
    kept = bad.map((_, i) => !bad.slice(Math.max(0, i - reach), i + reach + 1).some(Boolean));
    keptCount = kept.filter(Boolean).length;
  }
  if (keptCount < leastKept) return [least, greatest];
  const steep = slope / contrast;
  return [Math.max(least, median - (centre - 1) * steep), Math.min(greatest, median + (n - centre) * steep)];
}

function fitLine(values: readonly number[], kept: readonly boolean[]): { slope: number; intercept: number } {
  let [n, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0];
  values.forEach((y, x) => {
    if (!kept[x]) return;
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  });
  const det = n * sxx - sx * sx;
  const slope = det === 0 ? 0 : (n * sxy - sx * sy) / det;
  return { slope, intercept: (sy - slope * sx) / Math.max(1, n) };
}

/** Counts of the sample in equal bins between two values. */
export function histogram(sorted: Float32Array, lo: number, hi: number, bins: number): number[] {
  const counts: number[] = [];
  for (let i = 0; i < bins; i++)
    counts.push(rank(sorted, lo + ((i + 1) * (hi - lo)) / bins) - rank(sorted, lo + (i * (hi - lo)) / bins));
  return counts;
}

/** Table of the histogram stretch for the shader: position in the ramp at `size` even steps between the limits. */
export function histogramTable(sorted: Float32Array, lo: number, hi: number, size = 1024): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => stretched(lo + (i / (size - 1)) * (hi - lo), lo, hi, 'histogram', sorted));
}

/** Keys 1–9. */
export const presets: readonly { readonly name: string; readonly stretch: Stretch; readonly limits: LimitMode }[] = [
  { name: 'zscale', stretch: 'linear', limits: 'zscale' },
  { name: 'linear 99.5 %', stretch: 'linear', limits: 'p995' },
  { name: 'asinh 99.9 %', stretch: 'asinh', limits: 'p999' },
  { name: 'log 99.9 %', stretch: 'log', limits: 'p999' },
  { name: 'square root 99.5 %', stretch: 'sqrt', limits: 'p995' },
  { name: 'histogram', stretch: 'histogram', limits: 'p999' },
  { name: 'sky ± 5σ', stretch: 'linear', limits: 'sky' },
  { name: 'asinh, min–max', stretch: 'asinh', limits: 'minmax' },
  { name: 'linear, min–max', stretch: 'linear', limits: 'minmax' },
];
