import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import {
  board,
  frameRow,
  nightTimes,
  noUnitMetrics,
  now,
  type Problem,
  problem,
  sourceTable,
  type UnitRow,
} from '@colibri/contracts';
import { imageHdu, openFits, tableHdu, writeFits } from '@colibri/fits';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFeature, defineRoute } from './http/define-route.ts';
import { requirePermissions } from './http/permissions.ts';
import { heartbeat, type NightDouble, nightDouble } from './test/night-double.ts';

const script = "document.documentElement.dataset.theme = 'dome';";
let night: NightDouble;
let reduced: Uint8Array;

beforeAll(async () => {
  night = await nightDouble();
  const web = join(night.folder, 'web');
  mkdirSync(join(web, 'assets'), { recursive: true });
  writeFileSync(
    join(web, 'index.html'),
    `<!doctype html><script>${script}</script><script type="module" src="/assets/index-Ab3dEf_9.js"></script>`,
  );
  writeFileSync(join(web, 'assets', 'index-Ab3dEf_9.js'), `export const text = '${'night '.repeat(2000)}';`);
  writeFileSync(join(night.folder, 'secret.txt'), 'planted secret');

  const pixels = Float32Array.from({ length: 300 * 200 }, (_, i) => i);
  reduced = writeFits([imageHdu({ data: pixels, shape: [300, 200], name: 'SCI', unit: 'electron' })]);
  const columns = [
    { name: 'NUMBER', data: Int32Array.of(1, 2) },
    { name: 'X_IMAGE', data: Float64Array.of(10.25, 20.5) },
    { name: 'MAG_AUTO', data: Float64Array.of(18.5, Number.NaN) },
  ];
  const catalog = writeFits([tableHdu({ name: 'CATALOG', columns })]);
  await night.published('good', { reduced, catalog });
  await night.published('broken', { reduced: new TextEncoder().encode('no FITS at all'), summary: '{"schema": 1}' });
  await night.frame('waiting');
}, 120_000);
afterAll(() => night.close());

const json = async (path: string): Promise<unknown> => (await night.get(path)).json();
async function refused(path: string, headers?: Record<string, string>): Promise<[status: number, body: Problem]> {
  const response = await night.get(path, headers);
  return [response.status, problem.strict().parse(await response.json())];
}

