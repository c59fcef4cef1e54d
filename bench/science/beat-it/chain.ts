import { type CandidateList, candidateList } from '@colibri/contracts';
import { alignment, photometry, stacking, subtraction, summary } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import {
  type AnyModule,
  type Difference,
  type ModuleContext,
  readConfig,
  type StackSet,
  type TemplateSource,
  type UnitAlignment,
  type UnitOrigin,
  type UnitPhotometry,
} from '@colibri/pipeline';
import type { ReducedField } from '../field18/reduce.ts';

/** What the modules of a unit made of a field. */
export interface Measured extends ReducedField {
  readonly aligned: UnitAlignment;
  readonly stacks: StackSet;
  readonly photometry: UnitPhotometry;
  readonly candidates: CandidateList;
}

/** A context without a voice. */
export const quietContext = (compute: Compute, change: Partial<ModuleContext> = {}): ModuleContext => ({
  compute,
  info: () => {},
  warn: () => {},
  kept: new Map(),
  isFinal: true,
  ...change,
});

/** Runs one module with the defaults of its declaration, but for `change`. */
export async function runModule(
  module: AnyModule,
  inputs: object,
  context: ModuleContext,
  change: object = {},
): Promise<Record<string, unknown>> {
  const parameters = { ...readConfig(module, []).config.parameters, ...change };
  return (await module.run(inputs as never, parameters as never, context)).outputs as Record<string, unknown>;
}

/** Aligns and stacks a field. Planes are in the memory of `compute`: to be called in a scope. */
export async function stackField(
  { unit, catalog }: ReducedField,
  context: ModuleContext,
): Promise<{ aligned: UnitAlignment; stacks: StackSet }> {
  const found = await runModule(alignment, { unit, referenceCatalog: catalog }, context);
  const aligned = found['alignment'] as UnitAlignment;
  const stacks = (await runModule(stacking, { unit, alignment: aligned }, context))['stacks'] as StackSet;
  return { aligned, stacks };
}

/** Aligns, stacks and measures a field, and subtracts a template where there is one; in a scope of the caller. */
export async function measureField(
  reduced: ReducedField,
  context: ModuleContext,
  templates: TemplateSource | null = null,
): Promise<Measured> {
  const { unit, catalog } = reduced;
  const { aligned, stacks } = await stackField(reduced, context);
  const inputs = { unit, alignment: aligned, stacks, referenceCatalog: catalog };
  const measured = (await runModule(photometry, inputs, context))['photometry'] as UnitPhotometry;
  const difference =
    templates === null
      ? null
      : ((await runModule(subtraction, { ...inputs, photometry: measured, templates }, context))[
          'difference'
        ] as Difference | null);
  const asked = { ...inputs, photometry: measured, difference, minorPlanets: null, origin };
  const files = (await runModule(summary, asked, context, { most_cutouts: 0 }))['files'] as ReadonlyMap<
    string,
    string | Uint8Array
  >;
  const text = files.get('candidates.json');
  if (typeof text !== 'string') throw new Error('The summary wrote no candidates.json.');
  return { ...reduced, aligned, stacks, photometry: measured, candidates: candidateList.parse(JSON.parse(text)) };
}

const origin: UnitOrigin = {
  software: { name: 'gp1', version: 'field18' },
  pipeline: 'field18',
  modules: {},
  configHash: 'field18',
  parameters: {},
  inputs: [],
  replay: 'npm run science',
  latencySec: null,
  warnings: [],
};
