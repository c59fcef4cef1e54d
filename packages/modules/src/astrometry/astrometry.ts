import {
  type AstrometryNotes,
  defineModule,
  type Frame,
  type FrameSources,
  input,
  type ModuleContext,
  metric,
  number,
  output,
  type ReferenceStars,
} from '@colibri/pipeline';
import { localGeometry, tanSipWcs, type Wcs } from '@colibri/sky';
import { calibrationStars } from './calibration-stars.ts';
import type { PlateSolution } from './fit-plate.ts';
import { pixelScale, tanSipOfPlate } from './plate-model.ts';
import { plateSources } from './plate-sources.ts';
import { type ReferenceBand, referenceBand } from './reference-band.ts';
import { solvePlate } from './solve-plate.ts';
import { startingPlate } from './starting-plate.ts';
import { julianYear } from './tangent-plane.ts';
import { FEWEST_STARS, fitZeroPoint, type ZeroPoint } from './zero-point.ts';

/** Solves each frame against the reference catalogue, and gives its sources sky positions and magnitudes. */
export const astrometry = defineModule({
  name: 'astrometry',
  code: 'AS',
  version: '1.0.0',
  title: 'Astrometry',
  summary: 'Matches the sources to the reference catalogue, fits TAN-SIP coordinates and a quick zero point.',
  unitOfWork: 'frame',

  inputs: {
    frame: input('frame', 'Reduced frame.', 'electron'),
    sources: input('sources', 'Its sources.'),
    referenceCatalog: input('referenceCatalog', 'Positions and magnitudes to solve against.'),
  },
  parameters: {
    ps: number('Plate scale of the frame as binned; that of its approximate coordinates when not set.', {
      unit: 'deg/pixel',
      default: null,
      above: 0,
    }),
    search_radius: number('How far the true centre may lie from the pointing.', {
      unit: 'deg',
      default: 0.1,
      above: 0,
      atMost: 2,
    }),
    rotation_tolerance: number('Error of the expected orientation that is tried first; any orientation is tried after.', {
      unit: 'deg',
      default: 8,
      above: 0,
      atMost: 180,
    }),
    scale_tolerance: number('Relative error of the plate scale.', { unit: '1', default: 0.03, above: 0, atMost: 0.2 }),
    order_max: number('Highest order of the distortion; the order used follows the number and spread of matches.', {
      unit: '1',
      default: 4,
      atLeast: 1,
      atMost: 6,
    }),
    catalog_limit: number('Most catalogue entries asked for, the brightest first.', { unit: '1', default: 20000, atLeast: 10 }),
    false_alarm: number('Accepted probability that a solution is wrong.', { unit: '1', default: 1e-7, above: 0, atMost: 1e-3 }),
  },
  outputs: {
    frame: output('frame', 'The frame with its coordinates.', { unit: 'electron', level: 'L1b' }),
    sources: output('sources', 'Sources with ICRS positions and AB magnitudes.'),
    notes: output('notes', 'What the solution is and stands on.'),
  },
  metrics: {
    matched: metric('Sources with a catalogue entry.', {
      unit: 'sources',
      card: 'ASNMATCH',
      field: 'matchedCount',
      warnBelow: 12,
    }),
    rms: metric('Residual against the catalogue per axis, of the better-measured half of the matches.', {
      unit: 'arcsec',
      card: 'ASRMS',
      field: 'wcsRmsArcsec',
      warnAbove: 0.5,
    }),
    zeroPoint: metric('AB magnitude of 1 electron/s, total flux.', { unit: 'mag', card: 'ASZP', field: 'zeroPointMag' }),
    zeroPointErr: metric('Its 1 sigma error.', { unit: 'mag', card: 'ASZPERR', field: 'zeroPointErrMag', warnAbove: 0.05 }),
    zeroPointScatter: metric('Scatter of stars about it.', { unit: 'mag', card: 'ASZPSCAT', field: 'zeroPointScatterMag' }),
    zeroPointStars: metric('Stars that made it.', { unit: 'stars', card: 'ASZPNST', field: 'zeroPointStars' }),
    limit: metric('Point source of 5 sigma.', { unit: 'mag', card: 'ASLIM5', field: 'limitMag5Sigma' }),
  },

  async run({ frame, sources, referenceCatalog }, parameters, context) {
    const refuse = (reason: string) => {
      context.warn(`No astrometric solution: ${reason}`);
      return {
        outputs: { frame, sources, notes: { ...nothingKnown, reason, catalog: referenceCatalog?.name ?? null } },
        metrics: nothingMeasured,
      };
    };
    if (!referenceCatalog) return refuse('No reference catalogue is configured.');
    const start = startingPlate(frame.wcs, frame.meta.pointing, frame.width, frame.height, {
      pixelScaleDeg: parameters.ps,
      searchRadiusDeg: parameters.search_radius,
      scaleTolerance: parameters.scale_tolerance,
      rotationToleranceDeg: parameters.rotation_tolerance,
    });
    if (!start) return refuse('The header gives neither coordinates nor a pointing with a plate scale.');
    const { center } = start.model;
    const diagonal = (pixelScale(start.model) * Math.hypot(frame.width, frame.height)) / 2;
    const coverageArcsec = diagonal * (1 + start.scaleTolerance) + start.searchRadiusArcsec;
    const stars = await referenceCatalog.cone(center.raDeg, center.decDeg, coverageArcsec / 3600, parameters.catalog_limit);
    const band = referenceBand(stars, frame.meta.filter);
    if (stars.count === 0 || !band) return refuse(`${stars.name} has no entries around ${formatPoint(center)}.`);
    const outcome = solvePlate(start, plateSources(sources.columns), plateReference(stars, band), {
      maxOrder: parameters.order_max,
      epochJyear: julianYear(frame.meta.midExposureMjdUtc),
      coverageArcsec,
      maxFalseAlarm: parameters.false_alarm,
    });
    if (!outcome.solved) return refuse(outcome.reason);

    const { plate, pattern } = outcome;
    const tanSip = tanSipOfPlate(plate.model);
    const wcs = tanSipWcs(tanSip, { width: frame.width, height: frame.height });
    const matched = plate.matches.source.length;
    context.info(
      `${matched} of ${sources.columns.count} sources matched to ${stars.name} (${pattern.method}, evidence e^${pattern.evidence.toFixed(0)}), ` +
        `${plate.kind} of order ${plate.order}, rms ${plate.rms.map((r) => r.toFixed(3)).join(' / ')} arcsec; formal error of the ` +
        `coordinates ${plate.sigmaCenter.toFixed(3)} arcsec in the middle, ${plate.sigmaCorner.toFixed(3)} in the worst corner.`,
    );
    if (plate.kind !== 'polynomial')
      context.warn(`Only ${matched} matches: a ${plate.kind} of the starting coordinates was fitted.`);
    const calibrated = calibrate(frame, sources, stars, band, plate, context);
    return {
      outputs: {
        frame: { ...frame, wcs, solved: true },
        sources: placed(sources, wcs, calibrated.zeroPoint, calibrated.autoToTotal, frame.meta.exposureSec),
        notes: notesOf(frame, wcs, plate, stars, calibrated.zeroPoint ? band.label : null, calibrated.note),
      },
      metrics: {
        matched,
        rms: Math.hypot(...plate.rms) / Math.SQRT2,
        zeroPoint: calibrated.zeroPoint?.mag ?? null,
        zeroPointErr: calibrated.zeroPoint?.err ?? null,
        zeroPointScatter: calibrated.zeroPoint?.scatter ?? null,
        zeroPointStars: calibrated.zeroPoint?.stars ?? null,
        limit: calibrated.limit,
      },
    };
  },
});

