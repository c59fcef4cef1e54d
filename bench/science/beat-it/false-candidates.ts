import type { Candidate, CandidateClass } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import type { Template, TemplateSource } from '@colibri/pipeline';
import { separationArcsec } from '@colibri/sky';
import { type BenchRow, row } from '../../report.ts';
import { drawField, type Field, type FieldSource } from '../field18/field.ts';
import { reduceField } from '../field18/reduce.ts';
import { openBenchCompute } from '../open-unit.ts';
import { measureField, quietContext, stackField } from './chain.ts';

/** Seeds that nothing was tuned on. */
const FIRST_SEED = 801;
/** Fields that the target asks for, where the other rows are content with twenty. */
const MANY = 20;
const FIELDS = 50;
/** Frames of each of the two nights. */
const FRAMES = 3;

interface FieldCount {
  readonly seed: number;
  readonly falseOnStack: number;
  readonly falseOnDifference: number;
  readonly newFound: number;
  readonly newStars: number;
}

/**
 * Row 8: two nights of the field of §18.1, each of three of its frames, through every module: the first night's stack is the template
 * of the second. What `candidates.json` asks attention for, and nothing new is there, is false.
 */
export async function falseCandidateRows({ seeds }: { seeds: number }): Promise<BenchRow[]> {
  const compute = await openBenchCompute();
  try {
    const counts: FieldCount[] = [];
    for (let k = 0; k < (seeds < MANY ? seeds : Math.max(seeds, FIELDS)); k++)
      counts.push(await countField(FIRST_SEED + k, compute));
    return rowsOf(counts);
  } finally {
    await compute.close();
  }
}

async function countField(seed: number, compute: Compute): Promise<FieldCount> {
  const field = drawField({
    seed,
    frames: 2 * FRAMES,
    trailFrame: FRAMES,
    transparency: (k) => (k === FRAMES + 1 ? 0.6 : 1),
    fwhmPix: (k) => (k < FRAMES ? 3 : 3.4) + 0.1 * ((k * 7 + seed) % 4),
  });
  const reduced = await reduceField(field, compute);
  const night = (from: number, to: number) => ({
    ...reduced,
    unit: { ...reduced.unit, frames: reduced.unit.frames.slice(from, to) },
  });
  return compute.scope(async () => {
    const context = quietContext(compute);
    const { stack } = (await stackField(night(0, FRAMES), context)).stacks;
    const template: Template = { ...stack, name: 'first night', origin: 'archive', zeroPointMag: null, sha256: null };
    const templates: TemplateSource = { find: async () => template };
    const { candidates } = await measureField(night(FRAMES, 2 * FRAMES), context, templates);
    return count(field, candidates.candidates);
  });
}

/** Classes that ask for attention: artefacts and what is below the reach of the catalogue do not. */
const asksForAttention = (kind: CandidateClass): boolean => kind !== 'artefact' && kind !== 'faint';

function count({ options, sources }: Field, candidates: readonly Candidate[]): FieldCount {
  const fresh = sources.filter(({ inCatalog, kind }) => !inCatalog && kind !== 'galaxy');
  const at = (a: FieldSource, b: Candidate): boolean => separationArcsec(a.raDeg, a.decDeg, b.raDeg, b.decDeg) < 2;
  const wrong = candidates.filter((one) => asksForAttention(one.class) && !fresh.some((truth) => at(truth, one)));
  for (const { name, class: kind, score, reason, x, y } of wrong)
    console.error(
      `  seed ${options.seed}: ${name} at (${x?.toFixed(1)}, ${y?.toFixed(1)}), ${kind}, ${score.toFixed(2)}: ${reason}`,
    );
  const onDifference = wrong.filter(({ foundOn }) => foundOn.includes('difference')).length;
  return {
    seed: options.seed,
    falseOnStack: wrong.length - onDifference,
    falseOnDifference: onDifference,
    newFound: fresh.filter((truth) => candidates.some((one) => at(truth, one))).length,
    newStars: fresh.length,
  };
}

function rowsOf(counts: readonly FieldCount[]): BenchRow[] {
  const seeds = counts.map(({ seed }) => seed);
  const sum = (value: (one: FieldCount) => number): number => counts.reduce((total, one) => total + value(one), 0);
  const rate = (what: string, value: (one: FieldCount) => number): BenchRow => {
    const found = sum(value);
    // 90 % limit of a Poisson count, to 1 % (Gehrels 1986, ApJ 303, 336, equation 9).
    const most = (found + 1) * (1 - 1 / (9 * (found + 1)) + 1.282 / (3 * Math.sqrt(found + 1))) ** 3;
    const note = `${found} in ${counts.length} fields of 6.5 arcmin: below ${(most / counts.length).toFixed(3)} with 90 %`;
    return row(`beat-it 8: false candidates per field at 5σ, ${what}`, found / counts.length, '', '< 0.1', { seeds, note });
  };
  return [
    rate('on the stack alone', ({ falseOnStack }) => falseOnStack),
    rate('on the difference', ({ falseOnDifference }) => falseOnDifference),
    row('beat-it 8: new stars that are candidates', sum((one) => one.newFound) / sum((one) => one.newStars), '', null, {
      seeds,
      note: 'of r 21.43, 20.95 and one that fades; faint ones count wherever they are listed',
    }),
  ];
}
