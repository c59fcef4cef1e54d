import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isErrorOf, type Log, silentLog } from '@colibri/base';
import type { Files } from '@colibri/base/node';
import type { ReferenceCatalog } from '@colibri/pipeline';
import { catalogMalformed, catalogUnreachable } from '../errors.ts';
import { type StarTable, selectCone } from '../tables/star-table.ts';
import { answerCache } from './answer-cache.ts';
import { type AskOptions, askForTable, defaultPatience, type Patience } from './ask.ts';
import { starsOfAnswer } from './stars-of-answer.ts';
import { columnsOf, type VizierCatalogName, type VizierTable, vizierTables } from './vizier-tables.ts';

export interface VizierOptions {
  readonly catalog: VizierCatalogName;
  /** Answers are kept here for ever. */
  readonly cacheDir: string;
  /** Replaces both addresses, for a mirror or a test. */
  readonly baseUrl?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Which protocols are tried, in this order. */
  readonly protocols?: readonly ('tap' | 'cone')[];
  readonly patience?: Partial<Patience>;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly files?: Files;
  readonly log?: Log;
}

const TAP_HOST = 'https://tapvizier.cds.unistra.fr';
const CONE_HOST = 'https://vizier.cds.unistra.fr';
/** Most rows of one question: VizieR's own limit for anonymous synchronous queries is higher. */
const MOST_ROWS = 200_000;
const MOST_BYTES = 256 * 1024 * 1024;
/** Questions are laid on a grid so that the dithered frames of a field ask for the same cone [deg]. */
const GRID_DEG = 0.05;

/**
 * A catalogue of VizieR (CDS, Strasbourg), asked by TAP (synchronous ADQL) and, where that fails, by cone search.
 *
 * A question is widened to a cone on a grid, answered from disk when it was asked before, and cut to the cone that was
 * wanted. Errors: CATALOG_UNREACHABLE and CATALOG_MALFORMED (later), CATALOG_REFUSED (never).
 */
export function vizierCatalog(options: VizierOptions): ReferenceCatalog {
  const table: VizierTable = vizierTables[options.catalog];
  const { protocols = ['tap', 'cone'], log = silentLog } = options;
  const cache = answerCache(join(options.cacheDir, options.catalog), options.files);
  const pending = new Map<string, Promise<StarTable>>();
  const ask: Omit<AskOptions, 'service'> = {
    fetch: options.fetch ?? globalThis.fetch,
    patience: { ...defaultPatience, ...options.patience },
    sleep: options.sleep ?? ((ms) => pause(ms)),
    mostBytes: MOST_BYTES,
  };

  const fetchCone = async (cone: Cone): Promise<StarTable> => {
    let failure: unknown;
    for (const protocol of protocols) {
      const service = `VizieR ${protocol === 'tap' ? 'TAP' : 'cone search'} (${table.table})`;
      const host = options.baseUrl ?? (protocol === 'tap' ? TAP_HOST : CONE_HOST);
      const { url, init } = protocol === 'tap' ? tapRequest(host, table, cone) : coneRequest(host, table, cone);
      try {
        return starsOfAnswer(await askForTable(url, init, { ...ask, service }), table, service);
      } catch (error) {
        if (!isErrorOf(catalogUnreachable, error) && !isErrorOf(catalogMalformed, error)) throw error;
        failure ??= error;
        log.log('WARNING', 'Catalogue', error.message);
      }
    }
    throw failure;
  };

  /** From disk, else from the service; the same question is under way only once. */
  const load = (cone: Cone): Promise<StarTable> => {
    const question = JSON.stringify([table.table, columnsOf(table), cone]);
    const running = pending.get(question);
    if (running !== undefined) return running;
    const loading = (async () => {
      const kept = await cache.get(question);
      if (kept !== null) return kept;
      const stars = await fetchCone(cone);
      await cache.put(question, stars);
      return stars;
    })().finally(() => pending.delete(question));
    pending.set(question, loading);
    return loading;
  };

  const bandNames = table.bands.map(({ band }) => band);
  return {
    name: table.name,
    async cone(raDeg, decDeg, radiusDeg, limit) {
      const wanted = { raDeg, decDeg, radiusDeg };
      const cut = (stars: StarTable) =>
        selectCone(table.name, [stars], wanted, limit, { epochJyear: table.epochJyear, bandNames });
      if (!(limit > 0)) return cut(emptyOf(table));
      const wide = widened(wanted, limit);
      const stars = await load(wide);
      const answer = cut(stars);
      // The wide cone was full before the wanted one was: ask for that alone.
      if (stars.count < wide.rows || answer.count >= limit) return answer;
      return cut(await load({ ...wanted, rows: Math.min(Math.ceil(limit), MOST_ROWS) }));
    },
  };
}

