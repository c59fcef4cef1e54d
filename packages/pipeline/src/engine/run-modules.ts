import { asObservatoryError, type Clock, isoUtc, type Log, type ObservatoryError } from '@colibri/base';
import { type FrameMetrics, type FrameState, type ModuleCell, noMetrics, type UnitMetrics } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import { parseWcs, type Wcs } from '@colibri/sky';
import type { ModuleConfig } from '../config/module-config.ts';
import type { AnyModule, InputKind, InputSpec, MetricSpec, ModuleContext, OutputTypes } from '../define-module.ts';
import { inputMissing, masterMissing } from '../errors.ts';
import type { Master, MasterKey, RawFrame } from '../frame.ts';
import type { MasterSource, ReferenceCatalog } from '../ports.ts';
import { decodeCatalog } from '../products/decode.ts';
import { encodeCatalog } from '../products/encode.ts';
import { roundPlanes } from '../products/plane-steps.ts';
import { openWitness, type UsedInput, type Witness } from './witness.ts';
import type { FrameWork } from './work.ts';

/** What running modules needs of the world. */
export interface EnginePorts {
  readonly compute: Compute;
  readonly log: Log;
  readonly clock: Clock;
  /** The masters in force. */
  readonly masters: MasterSource;
  /** The master in a file or folder that a configuration names. */
  masterAt(path: string, key: MasterKey, nightId: string): Promise<Master>;
  /** The catalogue in a folder, or the common one (null); null where there is none. */
  catalogAt(path: string | null): Promise<ReferenceCatalog | null>;
  /** Size of the area that masters cover [pixel]. */
  dataArea(raw: RawFrame): { readonly width: number; readonly height: number };
}

/** A card that the products carry beside the provenance. */
export interface MetricCard {
  readonly keyword: string;
  readonly value: number;
}

/** What the modules made of one frame, up to the first that failed. */
export interface ModulesOutcome {
  readonly work: FrameWork;
  readonly cells: readonly ModuleCell[];
  readonly metrics: FrameMetrics;
  readonly cards: readonly MetricCard[];
  readonly warnings: readonly string[];
  /** Module → wall time [s]. */
  readonly timingsSec: Readonly<Record<string, number>>;
  readonly inputs: readonly UsedInput[];
  readonly failure: { readonly error: ObservatoryError; readonly module: string } | null;
  /** Frees the planes of `work`, which lie in the memory of Compute: to be called once they are written. Raw pixels go when they are no longer needed. */
  release(): void;
}

export interface RunModulesOptions {
  readonly cells: readonly ModuleCell[];
  readonly warnings?: readonly string[];
  /** Told at each change of a cell; the frame's state with it. */
  onProgress?(cells: readonly ModuleCell[], state: FrameState): void;
}

/**
 * Runs the modules of one configuration over one frame, in order, in memory. A module that fails ends the row: the ones after it are
 * skipped, and what was made before is kept. Never throws for a fault of the frame.
 */
