import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceCsv } from './catalog.ts';
import { type Field, trueZeroPointMag } from './field.ts';
import { rawCalibrations, rawScience } from './raw-file.ts';

/**
 * Writes a field as a night on disk, for the real commands: `raw/` with calibration and science frames, `refcat.csv`, and `truth.json`
 * with every source, its magnitude and its place in each frame (0-based pixels of the upright frame).
 */
export function writeField(field: Field, folder: string, { calibrations = true } = {}): void {
  const raw = join(folder, 'raw');
  mkdirSync(raw, { recursive: true });
  if (calibrations) for (const { name, bytes } of rawCalibrations(field)) writeFileSync(join(raw, `${name}.fits.fz`), bytes);
  for (const frame of field.frames) writeFileSync(join(raw, `${frame.frameId}.fits.fz`), rawScience(field, frame));
  writeFileSync(join(folder, 'refcat.csv'), referenceCsv(field));
  const truth = {
    options: { ...field.options, fwhmPix: undefined, transparency: undefined },
    zeroPointMag: trueZeroPointMag(field.options),
    frames: field.frames.map(({ frameId, observedAt, transparency, fwhmPix, rotationDeg, wcs }) => ({
      frameId,
      observedAt,
      transparency,
      fwhmPix,
      rotationDeg,
      wcs: Object.fromEntries(wcs.toCards().map(({ keyword, value }) => [keyword, value])),
    })),
    sources: field.sources.map((source) => ({
      id: source.id,
      kind: source.kind,
      raDeg: source.raDeg,
      decDeg: source.decDeg,
      mag: source.mag,
      light: field.frames.map((frame) => source.light(frame.index)),
      pixels: field.frames.map((frame) => frame.wcs.skyToPixel(source.raDeg, source.decDeg)),
    })),
  };
  writeFileSync(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`);
}
