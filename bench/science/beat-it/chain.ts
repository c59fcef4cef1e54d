import { alignment, photometry, stacking } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import {
  type AnyModule,
  type ModuleContext,
  readConfig,
  type StackSet,
  type UnitAlignment,
  type UnitPhotometry,
} from '@colibri/pipeline';
import type { ReducedField } from '../field18/reduce.ts';

/** What the modules of a unit made of a field. */
export interface Measured extends ReducedField {
  readonly aligned: UnitAlignment;
  readonly stacks: StackSet;
  readonly photometry: UnitPhotometry;
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

/** Aligns, stacks and measures a field, in a scope of the caller. */
export async function measureField(reduced: ReducedField, context: ModuleContext): Promise<Measured> {
  const { unit, catalog } = reduced;
  const { aligned, stacks } = await stackField(reduced, context);
  const inputs = { unit, alignment: aligned, stacks, referenceCatalog: catalog };
  const measured = (await runModule(photometry, inputs, context))['photometry'] as UnitPhotometry;
  return { ...reduced, aligned, stacks, photometry: measured };
}
