import { type Compute, coordinateGrid, fillBad, MaskPlane, nearBad } from '@colibri/numerics';
import type { Stack } from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';
import { outputGrid } from './output-grid.ts';

/**
 * The detection image over several filters of one field: χ = √(Σ (d/σ)²) of the stacks on one grid, less its mean for noise and in units of its scatter, so
 * that blank sky has mean 0 and variance 1 wherever, however many of the filters saw it. A source of any colour stands out, one that is seen in a
 * single filter too; what is found on it is then measured at the same place in every filter.
 *
 * The stacks lie on the lattice of the first, widened to all of them. Planes lie in the memory of `compute` and belong to the scope around.
 *
 * Source: Szalay, Connolly & Szokoly 1999, AJ 117, 68; as CHI-MEAN of SWarp.
 */
export async function chiStack(stacks: readonly Stack[], compute: Compute): Promise<Stack> {
  const first = stacks[0];
  if (!first) throw new RangeError('A detection image is made of one stack at least.');
  const cards = new Map(first.wcs.toCards().map(({ keyword, value }) => [keyword, Number(value)]));
  const grid = outputGrid(stacks, { raDeg: cards.get('CRVAL1')!, decDeg: cards.get('CRVAL2')! });
  const n = grid.width * grid.height;
  const data = compute.float32(n).fill(0);
  const count = compute.float32(n).fill(0);
  const mask = compute.uint16(n).fill(0);
  const coverageSec = compute.float32(n).fill(0);
  for (const stack of stacks) await compute.scope(() => addSquares(stack, grid, { data, count, mask, coverageSec }, compute));
  const moments = Array.from({ length: stacks.length + 1 }, (_, k) => chiMoments(k));
  for (let i = 0; i < n; i++) {
    const { mean, sigma } = moments[count[i]!]!;
    if (count[i] === 0) {
      data[i] = NaN;
      mask[i] = MaskPlane.NO_DATA;
    } else data[i] = (Math.sqrt(data[i]!) - mean) / sigma;
  }
  const variance = count;
  for (let i = 0; i < n; i++) variance[i] = count[i] === 0 ? NaN : 1;
  const seconds = stacks.reduce((sum, stack) => sum + stack.exposureSec, 0);
  const mean = (value: (stack: Stack) => number): number =>
    stacks.reduce((sum, stack) => sum + stack.exposureSec * value(stack), 0) / seconds;
  const arcsec = (stack: Stack): number => localGeometry(stack.wcs, stack.width / 2, stack.height / 2).pixelScaleArcsec;
  return {
    ...first,
    width: grid.width,
    height: grid.height,
    wcs: grid.wcs,
    data,
    variance,
    mask,
    coverageSec,
    filter: [...new Set(stacks.map(({ filter }) => filter))].join('+'),
    exposureSec: seconds,
    startedAt: stacks.map(({ startedAt }) => startedAt).sort()[0]!,
    endedAt: stacks
      .map(({ endedAt }) => endedAt)
      .sort()
      .at(-1)!,
    midMjdUtc: mean(({ midMjdUtc }) => midMjdUtc),
    fwhmPix: mean((stack) => stack.fwhmPix * arcsec(stack)) / grid.scaleArcsec,
    covarianceFactor: mean(({ covarianceFactor }) => covarianceFactor),
    // Light adds no noise of its own to a ratio, and nothing saturates in it.
    gainSec: Infinity,
    saturation: Infinity,
    inputs: stacks.flatMap(({ inputs }) => inputs),
    sky: null,
  };
}

interface Sums {
  readonly data: Float32Array;
  readonly count: Float32Array;
  readonly mask: Uint16Array;
  readonly coverageSec: Float32Array;
}

/** (d/σ)² of one stack on the common grid; on one lattice the interpolation changes nothing. */
async function addSquares(stack: Stack, grid: ReturnType<typeof outputGrid>, sums: Sums, compute: Compute): Promise<void> {
  const { width, height } = stack;
  const size = width * height;
  const input = { width, height, data: compute.float32(size), variance: compute.float32(size), mask: compute.uint16(size) };
  input.data.set(stack.data);
  input.variance.set(stack.variance);
  for (let i = 0; i < size; i++)
    input.mask[i] = stack.data[i]! - stack.data[i]! === 0 && stack.variance[i]! > 0 ? 0 : MaskPlane.NO_DATA;
  const bad = await compute.indicesWith(input.mask, 0xffff);
  fillBad(input.data, input.variance, input.mask, bad, 1, stack);
  const near = nearBad(bad, stack, compute.uint8(size));
  const toStack = coordinateGrid(grid, (x, y) => stack.wcs.skyToPixel(...grid.wcs.pixelToSky(x, y)));
  const n = grid.width * grid.height;
  const out = { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
  await compute.resample({ ...input, near }, { ...grid, grid: toStack, scale: 1 }, out);
  const seconds = stack.exposureSec;
  for (let i = 0; i < n; i++) {
    if (out.mask[i] !== 0) continue;
    sums.data[i]! += out.data[i]! ** 2 / out.variance[i]!;
    sums.count[i]!++;
    sums.coverageSec[i]! += seconds;
  }
  // Saturated stars stay marked, on the nearest pixel.
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((stack.mask[y * width + x]! & MaskPlane.SATURATED) === 0) continue;
      const at = grid.wcs.skyToPixel(...stack.wcs.pixelToSky(x, y));
      const [u, v] = at === null ? [-1, -1] : [Math.round(at[0]), Math.round(at[1])];
      if (u >= 0 && v >= 0 && u < grid.width && v < grid.height) sums.mask[v * grid.width + u]! |= MaskPlane.SATURATED;
    }
  }
}

/** Mean and scatter of χ of k degrees of freedom. */
function chiMoments(k: number): { readonly mean: number; readonly sigma: number } {
  // √2 Γ((k+1)/2) / Γ(k/2), from √(2/π) for k = 1 by μ(k+1) = k / μ(k).
  let mean = Math.sqrt(2 / Math.PI);
  for (let j = 1; j < k; j++) mean = j / mean;
  return { mean, sigma: Math.sqrt(k - mean * mean) };
}
