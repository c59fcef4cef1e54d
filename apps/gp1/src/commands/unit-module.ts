import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { folderSink, removeParts } from '@colibri/adapters/filesystem';
import { systemClock } from '@colibri/base';
import {
  type AnyModule,
  decodeReduced,
  type FrameMetaOptions,
  type PipelineConfig,
  productPaths,
  type ServicesConfig,
  siteLongitudeEastDeg,
} from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { noInput } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { identity, openWorld } from '../world/engine-world.ts';
import { runUnits } from './offline.ts';
import { consoleOutput, type Output } from './shared.ts';

/** A module of units alone: `--input` is the folder of a unit (with `reduced/` and `catalogs/`), or a workspace with many. */
export async function unitModuleCommand(
  module: AnyModule,
  config: PipelineConfig,
  input: readonly string[],
  output: string,
  world: { output?: Output; services?: ServicesConfig },
): Promise<ExitCode> {
  const folders = input.flatMap((path) => unitFolders(resolve(path)));
  if (folders.length === 0) {
    throw noInput({ path: input.join(', '), what: 'holds no folder of a unit, with reduced/ and catalogs/ in it' });
  }
  const log = openLog({ write: (world.output ?? consoleOutput).out });
  const meta: FrameMetaOptions = {
    nowMs: systemClock.now(),
    longitudeEastDeg: siteLongitudeEastDeg,
    alertRules: ['trigger', 'project'],
    lenient: true,
  };
  await mkdir(output, { recursive: true });
  await removeParts(output);
  const opened = await openWorld({
    log,
    threads: availableParallelism(),
    mastersDir: join(output, 'masters'),
    catalogDir: config.unitModules[0]!.config.catalog,
    calibrations: async () => [],
    meta: () => meta,
    ...(world.services ? { services: world.services } : {}),
  });
  let failed = 0;
  try {
    for (const sentence of config.sentences) log.log('INFO', module.title, sentence);
    for (const sourceDir of folders) {
      const folder = await folderOf(sourceDir, config, meta);
      const who = identity(() => `${module.name} -s ${sourceDir} -r <new folder>`);
      const run = { name: module.title, config, log };
      failed += (await runUnits({ run, world: opened, folder, sourceDir, meta, identity: who, sink: folderSink(output) })).failed;
    }
  } finally {
    await opened.close();
    await log.close();
  }
  return failed > 0 ? exitCodes.someFailed : exitCodes.done;
}

function unitFolders(path: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw noInput({ path, what: 'is no folder' });
  if (existsSync(join(path, 'reduced'))) return [path];
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'quarantine');
  return below.flatMap(({ name }) => unitFolders(join(path, name))).sort();
}

/** By the words of its first frame, so that it is the same wherever the folder lies. */
async function folderOf(sourceDir: string, { folderHeaders }: PipelineConfig, meta: FrameMetaOptions): Promise<string> {
  const first = readdirSync(join(sourceDir, 'reduced'))
    .filter((name) => /\.fits(\.fz)?$/.test(name))
    .sort()[0];
  if (!first) throw noInput({ path: join(sourceDir, 'reduced'), what: 'holds no reduced frame' });
  const path = join(sourceDir, 'reduced', first);
  const { frame } = await decodeReduced(new Uint8Array(await readFile(path)), path, '', meta);
  return productPaths(frame.meta, frame.header, folderHeaders, 0).folder;
}
