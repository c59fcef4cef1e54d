import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type FrameSummary, frameSummary } from '@colibri/contracts';
import {
  type AnyModule,
  type ConfiguredModule,
  configHash,
  frameIdOf,
  type ModuleConfig,
  type ModuleRecord,
  type PipelineConfig,
  readConfig,
  type Sequence,
} from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { noInput, replayImpossible } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { loadGp1 } from '../world/load-config.ts';
import { runOffline } from './offline.ts';
import { consoleOutput, type Output } from './shared.ts';
import { unitModuleCommand } from './unit-module.ts';

export interface ReplayCommand {
  /** Raw frame, when it no longer lies where the summary says. */
  readonly raw?: string;
  readonly masters?: string;
  readonly catalog?: string;
  /** gp1.cfg: the services that it names answer again, from their cache. */
  readonly config?: string;
  /** Keeps the new products here; without it they are compared and removed. */
  readonly output?: string;
}

/**
 * `gp1 replay PRODUCT`: makes a reduced frame, or the products of a unit, again from their inputs with the parameters that are recorded
 * beside them, and says of each file whether its bytes are the same.
 */
export async function replayCommand(
  path: string,
  options: ReplayCommand,
  sequence: Sequence,
  output: Output = consoleOutput,
): Promise<ExitCode> {
  const product = resolve(path);
  if (!existsSync(product)) throw noInput({ path, what: 'does not exist' });
  const folder = options.output ? resolve(options.output) : mkdtempSync(join(tmpdir(), 'gp1-replay-'));
  try {
    const isUnit = statSync(product).isDirectory();
    const source = isUnit ? product : dirname(dirname(product));
    const made = isUnit
      ? await replayUnit(product, options, sequence, folder, output)
      : await replayFrame(product, options, sequence, folder, output);
    return compare(source, made, output);
  } finally {
    if (!options.output) rmSync(folder, { recursive: true, force: true });
  }
}

/** Folder → names of its files that were made again. */
interface Made {
  readonly folder: string;
  readonly names: readonly string[];
}

