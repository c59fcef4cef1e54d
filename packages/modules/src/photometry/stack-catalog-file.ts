import { type CatalogColumn, type StackOnlyColumn, stackCatalogColumns } from '@colibri/contracts';
import { type ColumnInput, openFits, readTable, tableHdu, writeFits } from '@colibri/fits';
import type { StackSources } from '@colibri/pipeline';
import { type CardLine, headerOf } from '@colibri/pipeline';

/** `stack.cat.fits`: the columns of a frame's catalogue and those of the PSF, in doubles, so that nothing is lost; X and Y are 1-based there. */
export function encodeStackCatalog(sources: StackSources, lines: readonly CardLine[]): Uint8Array {
  const { columns: c } = sources;
  const values: Record<CatalogColumn | StackOnlyColumn, ColumnInput['data']> = {
    NUMBER: Int32Array.from({ length: c.count }, (_, i) => i + 1),
    X_IMAGE: c.x.map((x) => x + 1),
    Y_IMAGE: c.y.map((y) => y + 1),
    ALPHA_J2000: sources.raDeg,
    DELTA_J2000: sources.decDeg,
    FLUX_AUTO: c.fluxAuto,
    FLUXERR_AUTO: c.fluxAutoErr,
    FLUX_APER: c.fluxAper,
    FLUXERR_APER: c.fluxAperErr,
    MAG_AUTO: sources.magAuto,
    MAGERR_AUTO: sources.magAutoErr,
    BACKGROUND: c.background,
    FWHM_IMAGE: c.fwhm,
    ELONGATION: c.a.map((a, i) => a / c.b[i]!),
    FLAGS: c.flags,
    IMAFLAGS: c.maskFlags,
    SNR_WIN: c.snrWin,
    XERR_IMAGE: c.xErr,
    YERR_IMAGE: c.yErr,
    FLUX_MAX: c.peak,
    A_IMAGE: c.a,
    B_IMAGE: c.b,
    THETA_IMAGE: c.thetaDeg,
    KRON_RADIUS: c.kronRadius,
    ISOAREA_IMAGE: c.areaPix,
    FLUX_PSF: sources.fluxPsf,
    FLUXERR_PSF: sources.fluxPsfErr,
    MAG_PSF: sources.magPsf,
    MAGERR_PSF: sources.magPsfErr,
    SPREAD_MODEL: sources.spreadModel,
    SPREADERR_MODEL: sources.spreadModelErr,
    CHI2_PSF: sources.chi2Psf,
    NFRAMES: sources.nFrames,
    CATINDEX: sources.catalogIndex,
    CATDIST: sources.catalogArcsec,
    CATMAG: sources.catalogMag,
    CATSTAR: Int16Array.from(sources.catalogIsStar),
  };
  const columns = stackCatalogColumns.map(([name, unit, comment]): ColumnInput => {
    return { name, data: values[name], comment: comment.slice(0, 40), ...(unit ? { unit } : {}) };
  });
  return writeFits([tableHdu({ name: 'CATALOG', columns, header: headerOf(lines) })]);
}

/** Reads {@link encodeStackCatalog}'s file. */
export async function decodeStackCatalog(bytes: Uint8Array): Promise<StackSources> {
  const table = await readTable((await openFits(bytes, { name: 'stack.cat.fits' })).hdu('CATALOG'));
  const get = (name: CatalogColumn | StackOnlyColumn): Float64Array => Float64Array.from(table.numbers(name));
  const whole = (name: CatalogColumn | StackOnlyColumn): Int32Array => Int32Array.from(table.numbers(name));
  return {
    columns: {
      count: table.rowCount,
      x: get('X_IMAGE').map((x) => x - 1),
      y: get('Y_IMAGE').map((y) => y - 1),
      xErr: get('XERR_IMAGE'),
      yErr: get('YERR_IMAGE'),
      fluxAuto: get('FLUX_AUTO'),
      fluxAutoErr: get('FLUXERR_AUTO'),
      fluxAper: get('FLUX_APER'),
      fluxAperErr: get('FLUXERR_APER'),
      snrWin: get('SNR_WIN'),
      peak: get('FLUX_MAX'),
      background: get('BACKGROUND'),
      fwhm: get('FWHM_IMAGE'),
      a: get('A_IMAGE'),
      b: get('B_IMAGE'),
      thetaDeg: get('THETA_IMAGE'),
      kronRadius: get('KRON_RADIUS'),
      areaPix: whole('ISOAREA_IMAGE'),
      flags: whole('FLAGS'),
      maskFlags: whole('IMAFLAGS'),
    },
    raDeg: get('ALPHA_J2000'),
    decDeg: get('DELTA_J2000'),
    fluxPsf: get('FLUX_PSF'),
    fluxPsfErr: get('FLUXERR_PSF'),
    magPsf: get('MAG_PSF'),
    magPsfErr: get('MAGERR_PSF'),
    magAuto: get('MAG_AUTO'),
    magAutoErr: get('MAGERR_AUTO'),
    spreadModel: get('SPREAD_MODEL'),
    spreadModelErr: get('SPREADERR_MODEL'),
    chi2Psf: get('CHI2_PSF'),
    nFrames: whole('NFRAMES'),
    catalogIndex: whole('CATINDEX'),
    catalogArcsec: get('CATDIST'),
    catalogMag: get('CATMAG'),
    catalogIsStar: Uint8Array.from(table.numbers('CATSTAR')),
  };
}
