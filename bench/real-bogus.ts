// `npx tsx bench/real-bogus.ts FROM TO [--test]`: fits the weights of the real-bogus score on fields of these seeds, or judges those in force
// (--test). Real: stars of S/N 5.5 to 25 put on galaxies, with their noise; bogus: whatever else is found where nothing changed, on stacks of
// three frames and on single ones.
import { parseArgs } from 'node:util';
import { seededRandom } from '@colibri/base';
import { imageOfFrame, type MeasuredSide, measureForSubtraction, subtractTemplate } from '@colibri/modules';
import { type Compute, noisePeakLimit, REAL_BOGUS_WEIGHTS, realBogus, realBogusMeasures } from '@colibri/numerics';
import { reduceField } from './science/field18/reduce.ts';
import { openBenchCompute } from './science/open-unit.ts';
import {
  addStars,
  defaultSubtraction,
  errorAt,
  frameCase,
  hostField,
  hostPlaces,
  measuredStack,
  type SubtractionCase,
  stackCase,
  stackPart,
} from './science/subtraction.ts';

interface Sample {
  readonly isReal: boolean;
  readonly measures: Readonly<Record<string, number>>;
  readonly score: number;
}

/** Odds that a detection at 5 sigma is real, before it is looked at: of ten one, as in a field with a transient. */
const PRIOR_ODDS = 0.1;
/** 1 sigma of the prior of each weight, about 0. */
const PRIOR_SIGMA = 10;

const { values, positionals } = parseArgs({ options: { test: { type: 'boolean', default: false } }, allowPositionals: true });
const [from, to] = positionals.map(Number) as [number, number];
const compute = await openBenchCompute(2);
const samples: Sample[] = [];
for (let seed = from; seed < to; seed++) samples.push(...(await samplesOf(seed, compute)));
await compute.close();
const real = samples.filter(({ isReal }) => isReal);
const bogus = samples.filter(({ isReal }) => !isReal);
console.error(`${real.length} real, ${bogus.length} bogus, of ${to - from} fields`);
if (values.test) {
  for (const limit of [0.3, 0.5, 0.7, 0.9]) {
    const above = (list: readonly Sample[]): number => list.filter(({ score }) => score >= limit).length;
    console.log(`score >= ${limit}: ${above(real)} of ${real.length} real, ${above(bogus)} of ${bogus.length} bogus`);
  }
} else console.log(JSON.stringify(fitLogistic(real, bogus), null, 2));

async function samplesOf(seed: number, compute: Compute): Promise<Sample[]> {
  const field = hostField(seed);
  const reduced = await reduceField(field, compute);
  const truth = { changed: [], hosts: hostPlaces(field) };
  return compute.scope(async () => {
    const template = await measuredStack(await stackPart(reduced, 0, 3, compute), compute);
    const cases = [stackCase(await stackPart(reduced, 3, 6, compute), `seed ${seed}`, truth, compute)];
    for (const frame of reduced.unit.frames.slice(3)) if (frame.wcs) cases.push(frameCase(frame, frame.wcs, truth));
    const found: Sample[] = [];
    for (const [k, one] of cases.entries()) found.push(...(await samplesOfCase(one, template, 10 * seed + k, compute)));
    return found;
  });
}

