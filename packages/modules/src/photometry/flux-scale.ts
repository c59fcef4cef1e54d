import { medianOf } from '@colibri/numerics';

/** Fluxes of the same stars in an image and in a reference. */
export interface CommonStars {
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  readonly reference: Float64Array;
  readonly referenceErr: Float64Array;
}

/** Stars that a ratio needs. */
const LEAST = 3;
/** Fainter stars say little, and may be picked by their noise. */
const LEAST_SNR = 15;

/**
 * Flux in the image over flux in the reference, from stars common to both: weighted mean of the ratios with the scatter beyond errors in the
 * weights, variable stars left out beyond 3.5 sigma in turns. null: fewer than three stars agree.
 */
export function fitFluxScale(
  stars: CommonStars,
): { readonly value: number; readonly err: number; readonly stars: number } | null {
  const all: { ratio: number; variance: number }[] = [];
  for (let i = 0; i < stars.flux.length; i++) {
    const ratio = stars.flux[i]! / stars.reference[i]!;
    if (!(stars.reference[i]! > LEAST_SNR * stars.referenceErr[i]!) || !Number.isFinite(ratio) || !(stars.fluxErr[i]! > 0))
      continue;
    // The error that the usual star of this brightness has: were it by the star's own flux here, low ratios would weigh more.
    all.push({
      ratio,
      variance: (stars.fluxErr[i]! / stars.reference[i]!) ** 2 + ((ratio * stars.referenceErr[i]!) / stars.reference[i]!) ** 2,
    });
  }
  const middle = medianOf(Float64Array.from(all, (s) => s.ratio));
  if (!(middle > 0)) return null;
  const bright = all.filter((s) => s.variance < (middle / 8) ** 2);
  if (bright.length < LEAST) return null;
  let kept = bright;
  let value = middle;
  let scatter2 = 0;
  for (let round = 0; round < 15; round++) {
    const next = bright.filter((s) => (s.ratio - value) ** 2 <= 12.25 * (s.variance + Math.max(scatter2, (0.003 * value) ** 2)));
    if (next.length < LEAST) return null;
    const same = round > 0 && next.length === kept.length;
    kept = next;
    ({ value, scatter2 } = mean(kept));
    if (same) break;
  }
  const information = kept.reduce((sum, s) => sum + 1 / (s.variance + scatter2), 0);
  return { value, err: 1 / Math.sqrt(information), stars: kept.length };
}

/** Mean, and the scatter beyond errors by the method of moments (DerSimonian & Laird 1986, Control. Clin. Trials 7, 177). */
function mean(stars: readonly { ratio: number; variance: number }[]): { value: number; scatter2: number } {
  let w0 = 0;
  let w1 = 0;
  let w2 = 0;
  for (const { ratio, variance } of stars) {
    w0 += 1 / variance;
    w1 += ratio / variance;
    w2 += 1 / variance ** 2;
  }
  const first = w1 / w0;
  const q = stars.reduce((sum, { ratio, variance }) => sum + (ratio - first) ** 2 / variance, 0);
  const scatter2 = Math.max((q - (stars.length - 1)) / (w0 - w2 / w0), 0);
  let sum = 0;
  let weight = 0;
  for (const { ratio, variance } of stars) {
    const w = 1 / (variance + scatter2);
    weight += w;
    sum += w * ratio;
  }
  return { value: sum / weight, scatter2 };
}
