import type { LightPoint, Variability } from '@colibri/contracts';
import { amongTrials, falseAlarmOf } from './false-alarm.ts';
import { fitLight, type LightFit } from './fit-light.ts';
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
 * @param isReference - catalogued, clean, point-like: taken to be steady, up to a few
 */
export function judgeVariability(
  curves: ReadonlyMap<number, readonly LightPoint[]>,
  isReference: (source: number) => boolean,
  { mostFalseAlarm }: VariabilityOptions,
): FieldVariability {
  const fits = new Map<number, LightFit>();
  for (const [source, light] of curves) {
    const fit = fitLight(framesOf(light));
    if (fit && fit.points >= 3) fits.set(source, fit);
  }
  const reference = [...fits].filter(([source]) => isReference(source)).map(([, fit]) => fit);
  const logSnr = Float64Array.from(reference, logSnrOf);
  const trend = falseAlarmOf({ logSnr, value: Float64Array.from(reference, ({ deltaChi2 }) => deltaChi2) });
  const scatter = falseAlarmOf({
    logSnr,
    value: Float64Array.from(reference, ({ chi2Constant, points }) => (chi2Constant * 10) / (points - 1)),
  });
  const bySource = new Map<number, Variability>();
  for (const [source, fit] of fits) {
    const snr = logSnrOf(fit);
    const dof = fit.points - 1;
    // Stars may have one frame less than others, so the scatter is compared per degree of freedom; scaled to about ten of them.
    const one = Math.min(
      1,
      2 * Math.min(trend(snr, fit.deltaChi2, 1), scatterTail(scatter, reference.length, snr, fit.chi2Constant, dof)),
    );
    const all = amongTrials(one, fits.size);
    bySource.set(source, { ...fit, falseAlarmOne: one, falseAlarm: all, isVariable: all < mostFalseAlarm });
  }
  return { bySource, referenceStars: reference.length, tested: fits.size };
}

const scatterTail = (tail: ReturnType<typeof falseAlarmOf>, stars: number, snr: number, chi2: number, dof: number): number =>
  stars < 30 ? tail(snr, chi2, dof) : tail(snr, (chi2 * 10) / dof, 10);

const logSnrOf = ({ meanMicroJy, meanErrMicroJy }: LightFit): number => Math.log10(Math.max(0.1, meanMicroJy / meanErrMicroJy));
