import type { FitsFile, Hdu, HduKind } from './hdu.ts';
import { isImageKind } from './hdu.ts';
import { type PixelArray, scalingOf } from './pixels.ts';
import { readImage } from './read-image.ts';
import { rowCountOf, tableColumns } from './read-table.ts';

/** What `gp1 inspect` prints of one HDU. */
export interface HduDescription {
  readonly index: number;
  readonly kind: HduKind;
  readonly name: string;
  /** NAXIS1 first; empty where there are no data. */
  readonly shape: readonly number[];
  /** Of the physical values: -32 or -64 where BSCALE and BZERO make floats of integers. */
  readonly bitpix: number;
  /** As the header says. */
  readonly storedBitpix: number;
  readonly unit: string;
  /** Cards of the header, END not counted. */
  readonly cards: number;
  /** Of images: physical values that are finite, their number, extremes and mean; null where there are none. */
  readonly finite?: number;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly mean?: number | null;
  /** Of tables and random groups. */
  readonly rows?: number;
  readonly columns?: readonly { readonly name: string; readonly format: string; readonly unit: string }[];
}

/** Describes every HDU; reads all pixels, one HDU after another. */
export async function describeFits(file: FitsFile): Promise<HduDescription[]> {
  const descriptions: HduDescription[] = [];
  for (const hdu of file.hdus) descriptions.push(await describe(hdu));
  return descriptions;
}

async function describe(hdu: Hdu): Promise<HduDescription> {
  const { index, kind, name, bitpix, unit } = hdu;
  const common = {
    index,
    kind,
    name,
    bitpix: physicalBitpix(hdu),
    storedBitpix: bitpix,
    unit,
    cards: hdu.storedHeader.cards().length,
  };
  if (isImageKind(kind)) return { ...common, shape: hdu.shape, ...statistics((await readImage(hdu)).data) };
  if (kind === 'empty' || kind === 'foreign') return { ...common, shape: hdu.shape };
  const columns = tableColumns(hdu).map((column) => ({ name: column.name, format: column.format, unit: column.unit }));
  return { ...common, shape: hdu.shape, rows: rowCountOf(hdu), columns };
}

function physicalBitpix({ kind, header, bitpix }: Hdu): number {
  if (!isImageKind(kind)) return bitpix;
  const { type } = scalingOf(bitpix, header.number('BSCALE'), header.number('BZERO'));
  return type === 'float32' ? -32 : type === 'float64' ? -64 : bitpix;
}

/** Extremes and mean of the finite values; sums in doubles, in pieces so that rounding stays small. */
export function statistics(data: PixelArray): { finite: number; min: number | null; max: number | null; mean: number | null } {
  let finite = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let from = 0; from < data.length; from += 4096) {
    let part = 0;
    for (let i = from, end = Math.min(data.length, from + 4096); i < end; i++) {
      const value = Number(data[i]!);
      if (!Number.isFinite(value)) continue;
      finite++;
      part += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    sum += part;
  }
  if (finite === 0) return { finite, min: null, max: null, mean: null };
  return { finite, min, max, mean: sum / finite };
}