export async function runModules(
  start: FrameWork,
  modules: readonly { readonly module: AnyModule; readonly config: ModuleConfig }[],
  ports: EnginePorts,
  options: RunModulesOptions,
): Promise<ModulesOutcome> {
  const { log, clock } = ports;
  const { frameId } = start.meta;
  let work = start;
  let metrics: FrameMetrics = noMetrics;
  let state: FrameState = 'reducing';
  let failure: ModulesOutcome['failure'] = null;
  const cells = options.cells.map((cell) => ({ ...cell }));
  const cards: MetricCard[] = [];
  const warnings = [...(options.warnings ?? [])];
  const timingsSec: Record<string, number> = {};
  const inputs = new Map<string, UsedInput>();
  const kept = new Map<number, ArrayBufferView>();
  const lastWithRaw = modules.findLastIndex(({ module }) => needsRaw(module));
  let pixels = start.raw && start.raw.data.buffer instanceof SharedArrayBuffer ? start.raw.data : null;
  const dropRaw = (): void => {
    if (!pixels) return;
    ports.compute.free(pixels);
    pixels = null;
    work = { ...work, raw: null };
  };
  const show = (module: string, change: Partial<ModuleCell>): void => {
    const cell = cells.find((candidate) => candidate.module === module);
    if (cell) Object.assign(cell, change);
    options.onProgress?.(structuredClone(cells), state);
  };

  for (const [index, { module, config }] of modules.entries()) {
    if (failure) {
      show(module.name, { state: 'skipped', reason: `${failure.module} failed` });
      continue;
    }
    const began = clock.monotonic();
    const seconds = (): number => Math.round(clock.monotonic() - began) / 1000;
    show(module.name, { state: 'running', startedAt: isoUtc(clock.now()) });
    const context: ModuleContext = {
      compute: ports.compute,
      info: (message) => log.log('INFO', module.title, message, { frameId, module: module.name }),
      warn: (sentence) => {
        warnings.push(sentence);
        log.log('WARNING', module.title, `${frameId}: ${sentence}`, { frameId, module: module.name });
      },
      kept: new Map(),
      isFinal: true,
    };
    try {
      const witness = openWitness();
      const gathered = await gatherInputs(module, config, work, { ...ports, witness }, inputs);
      const result = await runScoped(
        () => module.run(gathered as never, config.parameters as never, context),
        ports.compute,
        kept,
      );
      for (const used of await witness.inputs()) inputs.set(used.role, used);
      work = await settle(takeOutputs(module, work, result.outputs as Record<string, unknown>), work, ports.compute);
      const found = readMetrics<keyof FrameMetrics>(module, result.metrics as Record<string, number | null>);
      metrics = { ...metrics, ...found.metrics };
      cards.push(...found.cards);
      for (const sentence of found.warnings) context.warn(sentence);
      timingsSec[module.name] = seconds();
      if (index === lastWithRaw) dropRaw();
      state = stateAfter(module, state);
      show(module.name, { state: 'done', seconds: seconds() });
    } catch (thrown) {
      const error = asObservatoryError(thrown, `Module ${module.name}`);
      failure = { error, module: module.name };
      timingsSec[module.name] = seconds();
      log.log('ERROR', module.title, `${frameId}: ${error.message}. ${error.hint}`, {
        frameId,
        module: module.name,
        code: error.code,
        stack: (error.cause instanceof Error ? error.cause.stack : error.stack) ?? null,
      });
      show(module.name, { state: 'failed', seconds: seconds(), reason: error.message });
    }
  }
  const release = (): void => {
    dropRaw();
    for (const array of kept.values()) ports.compute.free(array);
    kept.clear();
  };
  return { work, cells, metrics, cards, warnings, timingsSec, inputs: [...inputs.values()], failure, release };
}

/** Whether a module reads the raw frame, or a master, which is chosen by it. */
const needsRaw = (module: AnyModule): boolean =>
  Object.values(module.inputs as Record<string, InputSpec>).some(({ kind }) =>
    ['rawFrame', 'bias', 'dark', 'flat'].includes(kind),
  );

/** What a module allocates ends with its run, but for the arrays in its outputs. */
async function runScoped<R extends { readonly outputs: object }>(
  run: () => R | Promise<R>,
  compute: Compute,
  kept: Map<number, ArrayBufferView>,
): Promise<R> {
  return compute.scope(async (keep) => {
    const result = await run();
    for (const array of sharedArrays(result.outputs)) {
      keep(array);
      kept.set(array.byteOffset, array);
    }
    return result;
  });
}

/** Arrays on shared memory in an output, at any depth. */
export function* sharedArrays(value: unknown): Iterable<ArrayBufferView> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof SharedArrayBuffer) yield value;
  } else if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    for (const part of Object.values(value)) yield* sharedArrays(part);
  }
}

export const kindNames: Record<InputKind, string> = {
  rawFrame: 'a raw frame',
  frame: 'a reduced frame',
  sources: 'a list of sources',
  bias: 'a master bias',
  dark: 'a master dark',
  flat: 'a master flat',
  referenceCatalog: 'a reference catalogue',
  unit: 'the frames of a unit',
  alignment: 'the alignment of its frames',
  stacks: 'a stack',
  photometry: 'photometry of the stack',
  difference: 'a difference image',
  templates: 'a source of templates',
  minorPlanets: 'a service of minor planets',
  origin: 'the provenance of the unit',
  calibrationSetup: 'calibration frames of one setup',
};

async function gatherInputs(
  module: AnyModule,
  config: ModuleConfig,
  work: FrameWork,
  ports: EnginePorts & { readonly witness: Witness },
  used: Map<string, UsedInput>,
): Promise<Record<string, unknown>> {
  const gathered: Record<string, unknown> = {};
  const need = <T>(value: T | null, kind: InputKind): T => {
    if (value !== null) return value;
    throw inputMissing({ frame: work.meta.frameId, module: module.name, what: kindNames[kind] });
  };
  for (const [name, { kind }] of Object.entries(module.inputs as Record<string, InputSpec>)) {
    switch (kind) {
      case 'rawFrame':
        gathered[name] = need(work.raw, kind);
        break;
      case 'frame':
        gathered[name] = need(work.frame, kind);
        break;
      case 'sources':
        gathered[name] = need(work.sources, kind);
        break;
      case 'referenceCatalog': {
        const catalog = await ports.catalogAt(config.catalog);
        gathered[name] = catalog && ports.witness.catalog(catalog);
        break;
      }
      case 'bias':
      case 'dark':
      case 'flat': {
        const master = await findMaster(kind, config, need(work.raw, 'rawFrame'), ports);
        if (master) used.set(kind, { role: kind, name: master.name, sha256: master.sha256 });
        gathered[name] = master;
        break;
      }
      default:
        need(null, kind); // of a unit: not here
    }
  }
  return gathered;
}

