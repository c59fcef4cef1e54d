import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { type UnitSummary, unitSummary } from '@colibri/contracts';
import { separationArcsec } from '@colibri/sky';
import { type BenchRow, row } from '../../report.ts';
import { everyModule, gp1Path, writeGp1Config } from './run-gp1.ts';
import { type SeededNight, seededNight } from './seeded-night.ts';

const frames = 5;
/** Seconds between two frames of the field in life, and the configured wait for frames that do not come. */
const cadenceSec = 39;
const settleSec = 120;

/**
 * Row 9: gp1 watches, calibrations were taken in the afternoon (masters are not built yet), and the frames of an alert land one by one.
 * Wall-clock seconds from the landing of a file to the page that stands on it. A page without magnitude or limit does not count.
 */
export async function firstPageRows(): Promise<BenchRow[]> {
  const night = seededNight({ seed: 909, frames }, { isHeld: true });
  const gp1 = writeGp1Config(night.folder, everyModule, { general: [`unit_settle_seconds = ${settleSec}`] });
  const start = (...more: string[]): ChildProcess =>
    spawn(process.execPath, [gp1Path, '--config', gp1, ...more], { cwd: night.folder, stdio: ['ignore', 'pipe', 'ignore'] });
  let child = start();
  try {
    await said(child, 'Watching.');
    const lags: number[] = [];
    /** CPU seconds of gp1, all threads, from landing to page: what does not depend on who else works here. */
    const spent: (number | null)[] = [];
    let first: UnitSummary | null = null;
    for (let k = 0; k < frames; k++) {
      const landed = performance.now();
      const before = cpuSecOf(child);
      night.deliver(k);
      const page = await pageThat(night, (summary) => summary.stack.frames >= k + 1);
      lags.push((performance.now() - landed) / 1000);
      const after = cpuSecOf(child);
      spent.push(before === null || after === null ? null : after - before);
      first ??= page;
    }
    // Nobody waits here for frames that do not come: a run that takes what is there makes the final products at once.
    child.kill('SIGKILL');
    const last = performance.now();
    child = start('--once');
    const final = await pageThat(night, ({ isFinal }) => isFinal);
    const finalSec = (performance.now() - last) / 1000;
    const isAnswer = first!.verdict.limitMag5Sigma !== null;
    const { raDeg, decDeg } = night.field.sources.find(({ kind }) => kind === 'fading')!;
    const named = first!.candidates.candidates.find(({ name }) => name === first!.verdict.candidate);
    const off = named ? separationArcsec(named.raDeg, named.decDeg, raDeg, decDeg) : Number.NaN;
    const allSec = (frames - 1) * cadenceSec + lags.at(-1)!;
    const note = `masters built on the way; ${night.field.options.size}² pixels; file rest of 2 s included; ${cpuText(spent[0])}; load of the machine ${loadavg()[0]!.toFixed(1)}`;
    return [
      row('beat-it 9: first page after the first frame', isAnswer ? lags[0]! : Number.NaN, 's', '< 10', { note }),
      row('beat-it 9: true afterglow from the place on the first page', off, 'arcsec', '<= 0.5'),
      row('beat-it 9: page with the next frame on it, slowest of four', Math.max(...lags.slice(1)), 's', '< 10', {
        note: `${cpuText(spent.at(-1))} for the fifth`,
      }),
      row('beat-it 9: page of five frames after the first frame, at their cadence in life', allSec, 's', '< 300', {
        note: `4 × ${cadenceSec} s, and ${lags.at(-1)!.toFixed(1)} s behind the fifth`,
      }),
      row(
        'beat-it 9: final page, difference and all, after the first frame',
        final.difference ? (frames - 1) * cadenceSec + settleSec + finalSec : Number.NaN,
        's',
        null,
        {
          note: `4 × ${cadenceSec} s, ${settleSec} s without a frame, ${finalSec.toFixed(1)} s of start and work`,
        },
      ),
    ];
  } finally {
    child.kill('SIGKILL');
    night.dispose();
  }
}

const cpuText = (sec: number | null | undefined): string =>
  sec === null || sec === undefined ? 'CPU time not known' : `${sec.toFixed(1)} s of CPU`;

/** User and system time of a process with all of its threads [s]; null where the system does not tell. */
function cpuSecOf({ pid }: ChildProcess): number | null {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return null;
  // After the name in brackets; fields 14 and 15 in ticks of 10 ms.
  const fields = readFileSync(path, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resolves when the process says so; fails when it ends before. */
function said(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes(words)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`gp1 ended with code ${code}: ${text.slice(-300)}`)));
  });
}

/** The summary beside the page, as soon as there is a page that stands on what is asked for. */
async function pageThat(night: SeededNight, isWanted: (summary: UnitSummary) => boolean): Promise<UnitSummary> {
  const folder = join(night.folder, 'workspace', '929744', 'C1', night.field.options.filter);
  const [page, data] = [join(folder, 'summary.html'), join(folder, 'summary.json')];
  let seen = 0;
  for (const end = performance.now() + 120_000; performance.now() < end; await new Promise((done) => setTimeout(done, 25))) {
    if (!existsSync(page)) continue;
    const { mtimeMs } = statSync(page);
    if (mtimeMs === seen) continue;
    // The page is written after its data: data that is as wanted, then a page not older than it.
    const { mtimeMs: dataMs } = statSync(data);
    if (mtimeMs < dataMs) continue;
    seen = mtimeMs;
    const summary = unitSummary.parse(JSON.parse(readFileSync(data, 'utf8')));
    if (isWanted(summary)) return summary;
  }
  throw new Error('No page of this kind came within two minutes.');
}