async function samplesOfCase(one: SubtractionCase, template: MeasuredSide, seed: number, compute: Compute): Promise<Sample[]> {
  const random = seededRandom(seed);
  // The errors of the places first, then stars of chosen S/N.
  const run = async (stars: readonly { x: number; y: number; flux: number }[]) =>
    compute.scope(async () => {
      const planes = await one.load();
      const image = imageOfFrame({ ...planes, saturation: one.saturation }, one.fwhmPix);
      const plain = { ...image, lightVariance: one.lightVariance, covarianceFactor: one.covarianceFactor };
      if (stars.length > 0)
        addStars(planes, stars, (await measureForSubtraction(plain, one.wcs, 64, compute)).psf, one.lightVariance, seed);
      const science = await measureForSubtraction(plain, one.wcs, 64, compute);
      const result = await subtractTemplate(science, template, defaultSubtraction, compute);
      if (result === null) throw new Error(`${one.name}: not subtracted`);
      const { fwhmPix } = result.subtraction.psf;
      const errors = one.hosts.map((host) => errorAt(result, one.wcs.skyToPixel(...host)));
      return { changes: result.changes, fwhmPix, limit: noisePeakLimit(planes.width * planes.height, fwhmPix), errors };
    });
  const plain = await run([]);
  const stars = one.hosts.flatMap((host, k) => {
    const at = one.wcs.skyToPixel(...host);
    const error = plain.errors[k]!;
    return at && error > 0 ? [{ x: at[0], y: at[1], flux: 5.5 * (25 / 5.5) ** random.uniform() * error }] : [];
  });
  const sample =
    (isReal: boolean, { fwhmPix, limit }: typeof plain) =>
    (change: (typeof plain.changes)[number]) => ({
      isReal,
      measures: realBogusMeasures(change, fwhmPix, limit),
      score: realBogus(change, fwhmPix, limit).score,
    });
  const injected = await run(stars);
  const isStar = ({ x, y }: { x: number; y: number }) => stars.some((s) => Math.hypot(s.x - x, s.y - y) < 1.5);
  return [...plain.changes.map(sample(false, plain)), ...injected.changes.filter(isStar).map(sample(true, injected))];
}

/** Newton's method; both classes weigh the same, and the prior odds are put into the constant. */
function fitLogistic(real: readonly Sample[], bogus: readonly Sample[]): Record<string, number> {
  const names = Object.keys(REAL_BOGUS_WEIGHTS).filter((name) => name !== 'begin');
  const n = names.length + 1;
  const rows = [...real, ...bogus].map(({ isReal, measures }) => ({
    x: [1, ...names.map((name) => measures[name]!)],
    y: isReal ? 1 : 0,
    w: (real.length + bogus.length) / 2 / (isReal ? real.length : bogus.length),
  }));
  const beta = Array.from({ length: n }, () => 0);
  for (let step = 0; step < 60; step++) {
    const h = Array.from({ length: n }, (_, i) =>
      beta.map((_, j) => (i === j && i > 0 ? PRIOR_SIGMA ** -2 : i === j ? 1e-9 : 0)),
    );
    const g = beta.map((b, i) => (i > 0 ? -b / PRIOR_SIGMA ** 2 : 0));
    for (const { x, y, w } of rows) {
      const p = 1 / (1 + Math.exp(-x.reduce((sum, v, i) => sum + v * beta[i]!, 0)));
      for (let i = 0; i < n; i++) {
        g[i]! += w * (y - p) * x[i]!;
        for (let j = 0; j < n; j++) h[i]![j]! += w * p * (1 - p) * x[i]! * x[j]!;
      }
    }
    solveInPlace(h, g);
    for (let i = 0; i < n; i++) beta[i]! += Math.max(-2, Math.min(2, g[i]!));
  }
  return Object.fromEntries(
    [['begin', beta[0]! + Math.log(PRIOR_ODDS)], ...names.map((name, i) => [name, beta[i + 1]!] as const)].map(
      ([name, value]) => [name, Number((value as number).toPrecision(3))],
    ),
  );
}

/** Gauss elimination with pivots; the solution replaces `b`. */
function solveInPlace(a: number[][], b: number[]): void {
  const n = b.length;
  for (let k = 0; k < n; k++) {
    const pivot = a.slice(k).reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(a[best]![k]!) ? k + i : best), k);
    [a[k], a[pivot]] = [a[pivot]!, a[k]!];
    [b[k], b[pivot]] = [b[pivot]!, b[k]!];
    for (let i = k + 1; i < n; i++) {
      const f = a[i]![k]! / a[k]![k]!;
      for (let j = k; j < n; j++) a[i]![j]! -= f * a[k]![j]!;
      b[i]! -= f * b[k]!;
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) b[k]! -= a[k]![j]! * b[j]!;
    b[k]! /= a[k]![k]!;
  }
}