/** The words by which a frame finds its master; sizes are those of the data area. */
export function masterKeyFor(
  type: MasterKey['type'],
  raw: RawFrame,
  area: { readonly width: number; readonly height: number },
): MasterKey {
  const { camera, binning, readMode, softGain, filter, exposureSec } = raw.meta;
  return {
    type,
    camera,
    binning,
    readMode,
    softGain,
    filter: type === 'flat' ? filter : '-',
    exposureSec: type === 'dark' ? exposureSec : null,
    width: area.width,
    height: area.height,
  };
}

async function findMaster(
  type: MasterKey['type'],
  config: ModuleConfig,
  raw: RawFrame,
  ports: EnginePorts,
): Promise<Master | null> {
  const choice = config.calibration[type] ?? 'auto';
  if (choice === 'none') return null;
  const key = masterKeyFor(type, raw, ports.dataArea(raw));
  const { nightId, frameId } = raw.meta;
  if (choice !== 'auto') return ports.masterAt(choice.path, key, nightId);
  const master = await ports.masters.master(key, nightId);
  if (master) return master;
  const words = [
    `binning ${key.binning}`,
    `read mode ${key.readMode}`,
    `soft gain ${key.softGain}`,
    ...(type === 'flat' ? [`filter ${key.filter}`] : []),
    `${key.width} × ${key.height} pixels`,
  ];
  throw masterMissing({ frame: frameId, type, camera: key.camera, setup: words.join(', '), night: nightId });
}

function takeOutputs(module: AnyModule, work: FrameWork, outputs: Record<string, unknown>): FrameWork {
  const taken: { [K in keyof OutputTypes]?: OutputTypes[K] } = {};
  for (const [name, spec] of Object.entries(module.outputs as Record<string, { kind: keyof OutputTypes }>)) {
    if (outputs[name] !== undefined && outputs[name] !== null) Object.assign(taken, { [spec.kind]: outputs[name] });
  }
  return { ...work, ...taken };
}

/**
 * What the next module is given is what a file holds: planes on the steps of their packing, catalogues and coordinates as they are read
 * back. So modules one by one from the command line see what they see in a chain.
 */
async function settle(after: FrameWork, before: FrameWork, compute: Compute): Promise<FrameWork> {
  let { frame, sources } = after;
  if (frame !== null && frame !== before.frame) {
    if (frame.steps === undefined) frame = await roundPlanes(frame, compute);
    if (frame.wcs !== null && frame.wcs !== before.frame?.wcs) frame = { ...frame, wcs: readBack(frame.wcs) };
  }
  if (sources !== null && sources !== before.sources) sources = await decodeCatalog(encodeCatalog(sources, []), 'the catalogue');
  return { ...after, frame, sources };
}

const readBack = (wcs: Wcs): Wcs => parseWcs(new Map(wcs.toCards().map(({ keyword, value }) => [keyword, value])));

/** Metrics to the fields of the board and to cards; limits of the declaration become sentences. */
export function readMetrics<F extends keyof FrameMetrics | keyof UnitMetrics>(
  module: AnyModule,
  values: Record<string, number | null>,
): { metrics: { [N in F]?: number | null }; cards: MetricCard[]; warnings: string[] } {
  const metrics: { [N in F]?: number | null } = {};
  const cards: MetricCard[] = [];
  const warnings: string[] = [];
  for (const [name, spec] of Object.entries(module.metrics as Record<string, MetricSpec>)) {
    const value = values[name];
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    metrics[spec.field as F] = value;
    cards.push({ keyword: spec.card, value });
    const unit = spec.unit && spec.unit !== '1' ? ` ${spec.unit}` : '';
    const shown = `${spec.doc.replace(/\.$/, '')} is ${Number(value.toPrecision(4))}${unit}`;
    if (spec.warnAbove !== undefined && value > spec.warnAbove) warnings.push(`${shown}, above ${spec.warnAbove}.`);
    if (spec.warnBelow !== undefined && value < spec.warnBelow) warnings.push(`${shown}, below ${spec.warnBelow}.`);
  }
  return { metrics, cards, warnings };
}

function stateAfter(module: AnyModule, before: FrameState): FrameState {
  const kinds = Object.values(module.outputs as Record<string, { kind: string }>).map((spec) => spec.kind);
  if (kinds.includes('sources')) return 'measured';
  if (kinds.includes('frame') && before === 'reducing') return 'reduced';
  return before;
}
