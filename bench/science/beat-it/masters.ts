import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameSummary } from '@colibri/contracts';
import { Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { useZlib } from '@colibri/fits/node';
import { imageNoise } from '../../../apps/simulator/src/noise.ts';
import { type BenchRow, row } from '../../report.ts';
import { runGp1, writeGp1Config } from './run-gp1.ts';

/** Filters of COLIBRI by camera. Names that lie within each other are the trap: g in gri, z and y in zy. */
const filters = { C1: ['B', 'g', 'r', 'i', 'gri'], C2: ['z', 'y', 'zy'] } as const;
/** Read modes that are parts of each other, the second trap. */
const readModes = ['0', '10'] as const;
const [width, height, overscan] = [160, 128, 16];

/**
 * An evening of flats in all eight filters and biases in two read modes, then one frame through each filter: gp1 runs over it, and the
 * products tell which masters they were made with. The flat that was used is also seen in the pixels: each filter's has its own pattern.
 */
export async function rightMasters(): Promise<BenchRow[]> {
  useZlib();
  const folder = mkdtempSync(join(tmpdir(), 'colibri-masters-'));
  try {
    const gp1 = writeGp1Config(folder, ['reduction']);
    const asked = writeEvening(join(folder, 'raw'));
    runGp1(folder, '--config', gp1, '--once');
    const workspace = join(folder, 'workspace');
    const summaries = readdirSync(workspace, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.json') && path.includes('catalogs'))
      .map((path) => frameSummary.parse(JSON.parse(readFileSync(join(workspace, path), 'utf8'))));
    const right = asked.filter(({ frameId, filter, camera, readMode }) => {
      const summary = summaries.find((candidate) => candidate.frameId === frameId);
      const name = (role: string): string[] =>
        summary?.provenance.inputs.find((used) => used.role === role)?.name.split('_') ?? [];
      const flat = name('flat'),
        bias = name('bias');
      // flat_<start>_<camera>_<filter>_<binning>_<read mode>_…
      return flat[2] === camera && flat[3] === filter && flat[5] === readMode && bias[2] === camera && bias[5] === readMode;
    });
    const uneven = await Promise.all(
      summaries.map(({ products }) => (products.reduced === null ? 1 : unevenness(join(workspace, products.reduced)))),
    );
    const worst = Math.max(...uneven);
    return [
      row('beat-it 1: right master for all 8 filters, two read modes', (8 * right.length) / asked.length, 'of 8', '>= 8', {
        note: `${right.length} of ${asked.length} frames name the right bias and flat; today 5 of 8`,
      }),
      // Noise of a column of 128 pixels: 0.2 %; the ripple of a wrong flat: 5 %.
      row('beat-it 1: unevenness of the sky over the columns, worst frame', worst, '', '<= 0.01'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Largest deviation of the mean of a column from the mean of all [1]. */
async function unevenness(path: string): Promise<number> {
  const file = await openFits(new Uint8Array(readFileSync(path)), { name: path });
  const { data, shape } = await readImage(file.hdu('SCI'), { as: 'float32' });
  const columns = Array.from({ length: shape[0]! }, (_, x) => {
    let sum = 0;
    for (let y = 0; y < shape[1]!; y++) sum += data[y * shape[0]! + x]!;
    return sum / shape[1]!;
  });
  const mean = columns.reduce((sum, value) => sum + value, 0) / columns.length;
  return Math.max(...columns.map((value) => Math.abs(value / mean - 1)));
}

interface Asked {
  readonly frameId: string;
  readonly filter: string;
  readonly camera: string;
  readonly readMode: string;
}

function writeEvening(folder: string): Asked[] {
  const asked: Asked[] = [];
  let at = Date.UTC(2026, 0, 1, 1, 0, 0);
  const write = (
    letter: string,
    type: string,
    camera: string,
    filter: string,
    readMode: string,
    light: number,
    sec: number,
  ): string => {
    at += 20_000;
    const iso = new Date(at).toISOString();
    const frameId = `${iso.slice(0, 19).replace(/[-:]/g, '')}${camera}${letter}`;
    const pattern = type === 'bias' || type === 'dark' ? () => 0 : ripple(filter);
    const random = imageNoise(at / 1000);
    const columns = width + 2 * overscan;
    const level = readMode === '0' ? 500 : 900;
    const data = Uint16Array.from({ length: columns * height }, (_, i) => {
      const x = (i % columns) - overscan,
        inside = x >= 0 && x < width;
      // Each read mode has its own structure in the bias: a step that only its own master removes.
      const step = inside && x < width / 4 ? (readMode === '0' ? 40 : -40) : 0;
      return Math.round(level + step + (inside ? light * (1 + pattern(x)) : 0) + 3 * random.normal());
    });
    const header = new Header();
    for (const [keyword, value] of [
      ['DATE-OBS', iso.slice(0, 23)],
      ['EXPTIME', sec],
      ['EXPTYPE', type],
      ['CCD_NAME', camera],
      ['INSTRUME', camera],
      ['FILTER', filter],
      ['BINNING', '1'],
      ['READMODE', readMode],
      ['SOFTGAIN', 1],
      ['DATASEC', `[${overscan + 1}:${overscan + width},1:${height}]`],
      ['ALSVID', '929744'],
    ] as const)
      header.set(keyword, value);
    const file = writeFits([imageHdu({ data, shape: [columns, height], header, compress: { algorithm: 'RICE_1' } })]);
    writeFileSync(join(folder, `${frameId}.fits.fz`), file);
    return frameId;
  };
  for (const camera of ['C1', 'C2'] as const) {
    for (const readMode of readModes) {
      // Biases and darks are taken through whatever filter is in.
      for (let n = 0; n < 8; n++) write('b', 'bias', camera, filters[camera][n % filters[camera].length]!, readMode, 0, 0);
      for (let n = 0; n < 8; n++) write('d', 'dark', camera, filters[camera][0], readMode, 0, 10);
      // The longest names first, as the evening takes them: a search by parts of names finds the wrong one.
      for (const filter of [...filters[camera]].reverse())
        for (let n = 0; n < 6; n++) write('f', 'flat', camera, filter, readMode, 12_000 + 800 * n, 5);
    }
  }
  at += 3 * 3600_000;
  for (const camera of ['C1', 'C2'] as const) {
    for (const filter of filters[camera])
      for (const readMode of readModes)
        asked.push({ frameId: write('o', 'object', camera, filter, readMode, 1000, 30), filter, camera, readMode });
  }
  return asked;
}

/** The response of a filter: 5 % up and down along x, with its own period. */
function ripple(filter: string): (x: number) => number {
  const period = 8 + 3 * [...filters.C1, ...filters.C2].indexOf(filter as never);
  return (x) => 0.05 * Math.sin((2 * Math.PI * x) / period);
}
