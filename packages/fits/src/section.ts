import { fitsBadRequest } from './errors.ts';
import { type Hdu, placeOf } from './hdu.ts';

/** One range per axis, NAXIS1 first: 0-based, half open. `[[100, 200], [0, 50]]` is 100 columns of 50 rows. */
export type Section = readonly (readonly [start: number, end: number])[];

/** A piece of an image that lies in one line along the first axis. */
export interface Run {
  /** First pixel in the whole image and in the output, and how many. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

export function checkSection(hdu: Hdu, section: Section | undefined): Section {
  if (section === undefined) return hdu.shape.map((size) => [0, size] as const);
  const ok =
    section.length === hdu.shape.length &&
    section.every(
      ([start, end], i) => Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= hdu.shape[i]!,
    );
  if (ok) return section;
  const what = `the section ${JSON.stringify(section)} does not fit the shape ${JSON.stringify(hdu.shape)}.`;
  throw fitsBadRequest({ ...placeOf(hdu), what });
}

export const sectionShape = (section: Section): number[] => section.map(([start, end]) => end - start);

/** The runs of a section in order; whole rows that touch are given one by one. */
export function* runsOf(shape: readonly number[], section: Section): Generator<Run> {
  const sizes = sectionShape(section);
  const length = sizes[0] ?? 0;
  if (sizes.includes(0)) return;
  const rows = sizes.slice(1).reduce((product, size) => product * size, 1);
  for (let row = 0; row < rows; row++) {
    let from = section[0]![0];
    let stride = shape[0]!;
    let rest = row;
    for (let axis = 1; axis < shape.length; axis++) {
      from += (section[axis]![0] + (rest % sizes[axis]!)) * stride;
      rest = Math.floor(rest / sizes[axis]!);
      stride *= shape[axis]!;
    }
    yield { from, to: row * length, length };
  }
}
