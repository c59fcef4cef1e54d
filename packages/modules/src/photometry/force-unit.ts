import type { ModuleContext, PhotometricCalibration, StackSet, StackSources, Unit, UnitAlignment } from '@colibri/pipeline';
import { type ForcedMeasurement, type ForcedPlaces, forceOn, zeroPointsOf } from './forced-photometry.ts';
import { frameTarget, stackTargets } from './forced-targets.ts';
import { keptMeasurement } from './kept-measurement.ts';
import type { MeasuredImage } from './measure-stack.ts';

/** The stack as it was measured. */
interface MeasuredStack {
  readonly measured: MeasuredImage;
  readonly sources: StackSources;
  readonly calibration: PhotometricCalibration | null;
  /** Colour of each source [mag]; NaN: not known. */
  readonly colour: Float64Array;
}

/** Forces the fluxes of a stack's sources in the stack itself, its halves, then the frames in order of time. */
export async function forceAll(
  { unit, alignment, stacks }: { unit: Unit; alignment: UnitAlignment; stacks: StackSet },
  stack: MeasuredStack,
  { forced_limit, back_size }: { readonly forced_limit: number; readonly back_size: number },
  context: ModuleContext,
): Promise<ForcedMeasurement[]> {
  const { compute, kept, isFinal } = context;
  const places = placesOf(unit, stacks, stack, forced_limit);
  if (places.raDeg.length === 0) return [];
  const done: ForcedMeasurement[] = [];
  const leftOut: string[] = [];
  for (const target of stackTargets(stacks, back_size, compute, stack.measured)) {
    const one = await forceOn(target, places, compute);
    if (one) done.push(one);
    else leftOut.push(target.name);
  }
  const stacked = new Set(stacks.stack.inputs.map((input) => input.frameId));
  for (const [k, frame] of unit.frames.entries()) {
    const { frameId } = frame.meta;
    const key = `forced ${frameId} ${frame.sha256}`;
    const before = isFinal ? null : keptMeasurement(kept.get(key) as ForcedMeasurement | undefined, places);
    const target = before
      ? null
      : frameTarget(frame, alignment.frames[k], { meshPix: back_size, isStacked: stacked.has(frameId) }, compute);
    const one = before ?? (target && (await forceOn(target, places, compute)));
    if (!one) {
      leftOut.push(frameId);
      continue;
    }
    if (!isFinal && !before) kept.set(key, one);
    done.push(one);
  }
  if (leftOut.length > 0)
    context.warn(`No forced fluxes on ${leftOut.join(', ')}: not solved, or no common star tells the flux scale.`);
  return done;
}

/** An alert position known as well as this is forced as well [deg]. */
const SHARP_ALERT_DEG = 3 / 3600;

/** The sources, the brightest first if they are too many, and a well-known position of the alert. */
function placesOf(
  unit: Unit,
  { stack }: StackSet,
  { measured, sources, calibration, colour }: MeasuredStack,
  limit: number,
): ForcedPlaces {
  const n = sources.columns.count;
  const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => Number.isFinite(sources.fluxPsf[i]!));
  if (chosen.length > limit) {
    chosen.sort((a, b) => sources.fluxPsf[b]! - sources.fluxPsf[a]! || a - b);
    chosen.length = limit;
    chosen.sort((a, b) => a - b);
  }
  const { alert } = unit;
  const isSharp = alert !== null && alert.radiusDeg !== null && alert.radiusDeg <= SHARP_ALERT_DEG;
  const place = isSharp ? stack.wcs.skyToPixel(alert.raDeg, alert.decDeg) : null;
  const extra = place && alert ? [{ place, alert }] : [];
  const isStar = new Set(measured.stars);
  const take = (values: Float64Array, more: (e: (typeof extra)[number]) => number): Float64Array =>
    Float64Array.from([...chosen.map((i) => values[i]!), ...extra.map(more)]);
  const x = take(sources.columns.x, (e) => e.place[0]);
  const y = take(sources.columns.y, (e) => e.place[1]);
  return {
    source: Int32Array.from([...chosen.map((i) => i + 1), ...extra.map((_, k) => -1 - k)]),
    raDeg: take(sources.raDeg, (e) => e.alert.raDeg),
    decDeg: take(sources.decDeg, (e) => e.alert.decDeg),
    flux: take(sources.fluxPsf, () => Number.NaN),
    fluxErr: take(sources.fluxPsfErr, () => Number.NaN),
    stars: chosen.flatMap((i, k) => (isStar.has(i) ? [k] : [])),
    zeroPointMag: zeroPointsOf(
      calibration,
      x,
      y,
      stack,
      take(colour, () => Number.NaN),
    ),
  };
}
