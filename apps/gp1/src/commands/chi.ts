import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { folderSink } from '@colibri/adapters/filesystem';
import { tableHdu, writeFits } from '@colibri/fits';
import { useZlib } from '@colibri/fits/node';
import { chiStack, decodeStack } from '@colibri/modules';
import { type Compute, detectSources, measureSources, type SourceColumns } from '@colibri/numerics';
import { type CardLine, packImage, type Stack } from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { commandLine, noInput } from '../errors.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { openArithmetic } from '../world/engine-world.ts';
import { software } from '../world/software.ts';
import { consoleOutput, type Output } from './shared.ts';

export interface ChiCommand {
  readonly output: string;
}

/** Least S/N of a source of the detection image, as of a stack [sigma]. */
const THRESHOLD = 4.75;

/**
 * `gp1 chi UNIT UNIT… -o FILE`: one detection image of the stacks of several filters, and the table SOURCES of what stands out in it, in the same
 * file. Both are functions of the stacks alone, which the header names by hash.
 */
export async function chiCommand(
  units: readonly string[],
  { output: path }: ChiCommand,
  output: Output = consoleOutput,
): Promise<ExitCode> {
  if (units.length < 2) throw commandLine({ what: 'gp1 chi needs two units at least, one per filter' });
  const inputs = units.map((unit) => {
    const file = unit.endsWith('.fz') ? resolve(unit) : join(resolve(unit), 'stack.fits.fz');
    if (!existsSync(file)) throw noInput({ path: file, what: 'does not exist: a unit is stacked before it can be combined' });
    return { file, bytes: new Uint8Array(readFileSync(file)) };
  });
  useZlib();
  const compute = await openArithmetic(availableParallelism(), openLog());
  try {
    await compute.scope(async () => {
      const stacks: Stack[] = [];
      for (const { file, bytes } of inputs) stacks.push(await decodeStack(bytes, file, compute));
      const chi = await chiStack(stacks, compute);
      const columns = await sourcesOf(chi, compute);
      const named = inputs.map(
        ({ bytes }, k): CardLine => [`STACK${k + 1}`, digest(bytes), `SHA-256 of the stack in ${stacks[k]!.filter}`],
      );
      const product = await encode(chi, columns, named, compute);
      await folderSink(dirname(resolve(path))).commit(basename(path), product);
      output.out(
        `${path}: ${columns.count} sources over ${chi.filter}, ${chi.width} × ${chi.height} pixels, ${chi.exposureSec.toFixed(0)} s in all`,
      );
    });
  } finally {
    await compute.close();
  }
  return exitCodes.done;
}

async function sourcesOf(chi: Stack, compute: Compute): Promise<SourceColumns> {
  const { data, variance, mask, width, height, fwhmPix } = chi;
  const options = { width, height, threshold: THRESHOLD, assumedFwhmPix: Math.min(Math.max(fwhmPix, 1.5), 12) };
  return (await measureSources(await detectSources(data, variance, mask, options, compute), {}, compute)).columns;
}

async function encode(chi: Stack, c: SourceColumns, inputs: readonly CardLine[], compute: Compute): Promise<Uint8Array> {
  const wcs = chi.wcs.toCards().map(({ keyword, value, comment }): CardLine => [keyword, value, comment]);
  const cards: CardLine[] = [
    ['FILTER', chi.filter, 'filters in it'],
    ['EXPTIME', chi.exposureSec, '[s] exposure of all filters'],
    ['DATE-OBS', chi.startedAt, 'start of the first frame'],
    ['DATE-END', chi.endedAt, 'end of the last frame'],
    ['SOFTWARE', `${software.name} ${software.version}`, 'what made it'],
    ...inputs,
  ];
  const sky = Array.from(c.x, (x, i) => chi.wcs.pixelToSky(x, c.y[i]!));
  const planes = await packImage({ ...chi, unit: '1', cards, wcs }, compute);
  const table = tableHdu({
    name: 'SOURCES',
    columns: [
      { name: 'NUMBER', data: Int32Array.from(c.x, (_, i) => i + 1) },
      { name: 'ALPHA_J2000', data: Float64Array.from(sky, ([ra]) => ra), unit: 'deg' },
      { name: 'DELTA_J2000', data: Float64Array.from(sky, ([, dec]) => dec), unit: 'deg' },
      { name: 'X_IMAGE', data: c.x.map((x) => x + 1), unit: 'pixel' },
      { name: 'Y_IMAGE', data: c.y.map((y) => y + 1), unit: 'pixel' },
      { name: 'SNR', data: Float32Array.from(c.snrWin), comment: 'of chi, over all filters' },
      { name: 'FLAGS', data: Int16Array.from(c.flags) },
    ],
  });
  return writeFits([...planes, table]);
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
