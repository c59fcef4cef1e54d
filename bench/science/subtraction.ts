import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { seededRandom } from '@colibri/base';
import {
  imageOfFrame,
  type MeasuredSide,
  measureForSubtraction,
  type SubtractParameters,
  subtractTemplate,
  type TemplateDifference,
} from '@colibri/modules';
import { type Compute, madSigma, medianOf, type PsfModel, psfStamp, SourceFlag } from '@colibri/numerics';
import type { Frame, Stack, UnitFrame } from '@colibri/pipeline';
import type { Wcs } from '@colibri/sky';
import { type BenchRow, row } from '../report.ts';
import { quietContext, stackField } from './beat-it/chain.ts';
import { drawField, type Field, type FieldOptions } from './field18/field.ts';
import { type ReducedField, reduceField } from './field18/reduce.ts';
import { simNight } from './measured-night.ts';
import { openUnits } from './open-unit.ts';

export const defaultSubtraction: SubtractParameters = {
  threshold: 5,
  minScore: 0.5,
  method: 'optimal',
  kernelOrder: 3,
  meshPix: 128,
};

type Place = readonly [raDeg: number, decDeg: number];

/** What one image shows against a template. */
export interface SubtractionScore {
  readonly name: string;
  readonly residualAtStars: number;
  readonly residualOnSky: number;
  /** Changes above the threshold, both signs, and those among them that count as candidates, where nothing changed. */
  readonly detections: number;
  readonly falseCandidates: number;
  /** True changes that count as candidates, and all of them. */
  readonly changesFound: number;
  readonly changes: number;
  /** Stars of S/N 10 put on galaxies: those that count as candidates, and all. */
  readonly injectedFound: number;
  readonly injected: number;
  /** (measured − true) / error of the injected ones that were found. */
  readonly pulls: readonly number[];
}

export interface SubtractionCase {
  readonly name: string;
  readonly wcs: Wcs;
  /** Planes of the science image, sky in them or not, in the memory of `compute`: called in a scope, twice. */
  load(): Promise<Pick<Frame, 'width' | 'height' | 'data' | 'variance' | 'mask'>>;
  readonly lightVariance: number;
  readonly saturation: number;
  readonly covarianceFactor: number;
  readonly fwhmPix: number;
  /** What truly changed, and where galaxies are. */
  readonly changed: readonly Place[];
  readonly hosts: readonly Place[];
}

/** Subtracts the template from one image and compares with the truth; then again with stars of S/N 10 on the hosts. */
export async function scoreSubtraction(
  one: SubtractionCase,
  template: MeasuredSide,
  parameters: SubtractParameters,
  compute: Compute,
): Promise<SubtractionScore> {
  const known = one.changed.flatMap((place) => {
    const at = one.wcs.skyToPixel(...place);
    return at ? [at] : [];
  });
  const run = async (stars: readonly { x: number; y: number; flux: number }[], psf: PsfModel | null) =>
    compute.scope(async () => {
      const planes = await one.load();
      if (psf) addStars(planes, stars, psf, one.lightVariance);
      const science = await measureForSubtraction({ ...one, ...planes }, one.wcs, 64, compute);
      const result = await subtractTemplate(science, template, parameters, compute);
      if (result === null) throw new Error(`${one.name}: not subtracted`);
      const errors = one.hosts.map((host) => errorAt(result, one.wcs.skyToPixel(...host)));
      return { ...summaryOf(result, science, known), psf: science.psf, errors };
    });
  const plain = await run([], null);
  const near = (x: number, y: number, places: readonly (readonly [number, number])[], radius: number): boolean =>
    places.some((p) => Math.hypot(p[0] - x, p[1] - y) < radius);
  const { sources } = plain;
  let falseCandidates = 0;
  let detections = 0;
  for (let i = 0; i < sources.count; i++) {
    if (near(sources.x[i]!, sources.y[i]!, known, 5)) continue;
    detections++;
    if (sources.realBogus[i]! >= parameters.minScore) falseCandidates++;
  }
  const isCandidate = (list: typeof sources, p: readonly [number, number]): number => {
    for (let i = 0; i < list.count; i++)
      if (list.realBogus[i]! >= parameters.minScore && Math.hypot(list.x[i]! - p[0], list.y[i]! - p[1]) < 1.5) return i;
    return -1;
  };
  const stars = one.hosts.flatMap((host, k) => {
    const at = one.wcs.skyToPixel(...host);
    const error = plain.errors[k]!;
    return at && error > 0 ? [{ x: at[0], y: at[1], flux: 10 * error }] : [];
  });
  const pulls: number[] = [];
  if (stars.length > 0) {
    const injected = await run(stars, plain.psf);
    for (const star of stars) {
      const i = isCandidate(injected.sources, [star.x, star.y]);
      if (i >= 0) pulls.push((injected.sources.flux[i]! - star.flux) / injected.sources.fluxErr[i]!);
    }
  }
  return {
    name: one.name,
    residualAtStars: plain.residualAtStars,
    residualOnSky: plain.residualOnSky,
    detections,
    falseCandidates,
    changesFound: known.filter((p) => isCandidate(sources, p) >= 0).length,
    changes: known.length,
    injectedFound: pulls.length,
    injected: stars.length,
    pulls,
  };
}

