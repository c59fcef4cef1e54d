import type { FrameMetrics, UnitMetrics } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import type { CalibrationSetup } from './calibration-setup.ts';
import type { Frame, FrameSources, Master, RawFrame } from './frame.ts';
import type { ReferenceCatalog } from './ports.ts';
import type { CardLine } from './products/cards.ts';
import type { Difference, MinorPlanetSource, StackSet, TemplateSource, Unit, UnitAlignment, UnitPhotometry } from './unit.ts';

/** What a module may ask for, and what each asks becomes in `run`. */
export interface InputTypes {
  rawFrame: RawFrame;
  frame: Frame;
  sources: FrameSources;
  /** null: configured away (`bias = none`); a master that is wanted and missing stops the frame before `run`. */
  bias: Master | null;
  dark: Master | null;
  flat: Master | null;
  /** null: no catalogue is configured. */
  referenceCatalog: ReferenceCatalog | null;
  /** Of a unit of frames; what earlier modules made of it. */
  unit: Unit;
  alignment: UnitAlignment;
  stacks: StackSet;
  photometry: UnitPhotometry;
  /** null: nothing could be subtracted, or the module is off. */
  difference: Difference | null;
  templates: TemplateSource | null;
  minorPlanets: MinorPlanetSource | null;
  /** Provenance of the unit so far, for the summary. */
  origin: UnitOrigin;
  /** Raw biases, darks or flats of one detector setup. */
  calibrationSetup: CalibrationSetup;
}

/** Where a unit's numbers come from. */
export interface UnitOrigin {
  readonly software: { readonly name: string; readonly version: string };
  readonly pipeline: string;
  /** Module → version. */
  readonly modules: Readonly<Record<string, string>>;
  readonly configHash: string;
  readonly parameters: Readonly<Record<string, Readonly<Record<string, string | number | boolean | null>>>>;
  /** By role: frame, catalog, template, … */
  readonly inputs: readonly { readonly role: string; readonly name: string; readonly sha256: string | null }[];
  readonly replay: string;
  /** From the newest frame's end of exposure to now [s]; null offline. Not in the final products' hash. */
  readonly latencySec: number | null;
  readonly warnings: readonly string[];
  /** From the page of the unit to that of its event; null or absent: there is none. */
  readonly eventPage?: string | null;
}
export type InputKind = keyof InputTypes;
export interface InputSpec<K extends InputKind = InputKind> {
  readonly kind: K;
  readonly doc: string;
  readonly unit: string;
}
export const input = <K extends InputKind>(kind: K, doc: string, unit = ''): InputSpec<K> => ({ kind, doc, unit });

/** What a module may return; each replaces what the unit of work held of that kind. */
export interface OutputTypes {
  frame: Frame;
  sources: FrameSources;
  notes: AstrometryNotes;
  alignment: UnitAlignment;
  stacks: StackSet;
  photometry: UnitPhotometry;
  difference: Difference | null;
  /** Files made by the module itself, relative to the unit's folder: name → text or bytes. */
  files: ReadonlyMap<string, string | Uint8Array>;
  /** null: nothing could be made, and a warning says why. */
  master: Master | null;
}
export type OutputKind = keyof OutputTypes;
export interface OutputSpec<K extends OutputKind = OutputKind> {
  readonly kind: K;
  readonly doc: string;
  readonly unit: string;
  readonly level: string;
  /** How it lies in files; of the outputs of unit modules. */
  readonly codec?: ProductCodec<OutputTypes[K]>;
}
export const output = <K extends OutputKind>(
  kind: K,
  doc: string,
  { unit = '', level = '', codec }: { unit?: string; level?: string; codec?: ProductCodec<OutputTypes[K]> } = {},
): OutputSpec<K> => ({ kind, doc, unit, level, ...(codec ? { codec } : {}) });

/**
 * An output as files and back. Modules after it are given what was read back, so a chain of modules and the same modules one by one from
 * the command line see the same numbers.
 */
export interface ProductCodec<T> {
  /** File names relative to the unit's folder, and their bytes: the same for the same value, also tomorrow. */
  encode(value: T, stamp: ProductStamp): Promise<ReadonlyMap<string, Uint8Array>>;
  /** null: these files are not there. Arrays may lie in the memory of `compute`. */
  decode(read: (name: string) => Promise<Uint8Array | null>, compute: Compute): Promise<T | null>;
}
export interface ProductStamp {
  readonly unit: Unit;
  /** Cards of origin: for each FITS file. */
  readonly lines: readonly CardLine[];
  readonly compute: Compute;
}

/** What the astrometry module says beside its numbers; goes into the frame's summary. */
export interface AstrometryNotes {
  readonly solved: boolean;
  readonly reason: string | null;
  readonly raDeg: number | null;
  readonly decDeg: number | null;
  readonly pixelScaleArcsec: number | null;
  readonly rotationDeg: number | null;
  readonly parity: 1 | -1 | null;
  readonly projection: string | null;
  readonly distortionOrder: number | null;
  readonly catalog: string | null;
  readonly band: string | null;
  readonly photometryNote: string | null;
}

