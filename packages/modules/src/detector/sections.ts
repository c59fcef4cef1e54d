import type { RawFrame } from '@colibri/pipeline';
import { badSection } from './errors.ts';

/** A rectangle of pixels, 0-based, `x1`/`y1` exclusive. */
export interface Section {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** Where light falls and where the overscan is. */
export interface Geometry {
  readonly data: Section;
  /** Overscan left and right of the data area; empty when the detector has none. */
  readonly overscan: readonly Section[];
}

/**
 * The areas of a raw frame: DATASEC (or TRIMSEC) and BIASSEC, else COLIBRI's rule for frames wider than high by an even number of at
 * most 256 columns (overscan of half of them on each side, pipeline.md §4.1), else the whole frame.
 */
export function frameGeometry(raw: RawFrame): Geometry {
  const dataText = text(raw, 'DATASEC') ?? text(raw, 'TRIMSEC');
  const biasText = text(raw, 'BIASSEC');
  if (dataText !== null) {
    const data = parseSection(raw, 'DATASEC', dataText);
    const overscan = biasText === null ? besides(raw, data) : [trimEdges(parseSection(raw, 'BIASSEC', biasText))];
    return { data, overscan };
  }
  const extra = raw.width - raw.height;
  if (extra > 0 && extra <= 256 && extra % 2 === 0) {
    const data = { x0: extra / 2, x1: raw.width - extra / 2, y0: 0, y1: raw.height };
    return { data, overscan: besides(raw, data) };
  }
  return { data: { x0: 0, x1: raw.width, y0: 0, y1: raw.height }, overscan: [] };
}

/** The columns left and right of the data area, when there are at least 8. */
function besides(raw: RawFrame, data: Section): Section[] {
  const left = { x0: 0, x1: data.x0, y0: data.y0, y1: data.y1 };
  const right = { x0: data.x1, x1: raw.width, y0: data.y0, y1: data.y1 };
  return [left, right].filter((section) => section.x1 - section.x0 >= 8).map(trimEdges);
}

/** Without the outermost two columns, which carry the charge that trails behind the last pixel read, when that leaves 8. */
function trimEdges(section: Section): Section {
  return section.x1 - section.x0 >= 12 ? { ...section, x0: section.x0 + 2, x1: section.x1 - 2 } : section;
}

function text(raw: RawFrame, keyword: string): string | null {
  const value = raw.header.get(keyword);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** An IRAF section `[x1:x2,y1:y2]`, 1-based and inclusive. */
export function parseSection(raw: RawFrame, keyword: string, value: string): Section {
  const match = /^\[\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*\]$/.exec(value);
  const [x1, x2, y1, y2] = (match?.slice(1) ?? []).map(Number);
  if (!match || !(x1! >= 1 && x2! >= x1! && x2! <= raw.width && y1! >= 1 && y2! >= y1! && y2! <= raw.height)) {
    throw badSection({ frame: raw.meta.frameId, keyword, value, width: raw.width, height: raw.height });
  }
  return { x0: x1! - 1, x1: x2!, y0: y1! - 1, y1: y2! };
}

export const sectionWidth = (section: Section): number => section.x1 - section.x0;
export const sectionHeight = (section: Section): number => section.y1 - section.y0;

/** Pixels of a section as a plane of its own: row-major, in `out` (same element type as the raw data). */
export function cutSection<A extends Uint16Array | Float32Array>(data: A, rawWidth: number, section: Section, out: A): A {
  const width = sectionWidth(section);
  for (let y = section.y0, row = 0; y < section.y1; y++, row++) {
    const from = y * rawWidth + section.x0;
    out.set(data.subarray(from, from + width) as never, row * width);
  }
  return out;
}
