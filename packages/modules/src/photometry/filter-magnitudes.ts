import type { ReferenceStars } from '@colibri/pipeline';
import { filterName } from '../astrometry/reference-band.ts';
import { ANY_INSTRUMENT, FILTERS, type FilterRule } from './filters.ts';

/** Magnitudes of catalogue entries in the system of a filter. */
export interface FilterMagnitudes {
  /** Band of the catalogue that they are made of. */
  readonly band: string;
  /** `r`, `r + 0.070 (g − r)`: of the catalogue's bands. */
  readonly transformation: string;
  readonly mag: Float64Array;
  readonly err: Float64Array;
  /** Colour of each entry [mag], NaN where not known; null: the catalogue hasn't the bands. */
  readonly colour: { readonly name: string; readonly mag: Float64Array } | null;
  /** Said where the magnitudes are not simply those of the filter's own band. */
  readonly note: string | null;
}

/**
 * Takes the rule of the instrument's filter to a catalogue. A reason in words when the catalogue has not the bands for it: no other band
 * is put in its place.
 */
export function filterMagnitudes(stars: ReferenceStars, filter: string, instrument: string): FilterMagnitudes | string {
  const name = filterName(filter);
  const rule = FILTERS[instrument]?.[name] ?? ANY_INSTRUMENT[name];
  if (rule === undefined) return `Filter ${name} is in no table of filters.`;
  const isPs1 = /ps1|pan-?starrs|refcat2|atlas/i.test(stars.name);
  const own = stars.bands.get(name);
  // The band of the same name of a catalogue in another system: small differences are the fitted colour term's.
  const used: FilterRule = rule.isOfPs1 && !isPs1 && own !== undefined ? { main: name, colour: rule.colour } : rule;
  const needed = [used.main, ...(used.term ? [used.term[1], used.term[2]] : [])];
  const missing = needed.filter((band) => !stars.bands.has(band));
  if (missing.length > 0) return `${stars.name} has no ${missing.join(' and no ')} for filter ${name}.`;
  const main = stars.bands.get(used.main)!;
  const [factor, blue, red] = used.term ?? [0, used.main, used.main];
  const b = stars.bands.get(blue)!;
  const r = stars.bands.get(red)!;
  const offset = used.offset ?? 0;
  const colour = colourOf(stars, used);
  const notes = [
    used.standIn ? `Filter ${name} is ${used.standIn}.` : null,
    used.isOfPs1 && !isPs1 ? `The transformation is that of PS1; ${stars.name} has its own bands.` : null,
  ].filter((part) => part !== null);
  return {
    band: used.main,
    transformation: formula(used, factor, offset),
    mag: Float64Array.from(main.mag, (m, k) => m + offset + (used.term ? factor * (b.mag[k]! - r.mag[k]!) : 0)),
    // The transformed magnitude is (1 + factor) g − factor r where main is one of the colour's bands: errors as of independent bands.
    err: Float64Array.from(main.err, (e, k) => transformedErr(used, e, b.err[k]!, r.err[k]!)),
    colour,
    note: notes.length > 0 ? notes.join(' ') : null,
  };
}

function transformedErr(rule: FilterRule, main: number, blue: number, red: number): number {
  if (!rule.term) return main;
  const [factor, b, r] = rule.term;
  const ofMain = 1 + (b === rule.main ? factor : 0) - (r === rule.main ? factor : 0);
  return Math.hypot(ofMain * main, b === rule.main ? 0 : factor * blue, r === rule.main ? 0 : factor * red);
}

function colourOf(stars: ReferenceStars, { colour }: FilterRule): FilterMagnitudes['colour'] {
  const pairs: readonly (readonly [string, string])[] = [colour, ['g', 'r'], ['r', 'i'], ['g', 'i'], ['BP', 'RP'], ['J', 'H']];
  const pair = pairs.find(([b, r]) => stars.bands.has(b) && stars.bands.has(r));
  if (pair === undefined) return null;
  const [blue, red] = [stars.bands.get(pair[0])!.mag, stars.bands.get(pair[1])!.mag];
  return { name: pair.join('-'), mag: Float64Array.from(blue, (m, k) => m - red[k]!) };
}

function formula({ main, term }: FilterRule, factor: number, offset: number): string {
  const colour = term ? ` ${factor < 0 ? '−' : '+'} ${Math.abs(factor).toFixed(3)} (${term[1]} − ${term[2]})` : '';
  const constant = offset === 0 ? '' : ` ${offset < 0 ? '−' : '+'} ${Math.abs(offset).toFixed(3)}`;
  return `${main}${colour}${constant}`;
}
