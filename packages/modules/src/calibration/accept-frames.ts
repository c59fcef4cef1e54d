import type { CalibrationFrame, CalibrationSetup, HeaderValues } from '@colibri/pipeline';

/** Frames that are to be combined, and a sentence for each kind that is not. */
export interface AcceptedFrames {
  readonly frames: readonly CalibrationFrame[];
  readonly sentences: readonly string[];
}

/**
 * The newest `nights` nights of a setup, at most `most` frames, all at one temperature of the detector where the headers tell it:
 * dark current doubles every 5 to 8 K, so that pooled nights must agree.
 */
export function acceptFrames(
  { frames }: CalibrationSetup,
  { nights, most, toleranceK }: { nights: number; most: number; toleranceK: number },
): AcceptedFrames {
  const sentences: string[] = [];
  const known = [...new Set(frames.map(({ meta }) => meta.nightId))].sort().slice(-nights);
  let chosen = frames.filter(({ meta }) => known.includes(meta.nightId));
  const temperatures = chosen.map(({ header }) => detectorTemperature(header));
  const told = temperatures.filter((value) => value !== null).sort((a, b) => a - b);
  if (told.length > 0) {
    const middle = told[told.length >> 1]!;
    const warm = chosen.filter((_, i) => temperatures[i] !== null && Math.abs(temperatures[i]! - middle) > toleranceK);
    if (warm.length > 0) {
      sentences.push(
        `${warm.length} frames are left out: their detector was more than ${toleranceK} K from ${middle} °C (${warm[0]!.meta.frameId} …).`,
      );
      chosen = chosen.filter((frame) => !warm.includes(frame));
    }
  }
  if (chosen.length > most) {
    sentences.push(`${chosen.length} frames are there; the newest ${most} are combined.`);
    chosen = chosen.slice(-most);
  }
  return { frames: chosen, sentences };
}

/** [°C]; null where no card tells it. SDTTM: the telescope control system's, at the start of the exposure. */
export function detectorTemperature(header: HeaderValues): number | null {
  for (const keyword of ['SDTTM', 'CCD-TEMP', 'CCDTEMP', 'DETTEMP']) {
    const value = header.get(keyword);
    const number = typeof value === 'string' ? Number.parseFloat(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
  }
  return null;
}
