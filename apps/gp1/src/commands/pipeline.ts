import { resolve } from 'node:path';
import { pipelineErrors, type Sequence } from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { loadPipeline } from '../world/load-config.ts';
import { inputFiles } from './inputs.ts';
import { runOffline } from './offline.ts';
import { consoleOutput, type Output, printProblems } from './shared.ts';

export interface PipelineCommand {
  readonly config: string;
  readonly input?: readonly string[];
  readonly output?: string;
  readonly catalog?: string;
  readonly masters?: string;
}

/** `pipeline --config DIR`: the modules of one folder over its input, then ends. */
export async function pipelineCommand(
  options: PipelineCommand,
  world: { sequence: Sequence; output?: Output; ended?: Promise<string> },
): Promise<ExitCode> {
  const output = world.output ?? consoleOutput;
  const overrides = options.output ? { output: resolve(options.output) } : {};
  const { config, problems } = await loadPipeline(options.config, world.sequence, overrides);
  const found = [...problems];
  const at = `${options.config}/pipeline.cfg`;
  const input = options.input ?? (config.input ? [config.input] : null);
  for (const [key, value] of [['input', input] as const, ['output', config.output] as const]) {
    if (value === null) found.push(pipelineErrors.configMissingKey({ at, key, section: 'Input and Output' }));
  }
  if (found.length > 0 || !input || !config.output) {
    printProblems(found, output);
    return exitCodes.invalid;
  }
  const files = await inputFiles(input, 'raw');
  const log = openLog({ write: output.out });
  try {
    return await runOffline({
      name: 'pipeline',
      config,
      files,
      kind: 'raw',
      output: config.output,
      mastersDir: options.masters ? resolve(options.masters) : null,
      catalogDir: options.catalog ? resolve(options.catalog) : null,
      isLenient: false,
      replay: (path) => `pipeline -c ${resolve(options.config)} -s ${path} -r <new folder>`,
      log,
      ...(world.ended ? { ended: world.ended } : {}),
    });
  } finally {
    await log.close();
  }
}
