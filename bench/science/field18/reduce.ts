import { memoryCatalog } from '@colibri/adapters/catalogs';
import { type Clock, type Log, silentLog } from '@colibri/base';
import { astrometry, findstars, frameGeometry, reduction } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import {
  type AnyModule,
  type EnginePorts,
  type FrameMetaOptions,
  type Master,
  type MasterKey,
  processFrame,
  type ReferenceCatalog,
  rawWork,
  readConfig,
  readRawFrame,
  readUnits,
  sequence,
  sha256,
  type Unit,
} from '@colibri/pipeline';
import { referenceStars } from './catalog.ts';
import { detector, type Field } from './field.ts';
import { rawScience } from './raw-file.ts';

/** A field whose frames were reduced, measured and solved, with the catalogue they were solved against. */
export interface ReducedField {
  readonly field: Field;
  readonly unit: Unit;
  readonly catalog: ReferenceCatalog;
}

const meta: FrameMetaOptions = {
  nowMs: Date.UTC(2100, 0, 1),
  longitudeEastDeg: -115.46,
  alertRules: ['trigger'],
  lenient: false,
};

/**
 * Takes the frames of a field and sends each through the modules of frames and the writers of products, exactly as gp1 does but with a
 * map for a disk and exact masters; then reads the unit back from there.
 */
export async function reduceField(field: Field, compute: Compute, log: Log = silentLog): Promise<ReducedField> {
  const catalog = memoryCatalog(referenceStars(field));
  const files = new Map<string, Uint8Array>();
  const ports = enginePorts(field, catalog, compute, log);
  const steps: readonly AnyModule[] = [reduction, findstars, astrometry];
  const config = {
    sequence: sequence('field18', steps),
    hash: 'field18',
    modules: steps.map((module) => ({ module, config: readConfig(module, []).config })),
    folderHeaders: ['TRGID', 'INSTRUME', 'FILTER'],
    cells: [],
  };
  for (const frame of field.frames) {
    const bytes = rawScience(field, frame);
    const digest = await sha256(bytes);
    const name = `${frame.frameId}.fits.fz`;
    const { raw, warnings } = await readRawFrame(bytes, name, digest, meta, compute);
    const inputs = [{ role: 'raw', name, sha256: digest }];
    const result = await processFrame(
      { pipeline: 'field18', revision: 0, config, work: rawWork(raw), inputs, warnings, readSec: 0 },
      ports,
      {
        root: '',
        commit: async (path, product) => {
          files.set(path, product.slice());
          return { path, sha256: await sha256(product), bytes: product.length };
        },
      },
      { software: { name: 'gp1', version: 'field18' }, host: 'bench', replay: () => 'npm run science' },
    );
    if (result.failure) throw result.failure.error;
  }
  const name = `929744/C1/${field.options.filter}`;
  const below = [...files].map(([path, bytes]) => [path.slice(name.length + 1), bytes] as const);
  const { units, unreadable } = await readUnits(
    {
      name,
      list: async (folder) =>
        below.flatMap(([path]) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [])).sort(),
      read: async (path) => below.find(([known]) => known === path)?.[1] ?? Promise.reject(new Error(`${path} was not written`)),
    },
    { meta, compute },
  );
  if (unreadable.length > 0) throw unreadable[0]!.error;
  if (units.length !== 1) throw new Error(`The field made ${units.length} units.`);
  return { field, unit: units[0]!, catalog };
}

function enginePorts(field: Field, catalog: ReferenceCatalog, compute: Compute, log: Log): EnginePorts {
  const clock: Clock = { now: () => (field.frames.at(-1)?.startUnix ?? 0) * 1000 + 60_000, monotonic: () => performance.now() };
  const masters = new Map<string, Master>();
  const master = async (key: MasterKey): Promise<Master> => {
    const id = JSON.stringify(key);
    const found = masters.get(id) ?? exactMaster(key);
    masters.set(id, found);
    return found;
  };
  return {
    compute,
    log,
    clock,
    masters: { master },
    masterAt: (_path, key) => master(key),
    catalogAt: async () => catalog,
    dataArea: (raw) => {
      const { data } = frameGeometry(raw);
      return { width: data.x1 - data.x0, height: data.y1 - data.y0 };
    },
  };
}

/** What the detector truly does: no structure in the bias, an even dark current, an even response. */
export function exactMaster(key: MasterKey): Master {
  const { type, width, height } = key;
  return {
    key,
    name: `exact-${type}`,
    sha256: null,
    nightId: '2025-12-31',
    width,
    height,
    data: new Float32Array(width * height).fill({ bias: 0, dark: detector.darkAduPerSec, flat: 1 }[type]),
    variance: null,
    mask: null,
    inputs: [],
    note: null,
  };
}
