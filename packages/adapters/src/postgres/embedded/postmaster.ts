import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What a running server writes into its own data folder. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

const pidFile = (data: string): string => join(data, 'postmaster.pid');

/** The server that runs on this data folder, or null: none, or it died without taking its notice down. */
export function readPostmaster(data: string): Postmaster | null {
  let lines: string[];
  try {
    lines = readFileSync(pidFile(data), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]),
    port = Number(lines[3] ?? 0);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
  return { pid, port, isReady: port > 0 && (lines[7] ?? '').trim() === 'ready' };
}

/** Takes down the notice of a dead server whose number another program now has: PostgreSQL would take that program for its like. */
export function clearStaleNotice(data: string): void {
  try {
    const pid = Number(readFileSync(pidFile(data), 'utf8').split('\n')[0]);
    if (!isAlive(pid)) rmSync(pidFile(data), { force: true });
  } catch {
    // No notice: nothing to clear.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as { code?: string }).code === 'ESRCH') return false;
  }
  try {
    return /postgres/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return process.platform !== 'linux'; // no /proc elsewhere: believe the number
  }
}
