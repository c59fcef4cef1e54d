import type { FrameRow } from '@colibri/contracts';

/** A bias, dark or flat that was recorded so that masters can be made of it: it went no further because it need not. */
export const isForMasters = (row: FrameRow): boolean =>
  row.state === 'skipped' &&
  row.failure === null &&
  row.cells.some((cell) => cell.module === 'calibration' && cell.state === 'done');

/** The state of a row as a person reads it. */
export const stateWord = (row: FrameRow): string => (isForMasters(row) ? 'for masters' : row.state);
