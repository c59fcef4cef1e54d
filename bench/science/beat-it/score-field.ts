import type { ForcedImage } from '@colibri/pipeline';
import { SphereIndex } from '@colibri/sky';
import { type FieldSource, trueElectronPerSec } from '../field18/field.ts';
import type { Measured } from './chain.ts';

/** One measurement beside its truth. */
export interface Comparison {
  /** True flux over its quoted error. */
  readonly snr: number;
  /** (measured − true) / quoted error. */
  readonly pull: number;
  /** measured / true, and its quoted error. */
  readonly ratio: number;
  readonly ratioErr: number;
}

/** What one field tells of the chain. */
export interface FieldScore {
  /** Calibrated fluxes of the stack (the error of the zero point is in theirs), and raw ones over the light that truly came. */
  readonly stack: readonly Comparison[];
  readonly uncalibrated: readonly Comparison[];
  /** Forced fluxes of the stack's halves, where stars are faint that the whole detects without a choice, and of single frames. */
  readonly halves: readonly Comparison[];
  readonly forced: readonly Comparison[];
  /** Offsets along RA and Dec [arcsec] with the true S/N. */
  readonly places: readonly { readonly snr: number; readonly dRa: number; readonly dDec: number }[];
}

/** Farther than this from every other source of a 50th of its light: single at any seeing that is used here. */
const lonelyPix = 5;

/** Compares what was measured of a field with what was put into it. Constant stars count, single ones, that most frames saw. */
export function scoreField({ field, photometry }: Pick<Measured, 'field' | 'photometry'>): FieldScore {
  const { options, frames } = field;
  const { sources, forced, calibration } = photometry;
  if (!calibration) throw new Error('The stack was not calibrated.');
  const index = new SphereIndex(
    Float64Array.from(field.sources, (s) => s.raDeg),
    Float64Array.from(field.sources, (s) => s.decDeg),
  );
  const pixelArcsec = 0.38;
  const lonely = field.sources.map((source, i) => {
    if (source.kind !== 'star') return false;
    const near = index.within(source.raDeg, source.decDeg, lonelyPix * pixelArcsec);
    return near.every(({ index: other }) => other === i || field.sources[other]!.mag > source.mag + 4.25);
  });
  const truthOf = new Map<number, FieldSource>();
  const places: { snr: number; dRa: number; dDec: number }[] = [];
  const stackComparisons: Comparison[] = [];
  const uncalibrated: Comparison[] = [];
  const { count } = sources.columns;
  for (let i = 0; i < count; i++) {
    const [ra, dec] = [sources.raDeg[i]!, sources.decDeg[i]!];
    const near = index.nearest(ra, dec, 3 * pixelArcsec);
    if (!near) continue;
    const truth = field.sources[near.index]!;
    if (!lonely[near.index] || sources.nFrames[i]! < 0.8 * frames.length || truthOf.has(i)) continue;
    truthOf.set(i, truth);
    const electron = trueElectronPerSec(options, truth.mag);
    uncalibrated.push(compare(sources.fluxPsf[i]!, sources.fluxPsfErr[i]!, electron));
    const micro = 10 ** (-0.4 * (sources.magPsf[i]! - 23.9));
    const calibrated = compare(micro, (micro * sources.magPsfErr[i]! * Math.LN10) / 2.5, 10 ** (-0.4 * (truth.mag - 23.9)));
    stackComparisons.push(calibrated);
    places.push({
      snr: calibrated.snr,
      dRa: (ra - truth.raDeg) * Math.cos((dec * Math.PI) / 180) * 3600,
      dDec: (dec - truth.decDeg) * 3600,
    });
  }
  const byKind: Record<ForcedImage['kind'], Comparison[]> = { stack: [], half: [], frame: [], difference: [] };
  for (let r = 0; r < forced.count; r++) {
    const truth = truthOf.get(forced.source[r]! - 1);
    const [flux, err] = [forced.fluxMicroJy[r]!, forced.fluxErrMicroJy[r]!];
    if (!truth || !(err > 0) || Number.isNaN(flux) || forced.flags[r] !== 0) continue;
    byKind[forced.images[forced.image[r]!]!.kind].push(compare(flux, err, 10 ** (-0.4 * (truth.mag - 23.9))));
  }
  return {
    stack: stackComparisons.filter(isFinite_),
    uncalibrated: uncalibrated.filter(isFinite_),
    halves: byKind.half.filter(isFinite_),
    forced: byKind.frame.filter(isFinite_),
    places,
  };

  function compare(flux: number, err: number, truth: number): Comparison {
    return { snr: truth / err, pull: (flux - truth) / err, ratio: flux / truth, ratioErr: err / truth };
  }
}

const isFinite_ = ({ pull }: Comparison): boolean => Number.isFinite(pull);

/** Half the distance between the 16th and the 84th percentile, and the median. */
export function robust(values: readonly number[]): { median: number; width: number; count: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), width: (at(0.8413) - at(0.1587)) / 2, count: sorted.length };
}

/** Mean of measured / true with the weights of the best S/N of a common scale, 3-sigma clipped; and its error. */
export function meanRatio(list: readonly Comparison[]): { ratio: number; err: number; count: number } {
  let kept = list;
  let mean = 1;
  for (let pass = 0; pass < 3; pass++) {
    const sum = kept.reduce((s, { ratio, ratioErr }) => s + ratio / ratioErr ** 2, 0);
    const weight = kept.reduce((s, { ratioErr }) => s + 1 / ratioErr ** 2, 0);
    mean = sum / weight;
    kept = list.filter(({ ratio, ratioErr }) => Math.abs(ratio - mean) < 5 * ratioErr);
  }
  const weight = kept.reduce((s, { ratioErr }) => s + 1 / ratioErr ** 2, 0);
  return { ratio: mean, err: 1 / Math.sqrt(weight), count: kept.length };
}
