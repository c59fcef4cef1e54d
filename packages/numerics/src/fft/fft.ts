/**
 * Discrete Fourier transforms of square images whose side is a power of two, in doubles.
 *
 * Source: Cooley & Tukey 1965, Math. Comp. 19, 297 (radix 2, decimation in time).
 */
export interface Fft2 {
  /** Pixels per side. */
  readonly size: number;
  /** In place, `Σ z e^(−2πi kx/n)`; row-major real and imaginary parts. */
  forward(re: Float64Array, im: Float64Array): void;
  /** Its inverse, divided by the number of pixels. */
  inverse(re: Float64Array, im: Float64Array): void;
}

/** Prepares transforms of `size × size` images. */
export function fft2(size: number): Fft2 {
  if (size < 2 || (size & (size - 1)) !== 0) throw new RangeError(`The side of a transform is a power of two, not ${size}.`);
  const line = fftLine(size);
  const lineRe = new Float64Array(size);
  const lineIm = new Float64Array(size);
  const forward = (re: Float64Array, im: Float64Array): void => {
    for (let axis = 0; axis < 2; axis++) {
      const [start, step] = axis === 0 ? [size, 1] : [1, size];
      for (let k = 0; k < size; k++) {
        for (let i = 0, p = k * start; i < size; i++, p += step) {
          lineRe[i] = re[p]!;
          lineIm[i] = im[p]!;
        }
        line(lineRe, lineIm);
        for (let i = 0, p = k * start; i < size; i++, p += step) {
          re[p] = lineRe[i]!;
          im[p] = lineIm[i]!;
        }
      }
    }
  };
  return {
    size,
    forward,
    inverse: (re, im) => {
      // The conjugate's transform is the conjugate of the inverse.
      forward(im, re);
      const scale = 1 / (size * size);
      for (let i = 0; i < re.length; i++) {
        re[i]! *= scale;
        im[i]! *= scale;
      }
    },
  };
}

/** Transform of one line of `n` points, in place. */
export function fftLine(n: number): (re: Float64Array, im: Float64Array) => void {
  const cos = Float64Array.from({ length: n / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const sin = Float64Array.from({ length: n / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / n));
  const bits = Math.log2(n);
  const swap = Uint32Array.from({ length: n }, (_, i) => {
    let r = 0;
    for (let b = 0; b < bits; b++) r |= ((i >> b) & 1) << (bits - 1 - b);
    return r;
  });
  return (re, im) => {
    for (let i = 0; i < n; i++) {
      const j = swap[i]!;
      if (j <= i) continue;
      const [a, b] = [re[i]!, im[i]!];
      re[i] = re[j]!;
      im[i] = im[j]!;
      re[j] = a;
      im[j] = b;
    }
    for (let half = 1; half < n; half *= 2) {
      const step = n / (2 * half);
      for (let k = 0, w = 0; k < half; k++, w += step) {
        const c = cos[w]!;
        const s = sin[w]!;
        for (let i = k; i < n; i += 2 * half) {
          const j = i + half;
          const tr = re[j]! * c - im[j]! * s;
          const ti = re[j]! * s + im[j]! * c;
          re[j] = re[i]! - tr;
          im[j] = im[i]! - ti;
          re[i] = re[i]! + tr;
          im[i] = im[i]! + ti;
        }
      }
    }
  };
}
