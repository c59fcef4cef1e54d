import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { nodeFiles, writeAtomically } from '@colibri/base/node';
import { openFits, readImage } from '@colibri/fits';
import { decodeMaster, encodeMaster, type MasterStore } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import {
  type CalibrationRaw,
  type FrameMetaOptions,
  frameIdOf,
  type Ledger,
  type Master,
  type MasterKey,
  pipelineErrors,
  readRawFrame,
} from '@colibri/pipeline';

export interface MasterFolderOptions {
  readonly folder: string;
  readonly calibrations: Ledger['calibrations'];
  readonly meta: () => FrameMetaOptions;
}

/** Masters as FITS files in one folder, each with its checksum beside it; raw calibration frames where they were recorded. */
export function masterFolder({ folder, calibrations, meta }: MasterFolderOptions): MasterStore {
  return {
    calibrations,
    async readRaw(raw: CalibrationRaw, compute: Compute) {
      const bytes = await readFile(raw.path);
      return (await readRawFrame(bytes, raw.path, raw.sha256, meta(), compute)).raw;
    },
    async load(name) {
      const path = join(folder, `${name}.fits`);
      const [bytes, wanted] = await Promise.all([
        readFile(path).catch(() => null),
        readFile(`${path}.sha256`, 'utf8').catch(() => null),
      ]);
      if (!bytes || !wanted) return null;
      const found = digest(bytes);
      return found === wanted.trim().split(/\s/)[0] ? decodeMaster(bytes, name, found) : null;
    },
    async save(master) {
      await mkdir(folder, { recursive: true });
      const bytes = encodeMaster(master);
      const path = join(folder, `${master.name}.fits`);
      const sha256 = digest(bytes);
      await writeAtomically(nodeFiles, path, bytes);
      await writeAtomically(nodeFiles, `${path}.sha256`, new TextEncoder().encode(`${sha256}  ${basename(path)}\n`));
      return sha256;
    },
  };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The master that a configuration names: a file of ours, or any FITS image over the data area. In a folder, the one whose key agrees in
 * every word (darks: nearest exposure time).
 */
export async function masterAt(path: string, key: MasterKey): Promise<Master> {
  const found = await stat(path).catch(() => null);
  if (!found) throw pipelineErrors.masterUnreadable({ path, what: 'it does not exist' });
  if (!found.isDirectory()) return readMaster(path, key);
  // Of equals the newest: names begin with the time of the first frame.
  const names = (await readdir(path))
    .filter((name) => /\.(fits?)(\.(fz|gz))?$/i.test(name))
    .sort()
    .reverse();
  const all = await Promise.all(names.map((name) => readMaster(join(path, name), key).catch(() => null)));
  const fitting = all.flatMap((master) => (master && agrees(master.key, key) ? [master] : []));
  const target = key.exposureSec ?? 0;
  fitting.sort((a, b) => Math.abs((a.key.exposureSec ?? 0) - target) - Math.abs((b.key.exposureSec ?? 0) - target));
  const best = fitting[0];
  if (!best)
    throw pipelineErrors.masterUnreadable({
      path,
      what: `no file in it is a ${key.type} for camera ${key.camera}, filter ${key.filter}`,
    });
  return best;
}

function agrees(a: MasterKey, b: MasterKey): boolean {
  const words = ['type', 'camera', 'binning', 'readMode', 'softGain', 'filter', 'width', 'height'] as const;
  return words.every((word) => a[word] === b[word]);
}

async function readMaster(path: string, key: MasterKey): Promise<Master> {
  const bytes = await readFile(path);
  const sha256 = digest(bytes);
  try {
    const file = await openFits(bytes, { name: path });
    if (file.hdus.some((hdu) => hdu.header.has('MASTER'))) return await decodeMaster(bytes, frameIdOf(path), sha256);
    const { data, shape } = await readImage(file.firstImage(), { as: 'float32' });
    const [width, height] = [shape[0] ?? 0, shape[1] ?? 0];
    const note = 'named in the configuration; its header does not say what it is for';
    return {
      key: { ...key, width, height },
      name: frameIdOf(path),
      sha256,
      nightId: '',
      width,
      height,
      data,
      variance: null,
      mask: null,
      inputs: [],
      note,
    };
  } catch (cause) {
    throw pipelineErrors.masterUnreadable({ path, what: cause instanceof Error ? cause.message : String(cause) }, cause);
  }
}
