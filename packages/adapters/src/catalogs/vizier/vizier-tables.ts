import { GAIA_TO_AB, VEGA_TO_AB } from '../tables/ab-system.ts';

/** One table of VizieR and how its columns become ours. */
export interface VizierTable {
  /** As written in products. */
  readonly name: string;
  /** `I/355/gaiadr3`: name in ADQL and in the cone search's address. */
  readonly table: string;
  readonly id: string;
  readonly ra: string;
  readonly dec: string;
  readonly pmRa: string | null;
  readonly pmDec: string | null;
  /** Julian year of the positions. */
  readonly epochJyear: number;
  /** Bands in order of preference; the first ranks the entries. `toAb` is added to the magnitude [mag]. */
  readonly bands: readonly { readonly band: string; readonly mag: string; readonly err: string | null; readonly toAb: number }[];
  /** Further columns, and star (1) or extended (0) from them. */
  readonly shape: { readonly columns: readonly string[]; isStar(value: (column: string) => number): 0 | 1 | 255 };
}

const ab = (band: string): number => VEGA_TO_AB[band]!;
const anyStar: VizierTable['shape'] = { columns: [], isStar: () => 1 };

/** The releases that we ask for; each is fixed for ever, so that an answer may be kept for ever. */
export const vizierTables = {
  /** Gaia Collaboration (2022); magnitudes in Vega there, AB by Riello et al. (2021). Nearly all are point sources. */
  'gaia-dr3': {
    name: 'Gaia DR3',
    table: 'I/355/gaiadr3',
    id: 'Source',
    ra: 'RA_ICRS',
    dec: 'DE_ICRS',
    pmRa: 'pmRA',
    pmDec: 'pmDE',
    epochJyear: 2016,
    bands: [
      { band: 'G', mag: 'Gmag', err: 'e_Gmag', toAb: GAIA_TO_AB.dr3.G },
      { band: 'BP', mag: 'BPmag', err: 'e_BPmag', toAb: GAIA_TO_AB.dr3.BP },
      { band: 'RP', mag: 'RPmag', err: 'e_RPmag', toAb: GAIA_TO_AB.dr3.RP },
    ],
    shape: anyStar,
  },
  /**
   * Chambers et al. (2016): AB. Star where PSF and Kron magnitudes in i agree to 0.05 mag, as its archive advises. Its
   * positions are means over 2010–2014, on Gaia DR1's frame: epoch 2012.5 to two years.
   */
  ps1: {
    name: 'PS1 DR1',
    table: 'II/349/ps1',
    id: 'objID',
    ra: 'RAJ2000',
    dec: 'DEJ2000',
    pmRa: null,
    pmDec: null,
    epochJyear: 2012.5,
    bands: ['r', 'g', 'i', 'z', 'y'].map((band) => ({ band, mag: `${band}mag`, err: `e_${band}mag`, toAb: 0 })),
    shape: {
      columns: ['imag', 'iKmag'],
      isStar: (value) => {
        const excess = value('imag') - value('iKmag');
        return Number.isNaN(excess) ? 255 : excess < 0.05 ? 1 : 0;
      },
    },
  },
  /** Skrutskie et al. (2006), point sources, observed 1997–2001; Vega there, AB by Blanton & Roweis (2007): J + 0.91, H + 1.39, K + 1.85. */
  '2mass': {
    name: '2MASS',
    table: 'II/246/out',
    id: '2MASS',
    ra: 'RAJ2000',
    dec: 'DEJ2000',
    pmRa: null,
    pmDec: null,
    epochJyear: 1999.5,
    bands: ['J', 'H', 'K'].map((band) => ({ band, mag: `${band}mag`, err: `e_${band}mag`, toAb: ab(band) })),
    shape: anyStar,
  },
  /** Monet et al. (2003): photographic B, R, I (0.3 mag), Vega there; positions brought to 2000.0 there. Star from the class of the second red plate, 0 to 11. */
  'usno-b1': {
    name: 'USNO-B1.0',
    table: 'I/284/out',
    id: 'USNO-B1.0',
    ra: 'RAJ2000',
    dec: 'DEJ2000',
    pmRa: 'pmRA',
    pmDec: 'pmDE',
    epochJyear: 2000,
    bands: [
      { band: 'R', mag: 'R2mag', err: null, toAb: ab('R') },
      { band: 'B', mag: 'B2mag', err: null, toAb: ab('B') },
      { band: 'I', mag: 'Imag', err: null, toAb: ab('I') },
    ],
    shape: {
      columns: ['R2s/g'],
      isStar: (value) => {
        const likeness = value('R2s/g');
        return Number.isNaN(likeness) ? 255 : likeness >= 6 ? 1 : 0;
      },
    },
  },
  /** Onken et al. (2024): AB, PSF magnitudes, southern sky; positions are means over 2014–2021. */
  skymapper: {
    name: 'SkyMapper DR4',
    table: 'II/379/smssdr4',
    id: 'ObjectId',
    ra: 'RAICRS',
    dec: 'DEICRS',
    pmRa: null,
    pmDec: null,
    epochJyear: 2018,
    bands: ['r', 'g', 'i', 'z', 'u', 'v'].map((band) => ({ band, mag: `${band}PSF`, err: `e_${band}PSF`, toAb: 0 })),
    shape: {
      columns: ['ClassStar'],
      isStar: (value) => {
        const likeness = value('ClassStar');
        return Number.isNaN(likeness) ? 255 : likeness >= 0.5 ? 1 : 0;
      },
    },
  },
} as const satisfies Record<string, VizierTable>;

export type VizierCatalogName = keyof typeof vizierTables;

/** Every column that is asked for, once. */
export function columnsOf(table: VizierTable): string[] {
  const { id, ra, dec, pmRa, pmDec, bands, shape } = table;
  const names = [id, ra, dec, pmRa, pmDec, ...bands.flatMap(({ mag, err }) => [mag, err]), ...shape.columns];
  return [...new Set(names.filter((name) => name !== null))];
}
