import type { AnyModule } from './define-module.ts';

/** The ordered list of modules of one processing strategy. */
export interface Sequence {
  /** The word in `[Strategy processing] mode`. */
  readonly name: string;
  readonly modules: readonly AnyModule[];
  /** Modules that configuration files may name, but that are not part of this version: accepted, and always off. */
  readonly later: readonly { readonly name: string; readonly iniLabel: string }[];
  /** Other strategies that `mode` may name instead of this one. */
  readonly others: readonly Sequence[];
}

/** Modules of the whole pipeline that later versions bring; old pipeline.cfg files switch them already. */
const laterModules = [
  { name: 'alignment', iniLabel: 'alignment' },
  { name: 'stacking', iniLabel: 'stacking' },
  { name: 'photometry', iniLabel: 'Photometry' },
  { name: 'subtraction', iniLabel: 'Image subtraction' },
  { name: 'summary', iniLabel: 'Summary' },
];

/** Declares a strategy: its name, and its modules in the order in which they run. */
export function sequence(name: string, modules: readonly AnyModule[], others: readonly Sequence[] = []): Sequence {
  const names = modules.map((module) => module.name);
  return Object.freeze({ name, modules, others, later: laterModules.filter((module) => !names.includes(module.name)) });
}