interface Cone {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly radiusDeg: number;
  /** At most so many, the brightest. */
  readonly rows: number;
}

/** The cone on the grid that holds the wanted one, with as many more rows as its area is larger. */
function widened({ raDeg, decDeg, radiusDeg }: Omit<Cone, 'rows'>, limit: number): Cone {
  const step = Math.max(GRID_DEG, radiusDeg / 4);
  const dec = Math.max(-90, Math.min(90, Math.round(decDeg / step) * step));
  const cells = Math.max(1, Math.round((360 * Math.max(0.02, Math.cos((dec * Math.PI) / 180))) / step));
  const ra = Math.abs(dec) > 89 ? raDeg : ((Math.round((raDeg / 360) * cells) % cells) * 360) / cells;
  const radius = Math.ceil((radiusDeg + step * 0.75) * 100) / 100;
  const area = (radius / Math.max(radiusDeg, 1e-6)) ** 2;
  return {
    raDeg: Number((((ra % 360) + 360) % 360).toFixed(6)),
    decDeg: Number(dec.toFixed(6)),
    radiusDeg: radius,
    rows: Math.min(MOST_ROWS, Math.max(1000, Math.ceil(limit * Math.min(area, 1000)))),
  };
}

/** Double quotes keep names that are no identifiers (`2MASS`, `R2s/g`). */
const quoted = (name: string): string => `"${name}"`;

/** ADQL 2.0, brightest first; asked by POST, answered as VOTable with plain cells. */
export function adql(table: VizierTable, { raDeg, decDeg, radiusDeg, rows }: Cone): string {
  const where = `1=CONTAINS(POINT('ICRS', ${quoted(table.ra)}, ${quoted(table.dec)}), CIRCLE('ICRS', ${raDeg}, ${decDeg}, ${radiusDeg}))`;
  const columns = columnsOf(table).map(quoted).join(', ');
  return `SELECT TOP ${rows} ${columns} FROM ${quoted(table.table)} WHERE ${where} ORDER BY ${quoted(table.bands[0]!.mag)}`;
}

function tapRequest(host: string, table: VizierTable, cone: Cone): { url: string; init: RequestInit } {
  const body = new URLSearchParams({
    REQUEST: 'doQuery',
    LANG: 'ADQL',
    FORMAT: 'votable/td',
    MAXREC: String(cone.rows),
    QUERY: adql(table, cone),
  });
  return { url: `${host}/TAPVizieR/tap/sync`, init: { method: 'POST', body } };
}

/** Simple Cone Search 1.03; it knows no order, so all is asked for and the limit is kept here. */
function coneRequest(host: string, table: VizierTable, { raDeg, decDeg, radiusDeg }: Cone): { url: string; init: RequestInit } {
  const query = new URLSearchParams({ RA: String(raDeg), DEC: String(decDeg), SR: String(radiusDeg), VERB: '3' });
  return { url: `${host}/viz-bin/conesearch/${table.table}?${query}`, init: { method: 'GET' } };
}

function emptyOf(table: VizierTable): StarTable {
  return starsOfAnswer({ columns: columnsOf(table), rows: [] }, table, table.name);
}
