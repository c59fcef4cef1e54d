import { type ForcedColumn, type ForcedImageColumn, forcedColumns, forcedImageColumns } from '@colibri/contracts';
import { type ColumnInput, openFits, readTable, tableHdu, writeFits } from '@colibri/fits';
import type { ForcedImage, ForcedTable } from '@colibri/pipeline';
import { type CardLine, headerOf } from '@colibri/pipeline';

/** `forced.fits`: the table FORCED, one row per source and image, and the table IMAGES that its IMAGE column counts in. */
export function encodeForced(forced: ForcedTable, lines: readonly CardLine[]): Uint8Array {
  const rows: Record<ForcedColumn, ColumnInput['data']> = {
    SOURCE: forced.source,
    ALPHA_J2000: forced.raDeg,
    DELTA_J2000: forced.decDeg,
    IMAGE: forced.image,
    FLUX: forced.fluxMicroJy,
    FLUXERR: forced.fluxErrMicroJy,
    CHI2: forced.chi2,
    FLAGS: forced.flags,
  };
  const numbers = (value: (image: ForcedImage) => number | null): Float64Array =>
    Float64Array.from(forced.images, (image) => value(image) ?? Number.NaN);
  const images: Record<ForcedImageColumn, ColumnInput['data']> = {
    NAME: forced.images.map((image) => image.name),
    KIND: forced.images.map((image) => image.kind),
    STARTED: forced.images.map((image) => image.startedAt),
    EXPTIME: numbers((image) => image.exposureSec),
    MJDMID: numbers((image) => image.midMjdUtc),
    SCALEERR: numbers((image) => image.scaleErr),
    LIMIT3: numbers((image) => image.limitMag3Sigma),
    LIMIT5: numbers((image) => image.limitMag5Sigma),
    FWHM: numbers((image) => image.fwhmPix),
  };
  return writeFits([
    tableHdu({ name: 'FORCED', columns: columnsOf(forcedColumns, rows), header: headerOf(lines) }),
    tableHdu({ name: 'IMAGES', columns: columnsOf(forcedImageColumns, images) }),
  ]);
}

function columnsOf<N extends string>(
  list: readonly (readonly [N, string, string])[],
  values: Readonly<Record<N, ColumnInput['data']>>,
): ColumnInput[] {
  return list.map(([name, unit, comment]) => ({
    name,
    data: values[name],
    comment: comment.slice(0, 40),
    ...(unit ? { unit } : {}),
  }));
}

/** Reads {@link encodeForced}'s file. */
export async function decodeForced(bytes: Uint8Array): Promise<ForcedTable> {
  const file = await openFits(bytes, { name: 'forced.fits' });
  const table = await readTable(file.hdu('FORCED'));
  const images = await readTable(file.hdu('IMAGES'));
  const get = (name: ForcedColumn): Float64Array => Float64Array.from(table.numbers(name));
  const whole = (name: ForcedColumn): Int32Array => Int32Array.from(table.numbers(name));
  const of = (name: ForcedImageColumn): Float64Array => Float64Array.from(images.numbers(name));
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const text = (name: ForcedImageColumn): readonly string[] => (images.rowCount === 0 ? [] : images.strings(name));
  const [names, kinds, started] = [text('NAME'), text('KIND'), text('STARTED')];
  const [exposure, mid, scaleErr] = [of('EXPTIME'), of('MJDMID'), of('SCALEERR')];
  const [limit3, limit5, fwhm] = [of('LIMIT3'), of('LIMIT5'), of('FWHM')];
  return {
    count: table.rowCount,
    source: whole('SOURCE'),
    raDeg: get('ALPHA_J2000'),
    decDeg: get('DELTA_J2000'),
    image: whole('IMAGE'),
    fluxMicroJy: get('FLUX'),
    fluxErrMicroJy: get('FLUXERR'),
    chi2: get('CHI2'),
    flags: whole('FLAGS'),
    images: names.map((name, k) => ({
      name,
      kind: kinds[k]! as ForcedImage['kind'],
      startedAt: started[k]!,
      exposureSec: exposure[k]!,
      midMjdUtc: mid[k]!,
      scaleErr: scaleErr[k]!,
      limitMag3Sigma: known(limit3[k]!),
      limitMag5Sigma: known(limit5[k]!),
      fwhmPix: known(fwhm[k]!),
    })),
  };
}
