import { asObservatoryError, isoUtc, type ObservatoryError } from '@colibri/base';
import { type ModuleCell, noUnitMetrics, type UnitMetrics } from '@colibri/contracts';
import type { ModuleConfig } from '../config/module-config.ts';
import type { ConfiguredModule, PipelineConfig } from '../config/pipeline-config.ts';
import type { AnyModule, InputKind, InputSpec, ModuleContext, OutputKind, OutputSpec, OutputTypes } from '../define-module.ts';
import { inputMissing } from '../errors.ts';
import type { ProductSink } from '../ports.ts';
import type { CardLine } from '../products/cards.ts';
import type { MinorPlanetSource, TemplateSource, Unit } from '../unit.ts';
import type { EngineIdentity } from './process-frame.ts';
import { type EnginePorts, kindNames, readMetrics, sharedArrays } from './run-modules.ts';
import { type ModuleRecord, moduleRecord, originOf, readRecords, recordPath } from './unit-origin.ts';
import { openWitness, type Witness } from './witness.ts';

/** What a unit needs of the world beside what frames need. */
export interface UnitPorts extends Pick<EnginePorts, 'compute' | 'log' | 'clock' | 'catalogAt'> {
  readonly templates: TemplateSource | null;
  readonly minorPlanets: MinorPlanetSource | null;
}

/** One unit to be worked on by the unit modules of one pipeline. */
export interface UnitJob {
  readonly pipeline: string;
  readonly config: Pick<PipelineConfig, 'unitModules' | 'sequence'>;
  readonly unit: Unit;
  /** Products go below it; relative to the workspace. */
  readonly folder: string;
  /** Products of modules that do not run now, by name below the unit's folder; null: not there. */
  read(name: string): Promise<Uint8Array | null>;
  /** What each module kept of the last run on this unit. */
  readonly kept: Map<string, Map<string, unknown>>;
  readonly isFinal: boolean;
  /** Modules that are too slow for every new frame run as well; always so for the final products. */
  readonly isThorough: boolean;
  /** From the newest frame to now, for the page of a live run [s]. */
  readonly latencySec: number | null;
}

export interface UnitResult {
  readonly cells: readonly ModuleCell[];
  readonly metrics: UnitMetrics;
  readonly warnings: readonly string[];
  readonly timingsSec: Readonly<Record<string, number>>;
  /** Files made, relative to the unit's folder. */
  readonly products: readonly string[];
  readonly failure: { readonly error: ObservatoryError; readonly module: string } | null;
}

export interface UnitEvents {
  onProgress?(cells: readonly ModuleCell[]): void;
}

/** Inputs that may be absent: the module is told null. */
const optional: readonly InputKind[] = ['difference', 'referenceCatalog', 'templates', 'minorPlanets'];

/**
 * Runs the unit modules over one unit. Each product is committed, and what was written is what the modules after it read. A module that
 * fails skips those that need what it would have made. Never throws for a fault of the data or of the disk.
 */