function calibrate(
  frame: Frame,
  sources: FrameSources,
  stars: ReferenceStars,
  band: ReferenceBand,
  plate: PlateSolution,
  context: ModuleContext,
) {
  const autoToTotal = positive(sources.aperture?.autoToTotal) ?? 1;
  const { exposureSec } = frame.meta;
  const refuse = (sentence: string) => {
    context.warn(sentence);
    return { zeroPoint: null, autoToTotal, limit: null, note: sentence };
  };
  if (!band.isCalibrating)
    return refuse(band.note ?? `No zero point: ${stars.name} has no band for filter ${frame.meta.filter}.`);
  if (!(exposureSec > 0)) return refuse('No zero point: the exposure time is not positive.');
  const used = calibrationStars(sources.columns, autoToTotal, exposureSec, stars, band, plate);
  const fitted = fitZeroPoint(used);
  if (!fitted) {
    return refuse(
      `No zero point: ${used.referenceMag.length} clean stars with a ${band.label} magnitude, at least ${FEWEST_STARS} that agree are needed.`,
    );
  }
  const apertureErr = ((2.5 / Math.LN10) * (positive(sources.aperture?.autoToTotalErr) ?? 0)) / autoToTotal;
  const zeroPoint = { ...fitted, err: Math.hypot(fitted.err, apertureErr) };
  const limitFlux = positive(sources.limitFluxElectron5Sigma);
  const limit = limitFlux === null ? null : zeroPoint.mag - 2.5 * Math.log10(limitFlux / exposureSec);
  const uncorrected = sources.aperture
    ? null
    : 'No correction from AUTO to total flux was measured: magnitudes are of AUTO fluxes.';
  return { zeroPoint, autoToTotal, limit, note: [band.note, uncorrected].filter((part) => part !== null).join(' ') || null };
}

