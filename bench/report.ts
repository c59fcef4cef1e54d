/** One measured figure: a line of the table, and of `--json`. */
export interface BenchRow {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
  /** What was promised, with its sense: `<= 0.7`, `>= 0.99`; null where nothing was. */
  readonly target: string | null;
  readonly pass: boolean | null;
  /** Tool measured beside ours, its figure and peer/ours. */
  readonly peer?: string;
  readonly peerValue?: number | null;
  readonly ratio?: number | null;
  readonly seeds?: readonly number[];
  /** Said when a figure could not be had. */
  readonly note?: string;
}

/** A row whose pass follows from its target. NaN and null never pass. */
export function row(
  name: string,
  value: number | null,
  unit: string,
  target: string | null = null,
  more: Partial<BenchRow> = {},
): BenchRow {
  return { name, value, unit, target, pass: target === null ? null : meets(value, target), ...more };
}

function meets(value: number | null, target: string): boolean {
  const match = /^(<=|>=|<|>)\s*(-?[\d.e-]+)$/.exec(target);
  if (!match) throw new RangeError(`A target reads like '<= 0.7', not '${target}'.`);
  if (value === null || !Number.isFinite(value)) return false;
  const limit = Number(match[2]);
  switch (match[1]) {
    case '<=':
      return value <= limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    default:
      return value > limit;
  }
}

/** Prints rows as a table, or one JSON object a line; returns how many failed. */
export function report(title: string, rows: readonly BenchRow[], json: boolean): number {
  if (json) for (const r of rows) console.log(JSON.stringify(r));
  else {
    console.log(`\n${title}\n`);
    const number = (value: number | null | undefined): string =>
      value === null || value === undefined ? '–' : Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3);
    const cells = rows.map((r) => [
      r.name,
      `${number(r.value)} ${r.unit}`,
      r.target ?? '',
      r.pass === null ? '' : r.pass ? 'pass' : 'FAIL',
      r.peer ? `${r.peer}: ${number(r.peerValue)}${r.ratio ? ` (peer/ours ${r.ratio.toFixed(2)})` : ''}` : '',
      r.note ?? '',
    ]);
    const widths = cells[0]?.map((_, c) => Math.max(...cells.map((line) => line[c]!.length))) ?? [];
    for (const line of cells)
      console.log(
        line
          .map((cell, c) => cell.padEnd(widths[c]!))
          .join('  ')
          .trimEnd(),
      );
  }
  return rows.filter((r) => r.pass === false).length;
}
