import {
  buildPointGrid,
  type Compute,
  type CoordinateGrid,
  coordinateGrid,
  evaluateLegendre,
  fieldSigma,
  fillBad,
  fitPolynomialField,
  MaskPlane,
  madSigma,
  medianOf,
  nearBad,
  nearestInGrid,
  type PolynomialField,
  resamplingPower,
  type Shape,
  type SourceColumns,
  SourceFlag,
} from '@colibri/numerics';
import type { Wcs } from '@colibri/sky';

/** An image with its solution and its sources. */
export interface SolvedImage extends Shape {
  readonly wcs: Wcs;
  readonly columns: SourceColumns;
}

/** Where the pixels of the image lie on the template. */
export interface Registration {
  readonly grid: CoordinateGrid;
  /** Stars in common that corrected the two solutions; 0: the solutions alone. */
  readonly stars: number;
  /** Their scatter about the correction [pix of the template]. */
  readonly rmsPix: number | null;
  /** Error of the correction at a pixel of the image [pix of the template]. */
  errorAt(x: number, y: number): number;
}

const MATCH_PIX = 2.5;
const LEAST_STARS = 8;
const LEAST_SNR = 12;
/** Error of a centroid beyond its noise [pix]: pixels are not points. */
const FLOOR_PIX = 0.01;

/**
 * Registers two images: by their solutions first, then by a smooth field (Legendre, order by evidence, at most 3) of the differences of the
 * stars in both. Two solutions may each be right to 0.05 pixel and leave dipoles at every bright star.
 */
export function register(image: SolvedImage, template: SolvedImage): Registration {
  const { width, height } = image;
  const map = (x: number, y: number): [number, number] | null => {
    const [ra, dec] = image.wcs.pixelToSky(x, y);
    return Number.isFinite(ra) ? template.wcs.skyToPixel(ra, dec) : null;
  };
  const known = buildPointGrid(template.columns.x, template.columns.y, 8);
  const pairs: { u: number; v: number; dx: number; dy: number; variance: number }[] = [];
  const { columns: c } = image;
  for (let i = 0; i < c.count; i++) {
    if (!isGood(c, i)) continue;
    const at = map(c.x[i]!, c.y[i]!);
    if (!at) continue;
    const j = nearestInGrid(known, at[0], at[1], MATCH_PIX);
    if (j < 0 || !isGood(template.columns, j)) continue;
    pairs.push({
      u: (2 * c.x[i]!) / width - 1,
      v: (2 * c.y[i]!) / height - 1,
      dx: template.columns.x[j]! - at[0],
      dy: template.columns.y[j]! - at[1],
      variance: c.xErr[i]! ** 2 + template.columns.xErr[j]! ** 2 + FLOOR_PIX ** 2,
    });
  }
  const fit = pairs.length < LEAST_STARS ? null : fitField(pairs);
  const at = (component: 0 | 1, x: number, y: number): number =>
    fit === null
      ? 0
      : evaluateLegendre(fit.field.order, fit.field.coefficients[component]!, (2 * x) / width - 1, (2 * y) / height - 1);
  return {
    grid: coordinateGrid(image, (x, y) => {
      const place = map(x, y);
      return place && [place[0] + at(0, x, y), place[1] + at(1, x, y)];
    }),
    stars: fit?.stars ?? 0,
    rmsPix: fit?.rms ?? null,
    errorAt: (x, y) => (fit === null ? 0.05 : fieldSigma(fit.field, (2 * x) / width - 1, (2 * y) / height - 1)),
  };
}

const SPOILT = SourceFlag.SATURATED | SourceFlag.TRUNCATED | SourceFlag.CENTROID_FAILED;
const isGood = (c: SourceColumns, i: number): boolean =>
  c.snrWin[i]! > LEAST_SNR && (c.flags[i]! & SPOILT) === 0 && c.maskFlags[i] === 0 && c.xErr[i]! > 0;

type Pair = { readonly u: number; readonly v: number; readonly dx: number; readonly dy: number; readonly variance: number };

