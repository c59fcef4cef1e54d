import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unitSummary } from '@colibri/contracts';
import { type EventUnit, eventPage, mergeEvent, unitsByFilter } from '@colibri/modules';
import { eventFolderOf, type ProductSink, type Unit } from '@colibri/pipeline';

export interface EventPageOptions {
  readonly photoZ: boolean;
}

/**
 * Writes `event.json` and `summary.html` into the folder of a target: the newest night over all of its cameras and filters, from the
 * `summary.json` of its units alone. Whoever finishes a unit calls it; where another finished meanwhile, it is written again, so that the last
 * one has seen all. The same summaries give the same bytes.
 *
 * @returns the folder; null: no unit of this target has a summary, or the workspace has no such folder
 */
export async function writeEventPage(
  sink: ProductSink,
  unit: Pick<Unit, 'name' | 'camera' | 'filter'>,
  { photoZ }: EventPageOptions,
): Promise<string | null> {
  const folder = eventFolderOf(unit);
  if (folder === null) return null;
  const depth = unit.name.split('/').length - folder.split('/').length;
  const read = () => readUnits(join(sink.root, folder), depth);
  let units = await read();
  for (;;) {
    if (units.length === 0) return null;
    const chosen = unitsByFilter(units);
    const event = mergeEvent(chosen, { photoZ });
    const page = eventPage(
      event,
      chosen.shown.map(({ summary }) => summary),
      (summary) => `${summary.unit.slice(folder.length + 1)}/summary.html`,
    );
    await sink.commit(`${folder}/event.json`, new TextEncoder().encode(`${JSON.stringify(event, null, 1)}\n`));
    await sink.commit(`${folder}/summary.html`, new TextEncoder().encode(page));
    const now = await read();
    if (hashes(now) === hashes(units)) return folder;
    units = now;
  }
}

/** Whether the page of an event stands on the summaries that are there: not so when a process was killed between the two. */
export async function isEventFresh(workspace: string, unit: Pick<Unit, 'name' | 'camera' | 'filter'>): Promise<boolean> {
  const folder = eventFolderOf(unit);
  if (folder === null) return true;
  const text = await readFile(join(workspace, folder, 'event.json'), 'utf8').catch(() => '');
  const own = await readFile(join(workspace, unit.name, 'summary.json')).catch(() => null);
  return own === null || text.includes(digest(own));
}

const hashes = (units: readonly EventUnit[]): string => units.map(({ sha256 }) => sha256).join(' ');
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Every `summary.json` so many folders below. One that is of another version, or damaged, is left out: the others are worth a page. */
async function readUnits(root: string, depth: number): Promise<EventUnit[]> {
  let folders = [root];
  for (let k = 0; k < depth; k++) {
    const below = await Promise.all(
      folders.map(async (folder) => {
        const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
        return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
      }),
    );
    folders = below.flat().sort();
  }
  const found = await Promise.all(
    folders.map(async (folder) => {
      const bytes = await readFile(join(folder, 'summary.json')).catch(() => null);
      const summary = bytes && unitSummary.safeParse(jsonOf(bytes));
      return summary?.success ? [{ summary: summary.data, sha256: digest(bytes!) }] : [];
    }),
  );
  return found.flat();
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
