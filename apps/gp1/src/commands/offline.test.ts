import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageHdu, tableHdu, writeFits } from '@colibri/fits';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawFits, toySequence } from '../test/toys.ts';
import { inputFiles } from './inputs.ts';
import { inspectCommand } from './inspect.ts';
import { moduleCommand } from './module.ts';
import { pipelineCommand } from './pipeline.ts';

let root: string;
let lines: string[];
const output = { out: (line: string) => void lines.push(line), err: (line: string) => void lines.push(line) };
const at = (...parts: string[]): string => join(root, ...parts);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gp1-offline-'));
  lines = [];
  for (const folder of ['raw', 'cfg']) mkdirSync(at(folder));
  writeFileSync(at('raw/20260101T042001C0o.fits'), rawFits());
  writeFileSync(at('raw/20260101T042101C0o.fits'), rawFits({ 'DATE-OBS': '2026-01-01T04:21:01' }, { seed: 1 }));
  writeFileSync(at('cfg/pipeline.cfg'), '[Input and Output]\ninput = ../raw\noutput = ../out\n[Calibration]\nbias = none\n');
  writeFileSync(at('cfg/reduction.cfg'), '[Calibration]\nbias = none\n');
});
afterEach(() => rmSync(root, { recursive: true }));
const [reduction, findstars] = toySequence.modules;

describe('pipeline', () => {
  it('works through the input of its file and ends', async () => {
    expect(await pipelineCommand({ config: at('cfg') }, { sequence: toySequence, output })).toBe(0);
    expect(readdirSync(at('out/929744/C0/r/catalogs')).sort()).toEqual([
      '20260101T042001C0o.cat.fits',
      '20260101T042001C0o.json',
      '20260101T042101C0o.cat.fits',
      '20260101T042101C0o.json',
    ]);
    expect(lines.at(-1)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - INFO - pipeline: 2 done, 0 failed\.$/);
  });

  it('lets the command line win, and one bad frame never stop the others', async () => {
    writeFileSync(at('raw/bad.fits'), 'no FITS');
    const input = [at('raw')];
    expect(await pipelineCommand({ config: at('cfg'), input, output: at('elsewhere') }, { sequence: toySequence, output })).toBe(
      1,
    );
    expect(existsSync(at('out'))).toBe(false);
    expect(readdirSync(at('elsewhere/929744/C0/r/reduced'))).toHaveLength(2);
    expect(JSON.parse(readFileSync(at('elsewhere/quarantine/FITS_NOT_FITS/bad/note.json'), 'utf8'))).toMatchObject({
      code: 'FITS_NOT_FITS',
    });
    expect(lines.at(-1)).toContain('2 done, 1 failed.');
  });

  it('never writes over what another configuration made: a reprocessed frame is a revision', async () => {
    const run = () => pipelineCommand({ config: at('cfg') }, { sequence: toySequence, output });
    await run();
    const before = readFileSync(at('out/929744/C0/r/catalogs/20260101T042001C0o.json'), 'utf8');
    await run(); // the same configuration: the same products in their place
    expect(readdirSync(at('out/929744/C0/r/reduced'))).toHaveLength(2);
    writeFileSync(at('cfg/reduction.cfg'), '[Calibration]\nbias = none\n[Parameters]\ngain = 2.5\n');
    await run();
    expect(readdirSync(at('out/929744/C0/r/reduced'))).toContain('20260101T042001C0o_r1.fits.fz');
    const after = readFileSync(at('out/929744/C0/r/catalogs/20260101T042001C0o.json'), 'utf8');
    expect(JSON.parse(after).provenance.configHash).toBe(JSON.parse(before).provenance.configHash);
    expect(lines.some((line) => line.includes('this is its revision 1'))).toBe(true);
  });

  it('runs nothing with a mistaken configuration', async () => {
    writeFileSync(at('cfg/reduction.cfg'), '[Parameters]\ngian = 1');
    expect(await pipelineCommand({ config: at('cfg') }, { sequence: toySequence, output })).toBe(2);
    expect(lines[0]).toContain('reduction.cfg:2: unknown key "gian" in [Parameters]; did you mean "gain"?');
    expect(existsSync(at('out'))).toBe(false);
  });
});

