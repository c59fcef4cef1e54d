import { type CandidateList, noUnitMetrics, type SummaryFrame, type UnitMetrics, type UnitSummary } from '@colibri/contracts';
import type {
  Difference,
  ReferenceStars,
  Stack,
  StackSet,
  Unit,
  UnitAlignment,
  UnitOrigin,
  UnitPhotometry,
} from '@colibri/pipeline';
import { localGeometry, mjdUtc } from '@colibri/sky';
import type { FieldVariability } from '../candidates/judge-variability.ts';
import { referenceField } from '../candidates/reference-field.ts';
import { rounded } from './format.ts';
import { makePicture } from './picture.ts';
import { astrometryPoints, calibrationPoints, scatterPoints, thinned } from './plot-data.ts';
import { bestCandidate, verdictOf } from './verdict.ts';

export interface SummaryInputs {
  readonly unit: Unit;
  readonly alignment: UnitAlignment;
  readonly stacks: StackSet;
  readonly photometry: UnitPhotometry;
  readonly difference: Difference | null;
  readonly stars: ReferenceStars | null;
  readonly candidates: CandidateList;
  readonly variability: FieldVariability;
  readonly origin: UnitOrigin;
  readonly isFinal: boolean;
  /** The difference image comes with a thorough look. */
  readonly waitsForDifference: boolean;
  readonly warnings: readonly string[];
}

export interface SummaryOptions {
  /** Largest side of the finding chart [pix]. */
  readonly chartPix: number;
  /** Side of a cut-out [pix of the stack], and how many candidates get one. */
  readonly cutoutPix: number;
  readonly mostCutouts: number;
  /** Rows of the table of catalogued sources. */
  readonly mostRows: number;
}

/** Gathers all that a unit's page says, rounded to what the numbers mean, as data. */
export function buildSummary(inputs: SummaryInputs, options: SummaryOptions): UnitSummary {
  const { unit, alignment, stacks, photometry, difference, candidates, origin } = inputs;
  const { stack } = stacks;
  const field = referenceField(inputs.stars, unit.filter, stack.midMjdUtc);
  const trigger = unit.triggeredAt === null ? null : mjdUtc(unit.triggeredAt);
  const since = (mjd: number) => (trigger === null ? null : rounded((mjd - trigger) * 86400, 2));
  const [startSec, endSec] = [since(mjdUtc(stack.startedAt)), since(mjdUtc(stack.endedAt))];
  const [raDeg, decDeg] = stack.wcs.pixelToSky((stack.width - 1) / 2, (stack.height - 1) / 2);
  const { pixelScaleArcsec } = localGeometry(stack.wcs, stack.width / 2, stack.height / 2);
  const verdict = verdictOf(unit, photometry, candidates, { startSec, endSec });
  const astrometry = astrometryPoints(photometry, stack, field);
  const frames = unit.frames.map((_, k) => frameRow(inputs, k, since));
  return {
    schema: 'colibri.unit-summary/1',
    unit: unit.name,
    nightId: unit.nightId,
    target: unit.target,
    camera: unit.camera,
    filter: unit.filter,
    isFinal: inputs.isFinal,
    triggeredAt: unit.triggeredAt,
    alert: alertOf(unit, stack),
    startedAt: stack.startedAt,
    endedAt: stack.endedAt,
    midMjdUtc: stack.midMjdUtc,
    startSinceTriggerSec: startSec,
    endSinceTriggerSec: endSec,
    midSinceTriggerSec: since(stack.midMjdUtc),
    verdict: {
      ...verdict,
      limitMag5Sigma: rounded(verdict.limitMag5Sigma, 3),
      limitMag3Sigma: rounded(verdict.limitMag3Sigma, 3),
    },
    metrics: metricsOf(inputs, frames, pixelScaleArcsec),
    stack: {
      widthPix: stack.width,
      heightPix: stack.height,
      raDeg,
      decDeg,
      scaleArcsec: pixelScaleArcsec,
      frames: stack.inputs.length,
      exposureSec: stack.exposureSec,
      fwhmPix: stack.fwhmPix,
      covarianceFactor: stack.covarianceFactor,
    },
    calibration: calibrationOf(photometry),
    astrometry: {
      catalog: alignment.catalog,
      distortionOrder: alignment.distortionOrder,
      rmsArcsec: alignment.rmsArcsec && [...alignment.rmsArcsec],
      offsetArcsec: astrometry.offset,
      scatterArcsec: astrometry.scatter,
      matched: astrometry.matched,
    },
    difference: difference && {
      template: difference.template.name,
      origin: difference.template.origin,
      templateMidMjdUtc: difference.template.midMjdUtc,
      detections: difference.sources.count,
      falsePositives: difference.falsePositives,
      residualAtStars: orZero(difference.residualAtStars),
      residualOnSky: orZero(difference.residualOnSky),
    },
    differenceNote: difference ? null : noDifference(inputs),
    frames,
    candidates,
    catalogued: cataloguedOf(photometry, options.mostRows),
    plots: {
      calibration: calibrationPoints(photometry),
      scatter: scatterPoints(photometry),
      quiver: astrometry.quiver,
      variability: variabilityPoints(inputs),
      completeness: photometry.completeness.map((step) => ({ ...step })),
      limitMap: {
        columns: photometry.limitMap.columns,
        rows: photometry.limitMap.rows,
        mag: Array.from(photometry.limitMap.mag5Sigma, (mag) => rounded(mag, 3)),
      },
    },
    pictures: picturesOf(inputs, options),
    latencySec: origin.latencySec,
    warnings: [...origin.warnings, ...inputs.warnings],
    provenance: {
      software: { ...origin.software },
      pipeline: origin.pipeline,
      modules: { ...origin.modules },
      configHash: origin.configHash,
      parameters: Object.fromEntries(Object.entries(origin.parameters).map(([module, values]) => [module, { ...values }])),
      inputs: origin.inputs.map((entry) => ({ ...entry })),
      replay: origin.replay,
    },
    eventPage: origin.eventPage ?? null,
  };
}

