import type { ReferenceStars, StackSet, StackSources, Unit, UnitAlignment } from '@colibri/pipeline';
import { magnitudeOf, scaledPlace, zeroPointAt } from './apply-calibration.ts';
import type { StackCalibration } from './calibrate-stack.ts';
import type { CatalogMatches } from './match-catalog.ts';
import type { MeasuredImage } from './measure-stack.ts';

/** What the catalogue said of the sources. */
export interface CataloguedSources {
  readonly stars: ReferenceStars | null;
  readonly matches: CatalogMatches;
  readonly calibrated: StackCalibration;
  /** Colour of each source [mag]; NaN: not known. */
  readonly colour: Float64Array;
}

/** The table of the stack's sources: what was measured, where it is on the sky, its magnitudes, and its catalogue entry. */
export function stackSources(
  { unit, alignment, stacks: { stack } }: { unit: Unit; alignment: UnitAlignment; stacks: StackSet },
  { columns, fluxes, aperture }: MeasuredImage,
  { stars, matches, calibrated: { calibration, magnitudes }, colour }: CataloguedSources,
): StackSources {
  const n = columns.count;
  const nan = (): Float64Array => new Float64Array(n).fill(Number.NaN);
  const [raDeg, decDeg, magPsf, magPsfErr, magAuto, magAutoErr] = [nan(), nan(), nan(), nan(), nan(), nan()];
  const autoToTotal = aperture.autoToTotal > 0 ? aperture.autoToTotal : 1;
  // Files count from 1: rounded as they round, so that what is read back is what was written.
  const asWritten = (v: number): number => v + 1 - 1;
  const x = columns.x.map((v, i) => asWritten(Number.isFinite(fluxes.x[i]!) ? fluxes.x[i]! : v));
  const y = columns.y.map((v, i) => asWritten(Number.isFinite(fluxes.y[i]!) ? fluxes.y[i]! : v));
  for (let i = 0; i < n; i++) {
    [raDeg[i], decDeg[i]] = stack.wcs.pixelToSky(x[i]!, y[i]!);
    if (!calibration) continue;
    const [u, v] = scaledPlace(x[i]!, y[i]!, stack);
    const zeroPoint = zeroPointAt(calibration, u, v, colour[i]!);
    [magPsf[i], magPsfErr[i]] = magnitudeOf(fluxes.flux[i]!, fluxes.fluxErr[i]!, zeroPoint);
    [magAuto[i], magAutoErr[i]] = magnitudeOf(
      columns.fluxAuto[i]! * autoToTotal,
      columns.fluxAutoErr[i]! * autoToTotal,
      zeroPoint,
    );
  }
  const entry = <T>(i: number, value: (e: number) => T, none: T): T => (matches.index[i]! < 0 ? none : value(matches.index[i]!));
  return {
    columns: { ...columns, x, y, xErr: errors(fluxes.xErr, columns.xErr), yErr: errors(fluxes.yErr, columns.yErr) },
    raDeg,
    decDeg,
    fluxPsf: fluxes.flux,
    fluxPsfErr: fluxes.fluxErr,
    magPsf,
    magPsfErr,
    magAuto,
    magAutoErr,
    spreadModel: fluxes.spread,
    spreadModelErr: fluxes.spreadErr,
    chi2Psf: fluxes.chi2,
    nFrames: framesAt(raDeg, decDeg, unit, alignment, new Set(stack.inputs.map((s) => s.frameId))),
    catalogIndex: matches.index,
    catalogArcsec: matches.arcsec,
    catalogMag: Float64Array.from({ length: n }, (_, i) => entry(i, (e) => magnitudes?.mag[e] ?? Number.NaN, Number.NaN)),
    catalogIsStar: Uint8Array.from({ length: n }, (_, i) => entry(i, (e) => stars?.isStar[e] ?? 255, 255)),
  };
}

const errors = (fitted: Float64Array, found: Float64Array): Float64Array =>
  fitted.map((e, i) => (Number.isFinite(e) ? e : found[i]!));

/** In how many of the stack's frames a place lies on the detector. */
function framesAt(
  raDeg: Float64Array,
  decDeg: Float64Array,
  unit: Unit,
  alignment: UnitAlignment,
  stacked: Set<string>,
): Int32Array {
  const count = new Int32Array(raDeg.length);
  for (const [k, frame] of unit.frames.entries()) {
    const wcs = alignment.frames[k]?.wcs ?? frame.wcs;
    if (!wcs || !stacked.has(frame.meta.frameId)) continue;
    for (let i = 0; i < count.length; i++) {
      const place = wcs.skyToPixel(raDeg[i]!, decDeg[i]!);
      if (place && place[0] > -0.5 && place[1] > -0.5 && place[0] < frame.width - 0.5 && place[1] < frame.height - 0.5)
        count[i]!++;
    }
  }
  return count;
}
