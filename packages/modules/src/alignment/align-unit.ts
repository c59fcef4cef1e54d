import { medianOf } from '@colibri/numerics';
import type { AlignedFrame, ModuleContext, ReferenceCatalog, ReferenceStars, Unit, UnitAlignment } from '@colibri/pipeline';
import { propagateColumns, tanSipWcs, type Wcs } from '@colibri/sky';
import { pixelScale, plateOfWcs, recenterPlate, tanSipOfPlate } from '../astrometry/plate-model.ts';
import { julianYear, projectCatalog, type TangentPoint } from '../astrometry/tangent-plane.ts';
import { throughCards } from './alignment-file.ts';
import { NARROW_SHARE_ERR, narrowFluxes, WIDE_SHARE_ERR, wideFluxes } from './common-fluxes.ts';
import { fitJointly, type JointFit } from './joint-fit.ts';
import { type JointFrame, jointFrame, plateOfJoint } from './joint-frame.ts';
import { meanDirection } from './plane-map.ts';
import { fitTransparency, type RelativeTransparency } from './transparency.ts';
import type { UnitCatalog } from './unit-stars.ts';

export interface AlignOptions {
  readonly maxOrder: number;
  readonly fewestStars: number;
  readonly mostStars: number;
  readonly leastTransparency: number;
  readonly mostFwhm: number;
  readonly catalogLimit: number;
  readonly searchRadiusDeg: number;
}

type Lent = Pick<ModuleContext, 'info' | 'warn' | 'compute'>;

/** All frames of a unit together; a function of its inputs alone. */
export async function alignUnit(
  unit: Unit,
  referenceCatalog: ReferenceCatalog | null,
  options: AlignOptions,
  context: Lent,
): Promise<UnitAlignment> {
  const solved = unit.frames.flatMap((frame, index) => (frame.solved && frame.wcs ? [index] : []));
  const centers = solved.map((index) => middleOf(unit, index)).filter((center) => center !== null);
  if (centers.length === 0) return nothingSolved(unit, referenceCatalog?.name ?? null);
  const center = meanDirection(centers);
  const epoch = medianOf(Float64Array.from(solved, (index) => julianYear(unit.frames[index]!.meta.midExposureMjdUtc)));
  const reference = await entriesAround(unit, solved, center, referenceCatalog, options.catalogLimit);
  const catalog = unitCatalog(reference, center, epoch);
  const joint: JointFrame[] = [];
  for (const index of solved) {
    const years = julianYear(unit.frames[index]!.meta.midExposureMjdUtc) - epoch;
    const frame = jointFrame(unit.frames[index]!, index, center, years);
    if (frame) joint.push(frame);
  }
  const fit = joint.length > 1 ? fitJointly(joint, catalog, options) : null;
  const clarity = fit && (await clarityOf(unit, fit, context));
  if (fit) context.info(sentenceOf(fit, clarity, reference?.name ?? null));
  return verdicts(unit, fit, joint, clarity, reference?.name ?? referenceCatalog?.name ?? null, options);
}

/**
 * Transparencies from wide circles, or from narrow ones where these know them better: wide circles catch the same share of light in all
 * seeing, narrow ones have less noise.
 */
async function clarityOf(unit: Unit, fit: JointFit, { compute }: Pick<Lent, 'compute'>): Promise<RelativeTransparency> {
  const fill = (value: number): Float64Array => new Float64Array(fit.frames.length).fill(value);
  const narrow = fitTransparency(narrowFluxes(unit, fit), fill(NARROW_SHARE_ERR));
  const wide = fitTransparency(await wideFluxes(unit, fit, compute), fill(WIDE_SHARE_ERR));
  const known = ({ value }: RelativeTransparency): number => value.filter(Number.isFinite).length;
  const isWideBetter = known(wide) >= known(narrow) && medianOf(wide.error) < medianOf(narrow.error);
  return isWideBetter ? wide : narrow;
}