function noDifference({ waitsForDifference, origin }: SummaryInputs): string {
  if (waitsForDifference)
    return 'The difference image waits for the thorough look, which comes between frames and when they cease.';
  return 'subtraction' in origin.modules
    ? 'No difference image could be made: the doubts above say why.'
    : 'This pipeline subtracts nothing: there is no difference image.';
}

const orZero = (value: number): number => (Number.isFinite(value) ? value : 0);

function frameRow(
  { unit, alignment, stacks, photometry }: SummaryInputs,
  k: number,
  since: (mjd: number) => number | null,
): SummaryFrame {
  const frame = unit.frames[k]!;
  const { frameId } = frame.meta;
  const aligned = alignment.frames.find((entry) => entry.frameId === frameId);
  const stacked = stacks.stack.inputs.find((entry) => entry.frameId === frameId);
  const forced = photometry.forced.images.find(({ name }) => name === frameId);
  return {
    frameId,
    startedAt: frame.meta.observedAt,
    midMjdUtc: frame.meta.midExposureMjdUtc,
    sinceTriggerSec: since(frame.meta.midExposureMjdUtc),
    exposureSec: frame.meta.exposureSec,
    accepted: aligned?.accepted ?? false,
    reason: aligned ? aligned.reason : 'Alignment says nothing of it.',
    weight: rounded(stacked?.weight, 4),
    transparency: rounded(aligned?.transparency, 4),
    transparencyErr: rounded(aligned?.transparencyErr, 4),
    fwhmArcsec: rounded(frame.metrics.fwhmArcsec, 3),
    skyElectronPerPixel: rounded(frame.metrics.skyElectronPerPixel, 1),
    airmass: rounded(frame.meta.airmass, 3),
    zeroPointMag: rounded(frame.metrics.zeroPointMag, 4),
    zeroPointErrMag: rounded(frame.metrics.zeroPointErrMag, 4),
    limitMag5Sigma: rounded(forced?.limitMag5Sigma ?? frame.metrics.limitMag5Sigma, 3),
    rmsArcsec: aligned?.rmsArcsec ? [Number(aligned.rmsArcsec[0].toFixed(4)), Number(aligned.rmsArcsec[1].toFixed(4))] : null,
    matched: aligned?.matched ?? null,
    rejectedPixels: stacked?.rejectedPixels ?? null,
    sha256: frame.sha256,
  };
}

