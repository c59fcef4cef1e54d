/** Below this S/N places were not fitted, and the expansion says nothing. */
const LEAST_SNR = 3;

/**
 * Takes the centring bias out of a flux that was forced at a place fitted on a reference image, in which the source has S/N `S`.
 *
 * A fitted place follows the gradient of the reference's noise, off the source by 1 / (S √c) per coordinate, c being the relative curvature of the
 * matched filter. Off its centre an image of flux f loses f / S²; and an image that is part of the reference, whose noise drew the place,
 * gains 2 F / S² whatever f is: its noise times its weight is the same for all parts. So the reference itself has F (1 + 1 / S²).
 *
 * @param flux - forced, on the scale of the reference
 * @param reference - F, without the bias of its own centring, and its error [same unit]; NaN: the place was not fitted there
 * @param isPart - the image is the reference or one of those that it was made of
 * Source: the steps above, to first order in 1 / S².
 */
export function withoutCentringBias(flux: number, reference: number, referenceErr: number, isPart: boolean): number {
  const snr2 = (reference / referenceErr) ** 2;
  if (!(reference > LEAST_SNR * referenceErr)) return flux;
  const gain = isPart ? (2 * reference) / snr2 : 0;
  return (flux - gain) / (1 - 1 / snr2);
}
