import { resolve } from 'node:path';
import { type AnyModule, configHash, type PipelineConfig, pipelineErrors, type Sequence } from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { commandLine } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { loadModule } from '../world/load-config.ts';
import { inputFiles } from './inputs.ts';
import { needs, runOffline } from './offline.ts';
import { setupModuleCommand } from './setup-module.ts';
import { consoleOutput, type Output, printProblems } from './shared.ts';
import { unitModuleCommand } from './unit-module.ts';

export interface ModuleCommand {
  readonly input?: readonly string[];
  readonly output?: string;
  readonly config?: string;
  readonly catalog?: string;
  readonly masters?: string;
  /** `gain=2.2`: parameters that win over the file. */
  readonly set?: readonly string[];
}

/** `<module> --input … --output DIR --config FILE`: one module alone. Paths of the command line win over the file. */
export async function moduleCommand(
  module: AnyModule,
  options: ModuleCommand,
  world: { sequence: Sequence; output?: Output; ended?: Promise<string> },
): Promise<ExitCode> {
  const output = world.output ?? consoleOutput;
  const overrides: Record<string, string> = {};
  for (const word of options.set ?? []) {
    const [, key, value] = /^([A-Za-z_]+)=(.*)$/.exec(word) ?? [];
    if (!key || !(key in module.parameters || ['bias', 'dark', 'flat'].includes(key))) {
      throw commandLine({
        what: `--set ${word}: ${module.name} has no such parameter; it has ${Object.keys(module.parameters).join(', ')}`,
      });
    }
    overrides[key] = value ?? '';
  }
  if (options.output) overrides['output'] = resolve(options.output);
  if (options.catalog) overrides['catalog'] = resolve(options.catalog);
  const { config, problems } = loadModule(module, options.config, overrides);
  const found = [...problems];
  const at = options.config ?? module.name;
  const input = options.input ?? (config.input ? [config.input] : null);
  for (const [key, value] of [['input', input] as const, ['output', config.output] as const]) {
    if (value === null) found.push(pipelineErrors.configMissingKey({ at, key, section: 'Input and Output' }));
  }
  if (found.length > 0 || !input || !config.output) {
    printProblems(found, output);
    return exitCodes.invalid;
  }
  if (module.unitOfWork === 'setup') {
    const log = openLog({ write: output.out });
    try {
      return await setupModuleCommand(module, { config, input, output: config.output, log });
    } finally {
      await log.close();
    }
  }
  const kind = needs(module, 'rawFrame') ? 'raw' : 'reduced';
  const modules = [{ module, config }];
  const pipeline: PipelineConfig = {
    sequence: world.sequence,
    folderHeaders: ['TRGID', 'INSTRUME', 'FILTER'],
    input: null,
    output: config.output,
    modules: module.unitOfWork === 'frame' ? modules : [],
    unitModules: module.unitOfWork === 'unit' ? modules : [],
    cells: [{ module: module.name, state: 'waiting', startedAt: null, seconds: null, reason: null }],
    hash: await configHash(world.sequence.name, modules),
    sentences: config.sentences,
    warnings: config.warnings,
  };
  if (module.unitOfWork === 'unit') return unitModuleCommand(module, pipeline, input, config.output, world);
  const files = await inputFiles(input, kind);
  const log = openLog({ write: output.out });
  try {
    return await runOffline({
      name: module.title,
      config: pipeline,
      files,
      kind,
      output: config.output,
      mastersDir: options.masters ? resolve(options.masters) : null,
      catalogDir: config.catalog,
      isLenient: true,
      replay: (path) => `${module.name} -s ${path} -r <new folder>${options.config ? ` -c ${resolve(options.config)}` : ''}`,
      log,
      ...(world.ended ? { ended: world.ended } : {}),
    });
  } finally {
    await log.close();
  }
}
