import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Files, nodeFiles, storageError, writeAtomically } from '@colibri/base/node';
import type { MinorPlanetSource } from '@colibri/pipeline';
import { deprojectTangent, parseDec, parseRa, separationDeg } from '@colibri/sky';
import { catalogMalformed } from '../catalogs/errors.ts';
import type { AnswerTable } from '../catalogs/vizier/answer-table.ts';
import { askForTable, defaultPatience, type Patience } from '../catalogs/vizier/ask.ts';
import { normaliseSkybot } from './skybot-text.ts';

type Body = Awaited<ReturnType<MinorPlanetSource['cone']>>[number];

export interface SkybotOptions {
  /** Answers are kept here; null: in memory only. */
  readonly cacheDir: string | null;
  /** Replaces the address, for a mirror or a test. */
  readonly baseUrl?: string;
  /** IAU code of the observatory: 679 is San Pedro Mártir. */
  readonly observatory?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly patience?: Partial<Patience>;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly files?: Files;
}

const HOST = 'https://ssp.imcce.fr/webservices/skybot/api';
const SERVICE = 'SkyBoT (IMCCE)';
const MOST_BYTES = 16 * 1024 * 1024;
/** Questions are laid on a grid of place [deg] and time [d], so that frames and looks of one event share an answer. */
const GRID_DEG = 0.05;
const GRID_DAYS = 0.01;
/** Beside the field, for what moves in during the grid's time: 0.3″/s over 7 min. */
const MARGIN_DEG = 0.05;

/**
 * Minor planets in a field by a cone-search service of SkyBoT's kind, cached. Rates carry each body from the grid's time to the one asked for.
 *
 * Errors: CATALOG_UNREACHABLE and CATALOG_MALFORMED (later), CATALOG_REFUSED (never): whoever asks says that nothing was checked.
 *
 * Source: Berthier et al. 2006, ASPC 351, 367; dRA includes cos δ there.
 */
export function skybotSource(options: SkybotOptions): MinorPlanetSource {
  const { files = nodeFiles, observatory = '679', baseUrl = HOST } = options;
  const wrapped: typeof globalThis.fetch = async (input, init) =>
    normaliseSkybot(await (options.fetch ?? globalThis.fetch)(input, init));
  const pending = new Map<string, Promise<readonly Body[]>>();

  const ask = async (query: { raDeg: number; decDeg: number; radiusDeg: number; mjdUtc: number }): Promise<Body[]> => {
    const parameters = new URLSearchParams({
      '-ep': String(query.mjdUtc + 2400000.5),
      '-ra': query.raDeg.toFixed(5),
      '-dec': query.decDeg.toFixed(5),
      '-rs': String(Math.ceil(query.radiusDeg * 3600)),
      '-loc': observatory,
      '-mime': 'votable',
      '-output': 'all',
      '-from': 'colibri-gp1',
    });
    const table = await askForTable(
      `${baseUrl}/conesearch.php?${parameters}`,
      { method: 'GET' },
      {
        fetch: wrapped,
        patience: { ...defaultPatience, attempts: 3, timeoutMs: 15_000, ...options.patience },
        sleep: options.sleep ?? ((ms) => pause(ms)),
        service: SERVICE,
        mostBytes: MOST_BYTES,
      },
    );
    return bodiesOf(table);
  };

  const load = (query: Parameters<typeof ask>[0]): Promise<readonly Body[]> => {
    const question = JSON.stringify([observatory, query]);
    const known = pending.get(question);
    if (known) return known;
    const loading = (async () => {
      const path = options.cacheDir === null ? null : pathOf(options.cacheDir, question);
      const kept = path === null ? null : await readBodies(path);
      if (kept) return kept;
      const bodies = await ask(query);
      if (path !== null) {
        await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => Promise.reject(storageError(path, cause)));
        await writeAtomically(files, path, new TextEncoder().encode(JSON.stringify(bodies)));
      }
      return bodies;
    })();
    pending.set(question, loading);
    // A failure is not remembered; an answer stays while the process lives.
    loading.catch(() => pending.delete(question));
    return loading;
  };

  return {
    async cone({ raDeg, decDeg, radiusDeg, mjdUtc }) {
      const decGrid = Math.round(decDeg / GRID_DEG) * GRID_DEG;
      const step = GRID_DEG / Math.max(0.02, Math.cos((decGrid * Math.PI) / 180));
      const grid = {
        raDeg: Number((((Math.round(raDeg / step) * step) % 360) + 360).toFixed(5)) % 360,
        decDeg: Number(Math.max(-90, Math.min(90, decGrid)).toFixed(5)),
        radiusDeg: Number((radiusDeg + GRID_DEG + MARGIN_DEG).toFixed(3)),
        mjdUtc: Number((Math.round(mjdUtc / GRID_DAYS) * GRID_DAYS).toFixed(2)),
      };
      const bodies = await load(grid);
      const hours = (mjdUtc - grid.mjdUtc) * 24;
      return bodies
        .map((body) => {
          const [ra, dec] = deprojectTangent(
            body.raDeg,
            body.decDeg,
            (body.raRateArcsecH * hours) / 3600,
            (body.decRateArcsecH * hours) / 3600,
          );
          return { ...body, raDeg: ra, decDeg: dec };
        })
        .filter((body) => separationDeg(raDeg, decDeg, body.raDeg, body.decDeg) <= radiusDeg);
    },
  };
}

