import { type BandPlan, findBands, firstOf } from './find-bands.ts';

/** Which column of a table holds what. */
export interface ColumnPlan {
  readonly id: string | null;
  readonly ra: string;
  readonly dec: string;
  readonly pmRa: string | null;
  readonly pmDec: string | null;
  readonly epoch: string | null;
  /** Star or galaxy: letters, words, numbers; see `parseStarness`. */
  readonly type: string | null;
  readonly bands: readonly BandPlan[];
}

const ID = ['id', 'source_id', 'source', 'objid', 'objectid', 'object_id', 'designation', 'name', '2mass', '_2mass', 'usno-b1.0'];
const RA = [
  'ra',
  'ra_icrs',
  'raicrs',
  'raj2000',
  'ra_deg',
  'radeg',
  '_raj2000',
  '_ra',
  'alpha_j2000',
  'ramean',
  'rastack',
  'x_world',
  'alphawin_j2000',
];
const DEC = [
  'dec',
  'de_icrs',
  'deicrs',
  'dej2000',
  'dec_deg',
  'decdeg',
  '_dej2000',
  '_de',
  'delta_j2000',
  'decmean',
  'decstack',
  'y_world',
  'deltawin_j2000',
];
const PM_RA = ['pmra', 'pm_ra', 'pmra_cosdec', 'pm_ra_cosdec'];
const PM_DEC = ['pmdec', 'pm_dec', 'pmde', 'pm_de'];
const EPOCH = ['epoch', 'ref_epoch', 'obsdate', 'epoch_yr'];
const TYPE = ['type', 'class', 'cl', 'is_star', 'isstar', 'star', 'class_star', 'classstar'];

/** Finds the columns that matter by their names, in the forms that catalogues use. */
export function planColumns(names: readonly string[], loneBand: string): ColumnPlan | { readonly missing: string } {
  const ra = firstOf(names, RA),
    dec = firstOf(names, DEC);
  if (ra === null) return { missing: 'right ascension' };
  if (dec === null) return { missing: 'declination' };
  return {
    id: firstOf(names, ID),
    ra,
    dec,
    pmRa: firstOf(names, PM_RA),
    pmDec: firstOf(names, PM_DEC),
    epoch: firstOf(names, EPOCH),
    type: firstOf(names, TYPE),
    bands: findBands(names, loneBand),
  };
}

/** Star (1), extended (0) or not known (255) from what catalogues write: S, G, star, galaxy, T, F, 0.98, 3 (SDSS galaxy), 6 (SDSS star). */
export function parseStarness(text: string): 0 | 1 | 255 {
  const word = text.trim().toLowerCase();
  if (/^(s|star|stellar|point|psf|p|t|true)$/.test(word)) return 1;
  if (/^(g|gal|galaxy|extended|ext|e|f|false)$/.test(word)) return 0;
  const value = word === '' ? Number.NaN : Number(word);
  if (value === 6) return 1;
  if (value === 3) return 0;
  if (value >= 0 && value <= 1) return value >= 0.5 ? 1 : 0;
  return 255;
}
