/**
 * Power of the noise of an image by frequency, on the grid of an FFT of `size`², mean 1: flat for pixels that are independent; for an image
 * that was interpolated with Lanczos-3 at all phases alike, the mean of the squared transfer functions, which falls towards the finest
 * scales. `covarianceFactor` (1: flat) says how far: it is the power at frequency 0.
 */
export function noiseSpectrum(size: number, covarianceFactor: number): Float64Array {
  const out = new Float64Array(size * size).fill(1);
  if (!(covarianceFactor > 1.005)) return out;
  const line = lanczosLine(size);
  const full = line[0]! ** 2;
  // Less than one full resampling (part of the frames fell on whole pixels): a mixture with flat noise.
  const share = Math.min(1, (covarianceFactor - 1) / (full - 1));
  for (let y = 0, i = 0; y < size; y++) for (let x = 0; x < size; x++, i++) out[i] = 1 - share + share * line[x]! * line[y]!;
  return out;
}

const PHASES = 16;

/** One axis: mean over the phases of |Σ L(j + φ) e^(−2πi kj/n)|², divided by its mean. */
function lanczosLine(size: number): Float64Array {
  const out = new Float64Array(size);
  for (let s = 0; s < PHASES; s++) {
    const phase = (s + 0.5) / PHASES;
    const taps = Float64Array.from({ length: 6 }, (_, j) => lanczos3(j - 2 - phase));
    const sum = taps.reduce((a, b) => a + b, 0);
    for (let k = 0; k < size; k++) {
      let re = 0;
      let im = 0;
      for (let j = 0; j < 6; j++) {
        re += (taps[j]! / sum) * Math.cos((2 * Math.PI * k * j) / size);
        im += (taps[j]! / sum) * Math.sin((2 * Math.PI * k * j) / size);
      }
      out[k]! += re * re + im * im;
    }
  }
  const mean = out.reduce((a, b) => a + b, 0) / size;
  return out.map((v) => v / mean);
}

function lanczos3(x: number): number {
  if (x === 0) return 1;
  const p = Math.PI * x;
  return Math.abs(x) >= 3 ? 0 : (3 * Math.sin(p) * Math.sin(p / 3)) / (p * p);
}