export async function processUnit(
  job: UnitJob,
  ports: UnitPorts,
  sink: ProductSink,
  identity: Pick<EngineIdentity, 'software'>,
  events: UnitEvents = {},
): Promise<UnitResult> {
  const { compute, log, clock } = ports;
  const modules = job.config.unitModules;
  const cells: ModuleCell[] = modules.map(({ module }) => ({
    module: module.name,
    state: 'waiting',
    startedAt: null,
    seconds: null,
    reason: null,
  }));
  const made = new Map<OutputKind, unknown>();
  const records: ModuleRecord[] = [];
  const products = new Set<string>();
  const written = new Map<string, Uint8Array>();
  const warnings: string[] = [];
  const timingsSec: Record<string, number> = {};
  const postponed: string[] = [];
  let metrics: UnitMetrics = noUnitMetrics;
  let failure: UnitResult['failure'] = null;
  const show = (module: string, change: Partial<ModuleCell>): void => {
    const cell = cells.find((candidate) => candidate.module === module);
    if (cell) Object.assign(cell, change);
    events.onProgress?.(structuredClone(cells));
  };
  const read = async (name: string): Promise<Uint8Array | null> => written.get(name) ?? (await job.read(name));
  const commit = async (name: string, bytes: Uint8Array): Promise<void> => {
    await sink.commit(`${job.folder}/${name}`, bytes);
    products.add(name);
  };

  await compute.scope(async () => {
    for (const { module, config } of modules) {
      const began = clock.monotonic();
      const seconds = (): number => Math.round(clock.monotonic() - began) / 1000;
      const said: string[] = [];
      try {
        if (module.isThorough && !job.isThorough && !job.isFinal) {
          postponed.push(module.name);
          show(module.name, { state: 'skipped', reason: 'waits for a pause between frames' });
          continue;
        }
        const missing = missingInput(module, modules, made, failure);
        if (missing !== null) {
          show(module.name, { state: 'skipped', reason: missing });
          continue;
        }
        show(module.name, { state: 'running', startedAt: isoUtc(clock.now()) });
        const context: ModuleContext = {
          compute,
          info: (message) =>
            log.log('INFO', module.title, `${job.folder}: ${message}`, { unit: job.folder, module: module.name }),
          warn: (sentence) => {
            said.push(sentence);
            log.log('WARNING', module.title, `${job.folder}: ${sentence}`, { unit: job.folder, module: module.name });
          },
          kept: job.isFinal ? new Map() : keptOf(job.kept, module.name),
          isFinal: job.isFinal,
          postponed,
        };
        const witness = openWitness(context.warn);
        const values = await gather(module, config, { job, ports, made, records, identity, read, witness });
        const result = (await compute.scope((keep) =>
          Promise.resolve(module.run(values as never, config.parameters as never, context)).then(
            async (found: { outputs: Record<string, unknown>; metrics: Record<string, number | null> }) => {
              // Read back here, in this scope: what the modules after it are given is kept, the rest goes.
              const record = await moduleRecord(module, config, job.unit, await witness.inputs(), said, identity.software);
              for (const [name, spec] of Object.entries(module.outputs as Record<string, OutputSpec>)) {
                const value = found.outputs[name] ?? null;
                const files = await encoded(spec, value, { unit: job.unit, lines: await stampOf(record, job.unit), compute });
                for (const [file, bytes] of files) {
                  written.set(file, bytes);
                  await commit(file, bytes);
                }
                const back = value !== null && spec.codec ? await spec.codec.decode(read, compute) : value;
                for (const array of sharedArrays(back)) keep(array);
                made.set(spec.kind, back);
                for (const file of files.keys()) if (spec.codec) written.delete(file);
              }
              return { record, metrics: found.metrics };
            },
          ),
        )) as { record: ModuleRecord; metrics: Record<string, number | null> };
        records.push(result.record);
        await commit(recordPath(module.name), jsonBytes(result.record));
        const found = readMetrics<keyof UnitMetrics>(module, result.metrics);
        metrics = { ...metrics, ...found.metrics };
        for (const sentence of found.warnings) context.warn(sentence);
        show(module.name, { state: 'done', seconds: seconds() });
      } catch (thrown) {
        const error = asObservatoryError(thrown, `Module ${module.name}`);
        failure ??= { error, module: module.name };
        log.log('ERROR', module.title, `${job.folder}: ${error.message}. ${error.hint}`, {
          unit: job.folder,
          module: module.name,
          code: error.code,
          stack: (error.cause instanceof Error ? error.cause.stack : error.stack) ?? null,
        });
        show(module.name, { state: 'failed', seconds: seconds(), reason: error.message });
      } finally {
        timingsSec[module.name] = seconds();
        warnings.push(...said);
      }
    }
  });
  return { cells, metrics, warnings, timingsSec, products: [...products].sort(), failure };
}

/** A sentence when what the module needs was to be made in this run, and was not. */
function missingInput(
  module: AnyModule,
  modules: readonly ConfiguredModule[],
  made: ReadonlyMap<OutputKind, unknown>,
  failure: UnitResult['failure'],
): string | null {
  for (const { kind } of Object.values(module.inputs as Record<string, InputSpec>)) {
    if (optional.includes(kind) || kind === 'unit' || kind === 'origin') continue;
    const maker = makerOf(
      kind,
      modules.map((entry) => entry.module),
    );
    if (maker && !made.has(kind as OutputKind)) return `${failure?.module ?? maker.name} failed`;
  }
  return null;
}