/** Twice: what is more than four sigma off the first field (moving, blended) is left out of the second. */
function fitField(pairs: readonly Pair[]): { field: PolynomialField; stars: number; rms: number } | null {
  let used = pairs;
  const [mx, my] = [medianOf(Float64Array.from(pairs, (p) => p.dx)), medianOf(Float64Array.from(pairs, (p) => p.dy))];
  let off = (p: Pair): [number, number] => [p.dx - mx, p.dy - my];
  let found: { field: PolynomialField; stars: number; rms: number } | null = null;
  for (let pass = 0; pass < 3; pass++) {
    const sigma = Math.max(
      madSigma(Float64Array.from(used, (p) => off(p)[0])),
      madSigma(Float64Array.from(used, (p) => off(p)[1])),
      FLOOR_PIX,
    );
    used = pairs.filter((p) => Math.hypot(...off(p)) < 5 * Math.max(sigma, Math.sqrt(p.variance)));
    if (used.length < LEAST_STARS) return found;
    const field = fitPolynomialField(
      Float64Array.from(used, (p) => p.u),
      Float64Array.from(used, (p) => p.v),
      [Float64Array.from(used, (p) => p.dx), Float64Array.from(used, (p) => p.dy)],
      Float64Array.from(used, (p) => 1 / p.variance),
      { maxOrder: 3 },
    );
    if (field === null) return found;
    off = (p) => [
      p.dx - evaluateLegendre(field.order, field.coefficients[0]!, p.u, p.v),
      p.dy - evaluateLegendre(field.order, field.coefficients[1]!, p.u, p.v),
    ];
    const residual = used.flatMap((p) => off(p));
    found = { field, stars: used.length, rms: madSigma(Float64Array.from(residual)) };
  }
  return found;
}

/** Pixels that a saturated one spoils when it is interpolated: half the support of Lanczos-3. */
const SATURATED_GROWTH = 3;

/** Brings an image, its sky taken off, to another grid. Planes in the memory of `compute`, for the caller's scope. */
export async function bringToGrid(
  planes: Shape & { readonly data: Float32Array; readonly variance: Float32Array; readonly mask: Uint16Array },
  grid: CoordinateGrid,
  shape: Shape,
  compute: Compute,
): Promise<{ data: Float32Array; variance: Float32Array; mask: Uint16Array; noiseGain: number }> {
  const n = shape.width * shape.height;
  const out = { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
  await compute.scope(async () => {
    const { width, height } = planes;
    const size = width * height;
    const data = compute.float32(size);
    const variance = compute.float32(size);
    const mask = compute.uint16(size);
    data.set(planes.data);
    variance.set(planes.variance);
    mask.set(planes.mask);
    for (let i = 0; i < size; i++) {
      const v = variance[i]!;
      // Not finite: the difference with itself is not 0.
      if (mask[i] === 0 && !(data[i]! - data[i]! === 0 && v > 0 && v - v === 0)) mask[i] = MaskPlane.NO_DATA;
    }
    growSaturated(await compute.indicesWith(planes.mask, MaskPlane.SATURATED), mask, planes);
    const bad = await compute.indicesWith(mask, 0xffff);
    fillBad(data, variance, mask, bad, usualVariance(variance, mask), planes);
    const near = nearBad(bad, planes, compute.uint8(size));
    await compute.resample({ width, height, data, variance, mask, near }, { ...shape, grid, scale: 1 }, out);
  });
  const power = resamplingPower(grid, planes);
  return { ...out, noiseGain: power > 0 ? 1 / power : 1 };
}

/** Of every 101st pixel that is good; 1 where there is none. */
function usualVariance(variance: Float32Array, mask: Uint16Array): number {
  const sample: number[] = [];
  for (let i = 0; i < variance.length; i += 101) if (mask[i] === 0) sample.push(variance[i]!);
  return sample.length > 0 ? medianOf(Float64Array.from(sample)) : 1;
}

function growSaturated(pixels: ArrayLike<number>, to: Uint16Array, { width, height }: Shape): void {
  for (let k = 0; k < pixels.length; k++) {
    const x = pixels[k]! % width;
    const y = (pixels[k]! - x) / width;
    for (let v = Math.max(0, y - SATURATED_GROWTH); v <= Math.min(height - 1, y + SATURATED_GROWTH); v++)
      for (let u = Math.max(0, x - SATURATED_GROWTH); u <= Math.min(width - 1, x + SATURATED_GROWTH); u++)
        to[v * width + u]! |= MaskPlane.SATURATED;
  }
}