function middleOf(unit: Unit, index: number): TangentPoint | null {
  const { wcs, width, height } = unit.frames[index]!;
  const [raDeg, decDeg] = wcs!.pixelToSky((width - 1) / 2, (height - 1) / 2);
  return Number.isFinite(raDeg + decDeg) ? { raDeg, decDeg } : null;
}

/** The catalogue over all solved frames. null: none is configured, or it has no entries here. */
async function entriesAround(
  unit: Unit,
  solved: readonly number[],
  center: TangentPoint,
  referenceCatalog: ReferenceCatalog | null,
  limit: number,
): Promise<ReferenceStars | null> {
  if (!referenceCatalog) return null;
  let radius = 0;
  for (const index of solved) {
    const { wcs, width, height } = unit.frames[index]!;
    const plate = plateOfWcs(wcs!, width, height);
    if (!plate) continue;
    const [dXi, dEta] = [plate.center.raDeg - center.raDeg, plate.center.decDeg - center.decDeg];
    const east = (((dXi + 540) % 360) - 180) * Math.cos((center.decDeg * Math.PI) / 180);
    radius = Math.max(radius, Math.hypot(east, dEta) + (pixelScale(plate) * Math.hypot(width, height)) / 7200);
  }
  const stars = await referenceCatalog.cone(center.raDeg, center.decDeg, radius * 1.02, limit);
  return stars.count > 0 ? stars : null;
}

/** Entries on the plane of the unit at its epoch, in doubles, and their motion along its axes. */
function unitCatalog(stars: ReferenceStars | null, center: TangentPoint, epoch: number): UnitCatalog {
  if (!stars) {
    const none = new Float64Array(0);
    return { count: 0, xi: none, eta: none, pmXi: none, pmEta: none, isStar: new Uint8Array(0) };
  }
  const { xi, eta } = projectCatalog(stars, epoch, center);
  const later = projectCatalog(
    { ...stars, ...propagateColumns(stars, stars.epochJyear, epoch + 1), epochJyear: epoch + 1 },
    null,
    center,
  );
  return {
    count: stars.count,
    xi,
    eta,
    pmXi: later.xi.map((x, e) => x - xi[e]!),
    pmEta: later.eta.map((y, e) => y - eta[e]!),
    isStar: stars.isStar,
  };
}

function verdicts(
  unit: Unit,
  fit: JointFit | null,
  joint: readonly JointFrame[],
  clarity: RelativeTransparency | null,
  catalog: string | null,
  options: AlignOptions,
): UnitAlignment {
  const fwhm = unit.frames.map((frame) => frame.metrics.fwhmPix ?? NaN);
  const usual = medianOf(Float64Array.from(fwhm.filter(Number.isFinite)));
  const frames = unit.frames.map((frame, index): AlignedFrame => {
    const f = joint.findIndex((candidate) => candidate.index === index);
    const { frameId } = frame.meta;
    if (f < 0) {
      const reason = 'It has no astrometric solution of its own.';
      return {
        frameId,
        accepted: false,
        reason,
        wcs: null,
        matched: 0,
        rmsArcsec: null,
        transparency: NaN,
        transparencyErr: NaN,
      };
    }
    const residual = fit ? residualsOf(fit, f) : ownResiduals(unit, index);
    const transparency = clarity ? clarity.value[f]! : joint.length === 1 ? 1 : NaN;
    const transparencyErr = clarity ? clarity.error[f]! : joint.length === 1 ? 0 : NaN;
    const reason =
      residual.matched < options.fewestStars
        ? `Only ${residual.matched} stars are in common with the catalogue or other frames, at least ${options.fewestStars} are needed.`
        : transparency < options.leastTransparency
          ? `Its transparency is ${transparency.toFixed(3)} of that of the clear frames, below ${options.leastTransparency}.`
          : fwhm[index]! > options.mostFwhm * usual
            ? `Its FWHM of ${fwhm[index]!.toFixed(1)} pixels is above ${options.mostFwhm} times the median of ${usual.toFixed(1)}.`
            : null;
    const wcs = fit ? wcsOfJoint(fit, f) : throughCards(frame.wcs!);
    return { frameId, accepted: reason === null, reason, wcs, ...residual, transparency, transparencyErr };
  });
  const accepted = frames.filter((frame) => frame.accepted && frame.rmsArcsec !== null);
  const pooled = (axis: 0 | 1): number => {
    let sum = 0;
    let count = 0;
    for (const { matched, rmsArcsec } of accepted) {
      sum += matched * rmsArcsec![axis] ** 2;
      count += matched;
    }
    return Math.sqrt(sum / count);
  };
  const reference = clarity
    ? clarity.reference.map((f) => unit.frames[joint[f]!.index]!.meta.frameId)
    : frames.filter((frame) => frame.accepted).map((frame) => frame.frameId);
  const order = fit ? Math.max(...fit.distortions.map((d) => d.order)) : joint[0] ? orderOf(joint[0].own) : 0;
  return {
    frames,
    catalog,
    distortionOrder: order < 2 ? 0 : order,
    rmsArcsec: accepted.length > 0 ? [pooled(0), pooled(1)] : null,
    reference,
  };
}

