import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toySequence } from '../test/toys.ts';
import { checkCommand } from './check.ts';

const files = {
  'gp1.cfg': `[General]
input = in
log_path = log

[svom]
processing_strategy = standard
identifier_header = EXPTYPE,OBSERVER
identifier_value = object,svom
configuration_path_dir = svom
workspace_dir = ws/svom

[others]
processing_strategy = standard
identifier_header = EXPTYPE
identifier_value = object
configuration_path_dir = svom
workspace_dir = ws/others
`,
  'svom/pipeline.cfg': `[Workspace]
headers = TRGID,INSTRUME,FILTER

[Structure of pipeline]
reduction = yes
findstars = yes
Image subtraction = no

[Strategy processing]
mode = standard
`,
  'svom/reduction.cfg': `[Calibration]
bias = auto

[Parameters]
ps = 0.000195
gain = 6.2
sat_level = 7000
detect_thresh = 1
`,
};
type File = keyof typeof files;

/** Twenty mistakes of tired people: where, what instead of what, and what must be said. */
const mistakes: readonly (readonly [what: string, file: File, find: string, put: string, said: string])[] = [
  [
    'a misspelt parameter',
    'svom/reduction.cfg',
    'detect_thresh',
    'detect_tresh',
    'reduction.cfg:8: unknown key "detect_tresh" in [Parameters]; did you mean "detect_thresh"?',
  ],
  [
    'a misspelt section',
    'svom/reduction.cfg',
    '[Parameters]',
    '[Paramters]',
    'reduction.cfg:4: unknown section [Paramters]; did you mean [Parameters]?',
  ],
  [
    'a unit beside the number',
    'svom/reduction.cfg',
    'gain = 6.2',
    'gain = 6.2 e/adu',
    'reduction.cfg:6: gain = "6.2 e/adu" is not a number in electron/adu, without the unit',
  ],
  [
    'a decimal comma',
    'svom/reduction.cfg',
    'gain = 6.2',
    'gain = 6,2',
    'reduction.cfg:6: gain = "6,2" is not a number in electron/adu, without the unit',
  ],
  [
    'arcsec for degrees',
    'svom/reduction.cfg',
    'ps = 0.000195',
    'ps = 0.38',
    'reduction.cfg:5: ps = "0.38" would be 1368 arcsec per pixel',
  ],
  [
    'a negative gain',
    'svom/reduction.cfg',
    'gain = 6.2',
    'gain = -6.2',
    'reduction.cfg:6: gain = "-6.2" must be above 0 electron/adu',
  ],
  [
    'a key given twice',
    'svom/reduction.cfg',
    'sat_level = 7000',
    'GAIN = 2',
    'reduction.cfg:7: key "GAIN" was already given in line 6',
  ],
  [
    'a line without a value',
    'svom/reduction.cfg',
    'sat_level = 7000',
    'sat_level 7000',
    'reduction.cfg:7: "sat_level 7000" is neither [section], "key = value" nor a comment',
  ],
  [
    'a master of unknown type',
    'svom/reduction.cfg',
    'bias = auto',
    'bais = auto',
    'reduction.cfg:2: unknown key "bais" in [Calibration]; did you mean "bias"?',
  ],
  [
    'a module that does not exist',
    'svom/pipeline.cfg',
    'findstars = yes',
    'find_stars = yes',
    'pipeline.cfg:6: unknown key "find_stars" in [Structure of pipeline]; did you mean "findstars"?',
  ],
  [
    'neither yes nor no',
    'svom/pipeline.cfg',
    'reduction = yes',
    'reduction = y',
    'pipeline.cfg:5: reduction = "y" is neither yes nor no',
  ],
  [
    'a module whose input nothing makes',
    'svom/pipeline.cfg',
    'reduction = yes',
    'reduction = no',
    'findstars is on, but it works on a reduced frame',
  ],
  [
    'a strategy of another version',
    'svom/pipeline.cfg',
    'mode = standard',
    'mode = quick',
    'pipeline.cfg:10: mode = "quick" is no strategy of this version',
  ],
  [
    'folder headers that cannot be',
    'svom/pipeline.cfg',
    'headers = TRGID,INSTRUME,FILTER',
    'headers = TRIGGER/ID',
    'pipeline.cfg:2: headers = "TRIGGER/ID" is not a list of header words',
  ],
  [
    'a misspelt key of gp1',
    'gp1.cfg',
    'workspace_dir = ws/svom',
    'workspace_dri = ws/svom',
    'gp1.cfg:10: unknown key "workspace_dri" in [svom]; did you mean "workspace_dir"?',
  ],
  [
    'fewer values than headers',
    'gp1.cfg',
    'identifier_value = object,svom',
    'identifier_value = object',
    'gp1.cfg:8: identifier_value = "object" has 1 value for 2 headers',
  ],
  ['an input that is not there', 'gp1.cfg', 'input = in', 'input = inn', 'gp1.cfg: input: '],
  [
    'a configuration folder that is not there',
    'gp1.cfg',
    'configuration_path_dir = svom',
    'configuration_path_dir = swom',
    'gp1.cfg:5: configuration_path_dir: ',
  ],
  [
    'one workspace for two',
    'gp1.cfg',
    'workspace_dir = ws/others',
    'workspace_dir = ws/svom',
    'is also that of [svom]: they would write over each other',
  ],
  [
    'a pipeline without identifiers',
    'gp1.cfg',
    'identifier_header = EXPTYPE\n',
    '',
    'gp1.cfg:12: [others] lacks the key "identifier_header"',
  ],
];

