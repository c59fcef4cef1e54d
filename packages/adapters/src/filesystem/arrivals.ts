import { constants, type Dirent, type Stats } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { type Clock, type ObservatoryError, systemClock } from '@colibri/base';
import { watch } from 'chokidar';
import { isFrameName } from './arrival-names.ts';
import { completenessOf } from './completeness.ts';

/** A file that is whole and at rest. */
export interface Arrival {
  readonly path: string;
  readonly bytes: number;
  /** When its last byte was written, as far as can be known [ms since 1970 UTC]. */
  readonly closedMs: number;
}

export interface ArrivalsOptions {
  readonly folder: string;
  /** Size and time of change must stand still this long [ms]. */
  readonly restMs: number;
  /** Period of the full listing, which is the truth [ms]. */
  readonly rescanMs: number;
  /** An incomplete file that does not grow for this long is reported once [ms]. */
  readonly giveUpMs: number;
  readonly clock?: Clock;
  /** Whole, for the first time in this state. May take its time: the next arrival waits for it. */
  onArrival(arrival: Arrival): Promise<void>;
  /** Not whole, and no longer growing. It is still watched: a later whole version arrives as any other. */
  onStuck(path: string, error: ObservatoryError): Promise<void>;
  /** The folder itself cannot be read. */
  onTrouble(error: unknown): void;
}

export interface Arrivals {
  /** One full listing and a look at all that waits; resolves when every file that is ready was handed over. */
  scan(): Promise<void>;
  /** Files seen that are not yet whole or at rest. */
  pending(): number;
  close(): Promise<void>;
}

interface Seen {
  /** size:mtime:inode of the last look. */
  mark: string;
  /** When the mark last changed [ms, monotonic]. */
  since: number;
  /** Handed over, or reported as stuck, in this state. */
  done: 'arrived' | 'stuck' | null;
}

/**
 * True when the name changed after the content did: writing sets both times, renaming only ctime. Whoever writes under another name and
 * renames has finished. Two changes within one tick of the file system's clock (some ms) look like one, and the file rests as usual.
 */
const wasRenamedIn = ({ mtimeMs, ctimeMs }: { mtimeMs: number; ctimeMs: number }): boolean => ctimeMs - mtimeMs > 1;

/**
 * Watches a folder and the folders in it. Notifications only hurry; the periodic listing is the truth. A file is handed over when its
 * name is final, its bytes are complete by its own account, and it rested. What is no regular file (folder, FIFO, socket) is passed by;
 * symbolic links count as what they lead to.
 */
export function watchArrivals(options: ArrivalsOptions): Arrivals {
  const { folder, restMs, rescanMs, giveUpMs, clock = systemClock } = options;
  const seen = new Map<string, Seen>();
  let isClosed = false;
  let turn: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  /** One look after another: two looks at once would hand a file over twice. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(async () => {
      if (!isClosed) await work();
    });
    return turn;
  };

  const lookAt = async (path: string): Promise<void> => {
    if (isClosed) return;
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) return void seen.delete(path);
    const mark = `${found.size}:${found.mtimeMs}:${found.ino}`;
    const now = clock.monotonic();
    let file = seen.get(path);
    if (!file || file.mark !== mark) {
      // Long at rest when first seen (a backlog), or renamed here after its last byte was written: no need to wait.
      const restedBefore = !file && (wasRenamedIn(found) || clock.now() - Math.max(found.mtimeMs, found.ctimeMs) >= restMs);
      file = { mark, since: restedBefore ? now - restMs : now, done: null };
      seen.set(path, file);
    }
    if (file.done === 'arrived' || now - file.since < restMs) return;
    if (file.done === 'stuck') return;
    const whole = await completenessOf(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES' || error.code === 'EPERM') options.onTrouble(error);
      return null;
    });
    if (!whole) return;
    if (whole.state === 'incomplete') {
      if (now - file.since < giveUpMs) return;
      file.done = 'stuck';
      await options.onStuck(path, whole.error);
      return;
    }
    const after = await stat(path).catch(() => null); // it may have changed while we looked
    if (!after || `${after.size}:${after.mtimeMs}:${after.ino}` !== mark) return;
    file.done = 'arrived';
    try {
      await options.onArrival({ path, bytes: found.size, closedMs: closedAt(found, clock) });
    } catch (error) {
      seen.delete(path); // not taken: the next listing offers it again
      options.onTrouble(error);
    }
  };

  const scan = (): Promise<void> =>
    inTurn(async () => {
      const paths = await listFrames(folder).catch((error: unknown) => {
        options.onTrouble(error);
        return null;
      });
      if (!paths) return;
      const present = new Set(paths);
      for (const path of seen.keys()) if (!present.has(path)) seen.delete(path);
      for (const path of paths) await lookAt(path);
    });

  const lookAtPending = (): Promise<void> =>
    inTurn(async () => {
      for (const [path, file] of [...seen].sort(([a], [b]) => byUrgency(a, b))) if (file.done === null) await lookAt(path);
    });

  let sinceScan = 0;
  const stepMs = Math.max(20, Math.min(500, restMs / 2 || 20, rescanMs));
  const step = async (): Promise<void> => {
    sinceScan += stepMs;
    const isScan = sinceScan >= rescanMs;
    if (isScan) sinceScan = 0;
    await (isScan ? scan() : lookAtPending()).catch(options.onTrouble);
    if (!isClosed) timer = setTimeout(step, stepMs);
  };
  timer = setTimeout(step, stepMs);

  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => stats?.isFile() === true && !isFrameName(basename(path)),
  });
  const hurry = (path: string): void => {
    if (isFrameName(basename(path))) void inTurn(() => lookAt(path)).catch(options.onTrouble);
  };
  watcher.on('add', hurry).on('change', hurry).on('error', options.onTrouble);

  return {
    scan,
    pending: () => [...seen.values()].filter((file) => file.done === null).length,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await watcher.close();
      await turn.catch(() => {});
    },
  };
}

/** Renaming and hard-linking change the time of change (ctime) only; a copy that keeps old dates changes both. */
function closedAt(found: Stats, clock: Clock): number {
  return Math.min(Math.max(found.mtimeMs, found.ctimeMs), clock.now());
}

/** Every frame-like file below a folder: calibrations by their letter first, then by name. */
export async function listFrames(folder: string): Promise<string[]> {
  await access(folder, constants.R_OK);
  const found: string[] = [];
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    let entries: Dirent[];
    try {
      entries = await readdir(next, { withFileTypes: true });
    } catch (error) {
      if (next === folder) throw error;
      continue; // a folder that vanished or is closed to us: the next listing tries again
    }
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.')) open.push(path);
      } else if ((entry.isFile() || entry.isSymbolicLink()) && isFrameName(entry.name)) found.push(path);
    }
  }
  return found.sort(byUrgency);
}

/** Biases, darks and flats before the frames that need them. */
function byUrgency(a: string, b: string): number {
  const rank = (path: string): number => {
    const letter = /C\d([a-z])\.[^.]*(\.[a-z]+)?$/i.exec(path.slice(path.lastIndexOf(sep) + 1))?.[1]?.toLowerCase() ?? '';
    return 'bdf'.includes(letter) && letter !== '' ? 'bdf'.indexOf(letter) : 3;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
