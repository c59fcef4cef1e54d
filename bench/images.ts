// `npm run images [-- --json] [--write]`: our modules on real images of other telescopes, beside source-extractor, PSFEx and SWarp.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decamRows } from './images/decam.ts';
import { m13Rows } from './images/m13.ts';
import { panel } from './images/pictures.ts';
import { type BenchRow, report } from './report.ts';
import { root } from './science/measured-night.ts';
import { openBenchCompute } from './science/open-unit.ts';
import { extractorVersion } from './science/peer-extractor.ts';
import { psfexVersion } from './science/peer-psfex.ts';
import { swarpVersion } from './science/peer-swarp.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const folder = join(root, '..', 'shared', 'data', 'images');
const versions = { 'source-extractor': extractorVersion(), PSFEx: psfexVersion(), SWarp: swarpVersion() };
const missing = [
  ...(existsSync(folder) ? [] : ['the real images beside this checkout (../shared/data/images)']),
  ...Object.entries(versions).flatMap(([tool, version]) => (version === null ? [`${tool} (Debian)`] : [])),
];
if (missing.length > 0) {
  console.error(`Nothing can be compared without ${missing.join(', ')}.`);
  process.exit(1);
}
const compute = await openBenchCompute();
const decam = await decamRows(join(folder, 'decam-multiepoch'), compute);
const m13 = await m13Rows(join(folder, 'm13-ssdsi'), compute);
const failed = report('Real images: ours beside the tools of the field', [...decam.rows, ...m13.rows], values.json);
if (values.write) {
  writeFileSync(join(root, 'docs', 'real-images-decam.png'), panel(decam.pictures, 4));
  writeFileSync(join(root, 'docs', 'real-images-m13.png'), panel(m13.pictures, 3));
  writeFileSync(join(root, 'docs', 'real-images.md'), pageOf(decam.rows, m13.rows));
}
process.exit(failed > 0 ? 1 : 0);

function pageOf(decamList: readonly BenchRow[], m13List: readonly BenchRow[]): string {
  const tools = Object.entries(versions).map(([tool, version]) => `${tool} ${version}`);
  return [
    '# Real images',
    '',
    '<!-- Written by npm run images -- --write. -->',
    '',
    'Our modules on images of other telescopes, beside the tools of the field on the same pixels, with the same masks and variances: ' +
      `${tools.join(', ')}. Measured ${new Date().toISOString().slice(0, 10)}.`,
    '',
    'A star put into an image has a true S/N: that of an ideal matched filter (Moffat profile, β 3, of the width of its stars). The **inverted',
    'image** is the image turned upside down about its median: what a tool finds there are noise and flaws, so both columns are to be read',
    'together. source-extractor runs with a Gaussian filter of the width of the stars; both tools at 4.75 σ of filtered pixels: it takes σ from the pixels, ours measures',
    'it on the filtered image, where it is 7 to 16 % larger.',
    '',
    '## DECam, one field from 2015 to 2018',
    '',
    'Cut-outs of 65″ with three to four stars and a galaxy. Seeing of 0.9 to 1.5″. Differences: science image, template, our difference (template',
    'matched to the PSF), and the difference of the two as SWarp lays them on one grid, scaled. Left over at one star of z 2015: it moved.',
    '',
    '![Science image, template, our difference, difference without matching](real-images-decam.png)',
    '',
    ...table(decamList),
    '',
    '## M13 with a small camera',
    '',
    'Three raw frames of 5 s without calibrations; stripes taken off by the medians of rows and columns; laid on each other by their own stars. The',
    'unit is the raw one [adu], the noise is measured. PSFEx finds no star in it fit for a model.',
    '',
    '![One frame, stack of three, stack less its stars](real-images-m13.png)',
    '',
    ...table(m13List),
    '',
  ].join('\n');
}

function table(rows: readonly BenchRow[]): string[] {
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined || Number.isNaN(value)
      ? '–'
      : Number.isInteger(value) || Math.abs(value) >= 1000
        ? value.toFixed(0)
        : value.toPrecision(3);
  return [
    '| figure | ours | others | with |',
    '|---|---|---|---|',
    ...rows.map((r) => `| ${r.name} | ${number(r.value)} ${r.unit} | ${r.peer ? number(r.peerValue) : ''} | ${r.peer ?? ''} |`),
  ];
}
