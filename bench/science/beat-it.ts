import { type BenchRow, row } from '../report.ts';
import { falseCandidateRows } from './beat-it/false-candidates.ts';
import { fieldRows } from './beat-it/field-rows.ts';
import { firstPageRows } from './beat-it/first-page.ts';
import { frameCostRows } from './beat-it/frame-cost.ts';
import { hostRows } from './beat-it/hosts.ts';
import { killedNightRows } from './beat-it/killed-night.ts';
import { rightMasters } from './beat-it/masters.ts';
import { stackDepthRows } from './beat-it/stack-depth.ts';
import { tracedNightRows } from './beat-it/traced-night.ts';

export interface BeatItOptions {
  /** Fields per statistical row. */
  readonly seeds: number;
  /** Number of one row; null: all. */
  readonly only: number | null;
}

type Measure = (options: BeatItOptions) => Promise<BenchRow[]>;

/** The list that pipeline.md §19.7 asks to beat: what each number is measured by. One measure may give several rows. */
const measures: readonly { readonly rows: readonly number[]; readonly measure: Measure }[] = [
  { rows: [1], measure: rightMasters },
  { rows: [2, 3, 5, 6], measure: fieldRows },
  { rows: [4], measure: stackDepthRows },
  { rows: [10], measure: frameCostRows },
  { rows: [7], measure: hostRows },
  { rows: [8], measure: falseCandidateRows },
  { rows: [9], measure: firstPageRows },
  { rows: [11], measure: killedNightRows },
  { rows: [12], measure: tracedNightRows },
];

/** Rows `beat-it 1 …` to `beat-it 12 …`. A measure that cannot run gives a row that fails and says why. */
export async function beatItRows(options: BeatItOptions): Promise<BenchRow[]> {
  const found: BenchRow[] = [];
  for (const { rows, measure } of measures) {
    if (options.only !== null && !rows.includes(options.only)) continue;
    try {
      found.push(...(await measure(options)));
    } catch (error) {
      const note = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      found.push(...rows.map((number) => row(`beat-it ${number}: not measured`, null, '', '>= 1', { note })));
    }
  }
  return options.only === null ? found : found.filter(({ name }) => Number(/^beat-it (\d+)/.exec(name)?.[1]) === options.only);
}
