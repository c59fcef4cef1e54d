import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReferenceStars } from '@colibri/pipeline';
import { separationDeg } from '@colibri/sky';
import { columnsOf, type VizierTable } from '../vizier/vizier-tables.ts';

/** How the double treats one request. */
export type Mood =
  | 'well'
  | 'csv'
  | 'silent'
  | 'slow'
  | 'error500'
  | 'busy429'
  | 'hangs-up'
  | 'cut-votable'
  | 'cut-csv'
  | 'web-page'
  | 'bad-number'
  | 'missing-column'
  | 'query-error'
  | 'bad-request';

export interface VizierDouble {
  readonly url: string;
  /** What was asked: `tap` or `cone`, and the query. */
  readonly requests: { readonly protocol: 'tap' | 'cone'; readonly query: string }[];
  /** Moods of the next requests; the last one stays. */
  moods: Mood[];
  close(): Promise<void>;
}

/** A VizieR on loopback that replays TAP and cone search for one table. `stars` are in AB and go out as the table has them. */
export async function startVizierDouble(table: VizierTable, stars: ReferenceStars): Promise<VizierDouble> {
  const requests: { protocol: 'tap' | 'cone'; query: string }[] = [];
  const state = { moods: ['well'] as Mood[] };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url!, 'http://localhost');
    const mood = state.moods.length > 1 ? state.moods.shift()! : state.moods[0]!;
    if (url.pathname === '/TAPVizieR/tap/sync' && request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const form = new URLSearchParams(body);
      const query = form.get('QUERY') ?? '';
      requests.push({ protocol: 'tap', query });
      const asked =
        /^SELECT TOP (\d+) .* FROM "([^"]+)" .*CIRCLE\('ICRS', ([-\d.e]+), ([-\d.e]+), ([-\d.e]+)\)\) ORDER BY "([^"]+)"$/.exec(
          query,
        );
      if (form.get('REQUEST') !== 'doQuery' || form.get('LANG') !== 'ADQL' || asked?.[2] !== table.table)
        return refuse(response, 'unknown table');
      return respond(response, mood, rowsWithin(Number(asked[3]), Number(asked[4]), Number(asked[5])).slice(0, Number(asked[1])));
    }
    if (url.pathname === `/viz-bin/conesearch/${table.table}` && request.method === 'GET') {
      requests.push({ protocol: 'cone', query: url.search });
      const get = (name: string): number => Number(url.searchParams.get(name));
      return respond(response, mood, rowsWithin(get('RA'), get('DEC'), get('SR')));
    }
    response.writeHead(404).end('not found');
  };
  const rowsWithin = (ra: number, dec: number, radius: number): string[][] => {
    const first = stars.bands.get(table.bands[0]!.band)!.mag;
    return Array.from({ length: stars.count }, (_, i) => i)
      .filter((i) => separationDeg(ra, dec, stars.raDeg[i]!, stars.decDeg[i]!) <= radius)
      .sort((a, b) => (Number.isNaN(first[a]!) ? 99 : first[a]!) - (Number.isNaN(first[b]!) ? 99 : first[b]!))
      .map((i) => rowOf(table, stars, i));
  };
  const respond = async (response: ServerResponse, mood: Mood, rows: string[][]): Promise<void> => {
    const columns = columnsOf(table);
    switch (mood) {
      case 'silent':
        return;
      case 'hangs-up':
        response.destroy();
        return;
      case 'error500':
        response.writeHead(500).end('<html>Internal error</html>');
        return;
      case 'busy429':
        response.writeHead(429, { 'retry-after': '2' }).end('slow down');
        return;
      case 'web-page':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><html>Sign in to the hotel network</html>');
        return;
      case 'query-error':
        refuse(response, 'Unknown column "Gmag" &amp; more', 200);
        return;
      case 'bad-request':
        refuse(response, 'Incorrect ADQL', 400);
        return;
      case 'csv':
      case 'cut-csv': {
        const text = [columns, ...rows]
          .map((row) => row.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(','))
          .join('\n');
        response.writeHead(200, { 'content-type': 'text/csv' }).end(mood === 'csv' ? `${text}\n` : text.slice(0, -3));
        return;
      }
      case 'slow': {
        const text = votable(columns, rows);
        response.writeHead(200);
        for (let k = 0; k < 10; k++) {
          response.write(text.slice((k * text.length) / 10, ((k + 1) * text.length) / 10));
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
        response.end();
        return;
      }
      default: {
        const broken = mood === 'bad-number' ? rows.map((row, i) => (i === 0 ? row.map(() => '12h30m') : row)) : rows;
        const text =
          mood === 'missing-column'
            ? votable(
                columns.slice(0, 2),
                rows.map((row) => row.slice(0, 2)),
              )
            : votable(columns, broken);
        response.writeHead(200, { 'content-type': 'application/x-votable+xml' });
        response.end(mood === 'cut-votable' ? text.slice(0, text.length * 0.6) : text);
      }
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get moods() {
      return state.moods;
    },
    set moods(next) {
      state.moods = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, why: string, status = 400): void {
  response.writeHead(status, { 'content-type': 'application/x-votable+xml' });
  response.end(
    `<?xml version="1.0"?><VOTABLE><RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">${why}</INFO></RESOURCE></VOTABLE>`,
  );
}

function rowOf(table: VizierTable, stars: ReferenceStars, i: number): string[] {
  const cell = (value: number): string => (Number.isNaN(value) ? '' : String(value));
  const cells = new Map<string, string>([
    [table.id, String(3_960_313_202_461_848_000n + BigInt(i))],
    [table.ra, String(stars.raDeg[i])],
    [table.dec, String(stars.decDeg[i])],
  ]);
  if (table.pmRa !== null) cells.set(table.pmRa, cell(stars.pmRaMasYr[i]!));
  if (table.pmDec !== null) cells.set(table.pmDec, cell(stars.pmDecMasYr[i]!));
  for (const { band, mag, err, toAb } of table.bands) {
    const column = stars.bands.get(band);
    cells.set(mag, cell((column?.mag[i] ?? Number.NaN) - toAb));
    if (err !== null) cells.set(err, cell(column?.err[i] ?? Number.NaN));
  }
  return columnsOf(table).map((name) => cells.get(name) ?? '');
}

/** As TAPVizieR writes it: names that are no identifiers get a plain ID beside the true name. */
function votable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const fields = columns.map((name) => `<FIELD name="${name}" ID="${name.replace(/\W/g, '_')}" datatype="double"/>`).join('\n');
  const body = rows
    .map((row) => `<TR>${row.map((cell) => (cell === '' ? '<TD/>' : `<TD>${cell}</TD>`)).join('')}</TR>`)
    .join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>
<TABLE>
${fields}
<DATA><TABLEDATA>
${body}
</TABLEDATA></DATA>
</TABLE></RESOURCE></VOTABLE>
`;
}
