import { seededRandom } from '@colibri/base';
import { stacking } from '@colibri/modules';
import { type Compute, detectSources, MaskPlane } from '@colibri/numerics';
import type { Stack, StackSet, Unit, UnitAlignment } from '@colibri/pipeline';
import { localGeometry, type Wcs } from '@colibri/sky';
import { type BenchRow, row } from '../report.ts';
import { quietContext, runModule } from './beat-it/chain.ts';
import { type SwarpStack, swarpStacks, swarpVersion } from './peer-swarp.ts';
import { trailRows } from './trails.ts';

/** What is true of the field. */
export interface StackingTruth {
  /** Constant, isolated or not: neighbours within the aperture are common to stack and frames. */
  readonly stars: readonly { readonly raDeg: number; readonly decDeg: number; readonly mag: number }[];
  /** Stars whose light changes: the afterglow, a variable. */
  readonly changing: readonly { readonly name: string; readonly raDeg: number; readonly decDeg: number }[];
  /** Sky coordinates of pixels that cosmic rays hit, by frame; null: not known. */
  readonly hits: ReadonlyMap<string, readonly (readonly [number, number])[]> | null;
}

/** Radius of the apertures [arcsec]: so wide that differences of seeing carry no light across it; sky in a ring about it. */
const RADIUS_ARCSEC = 4.2;
const RING = [1.5, 2.2] as const;

/** Flux of stars in the stack against the mean of the frames with the stack's own weights; FWHM, noise and cosmic rays. */
export async function scoreStacking(
  { unit, alignment, stacks }: { readonly unit: Unit; readonly alignment: UnitAlignment; readonly stacks: StackSet },
  truth: StackingTruth,
  compute: Compute,
): Promise<BenchRow[]> {
  const { stack } = stacks;
  const places = [...truth.stars, ...truth.changing];
  const inStack = places.map(({ raDeg, decDeg }) => aperture(stack, stack.wcs, raDeg, decDeg));
  const means = new Float64Array(places.length);
  for (const { frameId, weight, transparency, exposureSec } of stack.inputs) {
    const index = unit.frames.findIndex((frame) => frame.meta.frameId === frameId);
    const { wcs } = alignment.frames[index]!;
    await compute.scope(async () => {
      const frame = await unit.frames[index]!.load();
      places.forEach(({ raDeg, decDeg }, i) => {
        means[i]! += (weight * aperture(frame, wcs!, raDeg, decDeg)) / (transparency * exposureSec);
      });
    });
  }
  const ratios = places.map((_, i) => inStack[i]! / means[i]!);
  const bright = truth.stars
    .map((star, i) => ({ mag: star.mag, ratio: ratios[i]! }))
    .filter(({ ratio }) => Number.isFinite(ratio));
  const among = (from: number, to: number): number[] =>
    bright.filter(({ mag }) => mag >= from && mag < to).map(({ ratio }) => ratio - 1);
  const rows: BenchRow[] = [];
  for (const [from, to] of [
    [14, 16.5],
    [16.5, 18],
    [18, 19],
  ] as const) {
    const off = among(from, to);
    const name = `stack / mean of frames, constant stars r ${from}–${to} (${off.length})`;
    rows.push(row(`${name}: median − 1`, Math.abs(median(off)), '1', '<= 0.002'), row(`${name}: scatter`, scatter(off), '1'));
  }
  truth.changing.forEach(({ name }, k) => {
    rows.push(row(`stack / mean of frames, ${name}: |ratio − 1|`, Math.abs(ratios[truth.stars.length + k]! - 1), '1', '<= 0.02'));
  });
  const seen = await compute.scope(() =>
    detectSources(stack.data, stack.variance, stack.mask, { ...stack, assumedFwhmPix: stack.fwhmPix }, compute).then(
      (d) => d.pointSpread.fwhmPix,
    ),
  );
  rows.push(
    row('FWHM of the stack / weighted mean of its frames: |ratio − 1|', Math.abs(seen / stack.fwhmPix - 1), '1', '<= 0.02'),
    row('covariance factor', stack.covarianceFactor, '1'),
  );
  if (truth.hits !== null) {
    const [share, hits] = residuals(stacks, unit, truth);
    rows.push(row(`cosmic rays left above 5 sigma of the stack (of ${hits} hit pixels)`, share, '1', '<= 0.05'));
  }
  rows.push(...(await trailRows(unit, stack.inputs, compute)));
  if (swarpVersion() !== null) rows.push(...(await swarpRows({ unit, alignment, stack }, truth, compute)));
  return rows;
}