export type ParameterSpec =
  | {
      readonly kind: 'number';
      readonly doc: string;
      readonly unit: string;
      readonly default: number | null;
      readonly above?: number;
      readonly below?: number;
      readonly atLeast?: number;
      readonly atMost?: number;
    }
  | { readonly kind: 'text'; readonly doc: string; readonly default: string }
  | { readonly kind: 'flag'; readonly doc: string; readonly default: boolean }
  | { readonly kind: 'choice'; readonly doc: string; readonly options: readonly string[]; readonly default: string };

/** A number; `default: null` means: taken from the header or the camera's table when not configured. */
export const number = <D extends number | null>(
  doc: string,
  spec: { unit: string; default: D; above?: number; below?: number; atLeast?: number; atMost?: number },
) => ({ kind: 'number', doc, ...spec }) as const;
export const text = (doc: string, spec: { default: string }) => ({ kind: 'text', doc, ...spec }) as const;
export const flag = (doc: string, spec: { default: boolean }) => ({ kind: 'flag', doc, ...spec }) as const;
export const choice = <O extends string>(doc: string, spec: { options: readonly O[]; default: O }) =>
  ({ kind: 'choice', doc, ...spec }) as const;

export type ParameterValue<S> = S extends { kind: 'number'; default: infer D }
  ? null extends D
    ? number | null
    : number
  : S extends { kind: 'text' }
    ? string
    : S extends { kind: 'flag' }
      ? boolean
      : S extends { kind: 'choice'; options: readonly (infer O)[] }
        ? O
        : never;

/** A figure of the frame: header card, column of the board, chart. */
export interface MetricSpec {
  readonly doc: string;
  readonly unit: string;
  readonly card: string;
  readonly field: keyof FrameMetrics | keyof UnitMetrics;
  readonly warnAbove?: number;
  readonly warnBelow?: number;
}
export const metric = (doc: string, spec: Omit<MetricSpec, 'doc'>): MetricSpec => ({ doc, ...spec });

/** What the engine lends a module for one run. */
export interface ModuleContext {
  readonly compute: Compute;
  /** One line in the log, under the module's title. */
  info(message: string): void;
  /** A doubt that does not stop the frame: a sentence on the board and in the summary. */
  warn(sentence: string): void;
  /**
   * What this module kept of its last run on this unit, to go on from instead of beginning anew; forgotten at any time, and always empty
   * for the final run, whose result depends on its inputs alone. Arrays in it belong to the module (the heap, not `compute`).
   */
  readonly kept: Map<string, unknown>;
  /** false: a first look while frames still arrive, where speed wins over the last percent. */
  readonly isFinal: boolean;
  /** Modules that are left to a thorough look, by name; absent: none. */
  readonly postponed?: readonly string[];
}

type Shapes<I extends Record<string, InputSpec>> = {
  readonly [N in keyof I]: I[N] extends InputSpec<infer K> ? InputTypes[K] : never;
};
type Values<P extends Record<string, ParameterSpec>> = { readonly [N in keyof P]: ParameterValue<P[N]> };
type Results<O extends Record<string, OutputSpec>> = {
  readonly [N in keyof O]: O[N] extends OutputSpec<infer K> ? OutputTypes[K] : never;
};

export interface ModuleDefinition<
  I extends Record<string, InputSpec> = Record<string, InputSpec>,
  P extends Record<string, ParameterSpec> = Record<string, ParameterSpec>,
  O extends Record<string, OutputSpec> = Record<string, OutputSpec>,
  M extends Record<string, MetricSpec> = Record<string, MetricSpec>,
> {
  /** The command, the config file, the docs page. */
  readonly name: string;
  /** Two letters: prefix of its FITS cards (RDVERS, RDCONF). */
  readonly code: string;
  /** Raised when the same input gives other numbers. */
  readonly version: string;
  readonly title: string;
  readonly summary: string;
  /** Label in pipeline.cfg when it differs from the name. */
  readonly iniLabel?: string;
  /** `unit`: all frames of one target, camera and filter. `setup`: all calibration frames of one setup of a detector. */
  readonly unitOfWork: 'frame' | 'unit' | 'setup';
  /** Too slow for a look at each new frame: runs now and then while frames arrive, and for the final products. */
  readonly isThorough?: true;
  readonly inputs: I;
  readonly parameters: P;
  readonly outputs: O;
  readonly metrics: M;
  run(inputs: Shapes<I>, parameters: Values<P>, context: ModuleContext): ModuleResult<O, M> | Promise<ModuleResult<O, M>>;
}
export interface ModuleResult<O extends Record<string, OutputSpec>, M extends Record<string, MetricSpec>> {
  readonly outputs: Results<O>;
  readonly metrics: { readonly [N in keyof M]: number | null };
}

/** Any module, when the engine handles them alike. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where the engine forgets a module's own types
export type AnyModule = ModuleDefinition<any, any, any, any>;

/** Declares one module: command, INI keys, documentation, header cards and board column all come from this one object. */
export function defineModule<
  const I extends Record<string, InputSpec>,
  const P extends Record<string, ParameterSpec>,
  const O extends Record<string, OutputSpec>,
  const M extends Record<string, MetricSpec>,
>(definition: ModuleDefinition<I, P, O, M>): ModuleDefinition<I, P, O, M> {
  return Object.freeze(definition);
}
