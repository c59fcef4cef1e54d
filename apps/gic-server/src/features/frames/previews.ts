import { createHash } from 'node:crypto';
import { mkdir, readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFiles, writeAtomically } from '@colibri/base/node';
import type { PreviewMaker } from './preview-thread.ts';
import type { Product } from './products.ts';

/** Raised when the same product gives another preview. */
const PREVIEW_VERSION = 1;
/** Bytes that the cache keeps; the longest unused go first. */
const CACHE_BYTES = 512 * 2 ** 20;

export interface Preview {
  readonly path: string;
  readonly sizeBytes: number;
  readonly etag: string;
}

export interface Previews {
  /** From the cache, or made now; whoever asks for the same one meanwhile waits for the same work. */
  get(product: Product, size: number): Promise<Preview>;
  /** Forgets the longest unused previews beyond what the cache may hold. */
  prune(): Promise<void>;
}

/** Previews on disk, in a folder of their own: products are never touched. */
export function previewCache(folder: string, maker: PreviewMaker): Previews {
  const running = new Map<string, Promise<Preview>>();

  const make = async (product: Product, size: number, path: string, etag: string): Promise<Preview> => {
    const kept = await stat(path).catch(() => null);
    if (kept) {
      await utimes(path, new Date(), kept.mtime).catch(() => {}); // access time: what is used stays
      return { path, sizeBytes: kept.size, etag };
    }
    const bytes = await maker.make(product.path, size);
    await mkdir(folder, { recursive: true });
    await writeAtomically(nodeFiles, path, bytes);
    return { path, sizeBytes: bytes.length, etag };
  };

  return {
    get(product, size) {
      const { path, sizeBytes, modifiedMs } = product;
      const name = createHash('sha256')
        .update(JSON.stringify([PREVIEW_VERSION, path, sizeBytes, modifiedMs, size]))
        .digest('hex');
      const known = running.get(name);
      if (known) return known;
      const work = make(product, size, join(folder, `${name}.fits`), `"${name.slice(0, 32)}"`).finally(() =>
        running.delete(name),
      );
      running.set(name, work);
      return work;
    },
    async prune() {
      const names = await readdir(folder).catch(() => []);
      const files = await Promise.all(
        names.map(async (name) => ({ path: join(folder, name), status: await stat(join(folder, name)).catch(() => null) })),
      );
      let total = 0;
      for (const { path, status } of files.sort((a, b) => (b.status?.atimeMs ?? 0) - (a.status?.atimeMs ?? 0))) {
        total += status?.size ?? 0;
        if (total > CACHE_BYTES) await unlink(path).catch(() => {});
      }
    },
  };
}
