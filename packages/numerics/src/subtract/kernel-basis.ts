/**
 * The shapes that a matching kernel is made of: Gaussians times polynomials, each the product of a row and a column, so that images are
 * filtered with them in two short passes. The first has sum 1, the others sum 0 (multiples of the first are taken off when they are used),
 * so that the flux scale is the first coefficient alone.
 *
 * Source: Alard & Lupton 1998, ApJ 503, 325; Alard 2000, A&AS 144, 363.
 */
export interface KernelBasis {
  /** Half-width of the kernels [pix]. */
  readonly radius: number;
  readonly count: number;
  /** Factors without repetition, each of 2 radius + 1 values. */
  readonly factors: readonly Float64Array[];
  /** Of each shape: its factor along x and along y. */
  readonly alongX: Int32Array;
  readonly alongY: Int32Array;
  /** Of each shape: how much of the first is taken off. 0 for the first. */
  readonly offset: Float64Array;
}

export interface BasisOptions {
  /** Sigma of the Gaussian that roughly makes one star profile of the other [pix]. */
  readonly sigmaPix: number;
  /** Sigma of the stars of the image that is convolved [pix]; sets the finest structure worth fitting. */
  readonly finestPix: number;
  /** Highest power for the narrow, the middle and the wide Gaussian. */
  readonly degrees?: readonly [number, number, number];
}

/** Sigma of the first shape [pix] where hardly any width is missing: almost the pixel itself. */
const LEAST_SIGMA = 0.3;

/**
 * The Gaussian that is missing, towards which all kernels are pulled, then Gaussians times polynomials of half, once and twice its width.
 * Wider ones would bring the wings of stars nearer, and the lost light of saturated pixels further: they made more false changes than they
 * removed.
 */
export function kernelBasis({ sigmaPix, finestPix, degrees = [4, 4, 2] }: BasisOptions): KernelBasis {
  const middle = Math.max(sigmaPix, 0.45 * finestPix, 0.7);
  const sigmas = [middle, Math.max(0.55, 0.5 * middle), 2 * middle];
  const orders = [degrees[1], degrees[0], degrees[2]];
  const radius = Math.min(15, Math.max(6, Math.ceil(5 * middle)));
  const factors = [gaussianTimesPower(Math.max(sigmaPix, LEAST_SIGMA), 0, radius)];
  const shapes: [number, number][] = [[0, 0]];
  for (let g = 0; g < sigmas.length; g++) {
    const first = factors.length;
    for (let p = 0; p <= orders[g]!; p++) factors.push(gaussianTimesPower(sigmas[g]!, p, radius));
    for (let order = 0; order <= orders[g]!; order++)
      for (let b = 0; b <= order; b++) shapes.push([first + order - b, first + b]);
  }
  const sumOf = factors.map((f) => f.reduce((a, b) => a + b, 0));
  return {
    radius,
    count: shapes.length,
    factors,
    alongX: Int32Array.from(shapes, ([a]) => a),
    alongY: Int32Array.from(shapes, ([, b]) => b),
    offset: Float64Array.from(shapes, ([a, b], k) => (k === 0 ? 0 : sumOf[a]! * sumOf[b]!)),
  };
}

/** exp(−x²/2σ²) He_p(x/σ): Hermite polynomials instead of plain powers keep the shapes apart. Power 0: sum 1; the others: norm 1. */
function gaussianTimesPower(sigma: number, power: number, radius: number): Float64Array {
  const f = new Float64Array(2 * radius + 1);
  for (let i = -radius; i <= radius; i++) {
    const x = i / sigma;
    let before = 0;
    let here = 1;
    for (let n = 0; n < power; n++) [before, here] = [here, x * here - n * before];
    f[i + radius] = here * Math.exp(-0.5 * x * x);
  }
  const size = power === 0 ? f.reduce((a, b) => a + b, 0) : Math.sqrt(f.reduce((a, b) => a + b * b, 0));
  return f.map((v) => v / size);
}

/** Shape `k` written out, (2 radius + 1)² values, row-major, its share of the first taken off. */
export function basisImage({ radius, factors, alongX, alongY, offset }: KernelBasis, k: number): Float64Array {
  const size = 2 * radius + 1;
  const image = new Float64Array(size * size);
  const add = (s: number, weight: number): void => {
    const fx = factors[alongX[s]!]!;
    const fy = factors[alongY[s]!]!;
    for (let j = 0; j < size; j++) for (let i = 0; i < size; i++) image[j * size + i]! += weight * fy[j]! * fx[i]!;
  };
  add(k, 1);
  if (offset[k] !== 0) add(0, -offset[k]!);
  return image;
}

/**
 * All shapes convolved with one stamp: `out[k]` has (2 half + 1)² pixels around (x, y) of the image. Needs half + radius pixels of
 * image on all sides.
 */
export function convolveStamp(
  basis: KernelBasis,
  image: Float32Array,
  width: number,
  { x, y, half }: { readonly x: number; readonly y: number; readonly half: number },
): Float64Array[] {
  const { radius, factors, alongX, alongY, offset, count } = basis;
  const size = 2 * half + 1;
  const tall = size + 2 * radius;
  const alongRows = factors.map((f) => {
    const rows = new Float64Array(tall * size);
    for (let j = 0; j < tall; j++) {
      const p = (y - half - radius + j) * width + x - half;
      for (let i = 0; i < size; i++) {
        let sum = 0;
        // A convolution: the factor runs backwards.
        for (let t = -radius; t <= radius; t++) sum += f[radius - t]! * image[p + i + t]!;
        rows[j * size + i] = sum;
      }
    }
    return rows;
  });
  const out: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const rows = alongRows[alongX[k]!]!;
    const f = factors[alongY[k]!]!;
    const result = new Float64Array(size * size);
    for (let t = -radius; t <= radius; t++) {
      const c = f[radius - t]!;
      const from = (t + radius) * size;
      for (let i = 0; i < result.length; i++) result[i] = result[i]! + c * rows[from + i]!;
    }
    const first = out[0];
    if (first && offset[k] !== 0) for (let i = 0; i < result.length; i++) result[i] = result[i]! - offset[k]! * first[i]!;
    out.push(result);
  }
  return out;
}
