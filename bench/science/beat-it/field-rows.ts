import { photometry } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import type { UnitPhotometry } from '@colibri/pipeline';
import { type BenchRow, row } from '../../report.ts';
import { drawField } from '../field18/field.ts';
import { reduceField } from '../field18/reduce.ts';
import { openBenchCompute } from '../open-unit.ts';
import { quietContext, runModule, stackField } from './chain.ts';
import { type Comparison, type FieldScore, meanRatio, robust, scoreField } from './score-field.ts';

/** Bins of true S/N. */
const bins = [
  [5, 10],
  [10, 30],
  [30, 100],
  [100, 200],
] as const;

/** Rows 2, 3, 5 and 6: the field of §18.1 from each seed, through every module up to photometry. */
export async function fieldRows({ seeds }: { seeds: number }): Promise<BenchRow[]> {
  const compute = await openBenchCompute();
  try {
    const scores: FieldScore[] = [];
    for (let seed = 1; seed <= seeds; seed++) scores.push(await scoreSeed(seed, compute));
    return rowsOf(scores);
  } finally {
    await compute.close();
  }
}

async function scoreSeed(seed: number, compute: Compute): Promise<FieldScore> {
  const reduced = await reduceField(drawField({ seed }), compute);
  const { field, unit, catalog } = reduced;
  const context = quietContext(compute);
  return compute.scope(async () => {
    const { aligned, stacks } = await stackField(reduced, context);
    const inputs = { unit, alignment: aligned, stacks, referenceCatalog: catalog };
    const measured = (await runModule(photometry, inputs, context))['photometry'] as UnitPhotometry;
    return scoreField({ field, photometry: measured });
  });
}

function rowsOf(scores: readonly FieldScore[]): BenchRow[] {
  const seeds = scores.map((_, i) => i + 1);
  // A source just above the threshold of detection is one that its noise made brighter: on the stack S/N 5–10 is the halves' business.
  const stack = scores.flatMap((score) => [...score.stack.filter(({ snr }) => snr >= 10), ...score.halves]),
    forced = scores.flatMap((score) => score.forced),
    raw = scores.flatMap((score) => score.uncalibrated),
    places = scores.flatMap((score) => score.places).filter(({ snr }) => snr > 20);
  const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
  const bright = raw.filter(({ snr }) => snr > 60);
  const total = meanRatio(bright);
  const scale = rms(scores.map((score) => meanRatio(score.uncalibrated.filter(({ snr }) => snr > 60)).ratio - total.ratio));
  return [
    ...pullRows('stack and halves', stack, seeds),
    ...pullRows('single frames, forced', forced, seeds),
    row('beat-it 3: stack flux over true with one frame at 60 %, off 1 by', Math.abs(total.ratio - 1), '', '<= 0.002', {
      seeds,
      note: `${total.ratio.toFixed(5)} of ${total.count} stars; from field to field ${scale.toFixed(5)}; today 0.957`,
    }),
    ...forcedRows(forced, seeds),
    row('beat-it 6: position along RA, S/N > 20', rms(places.map(({ dRa }) => dRa)), 'arcsec rms', '<= 0.02', {
      seeds,
      note: `${places.length} stars; today 0.026 to 0.035`,
    }),
    row('beat-it 6: position along Dec, S/N > 20', rms(places.map(({ dDec }) => dDec)), 'arcsec rms', '<= 0.02', { seeds }),
  ];
}

/** Widths and middles of the pulls, worst bin of S/N. */
function pullRows(what: string, list: readonly Comparison[], seeds: readonly number[]): BenchRow[] {
  const found = bins.map(([from, to]) => robust(list.filter(({ snr }) => snr >= from && snr < to).map(({ pull }) => pull)));
  const said = (value: (one: (typeof found)[number]) => number): string =>
    bins.map(([from, to], i) => `${from}–${to}: ${value(found[i]!).toFixed(3)} (${found[i]!.count})`).join(', ');
  const widths = found.map(({ width }) => width);
  const note = said(({ width }) => width);
  return [
    row(`beat-it 2: scatter over quoted error, ${what}, least`, Math.min(...widths), '', '>= 0.9', {
      seeds,
      note: `${note}; today 1.2 to 2.3`,
    }),
    row(`beat-it 2: scatter over quoted error, ${what}, largest`, Math.max(...widths), '', '<= 1.1', { seeds, note }),
    row(
      `beat-it 2: middle of the pulls, ${what}, farthest from 0`,
      Math.max(...found.map(({ median }) => Math.abs(median))),
      'σ',
      '<= 0.1',
      {
        seeds,
        note: said(({ median }) => median),
      },
    ),
  ];
}

/** Mean of forced flux over truth, by S/N in the frame. */
function forcedRows(list: readonly Comparison[], seeds: readonly number[]): BenchRow[] {
  const edges = [
    [2, 10],
    [10, 30],
    [30, 100],
    [100, 300],
  ] as const;
  return edges.map(([from, to]) => {
    const { ratio, err, count } = meanRatio(list.filter(({ snr }) => snr >= from && snr < to));
    return row(`beat-it 5: forced flux over true, S/N ${from}–${to}, off 1 by`, Math.abs(ratio - 1), '', '<= 0.002', {
      seeds,
      note: `${ratio.toFixed(5)} ± ${err.toFixed(5)} of ${count} fluxes${from < 30 ? '; today 0.977' : ''}`,
    });
  });
}
