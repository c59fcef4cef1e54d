import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawFits, toySequence } from '../test/toys.ts';
import { explainProduct } from './explain-product.ts';
import { pipelineCommand } from './pipeline.ts';
import { replayCommand } from './replay.ts';

let root: string;
let lines: string[];
const output = { out: (line: string) => void lines.push(line), err: (line: string) => void lines.push(line) };
const at = (...parts: string[]): string => join(root, ...parts);
const reduced = () => at('out/929744/C0/r/reduced/20260101T042001C0o.fits.fz');

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'gp1-replay-test-'));
  lines = [];
  for (const folder of ['raw', 'cfg']) mkdirSync(at(folder));
  writeFileSync(at('raw/20260101T042001C0o.fits'), rawFits());
  writeFileSync(at('cfg/pipeline.cfg'), '[Input and Output]\ninput = ../raw\noutput = ../out\n');
  writeFileSync(at('cfg/reduction.cfg'), '[Calibration]\nbias = none\n[Parameters]\ngain = 2.5\n');
  const replay = await pipelineCommand({ config: at('cfg') }, { sequence: toySequence, output });
  expect(replay).toBe(0);
});
afterEach(() => rmSync(root, { recursive: true }));

describe('gp1 replay', () => {
  it('makes a frame again with what is recorded, and finds the same bytes', async () => {
    expect(await replayCommand(reduced(), { raw: at('raw/20260101T042001C0o.fits') }, toySequence, output)).toBe(0);
    expect(lines.at(-1)).toBe('2 files made again, all with the same bytes.');
  });

  it('notices a product that was changed', async () => {
    const bytes = readFileSync(reduced());
    bytes[bytes.length - 3000]! ^= 1;
    writeFileSync(reduced(), bytes);
    expect(await replayCommand(reduced(), { raw: at('raw/20260101T042001C0o.fits') }, toySequence, output)).toBe(1);
    expect(lines.some((line) => /DIFFERENT\s+reduced/.test(line))).toBe(true);
  });

  it('refuses a raw frame of other bytes', async () => {
    writeFileSync(at('raw/20260101T042001C0o.fits'), rawFits({}, { seed: 9 }));
    await expect(replayCommand(reduced(), { raw: at('raw/20260101T042001C0o.fits') }, toySequence, output)).rejects.toMatchObject(
      { code: 'REPLAY_IMPOSSIBLE', message: expect.stringContaining('other bytes') },
    );
  });
});

describe('gp1 explain of a product', () => {
  it('tells inputs, changed parameters and doubts', () => {
    expect(explainProduct(reduced(), toySequence, output)).toBe(true);
    expect(lines.join('\n')).toMatch(/raw +20260101T042001C0o +sha256/);
    expect(lines.join('\n')).toContain('reduction 1.0.0: gain = 2.5');
    expect(explainProduct(at('raw/20260101T042001C0o.fits'), toySequence, output)).toBe(false);
  });
});
