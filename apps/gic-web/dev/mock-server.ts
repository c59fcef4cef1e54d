import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Board, FrameRow, InstanceStatus, LiveEvent } from '@colibri/contracts';
import {
  boardOf,
  emptyRow,
  filterFor,
  finished,
  instance,
  makeRandom,
  modulesOn,
  nightId,
  nightRows,
  now,
  times,
} from './mock-night.ts';
import { type MockField, makeField, previewFits, reducedFits, sourcesOf, summaryOf } from './mock-sky.ts';

/** A server with the routes of the contract and an invented night, for developing and testing the page alone. */
export interface MockServer {
  readonly url: string;
  readonly field: MockField;
  rows(): readonly FrameRow[];
  /** Sends an event and keeps it in the snapshot. */
  frame(row: FrameRow): void;
  /** Uses up sequence numbers without telling anyone: a gap. */
  loseEvents(count: number): void;
  /** Stops answering and writing, as a pulled cable does; `false` comes back. */
  hang(on: boolean): void;
  /** Makes one API path fail with a Problem. */
  breakPath(part: string | null): void;
  requests(): readonly string[];
  close(): Promise<void>;
}

export interface MockOptions {
  readonly port?: number;
  readonly live?: boolean;
  readonly frames?: number;
  readonly empty?: boolean;
  readonly simulation?: boolean;
  readonly fieldSize?: number;
  /** Folder of the built page. */
  readonly dist?: string;
}

