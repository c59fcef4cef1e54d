import { asObservatoryError } from '@colibri/base';
import { describeFits, openFits } from '@colibri/fits';
import { openFileSource } from '@colibri/fits/node';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { consoleOutput, type Output } from './shared.ts';

type Description = Awaited<ReturnType<typeof describeFits>>[number];

/** What `--json` prints for one file. */
export interface Inspection {
  readonly file: string;
  readonly hdus: readonly Description[];
  readonly warnings: readonly string[];
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
}

/** `gp1 inspect FILE...`: every HDU of every file. An unreadable file never hides the others. */
export async function inspectCommand(
  files: readonly string[],
  options: { json?: boolean },
  output: Output = consoleOutput,
): Promise<ExitCode> {
  const all: Inspection[] = [];
  for (const file of files) {
    const inspection = await inspect(file);
    all.push(inspection);
    if (!options.json) print(inspection, output);
  }
  if (options.json) output.out(JSON.stringify(all.length === 1 ? all[0] : all, null, 2));
  return all.some(({ error }) => error) ? exitCodes.invalid : exitCodes.done;
}

async function inspect(file: string): Promise<Inspection> {
  try {
    const source = await openFileSource(file);
    try {
      const opened = await openFits(source);
      return { file, hdus: await describeFits(opened), warnings: opened.warnings.map(({ message }) => message), error: null };
    } finally {
      await source.close();
    }
  } catch (thrown) {
    const { code, message, hint } = asObservatoryError(thrown, file);
    return { file, hdus: [], warnings: [], error: { code, message, hint } };
  }
}

function print({ file, hdus, warnings, error }: Inspection, { out, err }: Output): void {
  if (error) {
    err(`${error.message}  [${error.code}]`);
    err(`    ${error.hint}`);
    return;
  }
  out(file);
  for (const hdu of hdus) {
    const shape = hdu.shape.length > 0 ? hdu.shape.join(' × ') : '-';
    const words = [
      String(hdu.index).padStart(3),
      hdu.kind.padEnd(16),
      hdu.name.padEnd(12),
      `bitpix ${String(hdu.bitpix).padStart(3)}`,
      shape,
      hdu.unit,
    ];
    out(words.join('  ').trimEnd());
    if (hdu.finite !== undefined && hdu.shape.length > 0) {
      out(`       min ${figure(hdu.min)}  max ${figure(hdu.max)}  mean ${figure(hdu.mean)}  finite ${hdu.finite}`);
    }
    if (hdu.rows !== undefined) out(`       ${hdu.rows} rows, ${hdu.columns?.length ?? 0} columns`);
    for (const column of hdu.columns ?? [])
      out(`       ${column.name.padEnd(20)}  ${column.format.padEnd(8)}  ${column.unit}`.trimEnd());
  }
  for (const warning of warnings) out(`       warning: ${warning}`);
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : String(Number(value.toPrecision(10)));
