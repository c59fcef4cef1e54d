import { readFile } from 'node:fs/promises';
import type { Now } from '@colibri/contracts';
import { z } from 'zod';

const status = z.object({ at: z.iso.datetime(), rate: z.number().positive(), updatedAt: z.iso.datetime() });

/** A player writes its clock every second; silence this long means that nothing is played. */
const STALE_MS = 30_000;

/** The clock of the night that is played, carried on from the player's last word to `nowMs`; null when none is. */
export async function readSimulation(path: string | null, nowMs: number): Promise<Now['simulation']> {
  if (path === null) return null;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return null; // no player has started yet
  }
  const parsed = status.safeParse(safeJson(text));
  if (!parsed.success) return null;
  const { at, rate, updatedAt } = parsed.data;
  const ageMs = nowMs - Date.parse(updatedAt);
  if (ageMs > STALE_MS || ageMs < -5000) return null;
  return { at: new Date(Date.parse(at) + Math.max(0, ageMs) * rate).toISOString(), rate };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
