import { fromBigEndian } from './big-endian.ts';
import { gather } from './bin-cells.ts';
import type { Hdu } from './hdu.ts';
import { imageScaling, storedType } from './pixels.ts';
import { readExactly } from './source.ts';
import { storePhysical } from './store.ts';
import type { ColumnSummary, FitsColumn } from './table-types.ts';

const letter: Readonly<Record<number, string>> = { 8: 'B', 16: 'I', 32: 'J', 64: 'K', '-32': 'E', '-64': 'D' };

/** Random groups (FITS 4.0, section 6) as a table: a column per parameter, and DATA with the array of each group. */
function summaries(hdu: Hdu): (ColumnSummary & { readonly count: number; readonly scale: number; readonly zero: number })[] {
  const { header, shape } = hdu;
  const form = letter[hdu.bitpix]!;
  const seen = new Set<string>();
  const parameters = Array.from({ length: header.number('PCOUNT') ?? 0 }, (_, i) => {
    // Repeated names are parts of one value; the later ones get an underscore each, as astropy does.
    let name = header.text(`PTYPE${i + 1}`)?.trim() ?? '';
    while (seen.has(name)) name = `_${name}`;
    seen.add(name);
    const scale = header.number(`PSCAL${i + 1}`) ?? 1;
    return { name, unit: '', format: form, dim: null, count: 1, scale, zero: header.number(`PZERO${i + 1}`) ?? 0 };
  });
  const count = shape.reduce((product, size) => product * size, 1);
  const { scale, zero } = imageScaling(header, hdu.bitpix);
  return [...parameters, { name: 'DATA', unit: hdu.unit, format: `${count}${form}`, dim: shape, count, scale, zero }];
}

async function read(hdu: Hdu, start: number, end: number, isWanted: (name: string) => boolean): Promise<FitsColumn[]> {
  const columns = summaries(hdu);
  const size = Math.abs(hdu.bitpix) / 8;
  const rowBytes = size * columns.reduce((sum, { count }) => sum + count, 0);
  const bytes = await readExactly(hdu.source, hdu.dataOffset + start * rowBytes, (end - start) * rowBytes, hdu.index);
  const rows = { bytes, rowBytes, rowCount: end - start, firstRow: start };
  const type = storedType(hdu.bitpix);
  const out: FitsColumn[] = [];
  let offset = 0;
  for (const { name, unit, format, dim, count, scale, zero } of columns) {
    if (isWanted(name)) {
      const stored = fromBigEndian(gather(rows, offset, count * size), type, count * rows.rowCount);
      const data = scale === 1 && zero === 0 ? stored : new Float64Array(stored.length);
      if (data !== stored) storePhysical(stored, 0, stored.length, { scale, zero, blank: undefined, type: 'float64' }, data, 0);
      out.push({ name, unit, format, dim, repeat: count, data });
    }
    offset += count * size;
  }
  return out;
}

export const readGroups = Object.assign(read, {
  columns: (hdu: Hdu): ColumnSummary[] => summaries(hdu).map(({ name, unit, format, dim }) => ({ name, unit, format, dim })),
});
