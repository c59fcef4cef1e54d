import { frameSummary, noMetrics } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import type { Frame, HeaderValues } from '../frame.ts';
import type { FrameMetaOptions } from '../frame-meta.ts';
import { sha256 } from '../hash.ts';
import { headerText, parseUtc } from '../header-words.ts';
import type { Unit, UnitFrame } from '../unit.ts';
import { decodeCatalog, decodeReduced } from './decode.ts';

/** The folder of a unit: `reduced/`, `catalogs/`. */
export interface UnitFolder {
  /** `<TRGID>/<INSTRUME>/<FILTER>`. */
  readonly name: string;
  /** Names of the files in a folder of it, sorted; empty where there is none. */
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
}

export interface ReadUnitOptions {
  readonly meta: FrameMetaOptions;
  readonly compute: Compute;
  /** Frames read before, by file name: not read again. Filled. */
  readonly known?: Map<string, UnitFrame>;
  /** Only these frames; all when not given. */
  readonly only?: (frameId: string) => boolean;
}

/**
 * The units of a folder, one per night in order of time: each reduced file with the catalogue and the summary beside it. Of several revisions of a frame the
 * newest counts. Frames that cannot be read are left out, with the error.
 */
export async function readUnits(
  folder: UnitFolder,
  { meta, compute, known = new Map(), only }: ReadUnitOptions,
): Promise<{
  readonly units: readonly Unit[];
  readonly unreadable: readonly { readonly path: string; readonly error: unknown }[];
}> {
  const unreadable: { path: string; error: unknown }[] = [];
  const catalogs = new Set(await folder.list('catalogs'));
  const newest = new Map<string, { stem: string; revision: number }>();
  for (const name of await folder.list('reduced')) {
    const [, stem, id, revision] = /^((.+?)(?:_r(\d+))?)\.fits(?:\.fz)?$/.exec(name) ?? [];
    if (!stem || !id || !catalogs.has(`${stem}.cat.fits`) || only?.(id) === false) continue;
    const found = { stem, revision: Number(revision ?? 0) };
    if ((newest.get(id)?.revision ?? -1) < found.revision) newest.set(id, found);
  }
  const frames: UnitFrame[] = [];
  for (const { stem } of newest.values()) {
    const path = `reduced/${stem}.fits.fz`;
    try {
      const frame = known.get(stem) ?? (await readUnitFrame(folder, stem, path, meta, compute));
      known.set(stem, frame);
      frames.push(frame);
    } catch (error) {
      unreadable.push({ path, error });
    }
  }
  frames.sort((a, b) => compareText(a.meta.observedAt, b.meta.observedAt) || compareText(a.meta.frameId, b.meta.frameId));
  const nights = [...new Set(frames.map((frame) => frame.meta.nightId))].sort();
  const units = nights.map((nightId) =>
    unitOf(
      folder.name,
      nightId,
      frames.filter((frame) => frame.meta.nightId === nightId),
    ),
  );
  return { units, unreadable };
}

function unitOf(name: string, nightId: string, frames: readonly UnitFrame[]): Unit {
  const { target, camera, filter } = frames[0]!.meta;
  return {
    name,
    nightId,
    target,
    camera,
    filter,
    alert: frames.find((frame) => frame.meta.alert)?.meta.alert ?? null,
    triggeredAt: frames.map((frame) => triggerTime(frame.header)).find((time) => time !== null) ?? null,
    frames,
  };
}

async function readUnitFrame(
  folder: UnitFolder,
  stem: string,
  path: string,
  meta: FrameMetaOptions,
  compute: Compute,
): Promise<UnitFrame> {
  const bytes = await folder.read(path);
  const digest = await sha256(bytes);
  const load = async (): Promise<Frame> => (await decodeReduced(await folder.read(path), path, digest, meta, compute)).frame;
  const { frame } = await compute.scope(() => decodeReduced(bytes, path, digest, meta, compute));
  const sources = await decodeCatalog(await folder.read(`catalogs/${stem}.cat.fits`), `catalogs/${stem}.cat.fits`);
  const text = await folder.read(`catalogs/${stem}.json`).catch(() => null);
  const summary = text ? frameSummary.safeParse(JSON.parse(new TextDecoder().decode(text))) : null;
  const { header, width, height, gain, readNoise, saturation, wcs, solved } = frame;
  return {
    meta: frame.meta,
    header,
    width,
    height,
    gain,
    readNoise,
    saturation,
    wcs,
    solved,
    metrics: summary?.success ? summary.data.metrics : noMetrics,
    sources,
    sha256: digest,
    load,
  };
}

/** ALEVT, else the alert's time, by their spellings. */
function triggerTime(header: HeaderValues): string | null {
  const text = headerText(header, 'ALEVT', 'TRGTIME', 'ALALT', 'SEXALT');
  const ms = text === undefined ? undefined : parseUtc(text);
  return ms === undefined ? null : new Date(ms).toISOString();
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