/** The same frames, coordinates and variances through SWarp: light, seeing, depth and CPU time. */
async function swarpRows(
  { unit, alignment, stack }: { readonly unit: Unit; readonly alignment: UnitAlignment; readonly stack: Stack },
  truth: StackingTruth,
  compute: Compute,
): Promise<BenchRow[]> {
  const peer = `SWarp ${swarpVersion()}`;
  const found = await swarpStacks(unit, alignment, stack, ['WEIGHTED', 'CLIPPED'], compute);
  const began = process.cpuUsage();
  await compute.scope(() => runModule(stacking, { unit, alignment }, quietContext(compute)));
  const { user, system } = process.cpuUsage(began);
  const cpuSec = (user + system) / 1e6;
  const masked = (image: SwarpStack) => ({
    ...image,
    mask: Uint16Array.from(image.weight, (w) => (w > 0 ? 0 : MaskPlane.NO_DATA)),
  });
  const depth = depthOf(stack, stack.wcs, truth, stack.fwhmPix);
  return (['WEIGHTED', 'CLIPPED'] as const).flatMap((type) => {
    const theirs = masked(found[type]);
    const ratio = (raDeg: number, decDeg: number): number =>
      aperture(theirs, stack.wcs, raDeg, decDeg) / aperture(stack, stack.wcs, raDeg, decDeg);
    const bright = truth.stars.filter(({ mag }) => mag > 15 && mag < 17.5).map(({ raDeg, decDeg }) => ratio(raDeg, decDeg));
    const theirDepth = depthOf(theirs, stack.wcs, truth, stack.fwhmPix);
    return [
      row(`${type}: flux of stars, SWarp / ours`, median(bright.filter(Number.isFinite)), '1'),
      ...truth.changing.map(({ name, raDeg, decDeg }) =>
        row(`${type}: flux of the ${name}, SWarp / ours`, ratio(raDeg, decDeg), '1'),
      ),
      row(`${type}: S/N of faint stars, ours / SWarp`, depth / theirDepth, '1', '>= 0.99', { peer, peerValue: 1 }),
      row(`${type}: CPU time per frame`, cpuSec / unit.frames.length, 's', null, {
        peer,
        peerValue: found[type].cpuSec / unit.frames.length,
        ratio: found[type].cpuSec / cpuSec,
        note: 'ours unpacks Rice-compressed frames and searches trails, theirs reads plain ones; the aim is 3 times less',
      }),
    ];
  });
}

/** S/N per electron/s of a matched filter: its answer to isolated stars over its scatter at blank places. Measured, not from weights. */
function depthOf(
  image: { width: number; height: number; data: Float32Array; mask: Uint16Array },
  wcs: Wcs,
  { stars }: StackingTruth,
  fwhmPix: number,
): number {
  const reach = Math.ceil(2 * fwhmPix);
  const filterAt = (x: number, y: number): number => {
    const [cx, cy] = [Math.round(x), Math.round(y)];
    let [sum, squares, weights] = [0, 0, 0];
    const values: [number, number][] = [];
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) {
        const p = (cy + dy) * image.width + cx + dx;
        if (!(p >= 0 && p < image.data.length) || image.mask[p] !== 0) return NaN;
        const w = Math.exp((-4 * Math.LN2 * ((cx + dx - x) ** 2 + (cy + dy - y) ** 2)) / fwhmPix ** 2);
        values.push([w, image.data[p]!]);
        weights += w;
        squares += w * w;
      }
    }
    const mean = weights / values.length; // a filter of sum 0: the sky of either does not matter
    for (const [w, v] of values) sum += (w - mean) * v;
    return sum / squares;
  };
  const places = stars.map(({ raDeg, decDeg }) => wcs.skyToPixel(raDeg, decDeg) ?? [NaN, NaN]);
  const isClear = (x: number, y: number, distance: number): boolean =>
    places.every(([u, v]) => !(Math.hypot(u! - x, v! - y) < distance));
  const answers = stars.flatMap(({ mag }, i) => {
    const [x, y] = places[i]!;
    if (!(mag > 16 && mag < 18) || !(x! > 200 && y! > 200 && x! < image.width - 200 && y! < image.height - 200)) return [];
    return [filterAt(x!, y!) * 10 ** (0.4 * (mag - 17))];
  });
  const random = seededRandom(5);
  const blank: number[] = [];
  while (blank.length < 4000) {
    const [x, y] = [200 + random.uniform() * (image.width - 400), 200 + random.uniform() * (image.height - 400)];
    if (isClear(x, y, 20)) blank.push(filterAt(x, y));
  }
  return median(answers.filter(Number.isFinite)) / scatter(blank.filter(Number.isFinite));
}

