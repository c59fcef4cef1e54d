import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { BoardStore } from '@colibri/adapters/postgres';
import type { FrameRow } from '@colibri/contracts';
import { frameUnknown, productLost, productMissing, workspaceUnknown } from '../../errors.ts';

export type ProductKind = 'reduced' | 'catalog' | 'summary';

/** A product on disk, proven to lie inside the workspace of its pipeline. */
export interface Product {
  readonly row: FrameRow;
  readonly kind: ProductKind;
  /** The true path, links resolved. */
  readonly path: string;
  /** Its workspace and where it lies inside, both true paths. */
  readonly root: string;
  readonly inside: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface ProductFinder {
  rows(frameId: string, pipeline: string | null): Promise<FrameRow[]>;
  find(frameId: string, pipeline: string | null, kind: ProductKind): Promise<Product>;
}

/** Finds the files of frames. `workspaces`: pipeline → folder. */
export function productFinder(store: BoardStore, workspaces: ReadonlyMap<string, string>): ProductFinder {
  const rows = async (frameId: string, pipeline: string | null): Promise<FrameRow[]> => {
    const all = (await store.frame(frameId)).filter((row) => pipeline === null || row.pipeline === pipeline);
    if (all.length === 0) throw frameUnknown({ frameId, pipeline });
    return all;
  };
  return {
    rows,
    async find(frameId, pipeline, kind) {
      const all = await rows(frameId, pipeline);
      const row = newest(all.filter((one) => one.products[kind] !== null));
      if (!row) throw productMissing({ frameId, product: kind, state: newest(all)!.state });
      const workspace = workspaces.get(row.pipeline);
      if (workspace === undefined) throw workspaceUnknown({ pipeline: row.pipeline });
      const place = await resolveInside(workspace, row.products[kind]!);
      if (!place) throw productLost({ frameId, product: kind });
      return { row, kind, ...place };
    },
  };
}

/** The newest result: the highest revision, then the last one changed. */
const newest = (rows: readonly FrameRow[]): FrameRow | undefined =>
  [...rows].sort((a, b) => b.revision - a.revision || b.updatedAt.localeCompare(a.updatedAt))[0];

/** The regular file at `path` below `root`, or null: absent, no file, or outside once every `..` and link is resolved. */
export async function resolveInside(
  root: string,
  path: string,
): Promise<Pick<Product, 'path' | 'root' | 'inside' | 'sizeBytes' | 'modifiedMs'> | null> {
  if (isAbsolute(path) || path.includes('\0')) return null;
  try {
    const trueRoot = await realpath(root);
    const truePath = await realpath(join(trueRoot, path));
    const inside = relative(trueRoot, truePath);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return null;
    const status = await stat(truePath);
    if (!status.isFile()) return null;
    return { path: truePath, root: trueRoot, inside, sizeBytes: status.size, modifiedMs: status.mtimeMs };
  } catch {
    return null;
  }
}
