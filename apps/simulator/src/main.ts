import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { nodeFiles, writeAtomically } from '@colibri/base/node';
import { Command, InvalidArgumentError } from 'commander';
import { makeNight } from './night.ts';
import { nightCatalogCsv, playNight } from './player.ts';

const within =
  (low: number, high: number) =>
  (typed: string): number => {
    const value = Number(typed);
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`expected a number from ${low} to ${high}.`);
    return value;
  };

/** `simulator --output DIR --state DIR [--rate 10] [--size 2048] [--seed N]` and `--catalog FILE` to write the reference catalogue only. */
export async function main(argv: readonly string[]): Promise<void> {
  const command = new Command('simulator')
    .description(
      'Plays a night of a pretend observatory: raw frames of two cameras with their truth, the same from the same seed.',
    )
    .option('--output <dir>', 'folder for raw frames')
    .option('--state <dir>', 'folder for truth tables and state')
    .option('--catalog <file>', 'write the reference catalogue of the night as CSV, then stop')
    .option('--rate <n>', 'simulated seconds per second, 1 to 600', within(1, 600), 10)
    .option('--size <pixels>', 'side of the detectors', within(256, 4096), 1024)
    .option('--seed <n>', 'seed', within(0, 2 ** 31), 20261120)
    .parse([...argv], { from: 'user' });
  const options = command.opts<{ output?: string; state?: string; catalog?: string; rate: number; size: number; seed: number }>();
  const night = makeNight({ seed: options.seed, size: options.size });
  if (options.catalog) {
    const path = resolve(options.catalog);
    mkdirSync(dirname(path), { recursive: true });
    await writeAtomically(nodeFiles, path, new TextEncoder().encode(nightCatalogCsv(night)));
    return;
  }
  if (!options.output || !options.state) command.error('simulator: --output and --state are needed to play a night.');
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
  await playNight(night, {
    output: resolve(options.output!),
    stateDir: resolve(options.state!),
    rate: options.rate,
    signal: end.signal,
    say: (sentence) => console.log(`Simulator: ${sentence}`),
  });
}

await main(process.argv.slice(2));
