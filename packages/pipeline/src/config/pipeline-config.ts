import { type Ini, iniName, nearestName, type ObservatoryError, parseIni } from '@colibri/base';
import type { ModuleCell } from '@colibri/contracts';
import type { AnyModule, InputKind, InputSpec, OutputSpec } from '../define-module.ts';
import { configOrder, configUnknownFile, configUnknownKey, configValue } from '../errors.ts';
import { canonicalJson, sha256 } from '../hash.ts';
import type { Sequence } from '../sequence.ts';
import { type ConfigLayer, calibrationKinds, type ModuleConfig, type Overrides, readConfig } from './module-config.ts';
import { type IniReader, iniReader, nearestKey } from './reader.ts';
import { parseFlag } from './values.ts';

export interface ConfiguredModule {
  readonly module: AnyModule;
  readonly config: ModuleConfig;
}

/** What one pipeline instance runs with. */
export interface PipelineConfig {
  readonly sequence: Sequence;
  /** Header words that make the folders below the workspace. */
  readonly folderHeaders: readonly string[];
  readonly input: string | null;
  readonly output: string | null;
  /** Modules that run on each frame, in order, each with its own configuration. */
  readonly modules: readonly ConfiguredModule[];
  /** Modules that run on the frames of a unit together. */
  readonly unitModules: readonly ConfiguredModule[];
  /** One cell for each module of frames on the board: `waiting` for those that run, else `off`. */
  readonly cells: readonly ModuleCell[];
  /** SHA-256 of everything that decides the pixels of frames. */
  readonly hash: string;
  readonly sentences: readonly string[];
  readonly warnings: readonly string[];
}

/** The texts of a pipeline's folder, and what paths in them mean. */
export interface ConfigFolder {
  /** As shown in messages. */
  readonly path: string;
  /** File name → text, `*.cfg` only. */
  readonly texts: ReadonlyMap<string, string>;
  resolve(value: string): string;
}

const structure = 'Structure of pipeline';

/** Reads `pipeline.cfg` and one `<module>.cfg` per module. All problems are returned; the configuration holds defaults in their places. */
export async function readPipelineConfig(
  standard: Sequence,
  folder: ConfigFolder,
  overrides: Overrides = {},
): Promise<{ readonly config: PipelineConfig; readonly problems: readonly ObservatoryError[] }> {
  const problems: ObservatoryError[] = [];
  const sentences: string[] = [];
  const warnings: string[] = [];
  const layer = (name: string): ConfigLayer | undefined => {
    const found = [...folder.texts].find(([file]) => file.toLowerCase() === name);
    if (!found) return undefined;
    const parsed = parseIni(found[1], `${folder.path}/${found[0]}`);
    problems.push(...parsed.problems);
    return { ini: parsed.ini, resolve: folder.resolve };
  };
  const own: ConfigLayer = layer('pipeline.cfg') ?? { ini: nothing(`${folder.path}/pipeline.cfg`), resolve: folder.resolve };
  const reader = iniReader(own.ini, problems);

  const mode = reader.take('Strategy processing', 'mode');
  const strategies = [standard, ...standard.others];
  const named = strategies.find(({ name }) => name === mode?.value.toLowerCase());
  const sequence = named ?? standard;
  if (mode && !named) {
    const known = strategies.map(({ name }) => `"${name}"`).join(' and ');
    const are = strategies.length > 1 ? `there are ${known}` : `the only one is ${known}`;
    problems.push(configValue({ ...mode, wanted: `is no strategy of this version; ${are}` }));
  }
  const folderHeaders = readFolderHeaders(reader);
  const path = (key: 'input' | 'output'): string | null => {
    const said = reader.take('Input and Output', key)?.value;
    return overrides[key] ?? (said ? own.resolve(said) : null);
  };
  const [input, output] = [path('input'), path('output')];

  const isOn = readStructure(sequence, reader, sentences, warnings);
  checkShared(sequence, reader, own.ini);
  reader.refuseRest();
  checkFiles(sequence, folder, problems);

  const { input: _in, output: _out, ...moduleOverrides } = overrides;
  const running = sequence.modules.filter((module) => isOn.get(module.name));
  const all = sequence.modules.flatMap((module) => {
    const file = layer(`${module.name}.cfg`);
    const layers = [file ?? { ini: nothing(`${folder.path}/${module.name}.cfg`), resolve: folder.resolve }, sharedOnly(own)];
    const read = readConfig(module, layers, moduleOverrides);
    problems.push(...read.problems);
    if (!isOn.get(module.name)) return [];
    if (!file) sentences.push(`${module.title} has no file ${module.name}.cfg: it runs with its defaults.`);
    sentences.push(...read.config.sentences.map((sentence) => `${module.title}: ${sentence}`));
    warnings.push(...read.config.warnings);
    return [{ module, config: read.config }];
  });
  checkOrder(own.ini.file, running, problems);

  const modules = all.filter(({ module }) => module.unitOfWork === 'frame');
  const config: PipelineConfig = {
    sequence,
    folderHeaders,
    input,
    output,
    modules,
    unitModules: all.filter(({ module }) => module.unitOfWork === 'unit'),
    cells: [...sequence.modules.filter((module) => module.unitOfWork === 'frame'), ...sequence.later].map(({ name }) => ({
      module: name,
      state: isOn.get(name) && running.some((module) => module.name === name) ? 'waiting' : 'off',
      startedAt: null,
      seconds: null,
      reason: null,
    })),
    hash: await configHash(sequence.name, modules),
    sentences,
    warnings,
  };
  return { config, problems };
}

