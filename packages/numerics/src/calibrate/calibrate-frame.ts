import { numericsShape } from '../errors.ts';
import { MaskPlane } from '../mask-plane.ts';
import { assertPlane, type Shape } from '../shape.ts';

/** Reference images of the detector, each of the frame's shape, or null when there is none (0; 1 for the flat). */
export interface CalibrationMasters {
  /** [adu] and its variance [adu²]. */
  readonly bias: Float32Array | null;
  readonly biasVariance: Float32Array | null;
  /** Bias already removed [adu/s], variance [(adu/s)²]. */
  readonly darkRate: Float32Array | null;
  readonly darkVariance: Float32Array | null;
  /** Relative response, median 1 [1]. */
  readonly flat: Float32Array | null;
  readonly flatVariance: Float32Array | null;
  /** MaskPlane bits that every frame of this detector gets. */
  readonly masterMask: Uint16Array | null;
}

export interface CalibrateOptions extends Shape {
  readonly exposureSec: number;
  /** [electron/adu] */
  readonly gain: number;
  /** [electron rms] */
  readonly readNoise: number;
  /** Counts, bias included, from which a pixel is saturated [adu]. */
  readonly saturationAdu: number;
  /** Least response that is still divided by [1]. */
  readonly minFlat: number;
  /** Overscan level [adu]: `height` values, one per row, or `2 · height`, left and right of `splitX` for each row. */
  readonly levels: Float32Array;
  /** First column of the right amplifier [pix]; default half the width. */
  readonly splitX?: number;
}

export interface CalibratedPlanes {
  /** [electron]; NaN where NO_FLAT or NO_DATA. */
  readonly data: Float32Array;
  /** [electron²]; NaN where `data` is. */
  readonly variance: Float32Array;
  /** MaskPlane bits; overwritten. */
  readonly mask: Uint16Array;
}

/** Pixels per class; one pixel may count in several. `masked`: a bit of the master mask. */
export interface CalibrationCounts {
  readonly saturated: number;
  readonly noFlat: number;
  readonly noData: number;
  readonly masked: number;
}

/**
 * Removes the detector signature from one frame and carries its errors along:
 * `electrons = gain · (raw − level − bias − darkRate · exposure) / flat`,
 * `variance = (max(charge, 0) + readNoise² + gain² (biasVariance + darkVariance · exposure²)) / flat² + electrons² · flatVariance / flat²`,
 * charge being the collected electrons, dark included. SATURATED pixels keep their value.
 *
 * Source: Howell, Handbook of CCD Astronomy, 2nd ed. (2006), sections 4.4 and 4.5; errors by linear propagation.
 */
export function calibrateFrame(
  raw: Uint16Array | Float32Array,
  masters: CalibrationMasters,
  options: CalibrateOptions,
  out: CalibratedPlanes,
): CalibrationCounts {
  assertCalibration(raw, masters, options, out);
  const { width, height, exposureSec: t, gain, readNoise, saturationAdu, minFlat, levels } = options;
  const { bias, biasVariance, darkRate, darkVariance, flat, flatVariance, masterMask } = masters;
  const split = options.splitX ?? width >> 1;
  const sides = levels.length === height ? 1 : 2;
  const counts = { saturated: 0, noFlat: 0, noData: 0, masked: 0 };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const value = raw[i]!;
      const level = levels[y * sides + (x >= split ? sides - 1 : 0)]!;
      const charge = gain * (value - level - (bias === null ? 0 : bias[i]!));
      const response = flat === null ? 1 : flat[i]!;
      let electrons = (charge - (darkRate === null ? 0 : gain * darkRate[i]! * t)) / response;
      const masterVar = (biasVariance?.[i] ?? 0) + (darkVariance?.[i] ?? 0) * t * t;
      let variance = Math.max(charge, 0) + readNoise * readNoise + gain * gain * masterVar;
      variance = (variance + electrons * electrons * (flatVariance?.[i] ?? 0)) / (response * response);
      let bits = masterMask === null ? 0 : masterMask[i]!;
      if (bits !== 0) counts.masked++;
      if (value >= saturationAdu) {
        bits |= MaskPlane.SATURATED;
        counts.saturated++;
      }
      if (!(response >= minFlat)) {
        bits |= MaskPlane.NO_FLAT;
        counts.noFlat++;
        electrons = variance = NaN;
      } else if (Number.isNaN(electrons)) {
        bits |= MaskPlane.NO_DATA;
        counts.noData++;
        variance = NaN;
      }
      out.data[i] = electrons;
      out.variance[i] = variance;
      out.mask[i] = bits;
    }
  }
  return counts;
}

/** All shapes at once, before any pixel is touched. */
export function assertCalibration(
  raw: Uint16Array | Float32Array,
  masters: CalibrationMasters,
  options: CalibrateOptions,
  out: CalibratedPlanes,
): void {
  assertPlane(raw, options, 'The raw frame');
  for (const [name, plane] of Object.entries({ ...masters, ...out })) assertPlane(plane, options, `The plane ${name}`);
  const { levels, height } = options;
  if (levels.length !== height && levels.length !== 2 * height) {
    throw numericsShape({ what: 'The overscan levels', found: levels.length, expected: 2 * height });
  }
}
