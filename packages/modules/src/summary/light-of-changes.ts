import type { CandidateList, LightPoint } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import type { Difference, Stack, StackSources, Unit, UnitAlignment, UnitPhotometry } from '@colibri/pipeline';
import { mjdUtc, separationArcsec } from '@colibri/sky';
import { lightCurves } from '../candidates/light-curves.ts';
import {
  type ForcedMeasurement,
  type ForcedPlaces,
  forcedTable,
  forceOn,
  frameTarget,
  zeroPointsOf,
} from '../photometry/index.ts';

/** Stars that PSF and flux scale of a frame are made of, the brightest first: enough for both, and quick. */
const MOST_STARS = 80;
const FEWEST_SIGMA = 50;
/** Neighbours within so many FWHM are fitted together with a change. */
const REACH_FWHM = 6;

interface LightInputs {
  readonly unit: Unit;
  readonly alignment: UnitAlignment;
  readonly stack: Stack;
  readonly photometry: UnitPhotometry;
  readonly difference: Difference | null;
}

/**
 * Light curves of candidates that only the difference shows: PSF fluxes at their places in every frame, fitted together with what lies near,
 * and the change itself as one point of kind `difference`. Fluxes of frames hold all light that is there, also a host's steady light.
 */
export async function lightOfChanges(list: CandidateList, inputs: LightInputs, compute: Compute): Promise<CandidateList> {
  const { unit, alignment, stack, difference } = inputs;
  const wanted = list.candidates.filter((c) => c.source === null && c.difference !== null && c.light.length === 0);
  if (wanted.length === 0 || difference === null) return list;
  const places = placesAround(wanted, inputs);
  const stacked = new Set(stack.inputs.map(({ frameId }) => frameId));
  const measured: ForcedMeasurement[] = [];
  for (const [k, frame] of unit.frames.entries()) {
    const isStacked = stacked.has(frame.meta.frameId);
    const target = frameTarget(frame, alignment.frames[k], { meshPix: 64, isStacked }, compute);
    const one = target && (await forceOn(target, places, compute));
    if (one) measured.push(one);
  }
  const curves = lightCurves(forcedTable(measured), unit.triggeredAt);
  const light = new Map(
    wanted.map(({ name }, k): [string, LightPoint[]] => {
      const change = changePoint(wanted[k]!, places.zeroPointMag.at(k - wanted.length)!, inputs);
      return [name, [...(curves.get(sourceOf(k)) ?? []), ...(change ? [change] : [])]];
    }),
  );
  return {
    ...list,
    candidates: list.candidates.map((c) => {
      const points = light.get(c.name);
      return points ? { ...c, light: points, ...magnitudeOfChange(points.find(({ kind }) => kind === 'difference')) } : c;
    }),
  };
}

/** As ForcedTable.source: places from elsewhere. */
const sourceOf = (k: number): number => -1 - k;

/** Reference stars, neighbours of the changes, then the changes. */
function placesAround(wanted: CandidateList['candidates'], { stack, photometry }: LightInputs): ForcedPlaces {
  const { sources, calibration } = photometry;
  const scaleArcsec = pixelArcsec(stack);
  const near = (i: number): boolean =>
    wanted.some(
      ({ raDeg, decDeg }) =>
        separationArcsec(raDeg, decDeg, sources.raDeg[i]!, sources.decDeg[i]!) < REACH_FWHM * stack.fwhmPix * scaleArcsec,
    );
  const stars = new Set(brightStars(sources));
  const chosen = Array.from({ length: sources.columns.count }, (_, i) => i).filter(
    (i) => Number.isFinite(sources.fluxPsf[i]!) && (stars.has(i) || near(i)),
  );
  const pixels = wanted.map(({ raDeg, decDeg }) => stack.wcs.skyToPixel(raDeg, decDeg) ?? [Number.NaN, Number.NaN]);
  const take = (values: Float64Array, more: readonly number[]): Float64Array =>
    Float64Array.from([...chosen.map((i) => values[i]!), ...more]);
  const unknown = wanted.map(() => Number.NaN);
  const [x, y] = [0, 1].map((axis) =>
    take(
      axis === 0 ? sources.columns.x : sources.columns.y,
      pixels.map((place) => place[axis]!),
    ),
  ) as [Float64Array, Float64Array];
  return {
    source: Int32Array.from([...chosen.map((i) => i + 1), ...wanted.map((_, k) => sourceOf(k))]),
    raDeg: take(
      sources.raDeg,
      wanted.map(({ raDeg }) => raDeg),
    ),
    decDeg: take(
      sources.decDeg,
      wanted.map(({ decDeg }) => decDeg),
    ),
    flux: take(sources.fluxPsf, unknown),
    fluxErr: take(sources.fluxPsfErr, unknown),
    stars: chosen.flatMap((i, k) => (stars.has(i) ? [k] : [])),
    zeroPointMag: zeroPointsOf(calibration, x, y, stack, null),
  };
}

/** Unflagged sources as sharp as the PSF, the brightest first. */
function brightStars({ columns, fluxPsf, fluxPsfErr, spreadModel, spreadModelErr }: StackSources): number[] {
  const fitting = Array.from({ length: columns.count }, (_, i) => i).filter(
    (i) =>
      columns.flags[i] === 0 &&
      fluxPsf[i]! > FEWEST_SIGMA * fluxPsfErr[i]! &&
      Math.abs(spreadModel[i]!) <= Math.max(0.003, 4 * spreadModelErr[i]!),
  );
  return fitting.sort((a, b) => fluxPsf[b]! - fluxPsf[a]! || a - b).slice(0, MOST_STARS);
}

/** The change alone, as the difference has it. */
function changePoint(
  { difference: change }: CandidateList['candidates'][number],
  zeroPointMag: number,
  { unit, stack, photometry: { calibration } }: LightInputs,
): LightPoint | null {
  if (change === null || !Number.isFinite(zeroPointMag)) return null;
  const microJy = 10 ** (-0.4 * (zeroPointMag - 23.9));
  return {
    image: 'difference',
    kind: 'difference',
    startedAt: stack.startedAt,
    midMjdUtc: stack.midMjdUtc,
    sinceTriggerSec: unit.triggeredAt === null ? null : (stack.midMjdUtc - mjdUtc(unit.triggeredAt)) * 86400,
    exposureSec: stack.exposureSec,
    fluxMicroJy: change.flux * microJy,
    fluxErrMicroJy: change.fluxErr * microJy,
    scaleErr: (calibration?.zeroPointErrMag ?? 0) / 1.0857,
    isSuspect: false,
  };
}

/** AB magnitude of what rose, its error with that of the zero point; none of what fell. */
function magnitudeOfChange(point: LightPoint | undefined): { mag: number; magErr: number } | null {
  if (!point || !(point.fluxMicroJy > 0)) return null;
  const { fluxMicroJy: flux, fluxErrMicroJy: err, scaleErr } = point;
  return { mag: 23.9 - 2.5 * Math.log10(flux), magErr: 1.0857 * Math.hypot(err / flux, scaleErr) };
}

function pixelArcsec({ wcs, width, height }: Stack): number {
  const [x, y] = [width / 2, height / 2];
  const [a, b] = [wcs.pixelToSky(x, y), wcs.pixelToSky(x + 1, y)];
  return separationArcsec(a[0], a[1], b[0], b[1]);
}
