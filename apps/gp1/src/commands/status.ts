import { silentLog } from '@colibri/base';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { nobody } from '../online/context.ts';
import { standard } from '../sequences.ts';
import { loadGp1 } from '../world/load-config.ts';
import { countsLine } from './online.ts';
import { consoleOutput, type Output, openGp1Ledger, printProblems } from './shared.ts';

/** `gp1 status --config FILE`: the counts of each pipeline, and what is unfinished. */
export async function statusCommand(
  options: { config: string; db?: string; json?: boolean },
  output: Output = consoleOutput,
): Promise<ExitCode> {
  const { config, pipelines, problems } = await loadGp1(options.config, standard);
  if (problems.length > 0) {
    printProblems(problems, output);
    return exitCodes.invalid;
  }
  const ledger = await openGp1Ledger(config, options.db, silentLog);
  try {
    const names = [...pipelines.map(({ name }) => name), nobody];
    const all = await Promise.all(
      names.map(async (name) => ({
        name,
        counts: await ledger.counts(name),
        unfinished: (await ledger.unfinished(name)).map(({ row }) => row),
      })),
    );
    if (options.json) output.out(JSON.stringify(all, null, 2));
    else {
      for (const { name, counts, unfinished } of all) {
        output.out(`${name === nobody ? 'no pipeline' : name}: ${countsLine(counts)}`);
        for (const row of unfinished.slice(0, 20))
          output.out(`    ${row.frameId}  ${row.state}  ${row.failure?.message ?? ''}`.trimEnd());
      }
    }
    return exitCodes.done;
  } finally {
    await ledger.close();
  }
}
