/**
 * How the magnitudes of a catalogue become those of a filter. AB throughout; magnitude = main + Σ factor · (blue − red) + offset.
 *
 * Sources: PS1 → Johnson–Cousins by Kostov & Bonev 2017 (arXiv:1706.06147), in Vega, moved to AB by Blanton & Roweis 2007, AJ 133, 734,
 * table 1; DDRAGO's terms as its pipeline has them: B_D = B − 0.24 (B − V), g + 0.05 (g−r), i + 0.04 (g−r), r + 0.07 (g−r) for gri, z − 0.01 (r−i),
 * z − 0.09 (r−i) for zy.
 */
export interface FilterRule {
  /** Band of the catalogue. */
  readonly main: string;
  readonly term?: readonly [factor: number, blue: string, red: string];
  readonly offset?: number;
  /** Bands of the colour whose term is fitted. */
  readonly colour: readonly [blue: string, red: string];
  /** The terms are between these bands of PS1: on other catalogues a note says so. */
  readonly isOfPs1?: boolean;
  /** The filter is not like its band: said in each product. */
  readonly standIn?: string;
}

/** AB − Vega [mag]. */
const AB = { B: -0.09, V: 0.02, R: 0.21, I: 0.45 } as const;

const JOHNSON = {
  B: { main: 'g', term: [0.561, 'g', 'r'], offset: 0.194 + AB.B, colour: ['g', 'r'], isOfPs1: true },
  V: { main: 'g', term: [-0.508, 'g', 'r'], offset: -0.017 + AB.V, colour: ['g', 'r'], isOfPs1: true },
  R: { main: 'r', term: [-0.275, 'r', 'i'], offset: -0.166 + AB.R, colour: ['g', 'r'], isOfPs1: true },
  I: { main: 'i', term: [-0.167, 'g', 'r'], offset: -0.376 + AB.I, colour: ['r', 'i'], isOfPs1: true },
} satisfies Record<string, FilterRule>;

const SLOAN = {
  u: { main: 'u', colour: ['u', 'g'] },
  g: { main: 'g', colour: ['g', 'r'] },
  r: { main: 'r', colour: ['g', 'r'] },
  i: { main: 'i', colour: ['r', 'i'] },
  z: { main: 'z', colour: ['i', 'z'] },
  y: { main: 'y', colour: ['z', 'y'] },
  J: { main: 'J', colour: ['J', 'H'] },
  H: { main: 'H', colour: ['J', 'H'] },
  K: { main: 'K', colour: ['J', 'H'] },
} satisfies Record<string, FilterRule>;

const OPEN: FilterRule = {
  main: 'r',
  colour: ['g', 'r'],
  standIn: 'an open filter much wider than r: its magnitudes are r with the fitted colour term',
};

/** Filters that an instrument does not name itself. */
export const ANY_INSTRUMENT: Readonly<Record<string, FilterRule>> = {
  ...SLOAN,
  ...JOHNSON,
  gri: { main: 'r', term: [0.07, 'g', 'r'], colour: ['g', 'r'], isOfPs1: true },
  zy: { main: 'z', term: [-0.09, 'r', 'i'], colour: ['i', 'z'], isOfPs1: true },
  w: OPEN,
  W: OPEN,
  clear: OPEN,
};

/** By instrument, then filter; what an instrument does not name is looked for in `ANY_INSTRUMENT`. */
export const FILTERS: Readonly<Record<string, Readonly<Record<string, FilterRule>>>> = {
  /** COLIBRI: DDRAGO's blue and red arm (C0, C1, C2 …) and CAGIRE. */
  colibri: {
    // B_D = B − 0.24 (B − V), with B − V = 0.211 + 1.069 (g − r)
    B: {
      main: 'g',
      term: [0.561 - 0.24 * 1.069, 'g', 'r'],
      offset: 0.194 - 0.24 * 0.211 + AB.B,
      colour: ['g', 'r'],
      isOfPs1: true,
    },
    g: { main: 'g', term: [0.05, 'g', 'r'], colour: ['g', 'r'], isOfPs1: true },
    r: { main: 'r', colour: ['g', 'r'] },
    i: { main: 'i', term: [0.04, 'g', 'r'], colour: ['r', 'i'], isOfPs1: true },
    gri: { main: 'r', term: [0.07, 'g', 'r'], colour: ['g', 'r'], isOfPs1: true },
    z: { main: 'z', term: [-0.01, 'r', 'i'], colour: ['i', 'z'], isOfPs1: true },
    y: { main: 'y', colour: ['z', 'y'] },
    zy: { main: 'z', term: [-0.09, 'r', 'i'], colour: ['i', 'z'], isOfPs1: true },
    J: SLOAN.J,
    H: SLOAN.H,
  },
  coatli: { ...JOHNSON, g: SLOAN.g, r: SLOAN.r, i: SLOAN.i, z: SLOAN.z, w: OPEN },
  ddoti: { w: OPEN, r: SLOAN.r },
};

/** The instrument that a header's words mean: `telescope` such as `ohp-colibri`, `coatli`, `ddoti`, or the camera `C0`, `C1` …; `any` when none is known. */
export function instrumentOf(words: readonly (string | null | undefined)[]): keyof typeof FILTERS {
  const text = words
    .filter((word) => typeof word === 'string')
    .join(' ')
    .toLowerCase();
  if (/ddoti/.test(text)) return 'ddoti';
  if (/coatli/.test(text)) return 'coatli';
  if (/colibri|ddrago|cagire|ogse/.test(text) || words.some((word) => /^C\d$/.test(word ?? ''))) return 'colibri';
  return 'any';
}