/** SHA-256 of strategy, module versions, parameters and choice of masters: the same for the same pixels, wherever the folders lie. */
export const configHash = (strategy: string, modules: readonly ConfiguredModule[]): Promise<string> =>
  sha256(
    canonicalJson({
      strategy,
      modules: modules.map(({ module, config }) => ({
        name: module.name,
        version: module.version,
        parameters: config.parameters,
        calibration: config.calibration,
      })),
    }),
  );

const nothing = (file: string): Ini => ({ file, sections: new Map() });

/** A layer's `[Calibration]` and `[Parameters]` alone: its paths are the pipeline's, not its modules'. */
const sharedOnly = (layer: ConfigLayer): ConfigLayer => ({
  ...layer,
  ini: {
    ...layer.ini,
    sections: new Map([...layer.ini.sections].filter(([name]) => name === 'calibration' || name === 'parameters')),
  },
});

function readFolderHeaders(reader: IniReader): string[] {
  const found = reader.take('Workspace', 'headers');
  const names = (found?.value ?? 'TRGID,INSTRUME,FILTER')
    .split(/[,\s]+/)
    .filter(Boolean)
    .map((name) => name.toUpperCase());
  const odd = names.find((name) => !/^[A-Z0-9_-]{1,8}$/.test(name));
  if (found && (odd || names.length === 0))
    reader.problems.push(configValue({ ...found, wanted: 'is not a list of header words like TRGID,INSTRUME,FILTER' }));
  return names;
}

/** Which modules are switched on. What the file does not say: on; astrometry, which old files do not know: as findstars. */
function readStructure(sequence: Sequence, reader: IniReader, sentences: string[], warnings: string[]): Map<string, boolean> {
  const isOn = new Map<string, boolean>();
  const flagOf = (module: { name: string; iniLabel?: string }): boolean | undefined => {
    const found = [module.iniLabel ?? module.name, module.name].map((key) => reader.take(structure, key)).find((entry) => entry);
    return found && reader.keep<boolean>(parseFlag(found), false);
  };
  for (const module of sequence.modules) {
    const said = flagOf(module);
    const byDefault = module.name === 'astrometry' ? (isOn.get('findstars') ?? true) : true;
    isOn.set(module.name, said ?? byDefault);
    if (said === undefined) sentences.push(`${module.title} is ${byDefault ? 'on' : 'off'}: ${reader.file} does not mention it.`);
  }
  const wanted = sequence.later.filter((module) => flagOf(module) === true).map((module) => module.iniLabel);
  if (wanted.length > 0) {
    const are = wanted.length > 1 ? 'are switched on, but are' : 'is switched on, but is';
    warnings.push(`${wanted.join(', ')} ${are} not part of this version: skipped.`);
  }
  return isOn;
}

/** Keys of the shared sections must belong to some module of the sequence. */
function checkShared(sequence: Sequence, reader: IniReader, ini: Ini): void {
  const keys = {
    Calibration: [...calibrationKinds] as string[],
    Parameters: sequence.modules.flatMap((module) => Object.keys(module.parameters)),
  };
  for (const [section, known] of Object.entries(keys)) {
    for (const entry of ini.sections.get(iniName(section))?.entries.values() ?? []) {
      const found = reader.take(section, entry.key);
      if (found && !known.includes(iniName(entry.key))) {
        reader.problems.push(configUnknownKey({ at: found.at, key: entry.key, section, near: nearestKey(entry.key, known) }));
      }
    }
  }
}

/** A file that no module reads is most often a file with a misspelt name. */
function checkFiles(sequence: Sequence, folder: ConfigFolder, problems: ObservatoryError[]): void {
  const modules = [...sequence.modules, ...sequence.later].map(({ name }) => `${name}.cfg`);
  const labels = sequence.later.map(({ iniLabel }) => `${iniLabel.toLowerCase()}.cfg`);
  const known = ['pipeline.cfg', ...modules, ...labels, 'image_subtraction.cfg', 'gp1.cfg'];
  for (const file of folder.texts.keys()) {
    if (known.includes(file.toLowerCase())) continue;
    problems.push(configUnknownFile({ path: `${folder.path}/${file}`, near: nearestName(file, known) ?? null }));
  }
}

const needed: Partial<Record<InputKind, string>> = {
  frame: 'works on a reduced frame',
  sources: 'works on a list of sources',
  alignment: 'works on aligned frames',
  stacks: 'works on a stack',
  photometry: 'works on the photometry of a stack',
};

function checkOrder(at: string, modules: readonly AnyModule[], problems: ObservatoryError[]): void {
  const made = new Set<string>();
  for (const module of modules) {
    for (const spec of Object.values(module.inputs as Record<string, InputSpec>)) {
      const needs = needed[spec.kind];
      if (needs && !made.has(spec.kind)) problems.push(configOrder({ at, module: module.name, needs: `it ${needs}` }));
    }
    for (const spec of Object.values(module.outputs as Record<string, OutputSpec>)) made.add(spec.kind);
  }
}
