import { medianOf } from '@colibri/numerics';
import {
  defineModule,
  input,
  type ModuleContext,
  metric,
  number,
  output,
  type PhotometricCalibration,
  type ReferenceCatalog,
  type ReferenceStars,
  type StackSet,
  type StackSources,
  type Unit,
  type UnitAlignment,
  type UnitPhotometry,
} from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';
import { magnitudeOf, scaledPlace, zeroPointAt } from './apply-calibration.ts';
import { calibrateStack, matchRadius, type StackCalibration } from './calibrate-stack.ts';
import { injectStars } from './completeness.ts';
import { type ForcedMeasurement, type ForcedPlaces, forcedTable, forceOn, zeroPointsOf } from './forced-photometry.ts';
import { frameTarget, stackTargets } from './forced-targets.ts';
import { keptMeasurement } from './kept-measurement.ts';
import { limitMap, typicalLimit } from './limits.ts';
import { type CatalogMatches, matchStackSources, stackCone } from './match-catalog.ts';
import { imageOfStack, type MeasuredImage, measureImage } from './measure-stack.ts';
import { photometryCodec } from './photometry-file.ts';

/** Measures the sources of a unit's stack, calibrates them, and follows each through the frames. */
export const photometry = defineModule({
  name: 'photometry',
  code: 'PH',
  version: '1.0.0',
  title: 'Photometry',
  summary:
    'Finds the sources of the stack, measures them with a varying PSF, calibrates them with a colour term, and forces their fluxes in every frame.',
  unitOfWork: 'unit',

  inputs: {
    unit: input('unit', 'The frames.', 'electron'),
    alignment: input('alignment', 'The frames on one sky.'),
    stacks: input('stacks', 'The stack and its halves.', 'electron/s'),
    referenceCatalog: input('referenceCatalog', 'Magnitudes to calibrate with.'),
  },
  parameters: {
    detect_thresh: number('Least S/N of a source by the matched filter, against the measured noise.', {
      unit: 'sigma',
      default: 4.75,
      atLeast: 3,
    }),
    back_size: number('Cell of the background mesh.', { unit: 'pixel', default: 64, atLeast: 8 }),
    deblend_mincont: number('Least height of a blended source over its saddle, as a share of the brighter one.', {
      unit: '1',
      default: 0.0005,
      atLeast: 0,
      atMost: 1,
    }),
    spatial_order: number('Highest order of the zero point over the image; the order used follows the stars.', {
      unit: '1',
      default: 2,
      atLeast: 0,
      atMost: 2,
    }),
    forced_limit: number('Most sources whose flux is forced in every frame, the brightest first.', {
      unit: '1',
      default: 5000,
      atLeast: 1,
    }),
  },
  outputs: {
    photometry: output('photometry', 'Sources, PSF, calibration, forced fluxes and limits.', {
      level: 'L1c',
      codec: photometryCodec,
    }),
  },
  metrics: {
    count: metric('Sources of the stack.', { unit: 'sources', card: 'PHNSRC', field: 'stackSourceCount' }),
    zeroPoint: metric('AB magnitude of 1 electron/s, total flux.', { unit: 'mag', card: 'PHZP', field: 'stackZeroPointMag' }),
    zeroPointErr: metric('Its 1 sigma error.', { unit: 'mag', card: 'PHZPERR', field: 'stackZeroPointErrMag', warnAbove: 0.05 }),
    scatter: metric('Scatter of stars beyond their errors.', {
      unit: 'mag',
      card: 'PHSCAT',
      field: 'stackScatterMag',
      warnAbove: 0.05,
    }),
    colourTerm: metric('Colour term.', { unit: 'mag/mag', card: 'PHCOLT', field: 'stackColourTerm' }),
    stars: metric('Calibration stars.', { unit: 'stars', card: 'PHNCAL', field: 'stackCalibrationStars', warnBelow: 10 }),
    limit5: metric('Point source of 5 sigma.', { unit: 'mag', card: 'PHLIM5', field: 'stackLimitMag5Sigma' }),
    limit3: metric('Point source of 3 sigma.', { unit: 'mag', card: 'PHLIM3', field: 'stackLimitMag3Sigma' }),
    psfChi2: metric('Reduced chi² of the PSF at its stars.', { unit: '1', card: 'PHPSFCHI', field: 'psfChi2', warnAbove: 2 }),
  },

  async run({ unit, alignment, stacks, referenceCatalog }, parameters, context) {
    const { compute, isFinal } = context;
    const { stack } = stacks;
    const detect = {
      threshold: parameters.detect_thresh,
      meshPix: parameters.back_size,
      deblendContrast: parameters.deblend_mincont,
    };
    const image = imageOfStack(stack);
    const result = await compute.scope(async () => {
      const measured = await measureImage(image, detect, { isFinal }, compute);
      const { psf, fluxes } = measured;
      if (measured.isAssumed) context.warn(`No star tells the PSF; a FWHM of ${psf.fwhmPix.toFixed(2)} pixels was assumed.`);
      const { stars, matches, calibrated } = await calibrate(
        stacks,
        measured,
        referenceCatalog,
        parameters.spatial_order,
        context,
      );
      const { calibration } = calibrated;
      const map = limitMap(measured.planes, psf, calibration, {
        noiseFactor: fluxes.noiseFactor,
        psfToTotal: measured.psfToTotal,
      });
      const limitMag = typicalLimit(map, 5);
      const completeness =
        isFinal && calibration && limitMag !== null
          ? await injectStars(image, measured, calibration, limitMag, detect, compute)
          : [];
      const colour = coloursOf(calibrated, matches);
      const sources = stackSources(stacks, alignment, unit, measured, calibration, stars, matches, calibrated, colour);
      return { measured, sources, calibration, map, completeness, colour };
    });
    const { measured, sources, calibration, map, completeness, colour } = result;
    const forced = await forceAll(unit, alignment, stacks, result, parameters, context);
    const output: UnitPhotometry = {
      sources,
      calibration,
      psf: measured.psf,
      forced: forcedTable(forced),
      limitMap: map,
      completeness,
    };
    context.info(summaryOf(output, measured, colour));
    return {
      outputs: { photometry: output },
      metrics: {
        count: sources.columns.count,
        zeroPoint: calibration?.zeroPointMag ?? null,
        zeroPointErr: calibration?.zeroPointErrMag ?? null,
        scatter: calibration?.intrinsicScatterMag ?? null,
        colourTerm: calibration === null || calibration.colour === null ? null : calibration.colourTerm,
        stars: calibration?.stars ?? null,
        limit5: typicalLimit(map, 5),
        limit3: typicalLimit(map, 3),
        psfChi2: Number.isFinite(measured.psf.chi2) ? measured.psf.chi2 : null,
      },
    };
  },
});

