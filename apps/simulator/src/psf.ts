/** The image of a point: a sum of Gaussians along the pixel axes. Weights sum to 1. */
export interface Psf {
  readonly components: readonly { readonly weight: number; readonly sigmaX: number; readonly sigmaY: number }[];
}

/**
 * Turbulence with wings: three Gaussians near a Moffat profile of exponent 3.5, growing by 8 % and stretching by 5 % towards the
 * corners. (u, v) from −1 to 1 over the frame.
 */
export function psfAt(fwhmPix: number, u: number, v: number): Psf {
  const radius2 = u * u + v * v;
  const sigma = (fwhmPix / 2.3548) * (1 + 0.04 * radius2);
  const stretch = 1 + 0.05 * u * v + 0.02 * u;
  const parts = [
    [0.7, 0.93],
    [0.25, 1.5],
    [0.05, 3.4],
  ] as const;
  return {
    components: parts.map(([weight, factor]) => ({
      weight,
      sigmaX: sigma * factor * stretch,
      sigmaY: (sigma * factor) / stretch,
    })),
  };
}

/** Adds a point of `flux` at (x, y) to `image`, exactly integrated over each pixel, out to where it falls below `floor` per pixel. */
export function addPoint(
  image: Float32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  flux: number,
  psf: Psf,
  floor: number,
): void {
  for (const { weight, sigmaX, sigmaY } of psf.components) {
    const peak = (flux * weight) / (2 * Math.PI * sigmaX * sigmaY);
    if (peak < floor / 4) continue;
    const reach = Math.sqrt(2 * Math.log(Math.max(peak / floor, Math.E))) + 1;
    const x0 = Math.max(0, Math.floor(x - reach * sigmaX)),
      x1 = Math.min(width - 1, Math.ceil(x + reach * sigmaX));
    const y0 = Math.max(0, Math.floor(y - reach * sigmaY)),
      y1 = Math.min(height - 1, Math.ceil(y + reach * sigmaY));
    if (x1 < x0 || y1 < y0) continue;
    const columns = shares(x0, x1, x, sigmaX),
      rows = shares(y0, y1, y, sigmaY);
    for (let j = y0; j <= y1; j++) {
      const row = flux * weight * rows[j - y0]!;
      for (let i = x0, at = j * width + x0; i <= x1; i++, at++) image[at]! += row * columns[i - x0]!;
    }
  }
}

/** Share of a Gaussian at `center` that falls into each pixel from `first` to `last`. */
function shares(first: number, last: number, center: number, sigma: number): Float64Array {
  const out = new Float64Array(last - first + 1);
  let below = normalCdf((first - 0.5 - center) / sigma);
  for (let i = first; i <= last; i++) {
    const above = normalCdf((i + 0.5 - center) / sigma);
    out[i - first] = above - below;
    below = above;
  }
  return out;
}

/** Cumulative normal distribution, error below 1.2e-7 (Numerical Recipes' erfc fit). */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(z) * Math.SQRT1_2);
  const q = z / Math.SQRT2;
  const tail =
    t *
    Math.exp(
      -q * q -
        1.26551223 +
        t *
          (1.00002368 +
            t *
              (0.37409196 +
                t *
                  (0.09678418 +
                    t *
                      (-0.18628806 +
                        t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))),
    );
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}

/** The profile of pretend galaxies, near an exponential disc: sigma in half-light radii and weight of four Gaussians. */
const disc = [
  [0.18, 0.06],
  [0.42, 0.27],
  [0.83, 0.46],
  [1.52, 0.21],
] as const;

/**
 * Adds a galaxy: each Gaussian of the disc convolved with each of the star image, sampled on 2 × 2 points per pixel.
 *
 * @param radiusPix - half-light radius along the major axis [pix]; `angle` of that axis from +x, counter-clockwise [rad]
 */
export function addGalaxy(
  image: Float32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  flux: number,
  shape: { radiusPix: number; axisRatio: number; angle: number },
  psf: Psf,
  floor: number,
): void {
  const cos = Math.cos(shape.angle),
    sin = Math.sin(shape.angle);
  for (const [factor, share] of disc) {
    const major = (factor * shape.radiusPix) ** 2,
      minor = major * shape.axisRatio ** 2;
    for (const { weight, sigmaX, sigmaY } of psf.components) {
      const total = flux * share * weight;
      const cxx = major * cos * cos + minor * sin * sin + sigmaX * sigmaX;
      const cyy = major * sin * sin + minor * cos * cos + sigmaY * sigmaY;
      const cxy = (major - minor) * sin * cos;
      const det = cxx * cyy - cxy * cxy;
      const peak = total / (2 * Math.PI * Math.sqrt(det));
      if (peak < floor / 4) continue;
      const reach = Math.sqrt(2 * Math.log(Math.max(peak / floor, Math.E))) + 0.5;
      const x0 = Math.max(0, Math.floor(x - reach * Math.sqrt(cxx))),
        x1 = Math.min(width - 1, Math.ceil(x + reach * Math.sqrt(cxx)));
      const y0 = Math.max(0, Math.floor(y - reach * Math.sqrt(cyy))),
        y1 = Math.min(height - 1, Math.ceil(y + reach * Math.sqrt(cyy)));
      for (let j = y0; j <= y1; j++) {
        for (let i = x0; i <= x1; i++) {
          let sum = 0;
          for (const oy of [-0.25, 0.25]) {
            for (const ox of [-0.25, 0.25]) {
              const dx = i + ox - x,
                dy = j + oy - y;
              sum += Math.exp((-0.5 * (cyy * dx * dx - 2 * cxy * dx * dy + cxx * dy * dy)) / det);
            }
          }
          image[j * width + i]! += (peak * sum) / 4;
        }
      }
    }
  }
}
