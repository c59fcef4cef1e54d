// `npm run bench [-- --only PART] [--json] [--write]`: how fast, printed as a table; --write renews docs/performance.md.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { alertRows } from './against/alert.ts';
import { astrometryRows } from './against/astrometry.ts';
import { curvePlot, growth } from './against/curves.ts';
import { detectionRows } from './against/detection.ts';
import { type Ground, onGround } from './against/ground.ts';
import { psfRows } from './against/psf.ts';
import { readRows } from './against/read.ts';
import { reductionRows } from './against/reduction.ts';
import { stackRows } from './against/stack.ts';
import { subtractionRows } from './against/subtraction.ts';
import { benchFramePath } from './frame-path.ts';
import { benchNumerics } from './numerics.ts';
import { type BenchRow, report, row } from './report.ts';
import { root } from './science/measured-night.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    /** `frame`, `against`, `growth` or `numerics`; of `against` one contest: `against stack`. All when not given. */
    only: { type: 'string', default: '' },
  },
});

/** What is measured against the tools of the field, in the order of a frame's life. */
const contests: Readonly<Record<string, (ground: Ground) => Promise<BenchRow[]>>> = {
  read: readRows,
  reduction: reductionRows,
  detection: detectionRows,
  astrometry: astrometryRows,
  stack: stackRows,
  psf: psfRows,
  subtraction: subtractionRows,
  alert: alertRows,
};
const wants = (part: string): boolean => values.only === '' || values.only === part || `${values.only} `.startsWith(`${part} `);

const frame = wants('frame') ? await benchFramePath() : [];
const against: BenchRow[] = [];
for (const [name, contest] of Object.entries(contests)) {
  if (!wants('against') || !(`against ${name}`.startsWith(values.only) || values.only === '')) continue;
  console.error(`against ${name} …`);
  against.push(...(await onGround(contest)));
}
const grown = wants('growth') ? await onGround(growth) : { rows: [], curves: [] };
const numerics = wants('numerics') ? (await benchNumerics()).map(({ name, value, unit }) => row(name, value, unit)) : [];

const failed = report('Speed and memory', [...frame, ...against, ...grown.rows, ...numerics], values.json);
if (values.write && values.only === '') {
  writeFileSync(join(root, 'docs', 'performance.md'), document());
  for (const [k, curve] of grown.curves.entries()) writeFileSync(join(root, 'docs', `growth-${k + 1}.svg`), curvePlot(curve));
}
process.exit(failed > 0 ? 1 : 0);

function document(): string {
  return [
    '# How fast',
    '',
    '<!-- Written by npm run bench -- --write. -->',
    '',
    `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}; ${peers()}.`,
    '',
    '## A frame, from the camera to the database',
    '',
    'A frame of the simulated night is renamed into the input folder of a warm `gp1` with its built-in database, one frame worker and two',
    'threads. The time ends when its row says *measured*: catalogue, WCS and zero point are durable; the planes are packed after that, and',
    'the row says *published*. Stages are medians of the same frames. Peers run as separate',
    'programs on the same file and do less: unpack and extract, without calibration, solution or products.',
    '',
    ...table(frame),
    '',
    '## Beside the tools of the field',
    '',
    'The same work on the same made images, ours and theirs in turn, medians; after one round that does not count. Ours in a warm process, theirs',
    'as programs with what they read and write; numpy in a warm process too. CPU of ours on one thread, wall time on all. Ratios are theirs over ours.',
    '',
    ...table(against),
    '',
    '## How it grows',
    '',
    ...table(grown.rows),
    '',
    ...grown.curves.map(({ title }, k) => `![${title}](growth-${k + 1}.svg)`),
    '',
    '## Pixel functions',
    '',
    ...table(numerics),
    '',
  ].join('\n');
}

function table(list: readonly BenchRow[]): string[] {
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined || Number.isNaN(value) ? '–' : value.toPrecision(3);
  const beside = (r: BenchRow): string =>
    [r.peer ? `${r.peer}: ${number(r.peerValue)} s, ratio ${number(r.ratio)}` : '', r.note ?? ''].filter(Boolean).join('; ');
  return [
    '| figure | value | target | | peer |',
    '|---|---|---|---|---|',
    ...list.map(
      (r) =>
        `| ${r.name} | ${number(r.value)} ${r.unit} | ${r.target ?? ''} | ${r.pass === null ? '' : r.pass ? 'pass' : '**fails**'} | ${beside(r)} |`,
    ),
  ];
}

function peers(): string {
  const version = (tool: string, args: readonly string[]): string | null => {
    const { status, stdout, stderr } = spawnSync(tool, [...args], { encoding: 'utf8' });
    return status === null ? null : (/\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? null);
  };
  const known = {
    'source-extractor': version('source-extractor', ['--version']),
    SWarp: version('SWarp', ['--version']),
    PSFEx: version('psfex', ['--version']),
    cfitsio: version('funpack', ['-V']),
    'astrometry.net': version('solve-field', ['--version']),
    numpy: version('/usr/bin/python3', ['-c', 'import numpy; print(numpy.__version__)']),
  };
  const named = Object.entries(known).flatMap(([tool, v]) => (v === null ? [] : [`${tool} ${v}`]));
  return named.length > 0 ? `beside ${named.join(', ')}` : 'no other tool installed';
}
