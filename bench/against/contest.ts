import { spawnSync } from 'node:child_process';
import { type BenchRow, row } from '../report.ts';

/** Seconds of one run. CPU: user and system, of all threads. */
export interface Spent {
  readonly wallSec: number;
  readonly cpuSec: number;
}

/** Two ways to do one work; each call does all of it once. */
export interface Contest {
  readonly name: string;
  /** Ours on one thread, and on as many as the machine has. */
  readonly one: () => Promise<Spent>;
  readonly all: () => Promise<Spent>;
  /** null: not installed, or there is none; `note` says so. */
  readonly peer: (() => Promise<Spent>) | null;
  readonly peerName: string;
  /** Least ratio peer/ours of CPU time (one thread) and of wall time (all threads); null: nothing was promised. */
  readonly cpuRatio: number | null;
  readonly wallRatio: number | null;
  readonly rounds?: number;
  /** How right both were on this input, in words; asked after the last round. */
  readonly accuracy?: () => string;
  readonly note?: string;
}

/** Runs ours and the peer's in turn, after one round that does not count; medians of each. */
export async function compete(contest: Contest): Promise<BenchRow[]> {
  const { name, one, all, peer, peerName, cpuRatio, wallRatio, rounds = 3 } = contest;
  const spent: { one: Spent; all: Spent; peer: Spent | null }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const turn = { one: await one(), peer: (await peer?.()) ?? null, all: await all() };
    if (round > 0) spent.push(turn);
  }
  const cpu = median(spent.map((s) => s.one.cpuSec));
  const wall = median(spent.map((s) => s.all.wallSec));
  const peerCpu = peer ? median(spent.map((s) => s.peer!.cpuSec)) : null;
  const peerWall = peer ? median(spent.map((s) => s.peer!.wallSec)) : null;
  const said = [contest.accuracy?.(), contest.note].filter(Boolean).join('; ');
  const line = (what: string, ours: number, theirs: number | null, least: number | null): BenchRow => {
    const ratio = theirs === null ? null : theirs / ours;
    return {
      ...row(`${name}: ${what}`, ours, 's'),
      target: least === null ? null : `peer/ours >= ${least}`,
      pass: least === null || ratio === null ? null : ratio >= least,
      ...(theirs === null ? {} : { peer: peerName, peerValue: theirs, ratio }),
      ...(said ? { note: said } : {}),
    };
  };
  return [line('CPU, one thread', cpu, peerCpu, cpuRatio), line('wall, all threads', wall, peerWall, wallRatio)];
}

/** Time of a work in this process. */
export async function spend(work: () => Promise<unknown>): Promise<Spent> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const wallSec = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { wallSec, cpuSec: (user + system) / 1e6 };
}

/** Time of other programs, one after the other. */
export function spendOn(folder: string, commands: readonly (readonly string[])[]): Spent {
  let [wallSec, cpuSec] = [0, 0];
  for (const [tool, ...args] of commands) {
    const timed = ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', tool!, ...args];
    const { status, stderr } = spawnSync('bash', timed, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
    const figures = /([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr);
    if (status !== 0 || !figures) throw new Error(`${tool} ended with ${status}: ${stderr.slice(-400)}`);
    wallSec += Number(figures[1]);
    cpuSec += Number(figures[2]) + Number(figures[3]);
  }
  return { wallSec, cpuSec };
}

export const isInstalled = (tool: string): boolean => spawnSync('bash', ['-c', `command -v ${tool}`]).status === 0;

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};
