import { statSync } from 'node:fs';
import type { Sequence } from '@colibri/pipeline';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { loadGp1, loadPipeline } from '../world/load-config.ts';
import { consoleOutput, type Output, printProblems } from './shared.ts';

/** `gp1 check --config FILE|DIR`: everything that is wrong with a configuration, without running it. */
export async function checkCommand(
  options: { config: string; json?: boolean },
  sequence: Sequence,
  output: Output = consoleOutput,
): Promise<ExitCode> {
  const isFolder = statSync(options.config, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const read = isFolder ? await loadPipeline(options.config, sequence, {}) : await loadGp1(options.config, sequence);
  const { problems } = read;
  if (options.json) {
    const plain = problems.map(({ code, message, hint, facts }) => ({ code, message, hint, facts }));
    output.out(JSON.stringify({ config: options.config, problems: plain }, null, 2));
  } else if (problems.length > 0) {
    printProblems(problems, output);
    output.err(`${options.config}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}.`);
  } else {
    if ('pipelines' in read) {
      for (const { name, config, identifiers } of read.pipelines) {
        output.out(`[${name}] takes ${identifiers.map(({ header, value }) => `${header} = ${value}`).join(' and ')}`);
        output.out(`    modules ${config.modules.map(({ module }) => module.name).join(', ')}; configuration ${config.hash}`);
        for (const sentence of [...config.sentences, ...config.warnings]) output.out(`    ${sentence}`);
      }
    } else {
      for (const sentence of [...read.config.sentences, ...read.config.warnings]) output.out(`    ${sentence}`);
    }
    output.out(`${options.config}: no problems.`);
  }
  return problems.length > 0 ? exitCodes.invalid : exitCodes.done;
}
