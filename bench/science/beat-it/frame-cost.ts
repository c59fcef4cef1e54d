import { alignment, photometry, stacking } from '@colibri/modules';
import type { AnyModule, ModuleContext } from '@colibri/pipeline';
import { type BenchRow, row } from '../../report.ts';
import { drawField } from '../field18/field.ts';
import { reduceField } from '../field18/reduce.ts';
import { openBenchCompute } from '../open-unit.ts';
import { quietContext, runModule } from './chain.ts';
import { stackMemoryRows } from './stack-memory.ts';

const frames = 32;
const steps: readonly { module: AnyModule; gives: string }[] = [
  { module: alignment, gives: 'alignment' },
  { module: stacking, gives: 'stacks' },
  { module: photometry, gives: 'photometry' },
];

/** Row 10: what the next frame of a unit costs while the unit grows, in CPU time of all threads, and how it grows with the unit. */
export async function frameCostRows(): Promise<BenchRow[]> {
  const compute = await openBenchCompute();
  try {
    const { unit, catalog } = await reduceField(
      drawField({ seed: 77, size: 512, frames, stars: 200, trailFrame: null }),
      compute,
    );
    const contexts = new Map<string, ModuleContext>(
      steps.map(({ module }) => [module.name, quietContext(compute, { isFinal: false, kept: new Map() })]),
    );
    const spent = new Map<string, number[]>(steps.map(({ module }) => [module.name, []]));
    for (let n = 1; n <= frames; n++) {
      const made: Record<string, unknown> = { unit: { ...unit, frames: unit.frames.slice(0, n) }, referenceCatalog: catalog };
      await compute.scope(async () => {
        for (const { module, gives } of steps) {
          const began = process.cpuUsage();
          const outputs = await runModule(module, made, contexts.get(module.name)!);
          const { user, system } = process.cpuUsage(began);
          spent.get(module.name)!.push((user + system) / 1e6);
          made[gives] = outputs[gives];
        }
      });
    }
    const whole = Array.from({ length: frames }, (_, k) =>
      steps.reduce((sum, { module }) => sum + spent.get(module.name)![k]!, 0),
    );
    const note = steps
      .map(
        ({ module }) =>
          `${module.name} ${medianOf(spent.get(module.name)!.slice(4, 12)).toFixed(3)} → ${medianOf(spent.get(module.name)!.slice(24)).toFixed(3)} s`,
      )
      .join(', ');
    // Constant: no more than a fifth dearer at three and a half times the frames, where a cost ∝ n would be 3.5.
    return [
      row(
        'beat-it 10: CPU time of frame 25–32 over that of frame 5–12',
        medianOf(whole.slice(24)) / medianOf(whole.slice(4, 12)),
        '',
        '<= 1.2',
        {
          note: `${note}; 512² pixels`,
        },
      ),
      ...stackMemoryRows(),
    ];
  } finally {
    await compute.close();
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
