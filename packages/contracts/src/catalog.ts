import { z } from 'zod';

/** Columns of the table CATALOG, in order: name, unit, what it is. The output contract: add at the end, never change. */
export const catalogColumns = [
  ['NUMBER', '', 'Running number'],
  ['X_IMAGE', 'pix', 'Windowed centroid, 1-based'],
  ['Y_IMAGE', 'pix', 'Windowed centroid, 1-based'],
  ['ALPHA_J2000', 'deg', 'Right ascension, ICRS; NaN before a solution'],
  ['DELTA_J2000', 'deg', 'Declination, ICRS; NaN before a solution'],
  ['FLUX_AUTO', 'electron', 'Flux in the Kron ellipse'],
  ['FLUXERR_AUTO', 'electron', 'Its 1 sigma error'],
  ['FLUX_APER', 'electron', 'Flux in the fixed circular aperture'],
  ['FLUXERR_APER', 'electron', 'Its 1 sigma error'],
  ['MAG_AUTO', 'mag', 'AB magnitude, calibrated to total flux; NaN before a zero point'],
  ['MAGERR_AUTO', 'mag', 'Its 1 sigma error, zero point error not included'],
  ['BACKGROUND', 'electron', 'Background at the centroid, per pixel'],
  ['FWHM_IMAGE', 'pix', 'FWHM of a Gaussian core'],
  ['ELONGATION', '', 'Ratio of the semi-axes'],
  [
    'FLAGS',
    '',
    '1 neighbours bias AUTO, 2 deblended, 4 saturated, 8 truncated at the border, 16 aperture incomplete, 64 centroid not converged',
  ],
  ['IMAFLAGS', '', 'Bits of MASK inside the isophote'],
  ['SNR_WIN', '', 'Signal to noise of the Gaussian-windowed flux'],
  ['XERR_IMAGE', 'pix', '1 sigma error of the centroid along x'],
  ['YERR_IMAGE', 'pix', '1 sigma error of the centroid along y'],
  ['FLUX_MAX', 'electron', 'Brightest pixel above the background'],
  ['A_IMAGE', 'pix', 'Semi-major axis, rms'],
  ['B_IMAGE', 'pix', 'Semi-minor axis, rms'],
  ['THETA_IMAGE', 'deg', 'Position angle of the major axis, counter-clockwise from x'],
  ['KRON_RADIUS', '', 'Radius of FLUX_AUTO in units of A_IMAGE'],
  ['ISOAREA_IMAGE', 'pix2', 'Pixels in the isophote'],
] as const;
export type CatalogColumn = (typeof catalogColumns)[number][0];

/** What the catalogue of a stack has after those of a frame; its fluxes are in electron/s. Add at the end, never change. */
export const stackOnlyColumns = [
  ['FLUX_PSF', 'electron/s', 'Total flux by the PSF'],
  ['FLUXERR_PSF', 'electron/s', 'Its 1 sigma error'],
  ['MAG_PSF', 'mag', 'AB magnitude of FLUX_PSF'],
  ['MAGERR_PSF', 'mag', 'Its 1 sigma error, zero point included'],
  ['SPREAD_MODEL', '', 'Wider (> 0) or sharper than the PSF'],
  ['SPREADERR_MODEL', '', 'Its 1 sigma error'],
  ['CHI2_PSF', '', 'Chi2 per pixel of the PSF fit'],
  ['NFRAMES', '', 'Frames that gave light here'],
  ['CATINDEX', '', 'Row in the reference catalogue cone, or -1'],
  ['CATDIST', 'arcsec', 'Distance to that entry'],
  ['CATMAG', 'mag', 'Its AB magnitude in the filter'],
  ['CATSTAR', '', '1 star, 0 extended, 255 not known'],
] as const;
export type StackOnlyColumn = (typeof stackOnlyColumns)[number][0];

/** Columns of the table CATALOG of `stack.cat.fits`. MAGERR_AUTO there includes the zero point's error. */
export const stackCatalogColumns: readonly (readonly [name: CatalogColumn | StackOnlyColumn, unit: string, doc: string])[] = [
  ...catalogColumns.map(([name, unit, doc]) => [name, unit === 'electron' ? 'electron/s' : unit, doc] as const),
  ...stackOnlyColumns,
];

/** Columns of the table FORCED of `forced.fits`: one row per source and image. Add at the end, never change. */
export const forcedColumns = [
  ['SOURCE', '', 'NUMBER in stack.cat.fits; below 0: elsewhere'],
  ['ALPHA_J2000', 'deg', 'Right ascension, ICRS'],
  ['DELTA_J2000', 'deg', 'Declination, ICRS'],
  ['IMAGE', '', 'Row of the table IMAGES, 0-based'],
  ['FLUX', 'uJy', 'Total flux, AB; also when negative'],
  ['FLUXERR', 'uJy', 'Its 1 sigma error'],
  ['CHI2', '', 'Chi2 per pixel of the PSF fit'],
  ['FLAGS', '', '1 masked pixels, 2 saturated, 4 crowded'],
] as const;
export type ForcedColumn = (typeof forcedColumns)[number][0];

/** Columns of the table IMAGES of `forced.fits`. */
export const forcedImageColumns = [
  ['NAME', '', 'Frame, stack, half-a, half-b or difference'],
  ['KIND', '', 'frame, stack, half or difference'],
  ['STARTED', '', 'Start of exposure, ISO UTC'],
  ['EXPTIME', 's', 'Exposure'],
  ['MJDMID', 'd', 'Middle of the exposure, MJD UTC'],
  ['SCALEERR', '', 'Relative error common to all its fluxes'],
  ['LIMIT3', 'mag', '3 sigma point source, AB'],
  ['LIMIT5', 'mag', '5 sigma point source, AB'],
  ['FWHM', 'pix', 'FWHM of its PSF'],
] as const;
export type ForcedImageColumn = (typeof forcedImageColumns)[number][0];

/** GET …/sources: columns as arrays of one length; null stands for NaN. X and Y 1-based as in the file. */
export const sourceTable = z.object({
  frameId: z.string(),
  count: z.int(),
  columns: z.record(z.string(), z.array(z.number().nullable())),
});
export type SourceTable = z.infer<typeof sourceTable>;
