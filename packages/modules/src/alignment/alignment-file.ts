import type { AlignedFrame, ProductCodec, UnitAlignment } from '@colibri/pipeline';
import { parseWcs, type Wcs } from '@colibri/sky';

const SCHEMA = 'colibri.alignment/1';

type Cards = Readonly<Record<string, number | string>>;

/** One frame in the file: NaN is null there, and the WCS its cards. */
type FrameText = Omit<AlignedFrame, 'wcs' | 'transparency' | 'transparencyErr'> & {
  readonly wcs: Cards | null;
  readonly transparency: number | null;
  readonly transparencyErr: number | null;
};

/** The alignment of a unit as JSON, ends with a newline. Numbers are written so that they read back to the last bit. */
export function encodeAlignment({ frames, ...unit }: UnitAlignment): string {
  const written = frames.map(
    ({ wcs, transparency, transparencyErr, ...frame }): FrameText => ({
      ...frame,
      transparency: finiteOrNull(transparency),
      transparencyErr: finiteOrNull(transparencyErr),
      wcs: wcs && cardsOf(wcs),
    }),
  );
  return `${JSON.stringify({ schema: SCHEMA, ...unit, frames: written }, null, 1)}\n`;
}

/** Reads {@link encodeAlignment}'s text. Throws SyntaxError or RangeError where it is none. */
export function decodeAlignment(text: string): UnitAlignment {
  const value: unknown = JSON.parse(text);
  if (!isAlignmentText(value)) throw new RangeError(`An alignment of the schema ${SCHEMA} is expected.`);
  const { schema: _, frames, ...unit } = value;
  return {
    ...unit,
    frames: frames.map(({ wcs, transparency, transparencyErr, ...frame }) => ({
      ...frame,
      transparency: transparency ?? NaN,
      transparencyErr: transparencyErr ?? NaN,
      wcs: wcs && parseWcs(new Map(Object.entries(wcs))),
    })),
  };
}

/** `alignment.json` in the folder of the unit. */
export const alignmentCodec: ProductCodec<UnitAlignment> = {
  encode: async (alignment) => new Map([['alignment.json', new TextEncoder().encode(encodeAlignment(alignment))]]),
  async decode(read) {
    const bytes = await read('alignment.json');
    return bytes && decodeAlignment(new TextDecoder().decode(bytes));
  },
};

/** The same WCS by way of its cards, so that it gives the same bits as one that was written and read. */
export const throughCards = (wcs: Wcs): Wcs => parseWcs(new Map(Object.entries(cardsOf(wcs))));

const cardsOf = (wcs: Wcs): Cards => Object.fromEntries(wcs.toCards().map(({ keyword, value }) => [keyword, value]));

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

function isAlignmentText(value: unknown): value is Omit<UnitAlignment, 'frames'> & { schema: string; frames: FrameText[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    value.schema === SCHEMA &&
    'frames' in value &&
    Array.isArray(value.frames)
  );
}
