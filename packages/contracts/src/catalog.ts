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

/** GET …/sources: columns as arrays of one length; null stands for NaN. X and Y 1-based as in the file. */
export const sourceTable = z.object({
  frameId: z.string(),
  count: z.int(),
  columns: z.record(z.string(), z.array(z.number().nullable())),
});
export type SourceTable = z.infer<typeof sourceTable>;
