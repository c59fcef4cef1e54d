import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stemOf, type TransferFolder } from '@colibri/adapters/filesystem';
import { asObservatoryError } from '@colibri/base';
import { type FrameProducts, frameSummary } from '@colibri/contracts';
import { nightId } from '@colibri/sky';
import type { OnlineContext } from './context.ts';

/** Gives every reduced frame, of any programme, to the data transfer; what failed is tried again, and a start makes up for what is missing. */
export interface HandingOver {
  published(frame: { key: string; pipeline: string; nightId: string }, products: FrameProducts): void;
  /** Hands over what an earlier run published and could not. Returns how many. */
  makeUp(): Promise<number>;
  /** Waits for what is under way. */
  settle(): Promise<void>;
  stop(): void;
}

const RETRY_MS = 60_000;

export function handingOver(transfer: TransferFolder, context: Pick<OnlineContext, 'log' | 'pipelines' | 'config'>): HandingOver {
  const { log, pipelines, config } = context;
  const underWay = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  const workspaceOf = (pipeline: string): string | null => pipelines.find(({ name }) => name === pipeline)?.workspaceDir ?? null;

  function published(frame: { key: string; pipeline: string; nightId: string }, products: FrameProducts): void {
    const workspace = workspaceOf(frame.pipeline);
    if (workspace === null || products.reduced === null) return;
    const names = [products.reduced, products.catalog, products.summary].filter((name) => name !== null);
    const frameId = frame.key.split('/').slice(1, -1).join('/');
    const work = transfer
      .handOver({
        frameId,
        pipeline: frame.pipeline,
        nightId: frame.nightId,
        level: 'L1a',
        files: names.map((name) => join(workspace, name)),
      })
      .then(
        () => {},
        (cause: unknown) => {
          const error = asObservatoryError(cause, 'The data transfer');
          log.log('WARNING', frame.pipeline, `${frame.key} could not be handed over: ${error.message} Tried again in 60 s.`, {
            key: frame.key,
            code: error.code,
          });
          const timer = setTimeout(() => {
            timers.delete(timer);
            published(frame, products);
          }, RETRY_MS);
          timers.add(timer);
        },
      )
      .finally(() => underWay.delete(work));
    underWay.add(work);
  }

  return {
    published,
    async makeUp() {
      const known = await transfer.known();
      let count = 0;
      for (const { name, workspaceDir } of pipelines) {
        const entries = await readdir(workspaceDir, { recursive: true, withFileTypes: true }).catch(() => []);
        for (const entry of entries) {
          const isSummary = entry.isFile() && entry.name.endsWith('.json') && entry.parentPath.endsWith('catalogs');
          if (!isSummary || known.has(`${name}/${stemOf(entry.name)}`)) continue;
          const text = await readFile(join(entry.parentPath, entry.name), 'utf8').catch(() => null);
          const summary = text === null ? null : frameSummary.safeParse(JSON.parse(text));
          if (!summary?.success || summary.data.products.reduced === null) continue;
          const { frameId, products, observedAt } = summary.data;
          const path = join(entry.parentPath, entry.name).slice(workspaceDir.length + 1);
          published(
            { key: `${name}/${frameId}/r0`, pipeline: name, nightId: nightId(observedAt, config.longitudeEastDeg) },
            { ...products, summary: path },
          );
          count++;
        }
      }
      return count;
    },
    settle: async () => void (await Promise.all(underWay)),
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
