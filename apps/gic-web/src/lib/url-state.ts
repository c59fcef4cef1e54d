import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { type Theme, themes } from './theme.ts';
import { type TimeScale, timeScales } from './time.ts';

/** All view state that lives in the URL: same link, same view. Every key is optional; a value that makes no sense is dropped. */
export interface PageSearch {
  readonly ts?: TimeScale;
  readonly theme?: Theme;
  /** Night shown where the path does not name one; none: the newest, live. */
  readonly night?: string;
  /** Window of the night time bar [ISO UTC]: zooms every chart and table of the page. */
  readonly from?: string;
  readonly to?: string;
  /** `24h` or `night` axis of the time bar. */
  readonly axis?: 'night' | '24h';
  /** Filter expression. */
  readonly q?: string;
  readonly tab?: string;
  /** Key of the row whose drawer is open. */
  readonly row?: string;
  readonly alerts?: 'all';
  readonly pipe?: string;
  /** Image view: centre [0-based pixel], zoom [screen pixel per image pixel], stretch, limits, ramp, overlays, orientation, source. */
  readonly x?: number;
  readonly y?: number;
  readonly z?: number;
  readonly st?: string;
  readonly lim?: string;
  readonly lo?: number;
  readonly hi?: number;
  readonly ramp?: string;
  readonly ov?: string;
  readonly nup?: 1;
  readonly sel?: number;
  readonly plane?: string;
}

const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined => allowed.find((each) => each === value);
const text = (value: unknown, pattern = /^.{1,200}$/): string | undefined =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;
const number = (value: unknown): number | undefined => {
  const parsed = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
};
const iso = (value: unknown): string | undefined => {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
};

export function validateSearch(raw: Readonly<Record<string, unknown>>): PageSearch {
  const word = /^[a-z0-9,_.-]{1,60}$/i;
  const found = {
    ts: oneOf(raw['ts'], timeScales),
    theme: oneOf(raw['theme'], themes),
    night: text(raw['night'], /^\d{4}-\d{2}-\d{2}$/),
    from: iso(raw['from']),
    to: iso(raw['to']),
    axis: oneOf(raw['axis'], ['night', '24h'] as const),
    q: text(raw['q']),
    tab: text(raw['tab'], word),
    row: text(raw['row']),
    alerts: oneOf(raw['alerts'], ['all'] as const),
    pipe: text(raw['pipe'], word),
    x: number(raw['x']),
    y: number(raw['y']),
    z: number(raw['z']),
    st: text(raw['st'], word),
    lim: text(raw['lim'], word),
    lo: number(raw['lo']),
    hi: number(raw['hi']),
    ramp: text(raw['ramp'], word),
    ov: text(raw['ov'], word),
    nup: number(raw['nup']) === 1 ? (1 as const) : undefined,
    sel: number(raw['sel']),
    plane: text(raw['plane'], word),
  };
  if (found.from === undefined || found.to === undefined || found.from >= found.to) {
    found.from = undefined;
    found.to = undefined;
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as PageSearch;
}

/** Plain `key=value` pairs: links are read and written by people, too. */
export const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search));
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search))
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) params.set(key, String(value));
  const text = params
    .toString()
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%3D', '=')
    .replaceAll('%3E', '>')
    .replaceAll('%3C', '<')
    .replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}

export type SearchPatch = { readonly [K in keyof PageSearch]?: PageSearch[K] | undefined };

/** The URL's view state and how to change it: a step that a person would go back over, or (`quiet`) a mere adjustment. */
export function useUrlState(): [PageSearch, (patch: SearchPatch, how?: 'step' | 'quiet') => void] {
  const search = useSearch({ strict: false }) as PageSearch;
  const navigate = useNavigate();
  const set = useCallback(
    (patch: SearchPatch, how: 'step' | 'quiet' = 'step') => {
      const change = (old: PageSearch): PageSearch =>
        Object.fromEntries(Object.entries({ ...old, ...patch }).filter(([, value]) => value !== undefined)) as PageSearch;
      void navigate({ to: '.', search: change as never, replace: how === 'quiet' });
    },
    [navigate],
  );
  return [search, set];
}