const makerOf = (kind: InputKind, modules: readonly AnyModule[]): AnyModule | undefined =>
  modules.find((module) => Object.values(module.outputs as Record<string, OutputSpec>).some((spec) => spec.kind === kind));

/** Modules that run before this one: only they are its origin, whatever an earlier run left. */
function before(module: AnyModule, modules: readonly AnyModule[]): readonly AnyModule[] {
  const at = modules.findIndex(({ name }) => name === module.name);
  return at < 0 ? modules : modules.slice(0, at);
}

interface Gathering {
  readonly job: UnitJob;
  readonly ports: UnitPorts;
  readonly made: Map<OutputKind, unknown>;
  readonly records: readonly ModuleRecord[];
  readonly identity: Pick<EngineIdentity, 'software'>;
  readonly read: (name: string) => Promise<Uint8Array | null>;
  readonly witness: Witness;
}

async function gather(
  module: AnyModule,
  config: ModuleConfig,
  { job, ports, made, records, identity, read, witness }: Gathering,
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(module.inputs as Record<string, InputSpec>)) {
    switch (kind) {
      case 'unit':
        values[name] = job.unit;
        break;
      case 'referenceCatalog': {
        const catalog = await ports.catalogAt(config.catalog);
        values[name] = catalog && witness.catalog(catalog);
        break;
      }
      case 'templates':
        values[name] = ports.templates && witness.templates(ports.templates);
        break;
      case 'minorPlanets':
        values[name] = ports.minorPlanets && witness.minorPlanets(ports.minorPlanets);
        break;
      case 'origin':
        values[name] = originOf(
          job,
          await readRecords(records, before(module, job.config.sequence.modules), read),
          identity.software,
        );
        break;
      default:
        values[name] = await product(kind, module, { job, ports, made, read });
    }
  }
  return values;
}

/** What an earlier module made: in this run, or as its files say. */
async function product(
  kind: InputKind,
  module: AnyModule,
  { job, ports, made, read }: Pick<Gathering, 'job' | 'ports' | 'made' | 'read'>,
): Promise<unknown> {
  if (made.has(kind as OutputKind)) return made.get(kind as OutputKind);
  const maker = makerOf(kind, job.config.sequence.modules);
  const spec = Object.values((maker?.outputs ?? {}) as Record<string, OutputSpec>).find((output) => output.kind === kind);
  const isMadeHere = job.config.unitModules.some((entry) => entry.module === maker);
  const found = isMadeHere ? null : ((await spec?.codec?.decode(read, ports.compute)) ?? null);
  if (found === null && !optional.includes(kind)) {
    throw inputMissing({ frame: job.folder, module: module.name, what: kindNames[kind] });
  }
  made.set(kind as OutputKind, found);
  return found;
}

async function encoded(
  spec: OutputSpec,
  value: unknown,
  stamp: Parameters<NonNullable<OutputSpec['codec']>['encode']>[1],
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (value === null) return new Map();
  if (spec.kind === 'files') {
    const files = value as OutputTypes['files'];
    return new Map([...files].map(([name, data]) => [name, typeof data === 'string' ? new TextEncoder().encode(data) : data]));
  }
  return spec.codec ? spec.codec.encode(value as never, stamp) : new Map();
}

/** Cards of origin for the FITS files of one module: nothing in them depends on when or under which name they were made. */
async function stampOf(record: ModuleRecord, unit: Unit): Promise<CardLine[]> {
  return [
    ['SOFTWARE', `${record.software.name} ${record.software.version}`, 'program that wrote this file'],
    ['UNIT', unit.name, 'target, camera and filter'],
    ['NIGHTID', unit.nightId, 'night, evening date at the site'],
    ['NFRAMES', unit.frames.length, 'frames of the unit'],
    ['TIMESYS', 'UTC', 'time scale of the dates'],
    [`${record.code}VERS`, record.version, `version of module ${record.module}`],
    [`${record.code}CONF`, record.configHash.slice(0, 16), `configuration of module ${record.module}`],
    ['INHASH', record.inputsHash, ''],
  ];
}

function keptOf(kept: UnitJob['kept'], module: string): Map<string, unknown> {
  const own = kept.get(module) ?? new Map<string, unknown>();
  kept.set(module, own);
  return own;
}

const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