describe('a module alone', () => {
  it('reads what the one before it wrote', async () => {
    const options = { input: [at('raw')], output: at('ws'), config: at('cfg/reduction.cfg') };
    expect(await moduleCommand(reduction!, options, { sequence: toySequence, output })).toBe(0);
    const reduced = readFileSync(at('ws/929744/C0/r/reduced/20260101T042001C0o.fits.fz'));
    expect(await moduleCommand(findstars!, { input: [at('ws')], output: at('ws') }, { sequence: toySequence, output })).toBe(0);
    expect(readdirSync(at('ws/929744/C0/r/catalogs')).filter((name) => name.endsWith('.cat.fits'))).toHaveLength(2);
    expect(readFileSync(at('ws/929744/C0/r/reduced/20260101T042001C0o.fits.fz'))).toEqual(reduced); // it was not made anew
  });

  it('takes input and output from its file, and parameters from the command line', async () => {
    const text = '[Input and Output]\ninput = ../raw/20260101T042001C0o.fits\noutput = ../ws\n[Calibration]\nbias = none\n';
    writeFileSync(at('cfg/reduction.cfg'), text);
    expect(
      await moduleCommand(reduction!, { config: at('cfg/reduction.cfg'), set: ['gain=2.5'] }, { sequence: toySequence, output }),
    ).toBe(0);
    const summary = JSON.parse(readFileSync(at('ws/929744/C0/r/catalogs/20260101T042001C0o.json'), 'utf8'));
    expect(summary.provenance.parameters.reduction.gain).toBe(2.5);
    expect(lines.some((line) => line.includes('gain = 2.5 by the command line.'))).toBe(true);
  });

  it('says what is missing', async () => {
    expect(await moduleCommand(reduction!, { input: [at('raw')] }, { sequence: toySequence, output })).toBe(2);
    expect(lines[0]).toContain('[Input and Output] lacks the key "output"');
    const wrong = moduleCommand(
      reduction!,
      { input: [at('raw')], output: at('ws'), set: ['gian=1'] },
      { sequence: toySequence, output },
    );
    await expect(wrong).rejects.toMatchObject({
      code: 'COMMAND_LINE',
      message: expect.stringContaining('it has ps, gain, sat_level'),
    });
  });
});

describe('inputFiles', () => {
  it('takes folders, files, lists, and of a workspace what fits', async () => {
    writeFileSync(at('list.txt'), '# two frames\nraw/20260101T042001C0o.fits\n\nraw/20260101T042101C0o.fits\n');
    const both = [at('raw/20260101T042001C0o.fits'), at('raw/20260101T042101C0o.fits')];
    expect(await inputFiles([at('raw')], 'raw')).toEqual(both);
    expect(await inputFiles([`@${at('list.txt')}`], 'raw')).toEqual(both);
    expect(await inputFiles([both[0]!, at('raw')], 'raw')).toEqual(both);
    for (const folder of ['ws/T/C0/r/reduced', 'ws/T/C0/r/catalogs', 'ws/quarantine/X/a', 'ws/masters'])
      mkdirSync(at(folder), { recursive: true });
    for (const file of ['reduced/a.fits.fz', 'catalogs/a.cat.fits']) writeFileSync(at('ws/T/C0/r', file), '');
    for (const file of ['quarantine/X/a/a.fits', 'masters/b.fits', 'raw.fits']) writeFileSync(at('ws', file), '');
    expect(await inputFiles([at('ws')], 'reduced')).toEqual([at('ws/T/C0/r/reduced/a.fits.fz')]);
    expect(await inputFiles([at('ws')], 'raw')).toEqual([at('ws/raw.fits')]);
  });

  it('refuses what is not there', async () => {
    await expect(inputFiles([at('nowhere')], 'raw')).rejects.toMatchObject({ code: 'INPUT_MISSING' });
    await expect(inputFiles([at('cfg')], 'raw')).rejects.toMatchObject({ code: 'INPUT_MISSING' });
  });
});

describe('gp1 inspect', () => {
  it('prints every HDU, and the readable ones beside an unreadable one', async () => {
    const image = imageHdu({ data: Int16Array.of(-5, 0, 5, 20), shape: [2, 2], name: 'IM', unit: 'adu' });
    const table = tableHdu({ name: 'T', columns: [{ name: 'FLUX', data: Float32Array.of(1, 2), unit: 'electron' }] });
    writeFileSync(at('two.fits'), writeFits([image, table]));
    writeFileSync(at('bad.fits'), 'no FITS');
    expect(await inspectCommand([at('bad.fits'), at('two.fits')], {}, output)).toBe(2);
    const text = lines.join('\n');
    expect(text).toContain('[FITS_NOT_FITS]');
    expect(text).toMatch(/0 {2}image .*IM .*bitpix {2}16 {2}2 × 2 {2}adu/);
    expect(text).toContain('min -5  max 20  mean 5');
    expect(text).toMatch(/FLUX .*E .*electron/);
    lines = [];
    expect(await inspectCommand([at('two.fits')], { json: true }, output)).toBe(0);
    const described = JSON.parse(lines.join('\n'));
    expect(described).toMatchObject({
      error: null,
      hdus: [
        { name: 'IM', shape: [2, 2], min: -5, max: 20, mean: 5, unit: 'adu' },
        { name: 'T', rows: 2, columns: [{ name: 'FLUX' }] },
      ],
    });
  });
});