/** Light inside a circle above the mean of a ring; masked pixels count as the mean of their neighbours; NaN where one is saturated. */
function aperture(
  { width, height, data, mask }: { width: number; height: number; data: Float32Array; mask: Uint16Array },
  wcs: Wcs,
  raDeg: number,
  decDeg: number,
): number {
  const at = wcs.skyToPixel(raDeg, decDeg);
  if (at === null) return NaN;
  const [x0, y0] = at;
  const radius = RADIUS_ARCSEC / localGeometry(wcs, x0, y0).pixelScaleArcsec;
  const outer = radius * RING[1];
  if (!(x0 > outer && y0 > outer && x0 < width - 1 - outer && y0 < height - 1 - outer)) return NaN;
  const ring: number[] = [];
  let sum = 0;
  let area = 0;
  for (let y = Math.ceil(y0 - outer); y <= y0 + outer; y++) {
    for (let x = Math.ceil(x0 - outer); x <= x0 + outer; x++) {
      const r = Math.hypot(x - x0, y - y0);
      const p = y * width + x;
      if (r > radius + 1) {
        if (r > radius * RING[0] && r < outer && mask[p] === 0) ring.push(data[p]!);
        continue;
      }
      let share = 0;
      for (let b = 0; b < 5; b++)
        for (let a = 0; a < 5; a++)
          if ((x - x0 + (a - 2) / 5) ** 2 + (y - y0 + (b - 2) / 5) ** 2 <= radius * radius) share += 1 / 25;
      if (share === 0) continue;
      const value = mask[p] === 0 ? data[p]! : aroundOf(p, width, data, mask);
      sum += share * value;
      area += share;
    }
  }
  return sum - (area * ring.reduce((a, b) => a + b, 0)) / ring.length; // a median would see less of faint sources in frames
}

function aroundOf(p: number, width: number, data: Float32Array, mask: Uint16Array): number {
  if (((mask[p] ?? 0) & MaskPlane.SATURATED) !== 0) return NaN;
  const near = [1, -1, width, -width, width + 1, width - 1, 1 - width, -1 - width].filter((d) => mask[p + d] === 0);
  return near.reduce((sum, d) => sum + data[p + d]!, 0) / near.length;
}

/** Share of hit places with a sharp residual above 5 sigma. */
function residuals({ stack }: StackSet, unit: Unit, { hits, stars }: StackingTruth): [number, number] {
  const { width, height, data, variance, coverageSec, wcs } = stack;
  const [left, all] = [new Set<number>(), new Set<number>()];
  const near = (x: number, y: number) =>
    stars.some(
      (s) =>
        Math.hypot(...((wcs.skyToPixel(s.raDeg, s.decDeg) ?? [1e9, 1e9]).map((v, k) => v - [x, y][k]!) as [number, number])) < 8,
    );
  for (const frame of unit.frames) {
    for (const [ra, dec] of hits!.get(frame.meta.frameId) ?? []) {
      const at = wcs.skyToPixel(ra, dec);
      if (at === null) continue;
      const [x, y] = [Math.round(at[0]), Math.round(at[1])];
      if (!(x > 3 && y > 3 && x < width - 4 && y < height - 4)) continue;
      const p = y * width + x;
      if (coverageSec[p]! <= 2 * frame.meta.exposureSec || all.has(p)) continue;
      all.add(p);
      const ring = [-3, 3].flatMap((d) => [
        data[p + d]!,
        data[p + d * width]!,
        data[p + d * (width + 1)]!,
        data[p + d * (width - 1)]!,
      ]);
      if ((data[p]! - median(ring)) / Math.sqrt(variance[p]!) > 5 && !near(at[0], at[1])) left.add(p);
    }
  }
  return [left.size / all.size, all.size];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

const scatter = (values: readonly number[]): number => {
  const middle = median(values);
  return 1.4826 * median(values.map((v) => Math.abs(v - middle)));
};