async function replayUnit(
  unit: string,
  options: ReplayCommand,
  sequence: Sequence,
  folder: string,
  output: Output,
): Promise<Made> {
  const records = sequence.modules.flatMap(({ name }): ModuleRecord[] => {
    const record = join(unit, 'provenance', `${name}.json`);
    return existsSync(record) ? [JSON.parse(readFileSync(record, 'utf8')) as ModuleRecord] : [];
  });
  if (records.length === 0)
    throw replayImpossible({ product: unit, what: 'it has no folder provenance with a record of a module' });
  const modules = records.map((record): ConfiguredModule => {
    const module = moduleOf(sequence, record.module, record.version, unit);
    return { module, config: withParameters(module, record.parameters, options) };
  });
  const config = await configOf(sequence, [], modules, folder);
  const services = options.config ? (await loadGp1(options.config, sequence)).config.services : undefined;
  await unitModuleCommand(modules[0]!.module, config, [unit], folder, { output, ...(services ? { services } : {}) });
  const place = findFolder(folder, 'provenance');
  if (!place) throw replayImpossible({ product: unit, what: 'nothing was made: the log above says why' });
  return { folder: place, names: filesBelow(place).filter((name) => !/^(reduced|catalogs|epochs)\//.test(name)) };
}

async function replayFrame(
  reduced: string,
  options: ReplayCommand,
  sequence: Sequence,
  folder: string,
  output: Output,
): Promise<Made> {
  const summary = readSummary(reduced);
  const { provenance } = summary;
  const raw = resolve(options.raw ?? / -s '?([^']+?)'? -r /.exec(provenance.replay)?.[1] ?? '');
  if (!existsSync(raw) || !statSync(raw).isFile()) {
    throw replayImpossible({ product: reduced, what: `its raw frame is not at ${raw}: name it with --raw` });
  }
  const wanted = provenance.inputs.find(({ role }) => role === 'raw')?.sha256;
  const found = digest(raw);
  if (wanted && wanted !== found)
    throw replayImpossible({ product: reduced, what: `${raw} has other bytes than the frame it was made from` });
  const modules = Object.entries(provenance.modules).map(([name, version]): ConfiguredModule => {
    const module = moduleOf(sequence, name, version, reduced);
    return { module, config: withMasters(withParameters(module, provenance.parameters[name] ?? {}, options), summary, options) };
  });
  const log = openLog({ write: output.out });
  try {
    await runOffline({
      name: 'replay',
      config: await configOf(sequence, modules, [], folder),
      files: [raw],
      kind: 'raw',
      output: folder,
      mastersDir: options.masters ? resolve(options.masters) : null,
      catalogDir: options.catalog ? resolve(options.catalog) : null,
      isLenient: false,
      replay: () => provenance.replay,
      log,
    });
  } finally {
    await log.close();
  }
  const place = findFolder(folder, 'reduced');
  if (!place) throw replayImpossible({ product: reduced, what: 'nothing was made: the log above says why' });
  const stem = frameIdOf(reduced);
  // A summary tells how long the work took: it cannot be the same.
  return { folder: place, names: filesBelow(place).filter((name) => basename(name).startsWith(stem) && !name.endsWith('.json')) };
}

function moduleOf(sequence: Sequence, name: string, version: string, product: string): AnyModule {
  const module = sequence.modules.find((candidate) => candidate.name === name);
  if (!module) throw replayImpossible({ product, what: `this version has no module ${name}` });
  if (module.version !== version) {
    throw replayImpossible({ product, what: `${name} ${version} made it, and this version has ${name} ${module.version}` });
  }
  return module;
}

function withParameters(module: AnyModule, parameters: ModuleRecord['parameters'], { catalog }: ReplayCommand): ModuleConfig {
  const { config } = readConfig(module, []);
  return { ...config, parameters: { ...config.parameters, ...parameters }, catalog: catalog ? resolve(catalog) : null };
}

/** The very masters that were used, by name; none where none was. */
function withMasters(config: ModuleConfig, { provenance }: FrameSummary, { masters }: ReplayCommand): ModuleConfig {
  const calibration = Object.fromEntries(
    Object.keys(config.calibration).map((kind) => {
      const used = provenance.inputs.find(({ role }) => role === kind);
      if (!used) return [kind, 'none'];
      const path = masters ? join(resolve(masters), `${used.name}.fits`) : null;
      return [kind, path && existsSync(path) ? { path } : 'auto'];
    }),
  );
  return { ...config, calibration };
}

async function configOf(
  sequence: Sequence,
  modules: readonly ConfiguredModule[],
  unitModules: readonly ConfiguredModule[],
  output: string,
): Promise<PipelineConfig> {
  return {
    sequence,
    folderHeaders: ['TRGID', 'INSTRUME', 'FILTER'],
    input: null,
    output,
    modules,
    unitModules,
    cells: [],
    hash: await configHash(sequence.name, modules),
    sentences: [],
    warnings: [],
  };
}

function readSummary(reduced: string): FrameSummary {
  const path = join(dirname(dirname(reduced)), 'catalogs', `${frameIdOf(reduced)}.json`);
  if (!existsSync(path)) throw replayImpossible({ product: reduced, what: `there is no summary at ${path}` });
  return frameSummary.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** One line for each file; the exit code says whether all are the same. */
function compare(source: string, { folder, names }: Made, output: Output): ExitCode {
  let different = 0;
  for (const name of names) {
    const before = join(source, name);
    const word = !existsSync(before) ? 'was not there' : digest(before) === digest(join(folder, name)) ? 'same' : 'DIFFERENT';
    if (word !== 'same') different++;
    output.out(`    ${word.padEnd(14)} ${name}`);
  }
  output.out(
    different === 0
      ? `${names.length} files made again, all with the same bytes.`
      : `${different} of ${names.length} files are not the same.`,
  );
  return different === 0 ? exitCodes.done : exitCodes.someFailed;
}

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** The first folder that has a folder of this name in it. */
function findFolder(root: string, name: string): string | null {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isDirectory() && entry.name === name && !entry.parentPath.includes('/epochs/'));
  return found[0]?.parentPath ?? null;
}
