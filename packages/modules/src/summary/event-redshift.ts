import type { EventBandFlux, PhotometricRedshift } from '@colibri/contracts';
import { photometricRedshift } from '../environment/index.ts';
import type { MergedCandidate } from './merge-candidates.ts';

/** Fewest filters with a measured flux. */
const FEWEST_FLUXES = 4;

/**
 * Redshift of one place from its fluxes, brought to one time by the power law that the best of its filters was fitted with.
 *
 * @returns null below four filters with a flux, or where nothing can be said
 */
export function eventRedshift({ byFilter }: MergedCandidate, fluxes: readonly EventBandFlux[]): PhotometricRedshift | null {
  const measured = fluxes.filter(({ isLimit }) => !isLimit);
  if (measured.length < FEWEST_FLUXES) return null;
  const laws = [...byFilter.values()].flatMap(({ variability }) => (variability?.isVariable ? [variability.powerLaw] : []));
  const law = laws.filter((one) => one !== null).sort((a, b) => a.indexErr - b.indexErr)[0] ?? null;
  const times = measured.flatMap(({ midSinceTriggerSec: t }) => (t !== null && t > 0 ? [t] : [])).sort((a, b) => a - b);
  const common = times.length === measured.length ? times[times.length >> 1]! : null;
  const isMoved = law !== null && common !== null;
  const found = photometricRedshift(
    fluxes.map(({ filter, fluxMicroJy, errMicroJy, midSinceTriggerSec: t }) => {
      if (!isMoved || t === null || t <= 0) return { filter, flux: fluxMicroJy, err: errMicroJy };
      const scale = (common / t) ** law.index;
      const scaleErr = Math.abs(Math.log(common / t)) * law.indexErr;
      return { filter, flux: fluxMicroJy * scale, err: Math.hypot(errMicroJy, fluxMicroJy * scaleErr) * scale };
    }),
  );
  if (!found) return null;
  const round = (value: number): number => Number(value.toPrecision(5));
  const { z, density, laws: dust, ...rest } = found;
  return {
    ...rest,
    above4: round(rest.above4),
    above6: round(rest.above6),
    highest: rest.highest === null ? null : round(rest.highest),
    interval68: [round(rest.interval68[0]), round(rest.interval68[1])],
    interval90: [round(rest.interval90[0]), round(rest.interval90[1])],
    z: [...z],
    density: density.map(round),
    laws: dust.map(({ law: name, weight, best }) => ({
      law: name,
      weight: round(weight),
      z: best.z,
      avMag: best.avMag,
      beta: best.beta,
      chi2: round(best.chi2),
    })),
    epoch: isMoved
      ? `Fluxes at T+${common.toFixed(0)} s by t^${law.index.toFixed(2)} ± ${law.indexErr.toFixed(2)}, not corrected for Galactic extinction.`
      : 'Fluxes each at the middle of its own light, not corrected for Galactic extinction.',
  };
}