const built = fileURLToPath(new URL('../dist', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.map': 'application/json',
};
const nightStart = Date.parse('2026-11-23T05:13:30Z');

export async function startMock(options: MockOptions = {}): Promise<MockServer> {
  const dist = options.dist ?? built;
  const rate = options.simulation === false ? 1 : 20;
  const startedAt = Date.now();
  const offset = options.simulation === false ? 0 : startedAt - nightStart;
  const simNow = () => nightStart + (Date.now() - startedAt) * rate;
  const realOf = (simMs: number) => startedAt - (nightStart - simMs) / rate;
  const random = makeRandom(5);
  const field = makeField(options.fieldSize ?? 1024);
  let rows: FrameRow[] = options.empty ? [] : nightRows(nightStart, offset === 0 ? (ms) => ms : realOf, options.frames);
  let seq = 1000;
  let hanging = false;
  let broken: string | null = null;
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const log: LiveEvent[] = [];
  const requested: string[] = [];
  const previews = new Map<number, Uint8Array>();
  let reduced: Uint8Array | null = null;
  let queue = 3;

  const instances = (): InstanceStatus[] =>
    options.empty
      ? [instance('svom', Date.now(), rows, 0)]
      : [instance('svom', Date.now(), rows, queue), instance('standard', Date.now(), rows, 0)];
  const emit = (event: LiveEvent) => {
    log.push(event);
    if (log.length > 5000) log.shift();
    if (hanging) return;
    for (const stream of streams) stream.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const frame = (row: FrameRow) => {
    const index = rows.findIndex((each) => each.key === row.key);
    rows = index < 0 ? [...rows, row] : rows.with(index, row);
    emit({ seq: ++seq, t: new Date().toISOString(), topic: 'frame', body: row });
  };

  const send = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };
  const refuse = (response: ServerResponse, status: number, code: string, message: string, hint: string) =>
    send(response, status, { code, message, hint, correlationId: randomUUID().slice(0, 13) });

  const api = (path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse) => {
    if (broken !== null && path.includes(broken)) {
      refuse(
        response,
        503,
        'DB_UNREACHABLE',
        'The database does not answer.',
        'The frames go on being reduced; the board comes back by itself when the database does.',
      );
      return;
    }
    if (path === '/api/v1/now')
      return send(response, 200, now(Date.now(), options.simulation === false ? null : { at: simNow(), rate }));
    if (path === '/api/v1/board') {
      const night = query.get('night') ?? nightId;
      const board: Board = boardOf(seq, Date.now(), night === nightId ? rows : [], instances());
      return send(response, 200, { ...board, nightId: night });
    }
    if (path === '/api/v1/live')
      return openStream(Number(query.get('after') ?? request.headers['last-event-id'] ?? seq), response);
    const night = /^\/api\/v1\/nights\/([^/]+)\/times$/.exec(path);
    if (night !== null) {
      const days = Math.round((Date.parse(night[1]!) - Date.parse(nightId)) / 86_400_000);
      const shifted = JSON.parse(JSON.stringify(times), (_key, value: unknown) =>
        typeof value === 'string' && /T.*Z$/.test(value) ? new Date(Date.parse(value) + days * 86_400_000).toISOString() : value,
      ) as typeof times;
      return send(response, 200, { ...shifted, nightId: night[1] });
    }
    const frameMatch = /^\/api\/v1\/frames\/([^/]+)(\/.*)?$/.exec(path);
    if (frameMatch !== null) return frameRoute(decodeURIComponent(frameMatch[1]!), frameMatch[2] ?? '', query, response);
    refuse(response, 404, 'ROUTE_UNKNOWN', `There is no ${path}.`, 'See the list of routes in the contracts.');
  };

  const frameRoute = (frameId: string, rest: string, query: URLSearchParams, response: ServerResponse) => {
    const mine = rows.filter((row) => row.frameId === frameId);
    const row = mine.find((each) => each.products.reduced !== null) ?? mine[0];
    if (row === undefined)
      return refuse(
        response,
        404,
        'FRAME_UNKNOWN',
        `No frame ${frameId} is known.`,
        'Look for it on the board: the name may end in another camera or letter.',
      );
    if (rest === '') return send(response, 200, mine);
    if (row.metrics === null)
      return refuse(
        response,
        404,
        'PRODUCT_MISSING',
        `${frameId} has no such product: it is ${row.state}.`,
        'The reason is on the board.',
      );
    if (rest === '/summary') return send(response, 200, summaryOf(row, field));
    if (rest === '/sources') return send(response, 200, sourcesOf(field, row));
    const bytes = (body: Uint8Array) => {
      response.writeHead(200, { 'content-type': 'application/fits', 'content-length': body.byteLength });
      response.end(body);
    };
    if (rest === '/preview') {
      const size = Number(query.get('size') ?? 1024);
      const preview = previews.get(size) ?? previewFits(field, size);
      previews.set(size, preview);
      return bytes(preview);
    }
    reduced ??= reducedFits(field);
    if (rest === '/file/reduced') return bytes(reduced);
    refuse(response, 404, 'PRODUCT_MISSING', `The mock has no ${rest}.`, 'Ask the real server.');
  };

  const openStream = (after: number, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    for (const event of log) if (event.seq > after) response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  };

  const statics = (path: string, response: ServerResponse) => {
    const file = join(dist, normalize(path));
    const asset = extname(path) !== '' && existsSync(file) ? file : join(dist, 'index.html');
    if (!existsSync(asset))
      return refuse(response, 503, 'WEB_NOT_BUILT', 'The page is not built.', 'Run npm run build -w apps/gic-web.');
    const hashes = [...String(readFileSync(asset)).matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      (match) => `'sha256-${createHash('sha256').update(match[1]!).digest('base64')}'`,
    );
    response.writeHead(200, {
      'content-type': types[extname(asset)] ?? 'application/octet-stream',
      'content-security-policy': `default-src 'self'; script-src 'self' ${hashes.join(' ')}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'`,
    });
    response.end(readFileSync(asset));
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    requested.push(url.pathname + url.search);
    if (hanging) return; // never answers: the cable is out
    if (url.pathname.startsWith('/api/')) api(url.pathname, url.searchParams, request, response);
    else statics(url.pathname, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));

  const timers: ReturnType<typeof setInterval>[] = [];
  timers.push(
    setInterval(() => {
      if (!hanging) for (const stream of streams) stream.write(': keep-alive\n\n');
    }, 1000),
  );
  if (options.live !== false) {
    timers.push(
      setInterval(() => {
        for (const body of instances()) emit({ seq: ++seq, t: new Date().toISOString(), topic: 'instance', body });
      }, 5000),
    );
    if (!options.empty) timers.push(setInterval(() => playFrame(), 4000));
  }
  let n = 0;
  const playFrame = () => {
    n += 1;
    const camera = n % 2 === 0 ? 'C2' : 'C1';
    let row = emptyRow(simNow() - 34_000, Date.now(), camera, filterFor(camera, n));
    const done = finished(row, random, n % 11 === 0 ? 1 : null);
    const put = (next: FrameRow) => {
      row = next;
      frame(row);
    };
    put({ ...row, state: 'arriving' });
    let delay = 500;
    modulesOn.forEach((module, i) => {
      const doneCell = done.cells.find((cell) => cell.module === module)!;
      setTimeout(() => {
        queue = 1 + (n % 4);
        put({
          ...row,
          state: i === 0 ? 'reducing' : 'reduced',
          updatedAt: new Date().toISOString(),
          cells: row.cells.map((cell) =>
            cell.module === module
              ? { ...cell, state: 'running', startedAt: new Date().toISOString() }
              : (done.cells.find((d) => d.module === cell.module && modulesOn.indexOf(d.module) < i) ?? cell),
          ),
        });
      }, delay);
      delay += (doneCell.seconds ?? 0.05) * 2500;
    });
    setTimeout(() => put({ ...done, receivedAt: row.receivedAt, updatedAt: new Date().toISOString() }), delay);
  };

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    field,
    rows: () => rows,
    frame,
    loseEvents: (count) => {
      seq += count;
    },
    hang: (on) => {
      hanging = on;
      if (!on) for (const socket of sockets) socket.destroy();
    },
    breakPath: (part) => {
      broken = part;
    },
    requests: () => requested,
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
