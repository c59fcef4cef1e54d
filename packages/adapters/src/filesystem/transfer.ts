import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Files, nodeFiles, storageError, writeAtomically } from '@colibri/base/node';

/** Files of one frame that leave the observatory together. */
export interface HandOver {
  readonly frameId: string;
  readonly pipeline: string;
  readonly nightId: string;
  /** `L1a`: reduced; with coordinates: `L1b`. */
  readonly level: string;
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** `<stem>.manifest.json`: written last, so whoever sees it may take the files it names. */
export interface TransferManifest {
  readonly schema: 'colibri.transfer/1';
  readonly frameId: string;
  readonly pipeline: string;
  readonly nightId: string;
  readonly level: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

/** The folder from which products travel: `<night>/<pipeline>/`, each frame with a manifest of checksums. */
export interface TransferFolder {
  /** Puts the files there, then their manifest; the same files again change nothing. */
  handOver(what: HandOver): Promise<'handed over' | 'was there'>;
  /** Stems (`<pipeline>/<stem>`) whose manifest is there. */
  known(): Promise<Set<string>>;
}

export function transferFolder(root: string, files: Files = nodeFiles): TransferFolder {
  return {
    async handOver({ frameId, pipeline, nightId, level, files: paths }) {
      const folder = join(root, nightId, pipeline);
      const stem = stemOf(paths[0] ?? frameId);
      const manifestPath = join(folder, `${stem}.manifest.json`);
      try {
        await mkdir(folder, { recursive: true });
        const entries = await Promise.all(
          paths.map(async (path) => {
            const bytes = await readFile(path);
            return { name: basename(path), bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
          }),
        );
        const manifest: TransferManifest = { schema: 'colibri.transfer/1', frameId, pipeline, nightId, level, files: entries };
        const text = `${JSON.stringify(manifest, null, 2)}\n`;
        if ((await readFile(manifestPath, 'utf8').catch(() => null)) === text) return 'was there';
        for (const path of paths) await place(path, join(folder, basename(path)));
        await files.syncFolder(folder);
        await writeAtomically(files, manifestPath, new TextEncoder().encode(text));
        return 'handed over';
      } catch (cause) {
        throw storageError(folder, cause);
      }
    },
    async known() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      const manifests = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.manifest.json'));
      return new Set(manifests.map((entry) => `${basename(entry.parentPath)}/${entry.name.slice(0, -'.manifest.json'.length)}`));
    },
  };
}

/** `20260101T042001C0o_r1` of `…/20260101T042001C0o_r1.fits.fz`. */
export const stemOf = (path: string): string => basename(path).replace(/(\.cat)?\.(fits(\.fz)?|json)$/, '');

/** A second name for the same bytes where the disk allows it (products are replaced, never changed), else a copy; whole or not at all. */
async function place(from: string, to: string): Promise<void> {
  const part = `${to}.part`;
  await rm(part, { force: true });
  await link(from, part).catch(() => copyFile(from, part));
  await rename(part, to);
}
