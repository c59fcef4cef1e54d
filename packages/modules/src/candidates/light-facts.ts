import type { LightPoint, Variability } from '@colibri/contracts';
import type { SphereIndex } from '@colibri/sky';

/** Significance of a trend, negative for fading; null: none was fitted. */
export function trendSigmaOf(variability: Variability | null): number | null {
  if (!variability) return null;
  if (variability.powerLaw && variability.powerLaw.indexErr < 99) {
    const sign = Math.sign(variability.powerLaw.index);
    // √Δχ² is the significance against a constant; index over its error says the same near zero, less far from it.
    return sign * Math.sqrt(variability.deltaChi2);
  }
  return variability.slopePerHour === null ? null : Math.sign(variability.slopePerHour) * Math.sqrt(variability.deltaChi2);
}

/** One frame of at least three gives the light, and the others say that there is none. */
export function isSingleFrame(light: readonly LightPoint[]): boolean {
  if (light.length < 3) return false;
  let best = 0;
  light.forEach((point, k) => {
    if (point.fluxMicroJy / point.fluxErrMicroJy > light[best]!.fluxMicroJy / light[best]!.fluxErrMicroJy) best = k;
  });
  let weight = 0;
  let sum = 0;
  light.forEach((point, k) => {
    if (k === best) return;
    weight += 1 / point.fluxErrMicroJy ** 2;
    sum += point.fluxMicroJy / point.fluxErrMicroJy ** 2;
  });
  const rest = sum / Math.sqrt(weight);
  const snr = light[best]!.fluxMicroJy / light[best]!.fluxErrMicroJy;
  return snr >= 5 && rest < 2 && light[best]!.fluxMicroJy * Math.sqrt(weight) > 5;
}

/** A star thirty times as bright within five FWHM. */
export function isNearBright(
  index: SphereIndex,
  flux: Float64Array,
  i: number,
  raDeg: number,
  decDeg: number,
  fwhmArcsec: number,
): boolean {
  return index.within(raDeg, decDeg, 5 * fwhmArcsec).some((near) => near.index !== i && flux[near.index]! > 30 * flux[i]!);
}
