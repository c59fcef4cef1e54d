import type { UnitSummary } from '@colibri/contracts';
import { madSigma, medianOf } from '@colibri/numerics';
import type { Stack, UnitPhotometry } from '@colibri/pipeline';
import type { ReferenceField } from '../candidates/reference-field.ts';
import { isPointReference } from '../candidates/source-flags.ts';
import { rounded } from './format.ts';

/** Points that a plot of a page holds at most; a page is to stay small. */
const MOST_POINTS = 600;
const QUIVER_CELLS = 8;

type Plots = UnitSummary['plots'];

/** Measured minus catalogue magnitude of clean stars, the brightest first. */
export function calibrationPoints({ sources }: UnitPhotometry): Plots['calibration'] {
  const { columns, magPsf, magPsfErr, catalogMag } = sources;
  const rows = Array.from({ length: columns.count }, (_, i) => i)
    .filter((i) => isPointReference(sources, i) && Number.isFinite(magPsf[i]!) && Number.isFinite(catalogMag[i]!))
    .sort((a, b) => magPsf[a]! - magPsf[b]!)
    .slice(0, MOST_POINTS);
  return {
    mag: rows.map((i) => rounded(magPsf[i], 3)),
    residual: rows.map((i) => rounded(magPsf[i]! - catalogMag[i]!, 4)),
    err: rows.map((i) => rounded(magPsfErr[i], 4)),
    x: rows.map((i) => rounded(columns.x[i], 1)),
    y: rows.map((i) => rounded(columns.y[i], 1)),
  };
}

/** Scatter of each source between the frames, and what its errors let expect, both as magnitudes of the mean; sources of at least four frames. */
export function scatterPoints({ forced, sources }: UnitPhotometry): Plots['scatter'] {
  const sums = new Map<number, { n: number; w: number; wf: number; fluxes: number[]; errs: number[] }>();
  for (let row = 0; row < forced.count; row++) {
    const number = forced.source[row]!;
    const image = forced.images[forced.image[row]!];
    const flux = forced.fluxMicroJy[row]!;
    const err = forced.fluxErrMicroJy[row]!;
    if (number < 1 || image?.kind !== 'frame' || !Number.isFinite(flux) || !(err > 0)) continue;
    const sum = sums.get(number) ?? { n: 0, w: 0, wf: 0, fluxes: [], errs: [] };
    sum.n++;
    sum.w += 1 / err ** 2;
    sum.wf += flux / err ** 2;
    sum.fluxes.push(flux);
    sum.errs.push(Math.hypot(err, image.scaleErr * flux));
    sums.set(number, sum);
  }
  const points: { mag: number; measured: number; expected: number }[] = [];
  for (const [number, { n, w, wf, fluxes, errs }] of sums) {
    const mean = wf / w;
    if (n < 4 || !(mean > 0) || !isPointReference(sources, number - 1)) continue;
    const variance = fluxes.reduce((sum, flux) => sum + (flux - mean) ** 2, 0) / (n - 1);
    const expected = errs.reduce((sum, err) => sum + err ** 2, 0) / n;
    points.push({
      mag: 23.9 - 2.5 * Math.log10(mean),
      measured: (1.0857 * Math.sqrt(variance)) / mean,
      expected: (1.0857 * Math.sqrt(expected)) / mean,
    });
  }
  points.sort((a, b) => a.mag - b.mag);
  const kept = thinned(points).filter(({ expected }) => expected < 0.5);
  return {
    mag: kept.map(({ mag }) => rounded(mag, 3)),
    measured: kept.map(({ measured }) => rounded(measured, 5)),
    expected: kept.map(({ expected }) => rounded(expected, 5)),
  };
}

/** Median offset from the catalogue in cells of the stack; robust offset and scatter of all. */
export function astrometryPoints(
  { sources }: UnitPhotometry,
  stack: Stack,
  field: ReferenceField | null,
): {
  readonly quiver: Plots['quiver'];
  readonly offset: [number, number] | null;
  readonly scatter: [number, number] | null;
  readonly matched: number;
} {
  const { columns } = sources;
  const cells = Array.from({ length: QUIVER_CELLS ** 2 }, () => ({ east: [] as number[], north: [] as number[] }));
  const east: number[] = [];
  const north: number[] = [];
  for (let i = 0; i < columns.count; i++) {
    if (!field || !isPointReference(sources, i) || !(sources.fluxPsf[i]! > 20 * sources.fluxPsfErr[i]!)) continue;
    const near = field.index.nearest(sources.raDeg[i]!, sources.decDeg[i]!, 1.5);
    if (!near) continue;
    const de = wrapDeg(sources.raDeg[i]! - field.raDeg[near.index]!) * Math.cos((sources.decDeg[i]! * Math.PI) / 180) * 3600;
    const dn = (sources.decDeg[i]! - field.decDeg[near.index]!) * 3600;
    east.push(de);
    north.push(dn);
    const column = Math.min(QUIVER_CELLS - 1, Math.max(0, Math.floor((QUIVER_CELLS * columns.x[i]!) / stack.width)));
    const row = Math.min(QUIVER_CELLS - 1, Math.max(0, Math.floor((QUIVER_CELLS * columns.y[i]!) / stack.height)));
    const cell = cells[row * QUIVER_CELLS + column]!;
    cell.east.push(de);
    cell.north.push(dn);
  }
  const filled = cells.map((cell, k) => ({ ...cell, k })).filter((cell) => cell.east.length > 0);
  const quiver = {
    x: filled.map(({ k }) => rounded((((k % QUIVER_CELLS) + 0.5) * stack.width) / QUIVER_CELLS, 1)),
    y: filled.map(({ k }) => rounded(((Math.floor(k / QUIVER_CELLS) + 0.5) * stack.height) / QUIVER_CELLS, 1)),
    east: filled.map((cell) => rounded(middle(cell.east), 4)),
    north: filled.map((cell) => rounded(middle(cell.north), 4)),
    sources: filled.map((cell) => cell.east.length),
  };
  if (east.length < 3) return { quiver, offset: null, scatter: null, matched: east.length };
  return {
    quiver,
    offset: [middle(east), middle(north)],
    scatter: [madSigma(Float64Array.from(east)), madSigma(Float64Array.from(north))],
    matched: east.length,
  };
}

const middle = (values: readonly number[]): number => medianOf(Float64Array.from(values));
const wrapDeg = (deg: number): number => ((((deg + 180) % 360) + 360) % 360) - 180;

/** Every k-th, so that the whole range stays. */
function thinned<T>(values: readonly T[]): T[] {
  const step = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  return values.filter((_, i) => i % step === 0);
}

export { thinned };