describe('gp1 check', () => {
  let folder: string;
  const lines: string[] = [];
  const output = { out: (line: string) => void lines.push(line), err: (line: string) => void lines.push(line) };
  const write = (changed: Partial<Record<string, string>> = {}): void => {
    for (const [name, text] of Object.entries({ ...files, ...changed })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text!);
    }
    mkdirSync(join(folder, 'in'), { recursive: true });
  };
  const check = (): Promise<number> => checkCommand({ config: join(folder, 'gp1.cfg') }, toySequence, output);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gp1-check-'));
    lines.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('accepts what is right, and tells what will happen', async () => {
    write();
    expect(await check()).toBe(0);
    expect(lines.join('\n')).toContain('[svom] takes EXPTYPE = object and OBSERVER = svom');
    expect(lines.join('\n')).toMatch(/Reduction: gain = 6.2 by .*reduction.cfg:6\./);
  });

  it.each(mistakes)('finds %s', async (_what, file, find, put, said) => {
    expect(files[file]).toContain(find);
    write({ [file]: files[file].replace(find, put) });
    expect(await check()).toBe(2);
    expect(lines.join('\n')).toContain(said);
  });

  it('finds all mistakes at one look, each once, in the order of the files', async () => {
    const changed: Record<string, string> = {};
    for (const [, file, find, put] of mistakes.filter(([what]) => what !== 'a misspelt section').slice(0, 10))
      changed[file] = (changed[file] ?? files[file]).replace(find, put);
    write(changed);
    expect(await check()).toBe(2);
    const told = lines.filter((line) => /\[[A-Z_]+\]$/.test(line));
    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeGreaterThanOrEqual(7);
    const places = told.flatMap((line) => /reduction\.cfg:(\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('checks the folder of one pipeline alone', async () => {
    write({ 'svom/reduction.cfg': '[Parameters]\ngian = 1' });
    expect(await checkCommand({ config: join(folder, 'svom') }, toySequence, output)).toBe(2);
    expect(lines[0]).toMatch(/svom\/reduction\.cfg:2: unknown key "gian"/);
  });

  it('says what is missing when there is no file at all', async () => {
    await expect(check()).rejects.toMatchObject({ code: 'CONFIG_MISSING', message: expect.stringContaining('does not exist') });
  });
});
