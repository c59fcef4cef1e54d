import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Compute } from '@colibri/numerics';
import { openBenchCompute } from '../science/open-unit.ts';

/** What contests run on: a folder for files, and our memory with one thread and with all. */
export interface Ground {
  readonly folder: string;
  readonly one: Compute;
  readonly all: Compute;
}

export async function onGround<T>(body: (ground: Ground) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'colibri-against-'));
  const [one, all] = [await openBenchCompute(1), await openBenchCompute()];
  try {
    return await body({ folder, one, all });
  } finally {
    await one.close();
    await all.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