const summaryOf = (result: TemplateDifference, science: MeasuredSide, changed: readonly (readonly [number, number])[]) => ({
  sources: result.sources,
  residualAtStars: residualAtSteady(result, science, changed),
  residualOnSky: result.subtraction.residualOnSky,
});

/** Robust sigma of the difference over its noise within one FWHM of what is brighter than S/N 20, whole, and did not truly change. */
function residualAtSteady(
  { subtraction: s }: TemplateDifference,
  { columns: c }: MeasuredSide,
  changed: readonly (readonly [number, number])[],
): number {
  const radius = Math.round(s.psf.fwhmPix);
  const values: number[] = [];
  for (let k = 0; k < c.count; k++) {
    const [cx, cy] = [Math.round(c.x[k]!), Math.round(c.y[k]!)];
    if (!(c.snrWin[k]! > 20) || c.maskFlags[k] !== 0 || (c.flags[k]! & (SourceFlag.SATURATED | SourceFlag.TRUNCATED)) !== 0)
      continue;
    if (changed.some((p) => Math.hypot(p[0] - cx, p[1] - cy) < 3 * radius)) continue;
    for (let y = Math.max(0, cy - radius); y <= Math.min(s.height - 1, cy + radius); y++)
      for (let x = Math.max(0, cx - radius); x <= Math.min(s.width - 1, cx + radius); x++) {
        const i = y * s.width + x;
        if (Math.hypot(x - cx, y - cy) <= radius && s.mask[i] === 0) values.push(s.difference[i]! / Math.sqrt(s.variance[i]!));
      }
  }
  return madSigma(Float64Array.from(values));
}

/** 1 sigma of a star's flux by its profile and the variance of the difference; NaN where it can't be measured. */
export function errorAt({ subtraction: s }: TemplateDifference, at: readonly [number, number] | null): number {
  const radius = 6;
  if (!at) return Number.NaN;
  const [cx, cy] = [Math.round(at[0]), Math.round(at[1])];
  if (cx < 30 || cy < 30 || cx >= s.width - 30 || cy >= s.height - 30) return Number.NaN;
  const stamp = psfStamp(s.psf, at[0], at[1], radius);
  let sum = 0;
  for (let j = -radius, k = 0; j <= radius; j++)
    for (let i = -radius; i <= radius; i++, k++) {
      const p = (cy + j) * s.width + cx + i;
      if (s.mask[p] !== 0) return Number.NaN;
      sum += stamp[k]! ** 2 / s.variance[p]!;
    }
  return s.fitNoise / Math.sqrt(sum);
}

/** Stars with their photon noise. */
export function addStars(
  { width, height, data, variance }: Pick<Frame, 'width' | 'height' | 'data' | 'variance'>,
  stars: readonly { x: number; y: number; flux: number }[],
  psf: PsfModel,
  lightVariance: number,
  seed = 77,
): void {
  const random = seededRandom(seed);
  const radius = Math.ceil(psf.radiusPix);
  for (const { x, y, flux } of stars) {
    const stamp = psfStamp(psf, x, y, radius);
    for (let j = -radius, k = 0; j <= radius; j++)
      for (let i = -radius; i <= radius; i++, k++) {
        const [px, py] = [Math.round(x) + i, Math.round(y) + j];
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        const light = Math.max(0, flux * stamp[k]!);
        const p = py * width + px;
        data[p]! += light + Math.sqrt(light * lightVariance) * random.normal();
        variance[p]! += light * lightVariance;
      }
  }
}