async function calibrate(
  { stack }: StackSet,
  measured: MeasuredImage,
  catalog: ReferenceCatalog | null,
  spatialOrder: number,
  context: ModuleContext,
): Promise<{ stars: ReferenceStars | null; matches: CatalogMatches; calibrated: StackCalibration }> {
  const count = measured.columns.count;
  const none = { index: new Int32Array(count).fill(-1), arcsec: new Float64Array(count).fill(Number.NaN) };
  const refuse = (reason: string) => {
    context.warn(`Not calibrated: ${reason}`);
    return { stars: null, matches: none, calibrated: { calibration: null, reason, magnitudes: null } };
  };
  if (!catalog) return refuse('no reference catalogue is configured.');
  const stars = await stackCone(stack, catalog);
  if (stars.count === 0) return refuse(`${stars.name} has no entries here.`);
  const scale = localGeometry(stack.wcs, stack.width / 2, stack.height / 2).pixelScaleArcsec;
  const matches = matchStackSources(stack, measured.fluxes, stars, matchRadius(measured.psf.fwhmPix * scale));
  const calibrated = calibrateStack(stack, measured, stars, matches, spatialOrder);
  if (calibrated.reason !== null) context.warn(`Not calibrated: ${calibrated.reason}`);
  if (calibrated.calibration?.note) context.warn(calibrated.calibration.note);
  return { stars, matches, calibrated };
}

/** Colour of each source by its catalogue entry; NaN: none. */
function coloursOf({ calibration, magnitudes }: StackCalibration, matches: CatalogMatches): Float64Array {
  const colour = calibration?.colour ? magnitudes?.colour?.mag : undefined;
  return Float64Array.from(matches.index, (e) => (e < 0 || colour === undefined ? Number.NaN : colour[e]!));
}

function stackSources(
  { stack }: StackSet,
  alignment: UnitAlignment,
  unit: Unit,
  { columns, fluxes, aperture }: MeasuredImage,
  calibration: PhotometricCalibration | null,
  stars: ReferenceStars | null,
  matches: CatalogMatches,
  { magnitudes }: StackCalibration,
  colour: Float64Array,
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

/** The stack, its halves, then the frames in order of time. */
async function forceAll(
  unit: Unit,
  alignment: UnitAlignment,
  stacks: StackSet,
  {
    measured,
    sources,
    calibration,
    colour,
  }: { measured: MeasuredImage; sources: StackSources; calibration: PhotometricCalibration | null; colour: Float64Array },
  { forced_limit, back_size }: { readonly forced_limit: number; readonly back_size: number },
  context: ModuleContext,
): Promise<ForcedMeasurement[]> {
  const { compute, kept, isFinal } = context;
  const places = placesOf(unit, stacks, measured, sources, calibration, colour, forced_limit);
  if (places.raDeg.length === 0) return [];
  const done: ForcedMeasurement[] = [];
  const leftOut: string[] = [];
  for (const target of stackTargets(stacks, back_size, compute, measured)) {
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
  measured: MeasuredImage,
  sources: StackSources,
  calibration: PhotometricCalibration | null,
  colour: Float64Array,
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

function summaryOf(
  { sources, calibration, psf, forced }: UnitPhotometry,
  { psfToTotal }: MeasuredImage,
  colour: Float64Array,
): string {
  const zeroPoint = calibration
    ? `zero point ${calibration.zeroPointMag.toFixed(3)} ± ${calibration.zeroPointErrMag.toFixed(3)} from ${calibration.stars} stars of ` +
      `${calibration.catalog} (${calibration.transformation}), colour term ${calibration.colourTerm.toFixed(3)} ${calibration.colour ?? ''}, ` +
      `order ${calibration.spatialOrder}, scatter ${calibration.intrinsicScatterMag.toFixed(3)}`
    : 'no zero point';
  return (
    `${sources.columns.count} sources; PSF of ${psf.stars} stars (${psf.kind}, order ${psf.order}, FWHM ${psf.fwhmPix.toFixed(2)} pix, ` +
    `chi² ${psf.chi2.toFixed(2)}, holds ${(100 / psfToTotal).toFixed(1)} % of the light); ${zeroPoint}; median colour ${medianOf(colour).toFixed(2)}; ` +
    `${forced.count} forced fluxes in ${forced.images.length} images.`
  );
}
