import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FrameRow } from '@colibri/contracts';
import { formatDec, formatRa } from '@colibri/sky';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockOptions, type MockServer, startMock } from '../dev/mock-server.ts';
import { skyOf } from '../dev/mock-sky.ts';
import { brightest, findChromium, launch, pixelsOf } from './browser.ts';

const executable = findChromium();
const desktop: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** Patience on a busy machine; what is measured is measured apart. */
const patience = 30_000;
const night = '2026-11-22';

describe.skipIf(executable === null)(
  'the page in a browser (skipped where no chromium is installed)',
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let mock: MockServer;
    const dist = mkdtempSync(join(tmpdir(), 'gic-web-'));
    const mocks: MockServer[] = [];
    const errors: string[] = [];
    const foreign: string[] = [];

    const serve = async (options: MockOptions = {}) => {
      const server = await startMock({ live: false, fieldSize: 512, dist, ...options });
      mocks.push(server);
      return server;
    };
    const open = async (
      path: string,
      options: { context?: BrowserContextOptions; server?: MockServer; before?: string; expectErrors?: boolean } = {},
    ): Promise<Page> => {
      const server = options.server ?? mock;
      const context = await browser.newContext(options.context ?? desktop);
      if (options.before !== undefined) await context.addInitScript(options.before);
      const page = await context.newPage();
      page.setDefaultTimeout(patience);
      page.on('pageerror', (error) => errors.push(`${path}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error' && options.expectErrors !== true) errors.push(`${path}: ${message.text()}`);
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
      });
      await page.goto(server.url + path);
      return page;
    };
    const close = (page: Page) => page.context().close();
    const row = (over: Partial<FrameRow> = {}): FrameRow => {
      const like = mock.rows().find((each) => each.state === 'published' && each.metrics !== null && !each.isAlert)!;
      return {
        ...like,
        frameId: '20261123T051500C1o',
        key: 'standard/20261123T051500C1o/r1',
        observedAt: '2026-11-23T05:15:00.000Z',
        receivedAt: new Date().toISOString(),
        updatedAt: new Date().toISOString(),
        ...over,
      };
    };

    beforeAll(async () => {
      const root = resolve(import.meta.dirname, '..');
      await build({
        root,
        configFile: join(root, 'vite.config.ts'),
        logLevel: 'error',
        build: { outDir: dist, emptyOutDir: true, sourcemap: false, reportCompressedSize: false },
      });
      browser = await launch(executable!);
      mock = await serve();
    }, 180_000);

    afterAll(async () => {
      await browser?.close();
      await Promise.all(mocks.map((server) => server.close()));
      rmSync(dist, { recursive: true, force: true });
    });

    it('shows the board: alerts on top, a row for each frame in view, figures with units, and fits the screen', async () => {
      const page = await open('/gp1?theme=dark');
      await page.waitForSelector('.board-row');
      expect(await page.locator('.board-group').first().innerText()).toContain('Alert frames');
      expect(await page.locator('.board-row').count()).toBeGreaterThan(15);
      expect(await page.locator('.board-row').count()).toBeLessThan(80); // virtual: the night has some 560
      expect(await page.locator('.board-head').innerText()).toContain('AB mag ± 1σ');
      expect(await page.locator('.strip').innerText()).toContain('UT 23 Nov');
      expect(await page.locator('.banner-simulation').innerText()).toMatch(/SIMULATION.*×20/s);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1440);
      await close(page);
    });

    it('changes a cell when an event comes, without a reload', async () => {
      const page = await open('/gp1?q=20261123T051500C1o');
      await page.waitForSelector('.empty');
      const cells = row().cells;
      mock.frame(
        row({
          state: 'reducing',
          metrics: null,
          latencySec: null,
          cells: cells.map((cell) => ({
            ...cell,
            state: cell.module === 'reduction' ? 'running' : cell.state === 'off' ? 'off' : 'waiting',
            startedAt: new Date().toISOString(),
            seconds: null,
          })),
        }),
      );
      await page.waitForSelector('.board-row .cell-running');
      mock.frame(row());
      await page.waitForSelector('.board-row .cell-running', { state: 'detached' });
      expect(await page.locator('.board-row').innerText()).toMatch(/0\.\d\d s/);
      await close(page);
    });

    it('fetches the board again when numbers are missing', async () => {
      const page = await open('/gp1?q=20261123T051600C1o');
      await page.waitForSelector('.empty');
      const before = mock.requests().filter((path) => path.startsWith('/api/v1/board')).length;
      mock.loseEvents(3);
      mock.frame(row({ frameId: '20261123T051600C1o', key: 'standard/20261123T051600C1o/r1' }));
      await page.waitForSelector('.board-row');
      expect(mock.requests().filter((path) => path.startsWith('/api/v1/board')).length).toBeGreaterThan(before);
      await close(page);
    });

    it('tells why a module was skipped or failed on tap, and opens the frame with its failure, remedy and quarantine', async () => {
      const failed = mock.rows().find((each) => each.failure?.quarantinePath != null)!;
      const page = await open(`/gp1?row=${failed.key}`, { context: phone });
      await page.waitForSelector('.drawer-body');
      const text = await page.locator('.drawer-body').innerText();
      for (const part of [failed.failure!.message, failed.failure!.hint, failed.failure!.code, failed.failure!.quarantinePath!])
        expect(text).toContain(part);
      await close(page);
      const wide = await open(`/gp1?q=${failed.frameId}`, { context: { ...desktop, hasTouch: true } });
      await wide.locator('.cell-failed').tap();
      expect(await wide.locator('.hint-bubble').innerText()).toContain('reduction failed');
      await close(wide);
    });

    it.each([
      '/',
      '/gp1',
      '/gp1?tab=failures',
      `/night/${night}/frames`,
      `/night/${night}/frames?tab=frames`,
      'image',
      '/no/such/page',
    ])('draws %s in the dome in red alone, in letters of 16 px semi-bold at least', async (path) => {
      const frame = mock.rows().findLast((each) => each.products.reduced !== null && each.isAlert)!;
      const page = await open(
        path === 'image'
          ? `/image/${frame.frameId}?theme=dome&ov=sources,mask,alert`
          : `${path}${path.includes('?') ? '&' : '?'}theme=dome`,
      );
      await page.waitForSelector(
        path === 'image'
          ? '.viewer[data-renderer="webgl2"]'
          : path.startsWith('/night') && !path.includes('tab')
            ? '.chart canvas'
            : '.chip',
      );
      await page.waitForTimeout(1500);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      const [red, green, blue] = await brightest(page);
      expect([green, blue]).toEqual([0, 0]);
      expect(red).toBeGreaterThan(0x60);
      expect(red).toBeLessThanOrEqual(0xc0);
      const small = await page.evaluate(() => {
        const found: string[] = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const element = walker.currentNode.parentElement!;
          if (
            (walker.currentNode.textContent ?? '').trim() === '' ||
            element.closest('script, style, noscript, .sr-only, title') !== null ||
            element.getClientRects().length === 0
          )
            continue;
          const style = getComputedStyle(element);
          if (Number.parseFloat(style.fontSize) < 16 || Number(style.fontWeight) < 600)
            found.push(`${element.className} “${walker.currentNode.textContent}” ${style.fontSize} ${style.fontWeight}`);
        }
        return found;
      });
      expect(small).toEqual([]);
      await close(page);
    });

    it('keeps search, help and the drawer red in the dome, too', async () => {
      const page = await open('/gp1?theme=dome');
      await page.waitForSelector('.board-row');
      for (const [key, ready] of [
        ['/', '.palette-box'],
        ['?', '.help'],
      ] as const) {
        await page.keyboard.press(key);
        await page.waitForSelector(ready);
        await page.waitForTimeout(400);
        expect((await brightest(page)).slice(1)).toEqual([0, 0]);
        await page.keyboard.press('Escape');
        await page.waitForSelector(ready, { state: 'detached' });
      }
      await page
        .locator('.board-row')
        .first()
        .click({ position: { x: 20, y: 10 } });
      await page.waitForSelector('.drawer-body');
      await page.waitForTimeout(400);
      expect((await brightest(page)).slice(1)).toEqual([0, 0]);
      await close(page);
    });

    it('never flashes white: with its scripts held back the page is dark already, and red in the dome', async () => {
      for (const theme of ['dark', 'dome']) {
        const context = await browser.newContext(desktop);
        const page = await context.newPage();
        await page.route('**/assets/**', (route) => route.abort());
        await page.goto(`${mock.url}/image/any?theme=${theme}`);
        await page.waitForSelector('.boot', { state: 'attached' });
        const { data } = pixelsOf(await page.screenshot());
        const corner = [...data.slice(-4, -1)];
        if (theme === 'dome') expect(corner).toEqual([0, 0, 0]);
        else expect(Math.max(...corner)).toBeLessThan(40);
        await context.close();
      }
    });

    it('looks disconnected within 3 s of a pulled cable, says so, and comes back with what it missed', async () => {
      const server = await serve();
      const page = await open('/gp1?theme=dark', { server, expectErrors: true });
      await page.waitForSelector('.board-row');
      await page.waitForTimeout(1500);
      const start = await page.evaluate(() => {
        const state = window as unknown as { lostAt: number | null };
        state.lostAt = null;
        new MutationObserver(() => {
          if (document.documentElement.hasAttribute('data-disconnected')) state.lostAt ??= performance.now();
        }).observe(document.documentElement, { attributes: true });
        return performance.now();
      });
      server.hang(true);
      await page.waitForSelector('.banner-disconnected');
      const lostAt = await page.evaluate(() => (window as unknown as { lostAt: number }).lostAt);
      // 0.5 s for the way from this process to the browser on a busy machine.
      expect(lostAt - start).toBeLessThan(3500);
      expect(await page.locator('.banner-disconnected').innerText()).toMatch(
        /Disconnected 00:0\d — last update \d\d:\d\d:\d\d UT — retrying \(\d+\)/,
      );
      await page.waitForTimeout(400);
      const { data } = pixelsOf(await page.screenshot());
      let most = 0;
      for (let i = 0; i < data.length; i += 4)
        most = Math.max(most, Math.abs(data[i]! - data[i + 1]!), Math.abs(data[i + 1]! - data[i + 2]!));
      expect(most, 'colour left on the page').toBeLessThanOrEqual(2);
      server.frame(row({ frameId: '20261123T051700C1o', key: 'standard/20261123T051700C1o/r1', target: 'MISSED FRAME' }));
      server.hang(false);
      await page.waitForSelector('.banner-disconnected', { state: 'detached' });
      await page.waitForSelector('text=MISSED FRAME');
      expect(await page.evaluate(() => document.documentElement.hasAttribute('data-disconnected'))).toBe(false);
      await close(page);
    });

    it('tells right ages when the clock of the device is an hour wrong, and says that it is', async () => {
      const wrong = `{ const Real = Date; const ahead = 3600e3; globalThis.Date = class extends Real { constructor(...a) { if (a.length === 0) super(Real.now() + ahead); else super(...a); } static now() { return Real.now() + ahead; } }; }`;
      const page = await open('/', { before: wrong });
      await page.waitForSelector('.banner-skew');
      expect(await page.locator('.banner-skew').innerText()).toContain('60 min ahead');
      // The first answer of the server settles the ages a moment after it has settled the skew.
      const ages = () => page.locator('.chip-age').allInnerTexts();
      await expect.poll(async () => (await ages()).every((text) => /^\d{1,2} s$/.test(text)), { timeout: 10_000 }).toBe(true);
      expect(await ages()).toHaveLength(5);
      await close(page);
    });

    it('is driven by the keyboard: go, search, scale, theme, rows, help', async () => {
      const page = await open('/?theme=dark');
      await page.waitForSelector('.chip-card');
      await page.keyboard.press('g');
      await page.keyboard.press('g');
      await page.waitForSelector('.board-row');
      expect(new URL(page.url()).pathname).toBe('/gp1');
      await page.keyboard.press('t');
      await page.waitForFunction(() => /PST/.test(document.querySelector('.board-head')?.textContent ?? ''));
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.drawer-body');
      expect(new URL(page.url()).searchParams.get('row')).not.toBeNull();
      await page.keyboard.press('Escape');
      await page.waitForSelector('.drawer-body', { state: 'detached' });
      await page.keyboard.press('Shift+D');
      expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dome');
      await page.keyboard.press('Shift+D');
      await page.keyboard.press('Control+k');
      await page.waitForSelector('.palette-box');
      await page.keyboard.type('failures');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.failure');
      await page.keyboard.press('?');
      await page.waitForSelector('.help');
      expect(await page.locator('.help').innerText()).toContain('Dome theme');
      await close(page);
    });

    it('opens the same view from its link: filter, window, drawer, image place, stretch', async () => {
      const link = `/gp1?night=${night}&q=filter=r&from=2026-11-23T04:00:00.000Z&to=2026-11-23T05:00:00.000Z&ts=mjd&alerts=all`;
      const page = await open(link);
      await page.waitForSelector('.board-row');
      const seen = async () => [
        await page.locator('.filter-count').innerText(),
        await page.locator('.board-head').innerText(),
        await page.locator('.board-row').allInnerTexts(),
      ];
      const first = await seen();
      expect(first[0]).toMatch(/^\d+ of \d+ frames$/);
      const address = page.url();
      await page.reload();
      await page.waitForSelector('.board-row');
      expect(page.url()).toBe(address);
      expect(await seen()).toEqual(first);
      await close(page);
    });

    describe('the image', () => {
      // A bright star alone in its place.
      const star = () =>
        [...mock.field.stars]
          .sort((a, b) => b.flux - a.flux)
          .find(
            (one) =>
              mock.field.stars.every((other) => other === one || Math.hypot(other.x - one.x, other.y - one.y) > 30) &&
              Math.min(one.x, one.y, 511 - one.x, 511 - one.y) > 40,
          )!;
      const frame = () => mock.rows().findLast((each) => each.products.reduced !== null && each.isAlert)!;
      const noWebGl = `{ const real = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === 'webgl2' ? null : real.call(this, kind, ...rest); }; }`;

      it.each([
        ['webgl2', undefined],
        ['canvas', noWebGl],
      ] as const)('draws a star where its centroid is, with %s: half-pixel exact', async (renderer, before) => {
        const { x, y, flux } = star();
        const [cx, cy, zoom] = [Math.round(x) + 1, Math.round(y) - 1, 16];
        const page = await open(
          `/image/${frame().frameId}?theme=dark&x=${cx}&y=${cy}&z=${zoom}&st=linear&lim=manual&lo=230&hi=${230 + flux / 40}&ov=none`,
          before === undefined ? {} : { before },
        );
        await page.waitForSelector(`.viewer[data-renderer="${renderer}"]`);
        await page.waitForFunction(() => document.querySelector('.readout')?.textContent?.includes('full'));
        await page.waitForTimeout(600);
        const box = (await page.locator('.viewer').boundingBox())!;
        const side = 14 * zoom;
        const [u, v] = [box.x + box.width / 2 + (x - cx) * zoom, box.y + box.height / 2 - (y - cy) * zoom];
        const clip = { x: Math.round(u - side / 2), y: Math.round(v - side / 2), width: side, height: side };
        const { data, width } = pixelsOf(await page.screenshot({ clip }));
        let [sum, su, sv] = [0, 0, 0];
        for (let i = 0; i < data.length / 4; i++) {
          const weight = Math.max(0, data[4 * i]! - 12);
          sum += weight;
          su += weight * ((i % width) + 0.5);
          sv += weight * (Math.floor(i / width) + 0.5);
        }
        const off = [clip.x + su / sum - u, clip.y + sv / sum - v];
        // Noise and 8 bits move the centroid by a tenth of a pixel; half a pixel would be 8.
        expect(
          Math.hypot(...(off as [number, number])),
          `off by ${off.map((each) => each.toFixed(2)).join(', ')} screen pixels`,
        ).toBeLessThan(2.5);
        // The readout under the cursor: 1-based pixel, sky by the header.
        await page.mouse.move(box.x + box.width / 2 + 0.5 * zoom, box.y + box.height / 2);
        const readout = await page.locator('.readout').innerText();
        const read = /x ([\d.]+)\s+y ([\d.]+)/.exec(readout)!;
        expect(Number(read[1])).toBeCloseTo(cx + 1.5, 1);
        expect(Number(read[2])).toBeCloseTo(cy + 1, 1);
        const [ra, dec] = skyOf(mock.field, Number(read[1]) - 1, Number(read[2]) - 1);
        expect(readout).toContain(formatRa(ra).slice(0, 10));
        expect(readout).toContain(formatDec(dec).slice(0, 9));
        await close(page);
      });

      it('changes stretch and limits with the network off', async () => {
        const page = await open(`/image/${frame().frameId}?theme=dark&ov=none`, { expectErrors: true });
        await page.waitForFunction(() => document.querySelector('.readout')?.textContent?.includes('full'));
        await page.waitForTimeout(500);
        const before = await page.locator('.viewer').screenshot();
        await page.context().setOffline(true);
        await page.keyboard.press('7');
        await page.waitForTimeout(700);
        expect((await page.locator('.viewer').screenshot()).equals(before)).toBe(false);
        expect(new URL(page.url()).searchParams.get('lim')).toBe('sky');
        await close(page);
      });

      it('selects a source by click, keeps it in the link, and goes to the frame before by key', async () => {
        const { x, y } = star();
        const page = await open(`/image/${frame().frameId}?x=${x}&y=${y}&z=6`);
        await page.waitForFunction(() => /Sources \d+/.test(document.querySelector('.image-side .tabs')?.textContent ?? ''));
        await page.waitForFunction(() => document.querySelector('.readout')?.textContent?.includes('full'));
        const box = (await page.locator('.viewer').boundingBox())!;
        await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
        await page.waitForFunction(() => new URL(location.href).searchParams.get('sel') !== null);
        await page.waitForSelector('.source-row.row-selected');
        const here = page.url();
        await page.keyboard.press('ArrowLeft');
        await page.waitForFunction((old) => location.pathname !== new URL(old).pathname, here);
        await close(page);
      });
    });

    it('shows a failing panel with code and correlation id while the rest lives, and recovers by a click', async () => {
      const server = await serve();
      server.breakPath('/board');
      const page = await open('/gp1', { server, expectErrors: true });
      await page.waitForSelector('.error-state');
      const text = await page.locator('.error-state').innerText();
      expect(text).toContain('DB_UNREACHABLE');
      expect(text).toMatch(/correlation id \w+/);
      expect(await page.locator('.strip').innerText()).toContain('safe');
      server.breakPath(null);
      await page.locator('.error-state button').first().click();
      await page.waitForSelector('.board-row');
      await close(page);
    });

    it('says why a board is empty, and what will fill it', async () => {
      const page = await open('/gp1', { server: await serve({ empty: true }) });
      await page.waitForSelector('.empty');
      expect(await page.locator('.empty').innerText()).toContain('fills by itself with the first raw frame');
      await close(page);
      const other = await open('/gp1?q=fwhm>99');
      await other.waitForSelector('.empty');
      await other.locator('.empty button').click();
      await other.waitForSelector('.board-row');
      await close(other);
    });

    it('scrolls 10,000 rows without drawing them', async () => {
      const page = await open('/gp1?theme=dark', { server: await serve({ frames: 10_000 }) });
      await page.waitForSelector('.board-row');
      expect(await page.locator('.filter-count').innerText()).toMatch(/^(9|10)\d{3} frames$/);
      await page.evaluate(() => {
        document.querySelector('.matrix')!.scrollTop = 150_000;
      });
      await page.waitForTimeout(500);
      expect(await page.locator('.board-row').count()).toBeLessThan(80);
      expect(await page.locator('.board-row').first().isVisible()).toBe(true);
      await close(page);
    });

    it('fits a phone: cards instead of a wide table, targets of 44 px, nothing beyond the edge', async () => {
      for (const path of ['/', '/gp1', `/night/${night}/frames`]) {
        const page = await open(path, { context: { ...phone, viewport: { width: 360, height: 740 } } });
        await page.waitForSelector(path === '/gp1' ? '.frame-card' : path === '/' ? '.chip-card' : '.chart');
        expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(360);
        expect((await page.locator('.phone-bar .rail-link').first().boundingBox())!.height).toBeGreaterThanOrEqual(44);
        await close(page);
      }
    });

    it('logged no error and asked no foreign host on all these pages', () => {
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);
    });
  },
);
