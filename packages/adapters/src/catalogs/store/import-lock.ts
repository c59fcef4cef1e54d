import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '@colibri/base/node';
import { catalogBusy } from '../errors.ts';

/** Runs one import at a time per folder, whatever the process; a lock left by a process that died is taken over. */
export async function withImportLock<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const path = join(dir, 'import.lock');
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw storageError(path, error);
      const pid = Number((await readFile(path, 'utf8').catch(() => '')).trim());
      if (attempt > 0 || pid === process.pid || isAlive(pid)) throw catalogBusy({ dir, pid });
      await unlink(path).catch(() => {});
    }
  }
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0); // sends nothing: asks whether it exists
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