/** The figures of the unit, gathered from what its modules hand on. */
function metricsOf(
  { unit, alignment, stacks, photometry, difference, candidates }: SummaryInputs,
  frames: readonly SummaryFrame[],
  scale: number,
): UnitMetrics {
  const transparencies = frames
    .flatMap(({ transparency }) => (transparency === null ? [] : [transparency]))
    .sort((a, b) => a - b);
  const { calibration, psf, sources } = photometry;
  const stack = photometry.forced.images.find(({ kind }) => kind === 'stack');
  return {
    ...noUnitMetrics,
    frames: unit.frames.length,
    stackedFrames: stacks.stack.inputs.length,
    alignRmsArcsec: alignment.rmsArcsec ? rounded(Math.hypot(...alignment.rmsArcsec) / Math.SQRT2, 4) : null,
    transparencyLeast: transparencies[0] ?? null,
    transparencyMedian: transparencies[transparencies.length >> 1] ?? null,
    stackExposureSec: stacks.stack.exposureSec,
    stackFwhmArcsec: rounded(stacks.stack.fwhmPix * scale, 3),
    stackSourceCount: sources.columns.count,
    stackZeroPointMag: rounded(calibration?.zeroPointMag, 4),
    stackZeroPointErrMag: rounded(calibration?.zeroPointErrMag, 4),
    stackScatterMag: rounded(calibration?.intrinsicScatterMag, 4),
    stackColourTerm: rounded(calibration?.colourTerm, 4),
    stackCalibrationStars: calibration?.stars ?? null,
    stackLimitMag5Sigma: rounded(stack?.limitMag5Sigma, 3),
    stackLimitMag3Sigma: rounded(stack?.limitMag3Sigma, 3),
    psfChi2: rounded(psf.chi2, 3),
    differenceNoise: rounded(difference?.residualOnSky, 4),
    differenceCount: difference?.sources.count ?? null,
    differenceFalseCount: difference?.falsePositives ?? null,
    candidateCount: countOf(candidates),
  };
}

/** Sources in no catalogue that stand: neither artefacts, nor known bodies, nor simply fainter than the catalogue. */
export const countOf = ({ candidates }: CandidateList): number =>
  candidates.filter(
    ({ entry, class: kind }) => kind === 'afterglow candidate' || kind === 'transient' || (kind === 'unknown' && entry === null),
  ).length;

function calibrationOf({ calibration }: UnitPhotometry): UnitSummary['calibration'] {
  if (!calibration) return null;
  const { covariance: _, spatial: __, ...kept } = calibration;
  return { system: 'AB', ...kept, heldOut: kept.heldOut && { ...kept.heldOut } };
}

function cataloguedOf({ sources }: UnitPhotometry, most: number): UnitSummary['catalogued'] {
  const rows: number[] = [];
  for (let i = 0; i < sources.columns.count; i++) if (sources.catalogIndex[i]! >= 0) rows.push(i);
  const shown = rows.toSorted((a, b) => (sources.fluxPsf[b]! || 0) - (sources.fluxPsf[a]! || 0)).slice(0, most);
  return {
    count: rows.length,
    uncatalogued: sources.columns.count - rows.length,
    rows: shown.map((i) => ({
      source: i + 1,
      raDeg: Number(sources.raDeg[i]!.toFixed(7)),
      decDeg: Number(sources.decDeg[i]!.toFixed(7)),
      mag: rounded(sources.magPsf[i], 4),
      magErr: rounded(sources.magPsfErr[i], 4),
      catalogMag: rounded(sources.catalogMag[i], 4),
      catalogArcsec: rounded(sources.catalogArcsec[i], 3),
      isStar: sources.catalogIsStar[i] === 1,
      snr: rounded(sources.fluxPsf[i]! / sources.fluxPsfErr[i]!, 1),
      fwhmPix: rounded(sources.columns.fwhm[i], 2),
    })),
  };
}

