import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { seededRandom } from '@colibri/base';
import { type BenchRow, row } from '../../report.ts';
import { everyModule, gp1Path, writeGp1Config } from './run-gp1.ts';
import { seededNight } from './seeded-night.ts';

const fewestKills = 5;
const patienceSec = 120;

/**
 * Row 11: one night undisturbed; then the same night again and again, each killed (SIGKILL) at random moments and started anew until it
 * ends by itself, with the database on disk, until there were enough kills. Every file of workspace and masters is compared.
 */
export async function killedNightRows(): Promise<BenchRow[]> {
  const night = seededNight({ seed: 1111, size: 384, frames: 3, stars: 110, ditherPix: 10 });
  try {
    const random = seededRandom(1111);
    const run = (name: string, database: string) => {
      const config = writeGp1Config(night.folder, everyModule, { run: join(night.folder, name), database });
      return () => spawn(process.execPath, [gp1Path, '--config', config, '--once'], { cwd: night.folder, stdio: 'ignore' });
    };
    const began = performance.now();
    await endOf(run('undisturbed', 'memory')());
    const lastsMs = performance.now() - began;
    const wanted = productsOf(join(night.folder, 'undisturbed'));
    let kills = 0;
    let different = 0;
    const first: string[] = [];
    const moments: string[] = [];
    for (let series = 0; kills < fewestKills; series++) {
      const name = `killed-${series}`;
      const start = run(name, 'embedded');
      for (let child = start(); ; child = start()) {
        // Enough: this one may end.
        const waitMs = kills < fewestKills ? random.uniform() * lastsMs : patienceSec * 1000;
        const isKilled = await killedAfter(child, waitMs);
        if (!isKilled) break;
        kills++;
        moments.push((waitMs / 1000).toFixed(1));
      }
      const found = productsOf(join(night.folder, name));
      const odd = [...new Set([...wanted.keys(), ...found.keys()])].filter((path) => wanted.get(path) !== found.get(path));
      different += odd.length;
      first.push(...odd.slice(0, 3));
    }
    const note = `${kills} kills ${moments.join(', ')} s after a start, of a night of ${(lastsMs / 1000).toFixed(1)} s and ${wanted.size} files${first.length > 0 ? `; different: ${first.join(', ')}` : ''}`;
    const hasProducts = [...wanted.keys()].some((path) => path.endsWith('summary.html'));
    return [
      row('beat-it 11: files that differ after kills and restarts', hasProducts ? different : Number.NaN, 'files', '<= 0', {
        note,
      }),
      row('beat-it 11: kills at random moments', kills, '', `>= ${fewestKills}`),
    ];
  } finally {
    night.dispose();
  }
}

/** Whether the process still ran at that moment, and was killed. Fails when it ends with trouble, or not at all. */
async function killedAfter(child: ChildProcess, waitMs: number): Promise<boolean> {
  const timer = setTimeout(() => child.kill('SIGKILL'), waitMs);
  const { code, signal } = await exitOf(child);
  clearTimeout(timer);
  if (signal === 'SIGKILL') return true;
  if (code !== 0) throw new Error(`A restarted gp1 ended with code ${code}.`);
  return false;
}

async function endOf(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceSec * 1000);
  const { code } = await exitOf(child);
  clearTimeout(timer);
  if (code !== 0) throw new Error(`The undisturbed gp1 ended with code ${code}.`);
}

const exitOf = (child: ChildProcess): Promise<{ code: number | null; signal: string | null }> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));

/** What a frame's summary tells of the work itself, not of the sky: when, how long, and the command with the folder in it. */
const ofTheRun = new Set(['timingsSec', 'startedAt', 'finishedAt', 'replay']);

/** Path → SHA-256 of every file below workspace and masters; JSON of frames without what tells of the run. Half-written files count. */
function productsOf(run: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const root of [join(run, 'workspace'), join(run, 'log', 'state', 'masters')]) {
    if (!existsSync(root)) continue;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      const content = /\/catalogs\/[^/]+\.json$/.test(path)
        ? JSON.stringify(JSON.parse(bytes.toString('utf8')), (key, value: unknown) => (ofTheRun.has(key) ? undefined : value))
        : bytes;
      found.set(relative(run, path), createHash('sha256').update(content).digest('hex'));
    }
  }
  return found;
}
