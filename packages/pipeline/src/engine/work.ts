import type { AstrometryNotes } from '../define-module.ts';
import type { Frame, FrameMeta, FrameSources, HeaderValues, RawFrame } from '../frame.ts';

/** What is held of one frame while the modules work on it; each output replaces what was there of its kind. */
export interface FrameWork {
  readonly meta: FrameMeta;
  readonly header: HeaderValues;
  readonly raw: RawFrame | null;
  readonly frame: Frame | null;
  readonly sources: FrameSources | null;
  readonly notes: AstrometryNotes | null;
}

export const rawWork = (raw: RawFrame): FrameWork => ({
  meta: raw.meta,
  header: raw.header,
  raw,
  frame: null,
  sources: null,
  notes: null,
});