const orderOf = ({ order }: { order: number }): number => order;

/** The WCS as its cards give it back: the same numbers in memory and from a file. */
function wcsOfJoint(fit: JointFit, f: number): Wcs {
  const frame = fit.frames[f]!;
  const plate = recenterPlate(plateOfJoint(frame, fit.distortions[f]!));
  const { width, height } = frame;
  return throughCards(tanSipWcs(tanSipOfPlate(plate), { width, height }));
}

/** Sightings of a frame that agree with the fit, and the rms of the better-measured half by axis [arcsec]. */
function residualsOf({ stars, sigma, robust, dXi, dEta }: JointFit, f: number) {
  const { count, frame } = stars.sightings;
  const those: number[] = [];
  for (let k = 0; k < count; k++) if (frame[k] === f && robust[k]! > 0.3) those.push(k);
  those.sort((a, b) => sigma[a]! - sigma[b]! || a - b);
  const better = those.slice(0, Math.max(Math.ceil(those.length / 2), Math.min(those.length, 3)));
  const rms = (d: Float64Array): number => Math.sqrt(better.reduce((sum, k) => sum + d[k]! ** 2, 0) / better.length);
  return { matched: those.length, rmsArcsec: better.length > 0 ? ([rms(dXi), rms(dEta)] as const) : null };
}

function ownResiduals(unit: Unit, index: number) {
  const { metrics } = unit.frames[index]!;
  const rms = metrics.wcsRmsArcsec;
  return { matched: metrics.matchedCount ?? 0, rmsArcsec: rms === null ? null : ([rms, rms] as const) };
}

function nothingSolved(unit: Unit, catalog: string | null): UnitAlignment {
  return {
    frames: unit.frames.map((frame) => ({
      frameId: frame.meta.frameId,
      accepted: false,
      reason: 'No frame of the unit has an astrometric solution.',
      wcs: null,
      matched: 0,
      rmsArcsec: null,
      transparency: NaN,
      transparencyErr: NaN,
    })),
    catalog,
    distortionOrder: 0,
    rmsArcsec: null,
    reference: [],
  };
}

function sentenceOf(fit: JointFit, clarity: RelativeTransparency | null, catalog: string | null): string {
  const entries = fit.stars.entry.filter((e) => e >= 0).length;
  const scatter = fit.catalogArcsec ? `, scatter of ${catalog} ${(1000 * fit.catalogArcsec[0]).toFixed(0)} mas` : '';
  return (
    `${fit.frames.length} frames, ${fit.stars.sightings.count} sightings of ${fit.stars.count} stars (${entries} in the catalogue)${scatter}; ` +
    `distortion of order ${Math.max(...fit.distortions.map((d) => d.order))}` +
    (clarity ? `; fluxes scatter by ${(100 * clarity.scatter).toFixed(1)} % beyond their errors.` : '.')
  );
}