describe('answers', () => {
  it('the board in the agreed shape, of the newest night or of one named', async () => {
    const newest = board.parse(await json('/api/v1/board'));
    expect(newest.rows.map((row) => row.frameId).sort()).toEqual(['broken', 'good', 'waiting']);
    expect(board.parse(await json('/api/v1/board?night=2025-12-31')).rows).toEqual(newest.rows);
    expect(board.parse(await json('/api/v1/board?night=2020-02-29'))).toMatchObject({ nightId: '2020-02-29', rows: [] });
  });

  it('what the strip shows: five chips, the night, no simulation', async () => {
    const answer = now.parse(await json('/api/v1/now'));
    expect(answer.chips.map((chip) => `${chip.id} ${chip.state}`)).toEqual([
      'safety unknown',
      'telescope unknown',
      'alert unknown',
      'gp1 unknown',
      'link unknown',
    ]);
    expect(answer.simulation).toBeNull();
    await night.ledger.heartbeat(heartbeat());
    expect(now.parse(await json('/api/v1/now')).chips[3]).toMatchObject({ state: 'ok', word: 'running' });
  });

  it('the times of a night', async () => {
    const times = nightTimes.parse(await json('/api/v1/nights/2025-12-31/times'));
    expect(times.noonBefore).toBe('2025-12-31T19:41:51.504Z'); // the night changes at local mean noon, 19:41:51 UT
  });

  it('every row of a frame, and those of one pipeline', async () => {
    expect(frameRow.array().parse(await json('/api/v1/frames/good'))).toMatchObject([{ state: 'published' }]);
    expect((await refused('/api/v1/frames/good?pipeline=other'))[1].code).toBe('FRAME_UNKNOWN');
  });

  it('the sources of a frame, null where nothing is known', async () => {
    expect(sourceTable.parse(await json('/api/v1/frames/good/sources'))).toEqual({
      frameId: 'good',
      count: 2,
      columns: { NUMBER: [1, 2], X_IMAGE: [10.25, 20.5], MAG_AUTO: [18.5, null] },
    });
  });

  it('a preview that fits the size, the second time from the cache, the third not at all', async () => {
    const first = await night.get('/api/v1/frames/good/preview?size=100');
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/fits']);
    const bytes = new Uint8Array(await first.arrayBuffer());
    expect(Number(first.headers.get('content-length'))).toBe(bytes.length);
    expect((await openFits(bytes)).hdu(0).shape).toEqual([100, 67]);
    expect(readdirSync(join(night.folder, 'previews')).length).toBeGreaterThan(0);
    const again = await night.get('/api/v1/frames/good/preview?size=100');
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(bytes);
    expect(
      (await night.get('/api/v1/frames/good/preview?size=100', { 'if-none-match': first.headers.get('etag')! })).status,
    ).toBe(304);
  });

  it('a product byte for byte, or the part asked for', async () => {
    const whole = await night.get('/api/v1/frames/good/file/reduced');
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="good.fits.fz"');
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(reduced);
    const part = await night.get('/api/v1/frames/good/file/reduced', { range: 'bytes=2880-2889' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 2880-2889/${reduced.length}`]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(reduced.subarray(2880, 2890));
    expect(whole.headers.get('etag')).toMatch(/^W?\/?".+"$/);
    expect((await night.get('/api/v1/frames/good/file/reduced', { range: 'bytes=99999999-' })).status).toBe(416);
  });

  it('a unit: its row on the board, its page without scripts, its files', async () => {
    const folder = '929744/C1/r';
    mkdirSync(join(night.folder, 'workspace', folder), { recursive: true });
    writeFileSync(
      join(night.folder, 'workspace', folder, 'summary.html'),
      '<!doctype html><title>929744</title><script>alert(1)</script>',
    );
    writeFileSync(join(night.folder, 'workspace', folder, 'summary.json'), '{"n":1}');
    writeFileSync(join(night.folder, 'workspace', folder, 'other.json'), '{}');
    const row: UnitRow = {
      key: `svom/${folder}`,
      pipeline: 'svom',
      folder,
      nightId: '2025-12-31',
      target: '929744',
      camera: 'C1',
      filter: 'r',
      isAlert: true,
      triggeredAt: null,
      firstObservedAt: '2026-01-01T04:20:01.000Z',
      lastObservedAt: '2026-01-01T04:26:59.000Z',
      updatedAt: '2026-01-01T04:27:40.000Z',
      state: 'live',
      cells: [],
      failure: null,
      warnings: [],
      metrics: noUnitMetrics,
      products: ['summary.html', 'summary.json', '../secret.txt'],
      event: '929744',
      latencySec: 4,
    };
    await night.ledger.putUnit(row);
    expect(board.parse(await json('/api/v1/board')).units).toEqual([row]);
    const key = encodeURIComponent(row.key);
    expect(await json(`/api/v1/units/row?key=${key}`)).toEqual(row);
    const page = await night.get(`/api/v1/units/pages/${row.key}/summary.html`);
    expect(await page.text()).toContain('<title>929744</title>');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
    expect(page.headers.get('content-security-policy')).not.toContain('script-src');
    expect(await (await night.get(`/api/v1/units/file?key=${key}&name=summary.json`)).text()).toBe('{"n":1}');
    for (const name of ['other.json', '../secret.txt', 'gone.json']) {
      const response = await night.get(`/api/v1/units/file?key=${key}&name=${encodeURIComponent(name)}`);
      expect([name, response.status >= 400]).toEqual([name, true]);
    }
    expect((await refused('/api/v1/units/row?key=svom/none'))[1].code).toBe('UNIT_UNKNOWN');

    // Links between the pages lead on: up to the page of the target.
    writeFileSync(join(night.folder, 'workspace', '929744', 'summary.html'), '<!doctype html><title>all filters</title>');
    const up = new URL('../../summary.html', `http://x/api/v1/units/pages/${row.key}/summary.html`).pathname;
    expect(await (await night.get(up)).text()).toContain('all filters');
    for (const path of [
      'svom/gone/summary.html',
      'svom/929744/C1/r/summary.json',
      'other/929744/summary.html',
      'svom/summary.html',
    ]) {
      const response = await night.get(`/api/v1/units/pages/${path}`);
      expect([path, response.status >= 400]).toEqual([path, true]);
    }
  });

  it('health, figures and its own description', async () => {
    expect(await json('/health/live')).toMatchObject({ status: 'live' });
    expect(await json('/health/ready')).toMatchObject({ status: 'ready' });
    expect(await (await night.get('/metrics')).text()).toMatch(/^gic_frames\{pipeline="svom",state="published"\} 2$/m);
    const api = (await json('/api/v1/openapi.json')) as { openapi: string; paths: object; components: { schemas: object } };
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.paths)).toContain('/api/v1/frames/{frameId}/preview');
    expect(Object.keys(api.components.schemas)).toEqual(expect.arrayContaining(['Board', 'FrameRow', 'Now', 'SourceTable']));
  });
});

