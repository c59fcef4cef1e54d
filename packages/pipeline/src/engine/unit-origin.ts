import type { ModuleConfig } from '../config/module-config.ts';
import type { Parameter } from '../config/values.ts';
import type { AnyModule, UnitOrigin } from '../define-module.ts';
import { canonicalJson, sha256 } from '../hash.ts';
import { headerText } from '../header-words.ts';
import { eventPageLink } from '../products/event-folder.ts';
import type { Unit } from '../unit.ts';
import type { UnitJob } from './process-unit.ts';

/** `provenance/<module>.json` beside the products of a unit: what one module ran with. The same whenever and wherever it runs. */
export interface ModuleRecord {
  readonly module: string;
  readonly code: string;
  readonly version: string;
  readonly software: { readonly name: string; readonly version: string };
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** SHA-256 of name, version and parameters. */
  readonly configHash: string;
  readonly inputs: readonly { readonly role: string; readonly name: string; readonly sha256: string | null }[];
  /** SHA-256 of the list of inputs. */
  readonly inputsHash: string;
  /** Doubts, as sentences. */
  readonly warnings: readonly string[];
}

export const recordPath = (module: string): string => `provenance/${module}.json`;

export async function moduleRecord(
  module: AnyModule,
  config: ModuleConfig,
  unit: Unit,
  inputs: ModuleRecord['inputs'],
  warnings: readonly string[],
  software: ModuleRecord['software'],
): Promise<ModuleRecord> {
  const { parameters } = config;
  // Every module stands on the frames, also where it sees them through others.
  const frames = unit.frames.map(({ meta, sha256 }) => ({ role: 'frame', name: meta.frameId, sha256 }));
  const all = [...frames, ...inputs];
  return {
    module: module.name,
    code: module.code,
    version: module.version,
    software,
    parameters,
    configHash: await sha256(canonicalJson({ name: module.name, version: module.version, parameters })),
    inputs: all,
    inputsHash: await sha256(canonicalJson(all)),
    warnings: [...warnings],
  };
}

/** The records of this run, and of modules before it that ran at another time. */
export async function readRecords(
  made: readonly ModuleRecord[],
  sequence: readonly AnyModule[],
  read: (name: string) => Promise<Uint8Array | null>,
): Promise<ModuleRecord[]> {
  const records: ModuleRecord[] = [];
  for (const { name, unitOfWork } of sequence) {
    if (unitOfWork !== 'unit') continue;
    const own = made.find(({ module }) => module === name);
    if (own) records.push(own);
    else {
      const bytes = await read(recordPath(name));
      if (bytes) records.push(JSON.parse(new TextDecoder().decode(bytes)) as ModuleRecord);
    }
  }
  return records;
}

export function originOf(
  { unit, folder, isFinal, latencySec, config }: UnitJob,
  records: readonly ModuleRecord[],
  software: ModuleRecord['software'],
): UnitOrigin {
  const header = unit.frames[0]?.header ?? new Map();
  const frameModules = config.sequence.modules
    .filter((module) => module.unitOfWork === 'frame')
    .flatMap(({ name, code }) => {
      const version = headerText(header, `${code}VERS`);
      return version === undefined ? [] : [[name, version] as const];
    });
  const inputs = new Map(
    records.flatMap((record) => record.inputs).map((input) => [`${input.role} ${input.name} ${input.sha256 ?? ''}`, input]),
  );
  return {
    software,
    pipeline: software.name,
    modules: Object.fromEntries([...frameModules, ...records.map(({ module, version }) => [module, version] as const)]),
    configHash: records.map(({ configHash }) => configHash.slice(0, 8)).join('-'),
    parameters: Object.fromEntries(records.map(({ module, parameters }) => [module, parameters])),
    inputs: [...inputs.values()],
    replay: `gp1 replay ${unit.name}`,
    latencySec: isFinal ? null : latencySec,
    warnings: records.flatMap(({ warnings }) => warnings),
    eventPage: eventPageLink(unit, folder),
  };
}
