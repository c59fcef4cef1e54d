// `npm run science [-- --only PREFIX] [--field DIR] [--json] [--write] [--keep DIR]`: runs gp1 on simulated skies and judges it against the truth.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchRow, report } from './report.ts';
import { beatItRows } from './science/beat-it.ts';
import { drawField } from './science/field18/field.ts';
import { writeField } from './science/field18/write-field.ts';
import { root } from './science/measured-night.ts';
import { nightRows } from './science/night.ts';
import { extractorVersion } from './science/peer-extractor.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    keep: { type: 'string' },
    /** Beginning of the names of the rows that are wanted: `beat-it`, `beat-it 3`, `frame` … */
    only: { type: 'string', default: '' },
    /** Writes the raw frames, catalogue and truth of one field into this folder, and measures nothing. */
    field: { type: 'string' },
    /** Fields per statistical row, 0: without those rows; with --field: the seed. */
    seeds: { type: 'string', default: '20' },
  },
});
if (values.field) {
  writeField(drawField({ seed: Number(values.seeds) }), values.field);
  process.exit(0);
}
const rows = await chosenRows(values.only);
const version = extractorVersion();
const failed = report('Science of simulated skies: gp1 against the truth', rows, values.json);
const page = join(root, 'docs', 'science.md');
if (values.write) writeFileSync(page, scienceDocument(lines(rows)));
process.exit(failed > 0 ? 1 : 0);

/** Runs what can give rows that begin so, and no more. */
async function chosenRows(only: string): Promise<BenchRow[]> {
  const isBeatIt = only.startsWith('beat-it');
  const night = isBeatIt ? [] : (await nightRows({ keep: values.keep })).filter(({ name }) => name.startsWith(only));
  const number = /^beat-it (\d+)/.exec(only)?.[1];
  const beatIt =
    isBeatIt || (only === '' && Number(values.seeds) > 0)
      ? await beatItRows({ seeds: Number(values.seeds), only: number ? Number(number) : null })
      : [];
  return [...night, ...beatIt];
}

/** Lines of the table: those of `rows`, and of the page as it is those that begin otherwise than this run was asked for. */
function lines(list: readonly BenchRow[]): string[] {
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined || Number.isNaN(value) ? '–' : value.toPrecision(3);
  const renewed = list.map(
    (r) =>
      `| ${r.name} | ${number(r.value)} ${r.unit} | ${r.target ?? ''} | ${r.pass === null ? '' : r.pass ? 'pass' : '**fails**'} | ${r.peer ? number(r.peerValue) : ''} |`,
  );
  // a number is whole: row 1 is not row 10; and without seeds the rows that need them stay
  const isAsked = (line: string): boolean =>
    line.startsWith(`| ${values.only}`) &&
    !/^\d/.test(line.slice(values.only.length + 2)) &&
    !(Number(values.seeds) === 0 && line.startsWith('| beat-it'));
  const table = existsSync(page)
    ? readFileSync(page, 'utf8')
        .split('\n')
        .filter((line) => /^\| (?!figure)/.test(line))
    : [];
  const first = table.findIndex(isAsked);
  const others = (part: readonly string[]): string[] => part.filter((line) => !isAsked(line));
  return first < 0 ? [...table, ...renewed] : [...others(table.slice(0, first)), ...renewed, ...others(table.slice(first))];
}

function scienceDocument(table: readonly string[]): string {
  return [
    '# How right',
    '',
    '<!-- Written by npm run science -- --write; with --only PREFIX the rows that begin so. -->',
    '',
    'GP1 runs as a user runs it (`gp1 --once`) over the raw frames of a simulated night whose truth is known: 12 science frames of 30 s and 3 of',
    '120 s, 2048², a real star field, distortion, vignetting, hot pixels, cosmic rays, a satellite trail, a frame through cirrus. Each frame is',
    'judged alone. True S/N is that of an ideal matched filter; `bench/science/detection.ts` gives its definition.',
    '',
    'The rows `beat-it` are those of the list in the specification of the pipeline: fields of 1024² with ten frames, known stars, a frame at 60 %',
    'transparency, cosmic rays, a satellite and three new stars, drawn anew from each seed (`bench/science/field18`).',
    '',
    `Measured ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}${version ? `, source-extractor ${version} beside it on the same reduced frames` : ''}.`,
    '',
    '| figure | ours | target | | peer |',
    '|---|---|---|---|---|',
    ...table,
    '',
  ].join('\n');
}