describe('refusals', () => {
  it.each([
    ['/api/v1/board?night=2026-02-30', 400, 'REQUEST_INVALID', 'night'],
    ['/api/v1/board?nigth=2026-02-03', 400, 'REQUEST_INVALID', 'nigth'],
    ['/api/v1/nights/tonight/times', 400, 'REQUEST_INVALID', 'night'],
    ['/api/v1/live?after=-1', 400, 'REQUEST_INVALID', 'after'],
    ['/api/v1/frames/good/preview?size=1e9', 400, 'REQUEST_INVALID', 'size'],
    ['/api/v1/frames/good/file/raw', 400, 'REQUEST_INVALID', 'product'],
    ['/api/v1/frames/nothing', 404, 'FRAME_UNKNOWN', 'nothing'],
    ['/api/v1/frames/waiting/summary', 404, 'PRODUCT_MISSING', 'queued'],
    ['/api/v1/frames/broken/preview', 500, 'PRODUCT_UNREADABLE', 'broken'],
    ['/api/v1/frames/broken/summary', 500, 'PRODUCT_UNREADABLE', 'broken'],
    ['/api/v1/nothing', 404, 'ROUTE_UNKNOWN', '/api/v1/nothing'],
    ['/assets/gone-12345678.js', 404, 'ROUTE_UNKNOWN', 'gone'],
  ])('%s is %s %s and says what', async (path, status, code, word) => {
    const [found, body] = await refused(path);
    expect([found, body.code]).toEqual([status, code]);
    expect(body.message).toContain(word);
    expect(body.hint).not.toBe('');
    expect(JSON.stringify(body)).not.toMatch(/ at .*\.ts|node_modules|\/tmp\//); // no stack, no path of ours
  });

  it('carry the id that the log knows', async () => {
    const [, { correlationId }] = await refused('/api/v1/frames/broken/preview');
    const line = night.log.lines.find(({ fields }) => fields?.['correlationId'] === correlationId);
    expect(line).toMatchObject({ level: 'ERROR', fields: { code: 'PRODUCT_UNREADABLE' } });
  });

  it.each([
    '/api/v1/frames/..%2f..%2fsecret.txt',
    '/api/v1/frames/good/file/..%2f..%2fsecret.txt',
    '/api/v1/units/pages/svom/..%2f..%2fsecret.txt%2fsummary.html',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/..%5csecret.txt',
    '/secret.txt',
    '//etc/passwd',
    '/assets/%00.js',
  ])('%s never leaves the folder that is served', async (path) => {
    const body = await rawGet(path);
    expect(body).not.toContain('planted secret');
    expect(body).not.toContain('root:');
  });

  it.each([
    ['a path that climbs out', '../secret.txt'],
    ['an absolute path', '/etc/passwd'],
    ['a link that leads out', 'link.fits'],
    ['a folder', '929744'],
    ['a file that is gone', '929744/gone.fits'],
  ])('%s recorded as a product is not served', async (what, path) => {
    const frameId = what.replaceAll(' ', '-');
    const link = join(night.folder, 'workspace', 'link.fits');
    if (path === 'link.fits') symlinkSync(join(night.folder, 'secret.txt'), link);
    await night.ledger.update(await night.frame(frameId), { products: { reduced: path, catalog: null, summary: null } });
    for (const route of ['file/reduced', 'preview']) {
      const [status, { code }] = await refused(`/api/v1/frames/${frameId}/${route}`);
      expect([status, code]).toEqual([404, 'PRODUCT_LOST']);
    }
  });

  it('a pipeline whose workspace nobody named', async () => {
    const key = await night.frame('elsewhere', { pipeline: 'test' });
    await night.ledger.update(key, { products: { reduced: 'a.fits', catalog: null, summary: null } });
    expect((await refused('/api/v1/frames/elsewhere/preview'))[1].code).toBe('WORKSPACE_UNKNOWN');
  });

  it('whoever asks under a name that is not this machine', async () => {
    expect(JSON.parse(await rawGet('/api/v1/board', 'evil.example'))).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(JSON.parse(await rawGet('/api/v1/board', `localhost:${night.server.port}`))).toHaveProperty('seq');
  });

  it('methods that change things: there are none', async () => {
    const response = await fetch(`${night.server.address}/api/v1/board`, { method: 'POST', body: '{}' });
    expect([response.status, problem.parse(await response.json()).code]).toEqual([404, 'ROUTE_UNKNOWN']);
  });
});

describe('the page', () => {
  it('is one file for every address of its router, and may run its own inline script only', async () => {
    const hash = createHash('sha256').update(script).digest('base64');
    for (const path of ['/', '/gp1', '/image/20260101T042001C0o', '/night/2025-12-31?t=4']) {
      const response = await night.get(path);
      expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 200, 'no-cache']);
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('upgrade-insecure-requests');
    }
  });

  it('sends its parts packed, for ever', async () => {
    const part = await night.get('/assets/index-Ab3dEf_9.js', { 'accept-encoding': 'br' });
    expect(part.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(part.headers.get('content-encoding')).toBe('br');
    expect(await part.text()).toContain('night night');
    expect((await night.get('/', { 'if-none-match': (await night.get('/')).headers.get('etag')! })).status).toBe(304);
  });

  it('has the headers that keep browsers from guessing, on pages, data and refusals alike', async () => {
    for (const path of ['/', '/api/v1/board', '/api/v1/nothing', '/health/live']) {
      const { headers } = await night.get(path);
      const found = ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'strict-transport-security'].map((name) =>
        headers.get(name),
      );
      expect([path, ...found]).toEqual([path, 'nosniff', 'DENY', 'no-referrer', null]);
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('the door', () => {
  it('does not open a route that declares no permission', () => {
    const app = fastify();
    requirePermissions(app, []);
    const bare = defineRoute({
      method: 'GET',
      path: '/bare',
      permission: undefined as never,
      summary: '',
      answer: 'text/plain',
      handle: () => '',
    });
    expect(() => addFeature(app, { name: 'bare', title: 'Bare', routes: [bare] })).toThrow('/bare declares no permission');
  });

  it('lets one address ask so often, and says when to come again', async () => {
    const strict = await nightDouble({ requestsPer10s: 5 });
    try {
      const statuses = [];
      for (let i = 0; i < 7; i++) statuses.push((await strict.get('/health/live')).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
      const last = await strict.get('/health/live');
      expect(problem.parse(await last.json()).code).toBe('TOO_MANY_REQUESTS');
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await strict.close();
    }
  });
});

/** As typed: fetch would tidy the path and set the host. */
function rawGet(path: string, host?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: night.server.port, path, headers: host ? { host } : {} }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(body));
    });
    asked.on('error', reject);
    asked.end();
  });
}
