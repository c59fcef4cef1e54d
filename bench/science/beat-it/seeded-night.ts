import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useZlib } from '@colibri/fits/node';
import { drawField, type Field, type FieldOptions } from '../field18/field.ts';
import { writeField } from '../field18/write-field.ts';
import { runGp1 } from './run-gp1.ts';

/** A seeded field as files on disk: calibrations and catalogue are there, science frames come when they are called. */
export interface SeededNight {
  readonly folder: string;
  readonly field: Field;
  /** Moves the file of frame `k` into the input, whole at once, as a transfer that renames does. */
  deliver(k: number): void;
  dispose(): void;
}

/** `isHeld`: no science frame is in the input yet. */
export function seededNight(options: Partial<FieldOptions>, { isHeld = false } = {}): SeededNight {
  useZlib();
  const folder = mkdtempSync(join(tmpdir(), 'colibri-night-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const field = drawField({ trailFrame: null, ...options });
    writeField(field, folder);
    runGp1(folder, 'catalog', 'import', join(folder, 'refcat.csv'), '--name', 'refcat', '--catalog', join(folder, 'catalogs'));
    const file = (k: number): string => `${field.frames[k]!.frameId}.fits.fz`;
    const held = join(folder, 'held');
    mkdirSync(held);
    const deliver = (k: number): void => renameSync(join(held, file(k)), join(folder, 'raw', file(k)));
    if (isHeld) for (let k = 0; k < field.frames.length; k++) renameSync(join(folder, 'raw', file(k)), join(held, file(k)));
    return { folder, field, deliver, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
