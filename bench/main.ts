// `npm run bench [-- --json] [--write]`: how fast, printed as a table; --write renews docs/performance.md.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchFramePath } from './frame-path.ts';
import { benchNumerics } from './numerics.ts';
import { type BenchRow, report, row } from './report.ts';
import { root } from './science/measured-night.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const rows: BenchRow[] = [
  ...(await benchFramePath()),
  ...(await benchNumerics()).map(({ name, value, unit }) => row(name, value, unit)),
];
const failed = report('Speed and memory', rows, values.json);
if (values.write) writeFileSync(join(root, 'docs', 'performance.md'), document(rows));
process.exit(failed > 0 ? 1 : 0);

function document(list: readonly BenchRow[]): string {
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : value.toPrecision(3);
  return [
    '# How fast',
    '',
    '<!-- Written by npm run bench -- --write. -->',
    '',
    `Measured ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}.`,
    '',
    'A frame of the simulated night is renamed into the input folder of a warm `gp1` with its built-in database, one frame worker and two',
    'threads. The time ends when its row says *measured*: catalogue, WCS and zero point are durable; the planes are packed after that, and',
    'the row says *published*. Stages are medians of the same frames. Peers run as separate',
    'programs on the same file and do less: unpack and extract, without calibration, solution or products.',
    '',
    '| figure | value | target | | peer |',
    '|---|---|---|---|---|',
    ...list.map(
      (r) =>
        `| ${r.name} | ${number(r.value)} ${r.unit} | ${r.target ?? ''} | ${r.pass === null ? '' : r.pass ? 'pass' : '**fails**'} | ${r.peer ? `${r.peer}: ${number(r.peerValue)} s, peer/ours ${number(r.ratio)}` : (r.note ?? '')} |`,
    ),
    '',
  ].join('\n');
}
