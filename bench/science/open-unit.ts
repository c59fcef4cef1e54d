import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useZlib } from '@colibri/fits/node';
import type { Compute } from '@colibri/numerics';
import { openCompute } from '@colibri/numerics/node';
import { type ModuleContext, readUnits, type Unit } from '@colibri/pipeline';

/** The memory and the threads that gp1 itself works with. */
export function openBenchCompute(threads = availableParallelism()): Promise<Compute> {
  useZlib();
  const tasks = new URL('../../apps/gp1/dist/world/pool-tasks.js', import.meta.url);
  if (!existsSync(fileURLToPath(tasks))) throw new Error('Build first: npm run build');
  return openCompute({ threads, tasks: [tasks.href] });
}

/** The units, one per night, in a folder `<workspace>/<TRGID>/<INSTRUME>/<FILTER>` on disk. */
export async function openUnits(
  folder: string,
  name: string,
  compute: Compute,
  only?: (frameId: string) => boolean,
): Promise<Unit[]> {
  const { units, unreadable } = await readUnits(
    {
      name,
      list: async (sub) => (existsSync(join(folder, sub)) ? readdirSync(join(folder, sub)).sort() : []),
      read: async (path) => new Uint8Array(readFileSync(join(folder, path))),
    },
    {
      meta: { nowMs: Date.now(), longitudeEastDeg: -115.46, alertRules: ['trigger'], lenient: true },
      compute,
      ...(only ? { only } : {}),
    },
  );
  for (const { path, error } of unreadable) console.error(`${path}: ${(error as Error).message}`);
  return [...units];
}

/** A context that says on stderr what a module says. */
export const benchContext = (compute: Compute, isFinal = true): ModuleContext => ({
  compute,
  info: (message) => console.error(`  ${message}`),
  warn: (sentence) => console.error(`  ! ${sentence}`),
  kept: new Map(),
  isFinal,
});
