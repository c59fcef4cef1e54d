import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleRecord, PipelineConfig, ProductSink } from '@colibri/pipeline';
import { type EventPageOptions, isEventFresh, writeEventPage } from './event-page.ts';

/**
 * Folders of units whose products were not made from all of their frames: what a run that ended left to do. Looked for on the disk, so
 * that nothing depends on what a killed process could still write elsewhere.
 */
export async function staleUnits(
  workspaceDir: string,
  { unitModules, folderHeaders }: Pick<PipelineConfig, 'unitModules' | 'folderHeaders'>,
): Promise<string[]> {
  const last = unitModules.at(-1)?.module.name;
  if (!last) return [];
  const stale: string[] = [];
  for (const folder of await unitFolders(workspaceDir, folderHeaders.length)) {
    const frames = (await namesIn(join(workspaceDir, folder, 'reduced'))).filter((name) => /\.fits(\.fz)?$/.test(name)).length;
    if (frames > 0 && frames !== (await framesMade(join(workspaceDir, folder), last))) stale.push(folder);
  }
  return stale;
}

/** Pages of events that do not stand on the summaries beside them, because a run ended between the two, are written; returns their folders. */
export async function refreshEventPages(
  sink: ProductSink,
  { folderHeaders }: Pick<PipelineConfig, 'folderHeaders'>,
  options: EventPageOptions,
): Promise<string[]> {
  const written: string[] = [];
  for (const folder of await unitFolders(sink.root, folderHeaders.length)) {
    const text = await readFile(join(sink.root, folder, 'summary.json'), 'utf8').catch(() => null);
    if (text === null) continue;
    const { unit: name, camera, filter } = JSON.parse(text) as { unit: string; camera: string; filter: string };
    if (await isEventFresh(sink.root, { name, camera, filter })) continue;
    const event = await writeEventPage(sink, { name, camera, filter }, options);
    if (event !== null) written.push(event);
  }
  return written;
}

async function unitFolders(workspaceDir: string, depth: number): Promise<string[]> {
  let folders = [''];
  for (let k = 0; k < depth; k++) {
    const below = await Promise.all(
      folders.map(async (folder) => (await foldersIn(join(workspaceDir, folder))).map((name) => join(folder, name))),
    );
    folders = below.flat().filter((folder) => folder !== 'quarantine');
  }
  return folders.sort();
}

/** Frames in the records of the last module, over all nights; revisions of a frame count once there, so that such a unit is only made once more. */
async function framesMade(folder: string, module: string): Promise<number> {
  const places = ['', ...(await foldersIn(join(folder, 'epochs'))).map((night) => join('epochs', night))];
  let frames = 0;
  for (const place of places) {
    const text = await readFile(join(folder, place, 'provenance', `${module}.json`), 'utf8').catch(() => null);
    if (text) frames += (JSON.parse(text) as ModuleRecord).inputs.filter(({ role }) => role === 'frame').length;
  }
  return frames;
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
const foldersIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory()).map(({ name }) => name);
