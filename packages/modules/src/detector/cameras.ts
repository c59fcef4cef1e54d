import type { FrameMeta, HeaderValues } from '@colibri/pipeline';
import { unknownGain } from './errors.ts';

/** What the arithmetic must know of a detector, for the binning and software gain of one frame. */
export interface Detector {
  /** [electron/adu] */
  readonly gain: number;
  /** [electron rms] */
  readonly readNoise: number;
  /** Raw counts, bias included, from which a pixel counts as saturated [adu]. */
  readonly saturationAdu: number;
  /** [deg/pixel] as binned. */
  readonly pixelScaleDeg: number;
  /** Where gain came from: `configuration`, `header` or `camera table`. */
  readonly source: string;
}

/** Unbinned figures of the cameras that the pipeline meets (pipeline.md §1.3). DDRAGO's C0 counts as C1. */
const cameras: Record<
  string,
  { gain: number; readNoise: number; saturationAdu: number; pixelScaleDeg: number; mirrored: boolean }
> = {
  C0: { gain: 2.2, readNoise: 6.8, saturationAdu: 65000, pixelScaleDeg: 0.0001056, mirrored: false },
  C1: { gain: 2.2, readNoise: 6.8, saturationAdu: 65000, pixelScaleDeg: 0.0001056, mirrored: false },
  C2: { gain: 2.1, readNoise: 7.0, saturationAdu: 65000, pixelScaleDeg: 0.0001056, mirrored: true },
};

/** True when the optics mirror the image on this camera (pipeline.md §5 step 7). */
export const isMirrored = (camera: string): boolean => cameras[camera]?.mirrored ?? false;

/** Values of the configuration; null where it says nothing. */
export interface DetectorOverrides {
  readonly gain: number | null;
  readonly readNoise: number | null;
  readonly saturationAdu: number | null;
  readonly pixelScaleDeg: number | null;
}

/**
 * The detector of one frame. Configuration wins over header cards (GAIN, RDNOISE, SATURATE or DATASAT), which win over the table.
 * Table values are scaled as COLIBRI's pipeline does: software gain divides the saturation and multiplies the gain, binning
 * multiplies scale and read noise.
 */
export function detectorOf(meta: FrameMeta, header: HeaderValues, overrides: DetectorOverrides): Detector {
  const camera = cameras[meta.camera];
  const binning = Math.max(1, Number.parseInt(meta.binning, 10) || 1);
  // Cards like `SOFTGAIN = 6.2 / e-/ADU` give a gain in electron/adu, not the amplifier's factor: only whole factors scale the table.
  const softGain = /^[1-9]\d*(\.0*)?$/.test(meta.softGain) ? Number.parseFloat(meta.softGain) : 1;
  const headerGain = positive(header, 'GAIN');
  const gain = overrides.gain ?? headerGain ?? (camera ? camera.gain * softGain : null);
  if (gain === null) throw unknownGain({ frame: meta.frameId, camera: meta.camera });
  return {
    gain,
    readNoise: overrides.readNoise ?? positive(header, 'RDNOISE') ?? (camera ? camera.readNoise * binning : 10),
    saturationAdu:
      overrides.saturationAdu ??
      positive(header, 'SATURATE') ??
      positive(header, 'DATASAT') ??
      (camera ? (camera.saturationAdu * (binning > 1 ? binning * binning : 1)) / softGain : 65000),
    pixelScaleDeg: overrides.pixelScaleDeg ?? (camera ? camera.pixelScaleDeg * binning : 0.0001056),
    source: overrides.gain !== null ? 'configuration' : headerGain !== null ? 'header' : 'camera table',
  };
}

function positive(header: HeaderValues, keyword: string): number | null {
  const value = header.get(keyword);
  const number = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : null;
}