function alertOf({ alert }: Unit, { wcs }: Stack): UnitSummary['alert'] {
  if (!alert) return null;
  const place = wcs.skyToPixel(alert.raDeg, alert.decDeg);
  return { ...alert, x: rounded(place?.[0], 2), y: rounded(place?.[1], 2) };
}

/** Sources in no catalogue, all of them, and of the catalogued as many as a plot bears. */
function variabilityPoints({ variability, photometry, candidates }: SummaryInputs): UnitSummary['plots']['variability'] {
  const names = new Map(candidates.candidates.map(({ source, name }) => [source, name]));
  const all = [...variability.bySource].map(([source, fit]) => ({
    fit,
    isCatalogued: photometry.sources.catalogIndex[source - 1]! >= 0,
    name: names.get(source) ?? '',
  }));
  const shown = [
    ...all.filter(({ isCatalogued, name }) => !isCatalogued || name !== ''),
    ...thinned(all.filter(({ isCatalogued, name }) => isCatalogued && name === '')),
  ];
  return {
    snr: shown.map(({ fit }) => rounded(fit.meanMicroJy / fit.meanErrMicroJy, 2)),
    deltaChi2: shown.map(({ fit }) => rounded(fit.deltaChi2, 2)),
    isCatalogued: shown.map(({ isCatalogued }) => isCatalogued),
    names: shown.map(({ name }) => name),
  };
}

function picturesOf({ stacks, difference, candidates, unit }: SummaryInputs, options: SummaryOptions): UnitSummary['pictures'] {
  const { stack } = stacks;
  const side = Math.max(stack.width, stack.height);
  const whole = { x: (stack.width - 1) / 2, y: (stack.height - 1) / 2, sidePix: side, largest: options.chartPix };
  const chart = makePicture(
    stack,
    stack.wcs,
    whole,
    { kind: 'asinh' },
    `Stack of ${stack.inputs.length} frames, ${unit.filter}`,
  ).picture;
  const change = difference
    ? makePicture(
        difference,
        difference.wcs,
        { ...whole, largest: options.chartPix / 2 },
        { kind: 'signed', sigmas: 5 },
        'Difference, ±5 σ',
      ).picture
    : null;
  const model = difference && difference.width === stack.width ? templateOf(stack.data, difference.data) : null;
  const cutouts: UnitSummary['pictures']['cutouts'] = {};
  const best = bestCandidate(candidates)?.name;
  const shown = candidates.candidates.filter(({ name, x }, k) => x !== null && (k < options.mostCutouts || name === best));
  for (const { name, x, y } of shown) {
    const view = { x: Math.round(x!), y: Math.round(y!), sidePix: options.cutoutPix, largest: options.cutoutPix };
    const { picture: science, limits } = makePicture(stack, stack.wcs, view, { kind: 'asinh' }, 'Stack');
    cutouts[name] = {
      science,
      template: model && makePicture({ ...stack, data: model }, stack.wcs, view, { kind: 'asinh' }, 'Template', limits).picture,
      difference:
        difference && makePicture(difference, difference.wcs, view, { kind: 'signed', sigmas: 8 }, 'Difference').picture,
    };
  }
  return { chart, difference: change, cutouts };
}

/** What was subtracted: the matched template on the stack's grid. */
function templateOf(science: Float32Array, difference: Float32Array): Float32Array {
  return science.map((value, i) => value - difference[i]!);
}