const pathOf = (folder: string, question: string): string => {
  const hash = createHash('sha256').update(question).digest('hex');
  return join(folder, hash.slice(0, 2), `${hash.slice(2, 32)}.json`);
};

/** null: not asked before, or damaged, which is asked again. */
async function readBodies(path: string): Promise<readonly Body[] | null> {
  const text = await readFile(path, 'utf8').catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') return null;
    throw storageError(path, error);
  });
  if (text === null) return null;
  try {
    const bodies = JSON.parse(text) as Body[];
    return Array.isArray(bodies) && bodies.every(({ raDeg, decDeg }) => Number.isFinite(raDeg) && Number.isFinite(decDeg))
      ? bodies
      : null;
  } catch {
    return null;
  }
}

/** Column names that the service has used over the years, without case. */
const COLUMNS = {
  number: ['num', '#num', 'number'],
  name: ['name'],
  ra: ['_raj2000', 'ra', 'ra(h)', 'ra(deg)'],
  dec: ['_decj2000', 'dec', 'de(deg)', 'dec(deg)'],
  mag: ['vmag', 'mv', 'magv', 'v'],
  err: ['poserr', 'err', 'err(arcsec)', 'errpos'],
  raRate: ['rarate', 'dra', 'dra(arcsec/h)', 'dracosdec(arcsec/h)'],
  decRate: ['decrate', 'ddec', 'ddec(arcsec/h)', 'dde(arcsec/h)'],
} as const;

function bodiesOf({ columns, rows }: AnswerTable): Body[] {
  const names = columns.map((name) => name.toLowerCase().replace(/\s+/g, ''));
  const at = Object.fromEntries(
    Object.entries(COLUMNS).map(([key, known]) => [key, known.map((name) => names.indexOf(name)).find((k) => k >= 0) ?? -1]),
  ) as Record<keyof typeof COLUMNS, number>;
  if (at.ra < 0 || at.dec < 0 || at.name < 0 || at.raRate < 0 || at.decRate < 0) {
    throw catalogMalformed({ service: SERVICE, what: `its columns are ${columns.join(', ')}: place, name or motion is missing` });
  }
  return rows.map((row) => {
    const number = at.number >= 0 ? row[at.number]!.replace(/^-$/, '') : '';
    const value = (k: number): number => (k < 0 || row[k]!.trim() === '' ? Number.NaN : Number(row[k]));
    // Hours where the column says so or the cell is sexagesimal, else degrees.
    const isHours = names[at.ra] === 'ra(h)' && /^[\d.]+$/.test(row[at.ra]!.trim());
    return {
      name: number === '' ? row[at.name]!.trim() : `(${number.trim()}) ${row[at.name]!.trim()}`,
      raDeg: isHours ? 15 * Number(row[at.ra]) : parseRa(row[at.ra]!),
      decDeg: parseDec(row[at.dec]!),
      errArcsec: Number.isFinite(value(at.err)) ? value(at.err) : 0,
      magV: value(at.mag),
      raRateArcsecH: value(at.raRate) || 0,
      decRateArcsecH: value(at.decRate) || 0,
    };
  });
}