const positive = (value: number | null | undefined): number | null => (typeof value === 'number' && value > 0 ? value : null);

function plateReference(stars: ReferenceStars, band: ReferenceBand) {
  const { count, raDeg, decDeg, pmRaMasYr, pmDecMasYr, epochJyear, isStar } = stars;
  return { count, raDeg, decDeg, pmRaMasYr, pmDecMasYr, epochJyear, isStar, mag: band.mag };
}

function placed(
  sources: FrameSources,
  wcs: Wcs,
  zeroPoint: ZeroPoint | null,
  autoToTotal: number,
  exposureSec: number,
): FrameSources {
  const { columns } = sources;
  const raDeg = new Float64Array(columns.count);
  const decDeg = new Float64Array(columns.count);
  const mag = new Float64Array(columns.count).fill(NaN);
  const err = new Float64Array(columns.count).fill(NaN);
  for (let i = 0; i < columns.count; i++) {
    [raDeg[i], decDeg[i]] = wcs.pixelToSky(columns.x[i]!, columns.y[i]!) as [number, number];
    const flux = columns.fluxAuto[i]!;
    if (!zeroPoint || !(flux > 0)) continue;
    mag[i] = zeroPoint.mag - 2.5 * Math.log10((flux * autoToTotal) / exposureSec);
    err[i] = ((2.5 / Math.LN10) * columns.fluxAutoErr[i]!) / flux;
  }
  return { ...sources, raDeg, decDeg, magAuto: zeroPoint ? mag : null, magAutoErr: zeroPoint ? err : null };
}

function notesOf(
  frame: Frame,
  wcs: Wcs,
  plate: PlateSolution,
  stars: ReferenceStars,
  band: string | null,
  photometryNote: string | null,
): AstrometryNotes {
  const x = (frame.width - 1) / 2;
  const y = (frame.height - 1) / 2;
  const [raDeg, decDeg] = wcs.pixelToSky(x, y);
  const { pixelScaleArcsec, rotationDeg, parity } = localGeometry(wcs, x, y);
  return {
    solved: true,
    reason: plate.kind === 'polynomial' ? null : `Few matches: a ${plate.kind} of the starting coordinates.`,
    raDeg,
    decDeg,
    pixelScaleArcsec,
    rotationDeg,
    parity,
    projection: wcs.projection,
    distortionOrder: plate.order < 2 ? 0 : plate.order,
    catalog: stars.name,
    band,
    photometryNote,
  };
}

const formatPoint = ({ raDeg, decDeg }: { raDeg: number; decDeg: number }): string =>
  `${raDeg.toFixed(3)} ${decDeg < 0 ? '−' : '+'}${Math.abs(decDeg).toFixed(3)}`;

const nothingKnown: AstrometryNotes = {
  solved: false,
  reason: null,
  raDeg: null,
  decDeg: null,
  pixelScaleArcsec: null,
  rotationDeg: null,
  parity: null,
  projection: null,
  distortionOrder: null,
  catalog: null,
  band: null,
  photometryNote: null,
};
const nothingMeasured = {
  matched: null,
  rms: null,
  zeroPoint: null,
  zeroPointErr: null,
  zeroPointScatter: null,
  zeroPointStars: null,
  limit: null,
};
