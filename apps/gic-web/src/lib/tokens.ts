import type { ChipState } from '@colibri/contracts';

/** The two backgrounds that contrast and distance of colours are judged on. */
export const backgrounds = { dark: '#0E1217', light: '#FFFFFF' } as const;

/** Status: shape first, colour second, word third. `palette.test.ts` recomputes distances and contrast from here. */
export const stateTokens: Readonly<Record<ChipState, { readonly dark: string; readonly light: string; readonly word: string }>> =
  {
    ok: { dark: '#5FE6BF', light: '#0B5D63', word: 'ok' },
    watch: { dark: '#FFE94A', light: '#D48000', word: 'watch' },
    fail: { dark: '#D4781A', light: '#B03325', word: 'fail' },
    critical: { dark: '#E43B62', light: '#57001E', word: 'critical' },
    info: { dark: '#4F7DFF', light: '#1971FD', word: 'info' },
    unknown: { dark: '#A99CC4', light: '#8A8F99', word: 'unknown' },
  };

export type MarkerShape =
  | 'triangle'
  | 'circle'
  | 'square'
  | 'diamond'
  | 'triangle-down'
  | 'star'
  | 'plus'
  | 'pentagon'
  | 'cross'
  | 'ring'
  | 'triangle-down-open';

export interface FilterToken {
  readonly marker: MarkerShape;
  readonly dark: string;
  readonly light: string;
  /** Dome: red luminance and dash carry what colour carries elsewhere. */
  readonly dome: string;
  readonly dash: readonly number[];
}

/** Filters: fixed for every plot of the product. */
export const filterTokens: Readonly<Record<string, FilterToken>> = {
  B: { marker: 'triangle', dark: '#73A6FF', light: '#3749FF', dome: '#C00000', dash: [] },
  g: { marker: 'circle', dark: '#4FF07A', light: '#08A279', dome: '#B00000', dash: [6, 3] },
  r: { marker: 'square', dark: '#ED581F', light: '#90431F', dome: '#C00000', dash: [2, 3] },
  i: { marker: 'diamond', dark: '#DBA7C8', light: '#9165CD', dome: '#A80000', dash: [8, 3, 2, 3] },
  z: { marker: 'triangle-down', dark: '#96704F', light: '#3E1512', dome: '#B80000', dash: [10, 4] },
  y: { marker: 'star', dark: '#FFF04A', light: '#DB770A', dome: '#C00000', dash: [1, 4] },
  gri: { marker: 'plus', dark: '#D8FFD3', light: '#1E0035', dome: '#B00000', dash: [4, 2, 1, 2] },
  J: { marker: 'pentagon', dark: '#4F62F5', light: '#125F6A', dome: '#A80000', dash: [12, 3] },
  H: { marker: 'cross', dark: '#BE3FA5', light: '#35098A', dome: '#B80000', dash: [3, 6] },
};

const broad = filterTokens['gri']!;
const zy: FilterToken = { ...filterTokens['z']!, marker: 'triangle-down-open' };
const other: FilterToken = { marker: 'ring', dark: '#A99CC4', light: '#8A8F99', dome: '#A00000', dash: [] };

/** Token of a filter name; `w` and `gri` are broad, `zy` is z with an open marker, a filter without a rule is a grey ring. */
export function filterToken(filter: string | null): FilterToken {
  if (filter === null) return other;
  if (filter === 'w' || filter === 'gri') return broad;
  if (filter === 'zy') return zy;
  return filterTokens[filter] ?? other;
}
