import { openMemoryLedger } from '@colibri/adapters/memory';
import { openLedger } from '@colibri/adapters/postgres';
import type { Log, ObservatoryError } from '@colibri/base';
import type { Gp1Config, Ledger } from '@colibri/pipeline';

/** Where a command writes what a person reads. */
export interface Output {
  out(line: string): void;
  err(line: string): void;
}

export const consoleOutput: Output = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
};

/** Prints problems, one a line, each with its remedy below where it is not the same as that of the line before. */
export function printProblems(problems: readonly ObservatoryError[], { err }: Output): void {
  let hint = '';
  problems.forEach((problem, i) => {
    err(`${problem.message}  [${problem.code}]`);
    hint = problem.hint;
    if (problems[i + 1]?.hint !== hint) err(`    ${hint}`);
  });
}

/** The ledger that `--db`, else GIC_DB, else the file names. */
export async function openGp1Ledger(config: Gp1Config, option: string | undefined, log: Log): Promise<Ledger> {
  const wanted = option ?? (process.env['GIC_DB'] || config.database);
  if (wanted.toLowerCase() === 'memory') {
    log.log('WARNING', 'GP1', 'The ledger is in memory: everything is forgotten at the end.');
    return openMemoryLedger();
  }
  if (wanted.toLowerCase() === 'embedded') return openLedger({ dataDir: config.databaseDir });
  return openLedger({ url: wanted });
}
