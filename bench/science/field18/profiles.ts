type Point = readonly [x: number, y: number];

/** A round Gaussian integrated over the pixels, to 7 sigma. */
export function addGaussian(image: Float32Array, size: number, [x, y]: Point, flux: number, fwhmPix: number): void {
  const sigma = fwhmPix / 2.354820045;
  const radius = Math.ceil(7 * sigma) + 1;
  const [x0, x1] = [Math.max(0, Math.round(x) - radius), Math.min(size - 1, Math.round(x) + radius)];
  const [y0, y1] = [Math.max(0, Math.round(y) - radius), Math.min(size - 1, Math.round(y) + radius)];
  if (x1 < x0 || y1 < y0) return;
  const column = new Float64Array(x1 - x0 + 1);
  for (let i = x0; i <= x1; i++) column[i - x0] = gaussianShare(i - x, sigma);
  for (let j = y0; j <= y1; j++) {
    const along = flux * gaussianShare(j - y, sigma);
    for (let i = x0; i <= x1; i++) image[j * size + i]! += along * column[i - x0]!;
  }
}

/** Light of a unit Gaussian in the pixel `offset` from its middle. */
const gaussianShare = (offset: number, sigma: number): number => {
  const root = sigma * Math.SQRT2;
  return 0.5 * (erf((offset + 0.5) / root) - erf((offset - 0.5) / root));
};

/** erf to 1e-14 by its series below 2.5, and by the continued fraction of erfc above (Abramowitz & Stegun 7.1.6, 7.1.14). */
function erf(z: number): number {
  const x = Math.abs(z);
  if (x < 2.5) {
    let term = x,
      sum = x;
    for (let n = 1; Math.abs(term) > 1e-16 * sum && n < 100; n++) sum += term *= (2 * x * x) / (2 * n + 1);
    return Math.sign(z) * (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.sign(z) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction));
}

/** A round Moffat profile, averaged over 5 × 5 points of each pixel near the middle, out to where a pixel gets less than `floor`. */
export function addMoffat(
  image: Float32Array,
  size: number,
  [x, y]: Point,
  flux: number,
  fwhmPix: number,
  beta: number,
  floor: number,
): void {
  const scale = fwhmPix / 2 / Math.sqrt(2 ** (1 / beta) - 1);
  const peak = (flux * (beta - 1)) / (Math.PI * scale * scale);
  const radius = Math.ceil(Math.min(200, Math.max(8, scale * Math.sqrt(Math.max(0, (peak / floor) ** (1 / beta) - 1)))));
  const at = (dx: number, dy: number): number => peak * (1 + (dx * dx + dy * dy) / (scale * scale)) ** -beta;
  for (let j = Math.max(0, Math.round(y) - radius); j <= Math.min(size - 1, Math.round(y) + radius); j++) {
    for (let i = Math.max(0, Math.round(x) - radius); i <= Math.min(size - 1, Math.round(x) + radius); i++) {
      const dx = i - x,
        dy = j - y;
      if (dx * dx + dy * dy > 100) {
        image[j * size + i]! += at(dx, dy);
        continue;
      }
      let sum = 0;
      for (let b = -2; b <= 2; b++) for (let a = -2; a <= 2; a++) sum += at(dx + a / 5, dy + b / 5);
      image[j * size + i]! += sum / 25;
    }
  }
}

/** Weights and variances, in half-light radii squared, of six Gaussians that make an exponential disc (Hogg & Lang 2013, PASP 125, 719). */
const exponential = [
  [2.34853813e-3, 1.20078965e-3],
  [3.0799526e-2, 8.84526493e-3],
  [2.23364214e-1, 3.91463084e-2],
  [1.17949102, 1.39976817e-1],
  [4.3387375, 4.609625e-1],
  [5.9982077, 1.50159566],
] as const;
const weightSum = exponential.reduce((sum, [weight]) => sum + weight, 0);

/** An inclined exponential disc behind a Gaussian PSF of this FWHM. */
export function addExponential(
  image: Float32Array,
  size: number,
  [x, y]: Point,
  flux: number,
  { radiusPix, axisRatio, angle }: { radiusPix: number; axisRatio: number; angle: number },
  fwhmPix: number,
): void {
  const psf = (fwhmPix / 2.354820045) ** 2 + 1 / 12;
  const cos = Math.cos(angle),
    sin = Math.sin(angle);
  for (const [weight, variance] of exponential) {
    const major = variance * radiusPix ** 2 + psf,
      minor = variance * (radiusPix * axisRatio) ** 2 + psf;
    const peak = (flux * weight) / weightSum / (2 * Math.PI * Math.sqrt(major * minor));
    const radius = Math.ceil(6 * Math.sqrt(major));
    for (let j = Math.max(0, Math.round(y) - radius); j <= Math.min(size - 1, Math.round(y) + radius); j++) {
      for (let i = Math.max(0, Math.round(x) - radius); i <= Math.min(size - 1, Math.round(x) + radius); i++) {
        const u = (i - x) * cos + (j - y) * sin,
          v = (j - y) * cos - (i - x) * sin;
        image[j * size + i]! += peak * Math.exp(-0.5 * ((u * u) / major + (v * v) / minor));
      }
    }
  }
}