/** One frame as the science image. */
export function frameCase(frame: UnitFrame, wcs: Wcs, truth: Pick<SubtractionCase, 'changed' | 'hosts'>): SubtractionCase {
  return {
    name: frame.meta.frameId,
    wcs,
    load: () => frame.load(),
    lightVariance: 1,
    saturation: frame.saturation,
    covarianceFactor: 1,
    fwhmPix: frame.metrics.fwhmPix ?? 3.5,
    ...truth,
  };
}

export const stackCase = (
  stack: Stack,
  name: string,
  truth: Pick<SubtractionCase, 'changed' | 'hosts'>,
  compute: Compute,
): SubtractionCase => ({
  name,
  wcs: stack.wcs,
  load: async () => {
    const n = stack.data.length;
    const copy = { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
    copy.data.set(stack.data);
    copy.variance.set(stack.variance);
    copy.mask.set(stack.mask);
    return { width: stack.width, height: stack.height, ...copy };
  },
  lightVariance: 1 / stack.gainSec,
  saturation: stack.saturation,
  covarianceFactor: stack.covarianceFactor,
  fwhmPix: stack.fwhmPix,
  ...truth,
});

export const measuredStack = (stack: Stack, compute: Compute): Promise<MeasuredSide> =>
  measureForSubtraction({ ...stack, lightVariance: 1 / stack.gainSec }, stack.wcs, 64, compute);

/** What truly changed on one frame of the simulated night, and galaxies between r 17.5 and 21 away from stars. */
export function nightTruth(
  frameId: string,
  wcs: Wcs,
  truth = join(simNight, 'truth'),
): Pick<SubtractionCase, 'changed' | 'hosts'> {
  const night = JSON.parse(readFileSync(join(truth, 'night.json'), 'utf8')) as { variable_star: { ra: number; dec: number } };
  const lines = gunzipSync(readFileSync(join(truth, 'frames', `${frameId}.csv.gz`)))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const changed: Place[] = [[night.variable_star.ra, night.variable_star.dec]];
  const hosts: Place[] = [];
  const bright = lines.filter((l) => Number(l[5]) < 18.5 && l[1] === 'star');
  for (const [id, type, , x, y, mag] of lines) {
    const at: [number, number] = [Number(x) - 1, Number(y) - 1];
    if (id === 'GRB' || id === 'ASTEROID') changed.push(wcs.pixelToSky(...at));
    else if (type === 'gal' && Number(mag) > 17.5 && Number(mag) < 21 && hosts.length < 60) {
      const isAlone =
        !bright.some((l) => Math.hypot(Number(l[3]) - 1 - at[0], Number(l[4]) - 1 - at[1]) < 20) &&
        hosts.every((h) => {
          const p = wcs.skyToPixel(...h)!;
          return Math.hypot(p[0] - at[0], p[1] - at[1]) > 40;
        });
      if (isAlone) hosts.push(wcs.pixelToSky(...at));
    }
  }
  return { changed, hosts };
}

/** Sums of many images as rows. */
export function subtractionRows(
  title: string,
  scores: readonly SubtractionScore[],
  targets: { readonly falsePer: string | null; readonly falseWorst?: string; readonly stars?: string },
): BenchRow[] {
  const sum = (value: (s: SubtractionScore) => number): number => scores.reduce((total, s) => total + value(s), 0);
  const median = (value: (s: SubtractionScore) => number): number =>
    scores.length === 0 ? Number.NaN : medianOf(Float64Array.from(scores, value));
  const pulls = scores.flatMap((s) => s.pulls);
  const meanPull = pulls.reduce((a, b) => a + b, 0) / Math.max(1, pulls.length);
  const rows = [
    row(
      `${title}: residual at stars (median of ${scores.length})`,
      median((s) => s.residualAtStars),
      'sigma',
      targets.stars ?? null,
    ),
    row(
      `${title}: residual on the sky`,
      median((s) => s.residualOnSky),
      'sigma',
    ),
    row(
      `${title}: detections at 5 sigma that are not real, before the score`,
      sum((s) => s.detections) / scores.length,
      'per image',
    ),
    row(`${title}: candidates that are not real`, sum((s) => s.falseCandidates) / scores.length, 'per image', targets.falsePer),
  ];
  if (targets.falseWorst)
    rows.push(
      row(
        `${title}: candidates that are not real, worst image`,
        Math.max(...scores.map((s) => s.falseCandidates)),
        '',
        targets.falseWorst,
      ),
      row(`${title}: residual at stars, worst image`, Math.max(...scores.map((s) => s.residualAtStars)), 'sigma'),
    );
  if (sum((s) => s.changes) > 0)
    rows.push(row(`${title}: true changes found`, sum((s) => s.changesFound) / sum((s) => s.changes), '1'));
  if (sum((s) => s.injected) > 0)
    rows.push(
      row(
        `${title}: stars of 10 sigma on galaxies recovered (${sum((s) => s.injected)})`,
        sum((s) => s.injectedFound) / sum((s) => s.injected),
        '1',
        '>= 0.9',
      ),
      row(`${title}: their flux, mean pull`, meanPull, 'sigma'),
      row(
        `${title}: their flux, scatter of pulls`,
        Math.sqrt(pulls.reduce((a, p) => a + (p - meanPull) ** 2, 0) / Math.max(1, pulls.length - 1)),
        'sigma',
      ),
    );
  return rows;
}

/** A field of forty galaxies, steady but for its seeing. */
export const hostField = (seed: number, change: Partial<FieldOptions> = {}): Field =>
  drawField({
    seed,
    frames: 6,
    newStars: false,
    trailFrame: null,
    galaxies: 40,
    transparency: () => 1,
    fwhmPix: (k) => 3 + 0.5 * ((k * 7 + seed) % 3) * 0.5,
    ...change,
  });

export const hostPlaces = (field: Field): Place[] =>
  field.sources.filter((s) => s.kind === 'galaxy').map((s): Place => [s.raDeg, s.decDeg]);

/** Fields from seeds: the stack of the last three frames against that of the first three; stars on galaxies and nothing else is new. */
export async function fieldSubtraction(
  seed: number,
  parameters: SubtractParameters,
  compute: Compute,
): Promise<SubtractionScore> {
  const field = hostField(seed);
  const reduced = await reduceField(field, compute);
  return compute.scope(async () => {
    const [reference, science] = [await stackPart(reduced, 0, 3, compute), await stackPart(reduced, 3, 6, compute)];
    const template = await measuredStack(reference, compute);
    const truth = { changed: [], hosts: hostPlaces(field) };
    return scoreSubtraction(stackCase(science, `seed ${seed}`, truth, compute), template, parameters, compute);
  });
}

/** The stack of some of the frames. */
export async function stackPart(reduced: ReducedField, from: number, to: number, compute: Compute): Promise<Stack> {
  const unit = { ...reduced.unit, frames: reduced.unit.frames.slice(from, to) };
  return (await stackField({ ...reduced, unit }, quietContext(compute))).stacks.stack;
}

/** Each frame of the last night in a folder of reduced frames of the simulated night, against one frame of the first night. */
export async function nightSubtraction(
  folder: string,
  parameters: SubtractParameters,
  compute: Compute,
  { template = 1, from = 0, to = 12 } = {},
): Promise<SubtractionScore[]> {
  const units = await openUnits(folder, '929744/C0/r', compute);
  return compute.scope(async () => {
    const epoch = units[0]!.frames[template]!;
    const measured = await measureForSubtraction(
      imageOfFrame(await epoch.load(), epoch.metrics.fwhmPix ?? 3.5),
      epoch.wcs!,
      64,
      compute,
    );
    const scores: SubtractionScore[] = [];
    for (const frame of units.at(-1)!.frames.slice(from, to)) {
      const { wcs } = frame;
      if (wcs === null) continue;
      scores.push(
        await scoreSubtraction(frameCase(frame, wcs, nightTruth(frame.meta.frameId, wcs)), measured, parameters, compute),
      );
    }
    return scores;
  });
}
