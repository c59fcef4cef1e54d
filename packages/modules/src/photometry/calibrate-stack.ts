import { SourceFlag } from '@colibri/numerics';
import type { PhotometricCalibration, ReferenceStars, Stack } from '@colibri/pipeline';
import { scaledPlace } from './apply-calibration.ts';
import { type FilterMagnitudes, filterMagnitudes } from './filter-magnitudes.ts';
import { instrumentOf } from './filters.ts';
import { FEWEST_STARS, fitCalibration } from './fit-calibration.ts';
import type { CatalogMatches } from './match-catalog.ts';
import type { MeasuredImage } from './measure-stack.ts';

const SPOILT =
  SourceFlag.CROWDED | SourceFlag.BLENDED | SourceFlag.SATURATED | SourceFlag.TRUNCATED | SourceFlag.APERTURE_INCOMPLETE;
/** Faintest stars that count; where fewer than twenty are brighter, the second. */
const LEAST_SNR = [25, 10] as const;
/** Catalogue errors beyond which a star says nothing [mag]. */
const LARGEST_ERR = 0.1;

export interface StackCalibration {
  readonly calibration: PhotometricCalibration | null;
  /** Why there is none. */
  readonly reason: string | null;
  readonly magnitudes: FilterMagnitudes | null;
}

/** Calibrates a stack against the entries that its sources were matched to. */
export function calibrateStack(
  stack: Pick<Stack, 'filter' | 'camera' | 'header' | 'width' | 'height'>,
  { columns, fluxes }: MeasuredImage,
  stars: ReferenceStars,
  matches: CatalogMatches,
  maxSpatialOrder: number,
): StackCalibration {
  const instrument = instrumentOf([stack.camera, text(stack.header.get('TELESCOP')), text(stack.header.get('INSTRUME'))]);
  const magnitudes = filterMagnitudes(stars, stack.filter, instrument);
  if (typeof magnitudes === 'string') return { calibration: null, reason: magnitudes, magnitudes: null };
  const candidates = Array.from(columns.x.keys()).filter((i) => {
    const e = matches.index[i]!;
    return (
      e >= 0 &&
      // Catalogues that don't tell stars from galaxies leave it to the shape.
      (stars.isStar[e] === 1 || (stars.isStar[e] === 255 && Math.abs(fluxes.spread[i]!) < 3 * fluxes.spreadErr[i]! + 0.003)) &&
      (columns.flags[i]! & SPOILT) === 0 &&
      fluxes.covered[i]! > 0.99 &&
      fluxes.flux[i]! > 0 &&
      Number.isFinite(magnitudes.mag[e]!) &&
      !(magnitudes.err[e]! > LARGEST_ERR)
    );
  });
  const snr = (i: number): number => fluxes.flux[i]! / fluxes.fluxErr[i]!;
  const bright = candidates.filter((i) => snr(i) > LEAST_SNR[0]);
  const chosen = bright.length >= 20 ? bright : candidates.filter((i) => snr(i) > LEAST_SNR[1]);
  const places = chosen.map((i) => scaledPlace(fluxes.x[i]!, fluxes.y[i]!, stack));
  const fit = fitCalibration(
    {
      u: Float64Array.from(places, ([u]) => u),
      v: Float64Array.from(places, ([, v]) => v),
      instrumentalMag: Float64Array.from(chosen, (i) => -2.5 * Math.log10(fluxes.flux[i]!)),
      instrumentalErr: Float64Array.from(chosen, (i) => 2.5 / Math.LN10 / snr(i)),
      referenceMag: Float64Array.from(chosen, (i) => magnitudes.mag[matches.index[i]!]!),
      referenceErr: Float64Array.from(chosen, (i) => magnitudes.err[matches.index[i]!]!),
      colour: magnitudes.colour && Float64Array.from(chosen, (i) => magnitudes.colour!.mag[matches.index[i]!]!),
    },
    maxSpatialOrder,
  );
  if (!fit) {
    const reason = `No zero point: ${chosen.length} clean stars with a magnitude ${magnitudes.transformation} in ${stars.name}, at least ${FEWEST_STARS} that agree are needed.`;
    return { calibration: null, reason, magnitudes };
  }
  const { usesColour, kept: _, ...numbers } = fit;
  return {
    calibration: {
      ...numbers,
      colour: usesColour ? magnitudes.colour!.name : null,
      band: magnitudes.band,
      catalog: stars.name,
      transformation: magnitudes.transformation,
      note: magnitudes.note,
    },
    reason: null,
    magnitudes,
  };
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Radius within which a source is its catalogue entry [arcsec]: half the seeing, a second at least. */
export const matchRadius = (fwhmArcsec: number): number => Math.max(1, 0.6 * fwhmArcsec);
