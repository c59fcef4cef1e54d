import type { Log } from '@colibri/base';
import type { Compute } from '@colibri/numerics';
import type { CalibrationRaw, Master, MasterKey, MasterSource, RawFrame } from '@colibri/pipeline';
import { combineFrames, type PreparedFrame, prepareFrame } from './build-master.ts';
import { chooseInputs, type MasterPlan, wanted } from './choose-inputs.ts';

/** Port: what building masters needs of the world. */
export interface MasterStore {
  /** Recorded raw calibration frames that agree with the key in all but exposure time (`Ledger.calibrations`). */
  calibrations(key: Omit<MasterKey, 'exposureSec'>): Promise<CalibrationRaw[]>;
  /** Its pixels lie in the memory of `compute`, or on the heap. */
  readRaw(raw: CalibrationRaw, compute: Compute): Promise<RawFrame>;
  /** A master built before under this name; null: none, or it does not match its checksum. */
  load(name: string): Promise<Master | null>;
  /** Makes it durable; returns the SHA-256 of the file. */
  save(master: Master): Promise<string>;
}

/**
 * Finds or builds the master in force for a frame. A master is named after its inputs and this code's version, so the same inputs are
 * never combined twice, and a new input makes a new master beside the old one. Those used last are kept in memory.
 */
export function masterSource({
  store,
  compute,
  log,
  budgetBytes = 400 * 2 ** 20,
}: {
  store: MasterStore;
  compute: Compute;
  log: Log;
  /** Memory for masters that wait for the next frame; those of the frame at hand stay whatever they take. */
  budgetBytes?: number;
}): MasterSource {
  /** Least recently asked for first. */
  const cache = new Map<string, Promise<Master>>();

  async function master(key: MasterKey, nightId: string): Promise<Master | null> {
    const plan = chooseInputs(await store.calibrations(key), key, nightId);
    if (!plan) return null;
    const helpers = await helpersOf(plan);
    const name = nameOf(plan, [helpers.bias, helpers.dark]);
    let found = cache.get(name);
    if (found) cache.delete(name);
    else {
      found = obtain(plan, name, helpers);
      found.catch(() => cache.delete(name));
    }
    cache.set(name, found);
    const built = await found;
    await shrink();
    return { ...built, note: plan.note };
  }

  /** Frees what was asked for longest ago, but never the last four: bias, dark and flat of the frame at hand, and one more. */
  async function shrink(): Promise<void> {
    let bytes = 0;
    for (const [age, name] of [...cache.keys()].toReversed().entries()) {
      const master = await cache.get(name)?.catch(() => null);
      bytes += (master?.data.byteLength ?? 0) + (master?.variance?.byteLength ?? 0) + (master?.mask?.byteLength ?? 0);
      if (age >= 4 && bytes > budgetBytes) await forget(name);
    }
  }

  async function forget(name: string): Promise<void> {
    const old = cache.get(name);
    cache.delete(name);
    const pixels = await old?.catch(() => null);
    for (const plane of [pixels?.data, pixels?.variance]) if (plane) compute.free(plane);
  }

  /** Darks need the bias of their night; flats need bias and the dark nearest to their exposure time. */
  async function helpersOf(plan: MasterPlan): Promise<{ bias: Master | null; dark: Master | null }> {
    const { key, nightId, inputs } = plan;
    const common = { ...key, filter: '-', exposureSec: null };
    const bias = key.type === 'bias' ? null : await master({ ...common, type: 'bias' }, nightId);
    const exposureSec = inputs[0]!.key.exposureSec;
    const dark = key.type === 'flat' ? await master({ ...common, type: 'dark', exposureSec }, nightId) : null;
    return { bias, dark };
  }

  async function obtain(plan: MasterPlan, name: string, helpers: { bias: Master | null; dark: Master | null }): Promise<Master> {
    const { key, inputs } = plan;
    const stored = await store.load(name);
    if (stored) return { ...stored, ...inMemory(stored, compute) };
    const prepared: PreparedFrame[] = [];
    for (const raw of inputs) {
      const frame = await store.readRaw(raw, compute);
      prepared.push(prepareFrame(frame, key, helpers, compute));
      compute.free(frame.data);
    }
    const pixels = await combineFrames(prepared, key, compute);
    const built: Master = {
      key,
      name,
      sha256: null,
      nightId: plan.nightId,
      ...pixels,
      inputs: inputs.map((raw) => raw.frameId),
      origin: { sha256: inputs.map((raw) => raw.sha256), helpers: namesOf([helpers.bias, helpers.dark]) },
      note: plan.note,
    };
    const sha256 = await store.save(built);
    const few = inputs.length < wanted[key.type].complete ? `; ${wanted[key.type].complete} are wanted` : '';
    log.log('INFO', 'Calibration', `The new ${key.type} file is now ${name} (${inputs.length} frames${few})`);
    return { ...built, sha256 };
  }

  return { master };
}

export const namesOf = (masters: readonly (Master | null)[]): string[] =>
  masters.flatMap((master) => (master ? [master.name] : []));

/** Planes copied to the memory that arithmetic works on. */
function inMemory(master: Master, compute: Compute): Pick<Master, 'data' | 'variance'> {
  const place = (plane: Float32Array): Float32Array => {
    const here = compute.float32(plane.length);
    here.set(plane);
    return here;
  };
  return { data: place(master.data), variance: master.variance ? place(master.variance) : null };
}

/** Raised when the same inputs give other masters. */
const builderVersion = 5;

/** `flat_20251231T205643_C0_r_1x1_<8 hex>`: readable, and different for different inputs. */
export function nameOf(
  { key, inputs }: { readonly key: MasterKey; readonly inputs: readonly { readonly frameId: string; readonly sha256: string }[] },
  helpers: readonly (Master | null)[],
): string {
  const start = inputs[0]!.frameId.slice(0, 15);
  const words = [key.type, start, key.camera, key.type === 'flat' ? key.filter : 'w', key.binning, key.readMode, key.softGain];
  if (key.type === 'dark') words.push(String(key.exposureSec ?? 'rate'));
  const identity = [
    builderVersion,
    ...words,
    key.width,
    key.height,
    ...inputs.map((raw) => raw.sha256),
    ...helpers.map((h) => h?.name ?? '-'),
  ].join('|');
  return [...words, fnv1a(identity)].map((word) => String(word).replace(/[^A-Za-z0-9.-]+/g, '-')).join('_');
}

/** 64-bit FNV-1a of a string as 16 hexadecimal digits: a name, not a seal. */
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const character of text) hash = ((hash ^ BigInt(character.codePointAt(0)!)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}
