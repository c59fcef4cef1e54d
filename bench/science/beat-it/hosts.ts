import type { BenchRow } from '../../report.ts';
import { openBenchCompute } from '../open-unit.ts';
import { defaultSubtraction, fieldSubtraction, type SubtractionScore, subtractionRows } from '../subtraction.ts';

/** Seeds that nothing was tuned on. */
const FIRST_SEED = 701;

/**
 * Row 7: forty galaxies in a field of 6.5 arcmin, its last three frames stacked against its first three; then stars of S/N 10 added to the
 * galaxies with their photon noise, and everything from the detection of sources on done again.
 */
export async function hostRows({ seeds }: { seeds: number }): Promise<BenchRow[]> {
  const compute = await openBenchCompute();
  try {
    const scores: SubtractionScore[] = [];
    for (let k = 0; k < seeds; k++) scores.push(await fieldSubtraction(FIRST_SEED + k, defaultSubtraction, compute));
    return subtractionRows('beat-it 7', scores, { falsePer: '<= 0.1' });
  } finally {
    await compute.close();
  }
}
