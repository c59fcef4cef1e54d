import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ObservatoryError, parseIni } from '@colibri/base';
import {
  type AnyModule,
  type ConfigFolder,
  type Gp1Config,
  type Gp1Pipeline,
  type ModuleConfig,
  type Overrides,
  type PipelineConfig,
  pipelineErrors,
  readConfig,
  readGp1Config,
  readPipelineConfig,
  type Sequence,
} from '@colibri/pipeline';

/** Paths of a file start at the folder of that file. */
const resolver =
  (folder: string) =>
  (value: string): string => {
    const home = value.replace(/^~(?=\/|$)/, process.env['HOME'] ?? '~');
    return isAbsolute(home) ? home : resolve(folder, home);
  };

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : `cannot be read: ${(cause as Error).message}`;
    throw pipelineErrors.configMissing({ path, what: `this ${what} ${reason}` }, cause);
  }
}

/** A pipeline section of gp1.cfg with what its folder says. */
export interface LoadedPipeline extends Gp1Pipeline {
  readonly config: PipelineConfig;
  /** As read; workers read them again from here, never from the disk. */
  readonly folder: ConfigTexts;
}

/** The texts of a configuration folder, to be sent to a worker. */
export interface ConfigTexts {
  readonly path: string;
  readonly texts: ReadonlyMap<string, string>;
}

export const configFolder = ({ path, texts }: ConfigTexts): ConfigFolder => ({ path, texts, resolve: resolver(path) });

/** Every `*.cfg` of a folder. */
export function readConfigTexts(path: string): ConfigTexts {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw pipelineErrors.configMissing({ path, what: 'this folder of a pipeline does not exist' });
  }
  const names = readdirSync(path)
    .filter((name) => /\.cfg$/i.test(name) && !name.startsWith('.'))
    .sort();
  return { path, texts: new Map(names.map((name) => [name, readText(join(path, name), 'configuration file')])) };
}

/** gp1.cfg and the folders of its pipelines, with everything that is wrong in any of them. */
export async function loadGp1(
  path: string,
  sequence: Sequence,
): Promise<{ config: Gp1Config; pipelines: LoadedPipeline[]; problems: ObservatoryError[] }> {
  const file = resolve(path);
  const read = readGp1Config(readText(file, 'configuration file'), path, resolver(dirname(file)));
  const problems = [...read.problems];
  const pipelines: LoadedPipeline[] = [];
  for (const pipeline of read.config.pipelines) {
    if (!pipeline.configurationDir) continue;
    try {
      const folder = readConfigTexts(pipeline.configurationDir);
      const { config, problems: found } = await readPipelineConfig(sequence, configFolder(folder));
      // Two pipelines may share a folder: its mistakes are told once.
      problems.push(...found.filter(({ message }) => !problems.some((known) => known.message === message)));
      pipelines.push({ ...pipeline, config, folder });
    } catch (error) {
      if (!(error instanceof ObservatoryError)) throw error;
      problems.push(
        pipelineErrors.configPath(
          { at: pipeline.at, key: 'configuration_path_dir', path: pipeline.configurationDir, what: 'does not exist' },
          error,
        ),
      );
    }
  }
  problems.push(...pathProblems(read.config, path));
  return { config: read.config, pipelines, problems: inOrder(problems) };
}

/** The input must be there; the rest is made when absent. */
function pathProblems(config: Gp1Config, file: string): ObservatoryError[] {
  if (!config.input) return [];
  if (!existsSync(config.input))
    return [pipelineErrors.configPath({ at: file, key: 'input', path: config.input, what: 'does not exist' })];
  if (!statSync(config.input).isDirectory())
    return [pipelineErrors.configPath({ at: file, key: 'input', path: config.input, what: 'is no folder' })];
  return [];
}

/** A pipeline's folder alone, for the command `pipeline`. */
export async function loadPipeline(
  path: string,
  sequence: Sequence,
  overrides: Overrides,
): Promise<{ config: PipelineConfig; problems: ObservatoryError[] }> {
  const folder = readConfigTexts(resolve(path));
  if (![...folder.texts.keys()].some((name) => name.toLowerCase() === 'pipeline.cfg')) {
    throw pipelineErrors.configMissing({ path: join(path, 'pipeline.cfg'), what: 'this configuration file does not exist' });
  }
  const read = await readPipelineConfig(sequence, { ...configFolder(folder), path }, overrides);
  return { config: read.config, problems: inOrder([...read.problems]) };
}

/** A module's file alone; without one its defaults. */
export function loadModule(
  module: AnyModule,
  path: string | undefined,
  overrides: Overrides,
): { config: ModuleConfig; problems: ObservatoryError[] } {
  if (path === undefined) {
    const read = readConfig(module, [], overrides);
    return { config: read.config, problems: [...read.problems] };
  }
  const parsed = parseIni(readText(path, 'configuration file'), path);
  const read = readConfig(module, [{ ini: parsed.ini, resolve: resolver(dirname(resolve(path))) }], overrides);
  return { config: read.config, problems: inOrder([...parsed.problems, ...read.problems]) };
}

/** By file and line, as an editor would show them. */
function inOrder(problems: ObservatoryError[]): ObservatoryError[] {
  const place = ({ message }: ObservatoryError): [string, number] => {
    const found = /^(.*?\.cfg)(?::(\d+))?/i.exec(message);
    return [found?.[1] ?? '', Number(found?.[2] ?? 0)];
  };
  return [...problems].sort((a, b) => {
    const [[fileA, lineA], [fileB, lineB]] = [place(a), place(b)];
    return fileA === fileB ? lineA - lineB : fileA < fileB ? -1 : 1;
  });
}
