import type { LightPoint, Variability } from '@colibri/contracts';
import { amongTrials, chiSquareTail, FEWEST_REFERENCE, falseAlarmOf } from './false-alarm.ts';
import { chi2OfConstant, fitLight, type LightFit } from './fit-light.ts';
import { framesOf } from './light-curves.ts';

export interface VariabilityOptions {
  /** Chance among all sources tested below which a source is said to vary [1]. */
  readonly mostFalseAlarm: number;
}

export interface FieldVariability {
  /** By NUMBER of the source. */
  readonly bySource: ReadonlyMap<number, Variability>;
  readonly referenceStars: number;
  readonly tested: number;
}

/**
 * Fits the light curve of every source and says how likely a steady star of the field looks as variable.
 *
 * Two looks at each source, the trend (Δχ² of power law or line) and the scatter (χ² of the constant), both against the field's own
 * catalogued stars of similar brightness; trials are the sources tested times two.
 *
 * What steadies when one frame is left out is not called variable: a cosmic ray or a trail on a star looks just so.
 *
 * Extended sources are compared with extended ones: the flux that a PSF finds in a galaxy follows the seeing. Where the field has too few of
 * them to say so, no extended source is called variable.
 *
 * @param kindOf - `point` and `extended`: what it is compared with; `isReference`: catalogued and clean, taken to be steady, up to a few
 */
export function judgeVariability(
  curves: ReadonlyMap<number, readonly LightPoint[]>,
  kindOf: (source: number) => { readonly isExtended: boolean; readonly isReference: boolean },
  { mostFalseAlarm }: VariabilityOptions,
): FieldVariability {
  const fits = new Map<number, LightFit>();
  const pointsOf = new Map<number, readonly LightPoint[]>();
  for (const [source, light] of curves) {
    const points = framesOf(light).filter(({ isSuspect }) => !isSuspect);
    const fit = fitLight(points);
    if (!fit || fit.points < 3) continue;
    fits.set(source, fit);
    pointsOf.set(source, points);
  }
  const point = judgeOf(
    [...fits].filter(([source]) => matches(kindOf(source), false)).map(([, fit]) => fit),
    true,
  );
  const extended = judgeOf(
    [...fits].filter(([source]) => matches(kindOf(source), true)).map(([, fit]) => fit),
    false,
  );
  const bySource = new Map<number, Variability>();
  for (const [source, fit] of fits) {
    const one = (kindOf(source).isExtended ? extended : point).chanceOf(fit);
    const all = amongTrials(one, fits.size);
    bySource.set(source, {
      ...fit,
      falseAlarmOne: one,
      falseAlarm: all,
      isVariable: all < mostFalseAlarm && !restsOnOne(pointsOf.get(source)!),
    });
  }
  return { bySource, referenceStars: point.count, tested: fits.size };
}

/** Chance above which the other frames are as steady as their errors [1]. */
const STEADY = 0.01;

/** Whether some frame, left out, leaves a steady source. */
export const restsOnOne = (points: readonly LightPoint[]): boolean =>
  points.length > 2 &&
  points.some((_, k) => {
    const others = points.filter((_, i) => i !== k);
    return chiSquareTail(chi2OfConstant(others), others.length - 1) > STEADY;
  });

const matches = (kind: { readonly isExtended: boolean; readonly isReference: boolean }, isExtended: boolean): boolean =>
  kind.isReference && kind.isExtended === isExtended;

/** What sources of one kind show; with too few of them, χ² itself or nothing. */
function judgeOf(reference: readonly LightFit[], trustsChi2: boolean) {
  const logSnr = Float64Array.from(reference, logSnrOf);
  const trend = falseAlarmOf({ logSnr, value: Float64Array.from(reference, ({ deltaChi2 }) => deltaChi2) });
  // Sources may have one frame less than others, so the scatter is compared per degree of freedom; scaled to about ten of them.
  const scatter = falseAlarmOf({
    logSnr,
    value: Float64Array.from(reference, ({ chi2Constant, points }) => (chi2Constant * 10) / (points - 1)),
  });
  return {
    count: reference.length,
    chanceOf(fit: LightFit): number {
      const isFew = reference.length < FEWEST_REFERENCE;
      if (isFew && !trustsChi2) return 1;
      const snr = logSnrOf(fit);
      const dof = fit.points - 1;
      const scattered = isFew ? scatter(snr, fit.chi2Constant, dof) : scatter(snr, (fit.chi2Constant * 10) / dof, 10);
      return Math.min(1, 2 * Math.min(trend(snr, fit.deltaChi2, 1), scattered));
    },
  };
}

const logSnrOf = ({ meanMicroJy, meanErrMicroJy }: LightFit): number => Math.log10(Math.max(0.1, meanMicroJy / meanErrMicroJy));
