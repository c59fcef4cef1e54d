import { type Ini, ObservatoryError } from '@colibri/base';
import type { AnyModule, InputSpec, ParameterSpec } from '../define-module.ts';
import { iniReader } from './reader.ts';
import { type Given, type Parameter, parseParameter } from './values.ts';

export const calibrationKinds = ['bias', 'dark', 'flat'] as const;
export type CalibrationKind = (typeof calibrationKinds)[number];

/** Which master a module shall use: the one in force, none, or the one in a file or folder. */
export type CalibrationChoice = 'auto' | 'none' | { readonly path: string };

/** What one module runs with. */
export interface ModuleConfig {
  readonly module: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly calibration: Readonly<Partial<Record<CalibrationKind, CalibrationChoice>>>;
  readonly input: string | null;
  readonly output: string | null;
  /** Folder of the reference catalogues; null: the one that the command or gp1.cfg gives. */
  readonly catalog: string | null;
  /** Which layer won each value, as sentences for the log. */
  readonly sentences: readonly string[];
  readonly warnings: readonly string[];
}

/** One INI file that may speak for a module, the nearest first. */
export interface ConfigLayer {
  readonly ini: Ini;
  /** Path that `value` of this file means; relative paths start at the file's folder. */
  resolve(value: string): string;
}

/** Values of the command line by key: `input`, `output`, `catalog`, `bias` …, and parameters. Paths already resolved. */
export type Overrides = Readonly<Record<string, string>>;

/** Keys that the module files of today have (pipeline.md §1.2): read by modules that declare them, harmless in the others. */
const oldParameters = ['ps', 'gain', 'sat_level', 'detect_thresh'];

/**
 * The effective configuration of one module: command line, then `layers` in their order (module file, pipeline file), then the
 * defaults of the declaration. Only the first layer is searched for unknown keys; the others belong to several modules.
 */
export function readConfig(
  module: AnyModule,
  layers: readonly ConfigLayer[],
  overrides: Overrides = {},
): { readonly config: ModuleConfig; readonly problems: readonly ObservatoryError[] } {
  const problems: ObservatoryError[] = [];
  const sentences: string[] = [];
  const warnings: string[] = [];
  const readers = layers.map(({ ini, resolve }) => ({ reader: iniReader(ini, problems), resolve }));

  /** The winner among the layers; the losers are named in its sentence. */
  const find = (section: string, key: string, isPath = false): Given | undefined => {
    const typed = overrides[key] === undefined ? [] : [{ key, value: overrides[key], at: 'the command line' }];
    const said = readers.flatMap(({ reader, resolve }) => {
      const found = reader.take(section, key);
      return found
        ? [
            isPath && found.value && !words.includes(found.value.toLowerCase())
              ? { ...found, value: resolve(found.value) }
              : found,
          ]
        : [];
    });
    const [winner, ...losers] = [...typed, ...said];
    if (!winner) return undefined;
    const instead = losers.map((loser) => ` (${loser.at} says ${shown(loser.value)})`).join('');
    sentences.push(`${key} = ${shown(winner.value)} by ${winner.at}${instead}.`);
    return winner;
  };

  const path = (key: string): string | null => find('Input and Output', key, true)?.value || null;
  const kinds = Object.values(module.inputs as Record<string, InputSpec>).map((spec) => spec.kind);

  const calibration: Partial<Record<CalibrationKind, CalibrationChoice>> = {};
  for (const kind of calibrationKinds) {
    if (kinds.includes(kind)) calibration[kind] = choiceOf(find('Calibration', kind, true));
  }
  const parameters: Record<string, Parameter> = {};
  const specs = module.parameters as Record<string, ParameterSpec>;
  for (const [name, spec] of Object.entries(specs)) {
    const found = find('Parameters', name);
    const value = found ? parseParameter(found, spec) : spec.default;
    if (value instanceof ObservatoryError) problems.push(value);
    parameters[name] = value instanceof ObservatoryError ? spec.default : value;
  }
  const config: ModuleConfig = {
    module: module.name,
    parameters,
    calibration,
    input: path('input'),
    output: path('output'),
    catalog: path('catalog'),
    sentences,
    warnings,
  };

  const own = readers[0]?.reader;
  if (own) {
    const idle = [
      ...calibrationKinds.filter((kind) => !kinds.includes(kind)).map((key) => own.take('Calibration', key)),
      ...oldParameters.filter((key) => !(key in specs)).map((key) => own.take('Parameters', key)),
    ];
    for (const entry of idle) if (entry) warnings.push(`${entry.at}: ${entry.key} has no effect in ${module.name}.`);
    own.refuseRest();
  }
  return { config, problems };
}

const words = ['auto', 'none', 'no', 'off'];
const shown = (value: string): string => (value === '' ? '(nothing)' : value.replaceAll('\n', ' '));

function choiceOf(found: Given | undefined): CalibrationChoice {
  const value = found?.value ?? 'auto';
  const word = value.toLowerCase();
  if (word === 'auto' || word === '') return 'auto';
  return words.includes(word) ? 'none' : { path: value };
}
