import type { ReferenceStars } from '@colibri/pipeline';

/** Magnitudes of the reference entries in (or nearest to) the system of a frame's filter. */
export interface ReferenceBand {
  /** `r of refcat`, `g + 0.05 (g − r) of PS1`. */
  readonly label: string;
  readonly mag: Float64Array;
  readonly err: Float64Array;
  /** Said when the band is not the filter's own; null when it is. */
  readonly note: string | null;
  /** False: good for ranking by brightness, not for a zero point. */
  readonly isCalibrating: boolean;
}

/** One transformation: magnitude = main + Σ factor · (blue − red) + offset. */
interface Term {
  readonly main: string;
  readonly colour?: readonly [factor: number, blue: string, red: string];
  readonly offset?: number;
  readonly vega?: boolean;
}

/**
 * PS1 → DDRAGO's filters, and Johnson–Cousins by arXiv:1706.06147 (pipeline.md §11.2). B_D = B − 0.24 (B − V) is written out:
 * B = g + 0.194 + 0.561 (g−r), V = g − 0.017 − 0.508 (g−r), so B − V = 0.211 + 1.069 (g−r).
 */
const FROM_PS1: Readonly<Record<string, Term>> = {
  B: { main: 'g', colour: [0.561 - 0.24 * 1.069, 'g', 'r'], offset: 0.194 - 0.24 * 0.211, vega: true },
  V: { main: 'g', colour: [-0.508, 'g', 'r'], offset: -0.017, vega: true },
  R: { main: 'r', colour: [-0.275, 'r', 'i'], offset: -0.166, vega: true },
  I: { main: 'i', colour: [-0.167, 'g', 'r'], offset: -0.376, vega: true },
  g: { main: 'g', colour: [0.05, 'g', 'r'] },
  r: { main: 'r' },
  i: { main: 'i', colour: [0.04, 'g', 'r'] },
  gri: { main: 'r', colour: [0.07, 'g', 'r'] },
  z: { main: 'z', colour: [-0.01, 'r', 'i'] },
  y: { main: 'y' },
  zy: { main: 'z', colour: [-0.09, 'r', 'i'] },
};

/** Filters without a band of their own: the nearest one (pipeline.md §11.2; COATLI's `w` is calibrated against red there). */
const NEAREST: Readonly<Record<string, string>> = {
  w: 'r',
  W: 'r',
  gri: 'r',
  clear: 'r',
  B: 'g',
  V: 'g',
  R: 'r',
  I: 'i',
  zy: 'z',
  y: 'z',
};

/** Order of preference where only a ranking by brightness is wanted. */
const RANKING = ['r', 'G', 'i', 'g', 'RP', 'z', 'R', 'V', 'BP', 'y', 'J', 'H', 'K'];

/** Chooses the magnitudes that a frame's filter is compared with. null: the catalogue has no magnitudes at all. */
export function referenceBand(stars: ReferenceStars, filter: string): ReferenceBand | null {
  const band = filterName(filter);
  const isPs1 = /ps1|pan-?starrs/i.test(stars.name);
  const term = isPs1 ? FROM_PS1[band] : undefined;
  if (term && hasBands(stars, term)) return transformed(stars, band, term);
  if (stars.bands.has(band)) return plain(stars, band, null, true);
  const nearest = NEAREST[band];
  if (nearest !== undefined && stars.bands.has(nearest)) {
    const note = `Filter ${band} has no band of its own in ${stars.name}: the zero point is that of ${nearest}, without a colour term.`;
    return plain(stars, nearest, note, true);
  }
  const ranking = RANKING.find((name) => stars.bands.has(name)) ?? stars.bands.keys().next().value;
  if (ranking === undefined) return null;
  return plain(stars, ranking, `${stars.name} has no band for filter ${band}: no zero point is given.`, false);
}

/** `SDSS r`, `r'`, `r DECam SDSS c0002` → `r`. */
export function filterName(filter: string): string {
  const words = filter
    .trim()
    .replace(/^(sdss|bessell?|johnson|cousins|ps1|sloan)[\s_-]*/i, '')
    .split(/[\s_]+/);
  const name = (words[0] ?? '').replace(/['’p]$/, '');
  const known: Readonly<Record<string, string>> = { red: 'R', green: 'V', blue: 'B', none: 'clear', open: 'clear', l: 'clear' };
  return known[name.toLowerCase()] ?? (name === '' ? 'clear' : name);
}

function hasBands(stars: ReferenceStars, { main, colour }: Term): boolean {
  return stars.bands.has(main) && (!colour || (stars.bands.has(colour[1]) && stars.bands.has(colour[2])));
}

function plain(stars: ReferenceStars, name: string, note: string | null, isCalibrating: boolean): ReferenceBand {
  const { mag, err } = stars.bands.get(name)!;
  return { label: `${name} of ${stars.name}`, mag: Float64Array.from(mag), err: Float64Array.from(err), note, isCalibrating };
}

function transformed(stars: ReferenceStars, filter: string, { main, colour, offset = 0, vega }: Term): ReferenceBand {
  const { mag, err } = stars.bands.get(main)!;
  const [factor, blue, red] = colour ?? [0, main, main];
  const b = stars.bands.get(blue)!.mag;
  const r = stars.bands.get(red)!.mag;
  const term = colour ? ` ${factor < 0 ? '−' : '+'} ${Math.abs(factor).toFixed(3)} (${blue} − ${red})` : '';
  const constant = offset === 0 ? '' : ` ${offset < 0 ? '−' : '+'} ${Math.abs(offset).toFixed(3)}`;
  return {
    label: `${main}${term}${constant} of ${stars.name}`,
    mag: Float64Array.from(mag, (m, k) => m + offset + (colour ? factor * (b[k]! - r[k]!) : 0)),
    err: Float64Array.from(err),
    note: vega ? `Filter ${filter} is in the Johnson–Cousins system (Vega), not AB.` : null,
    isCalibrating: true,
  };
}
