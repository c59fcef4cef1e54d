import { type Files, nodeFiles } from '@colibri/base/node';

/** Which operation of the file system fails, counted from 1 over all operations, and how. */
export interface Fault {
  readonly at: number;
  readonly code: 'ENOSPC' | 'EIO' | 'EMFILE' | 'KILL';
  /** From then on, or once. */
  readonly lasts?: boolean;
}

/** After `KILL` nothing more happens: as if the process had ended there. */
export class Killed extends Error {}

/** The real disk with a fault at one operation. `operations` counts them, for loops over every place where a write can break. */
export function faultyFiles(fault?: Fault, files: Files = nodeFiles): Files & { operations(): number } {
  let count = 0;
  let isDead = false;
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Killed(what);
    count++;
    const isHit = fault !== undefined && (count === fault.at || (fault.lasts === true && count > fault.at));
    if (!isHit) return work();
    if (fault.code === 'KILL') {
      isDead = true;
      throw new Killed(`killed before ${what}`);
    }
    throw Object.assign(new Error(`${fault.code}: injected at ${what}`), { code: fault.code });
  };
  return {
    operations: () => count,
    create: (path) =>
      step(`create ${path}`, async () => {
        const file = await files.create(path);
        return {
          writeAll: (bytes) => step(`write ${path}`, () => file.writeAll(bytes)),
          sync: () => step(`sync ${path}`, () => file.sync()),
          close: () => file.close(),
        };
      }),
    rename: (from, to) => step(`rename ${to}`, () => files.rename(from, to)),
    syncFolder: (path) => step(`sync folder ${path}`, () => files.syncFolder(path)),
    removeIfPresent: (path) => (isDead ? Promise.resolve() : files.removeIfPresent(path)),
    randomName: () => files.randomName(),
  };
}
