import { describe, expect, it } from 'vitest';
import { sequence } from '../sequence.ts';
import { findstars, reduction, toySequence } from '../test/toy-modules.ts';
import { type ConfigFolder, readPipelineConfig } from './pipeline-config.ts';

const folder = (texts: Record<string, string>): ConfigFolder => ({
  path: 'cfg',
  texts: new Map(Object.entries(texts)),
  resolve: (value) => (value.startsWith('/') ? value : `/cfg/${value}`),
});
const slides = [
  '[Workspace]',
  'headers = TRGID,INSTRUME,FILTER',
  '[Input and Output]',
  'input = /raw',
  'output = out',
  '[Structure of pipeline]',
  'reduction = yes',
  'findstars = YES',
  'alignment = no',
  'stacking = no',
  'Photometry = no',
  'Image subtraction = no',
  'Summary = no',
  '[Strategy processing]',
  'mode = standard',
].join('\n');
const read = (texts: Record<string, string>) => readPipelineConfig(toySequence, folder(texts));

describe('readPipelineConfig', () => {
  it('reads the files of the slides, astrometry following findstars', async () => {
    const { config, problems } = await read({ 'pipeline.cfg': slides, 'reduction.cfg': '[Parameters]\ngain = 2' });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      folderHeaders: ['TRGID', 'INSTRUME', 'FILTER'],
      input: '/raw',
      output: '/cfg/out',
      warnings: [],
    });
    expect(config.modules.map(({ module }) => module.name)).toEqual(['reduction', 'findstars', 'astrometry']);
    expect(config.cells.map((cell) => `${cell.module} ${cell.state}`)).toEqual([
      'reduction waiting',
      'findstars waiting',
      'astrometry waiting',
      'alignment off',
      'stacking off',
      'photometry off',
      'subtraction off',
      'summary off',
    ]);
    expect(config.sentences).toContain('Reduction: gain = 2 by cfg/reduction.cfg:2.');
    expect(config.sentences).toContain('Find stars has no file findstars.cfg: it runs with its defaults.');
  });

  it('warns once of modules that are not part of this version', async () => {
    const text = '[structure OF  pipeline]\nALIGNMENT = yes\nimage   Subtraction = on\nstacking = no';
    const { config, problems } = await read({ 'pipeline.cfg': text, 'alignment.cfg': 'whatever', 'Photometry.cfg': '' });
    expect(problems).toEqual([]);
    expect(config.warnings).toEqual(['alignment, Image subtraction are switched on, but are not part of this version: skipped.']);
  });

  it('switches modules off, astrometry with findstars', async () => {
    const { config } = await read({ 'pipeline.cfg': '[Structure of pipeline]\nfindstars = no' });
    expect(config.modules.map(({ module }) => module.name)).toEqual(['reduction']);
    expect(config.cells.filter((cell) => cell.state === 'off')).toHaveLength(7);
  });

  it('shares [Parameters] and [Calibration] of pipeline.cfg with every module that has the key, under the module file', async () => {
    const shared = '[Parameters]\ngain = 3\ndetect_thresh = 7\n[Calibration]\nflat = f.fits\n[Input and Output]\ninput = here';
    const { config, problems } = await read({ 'pipeline.cfg': shared, 'reduction.cfg': '[Parameters]\ndetect_thresh = 2' });
    expect(problems).toEqual([]);
    expect(config.modules[0]!.config).toMatchObject({
      parameters: { gain: 3, detect_thresh: 2 },
      calibration: { flat: { path: '/cfg/f.fits' } },
      input: null,
    });
    expect(config.modules[1]!.config.parameters).toEqual({ detect_thresh: 7 });
  });

  it('gives the same hash for the same pixels and another for any other', async () => {
    const hash = async (texts: Record<string, string>): Promise<string> => (await read(texts)).config.hash;
    const base = await hash({ 'pipeline.cfg': slides });
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(
      await hash({ 'pipeline.cfg': slides.replace('/raw', '/elsewhere'), 'reduction.cfg': '[Parameters]\ngain = 6.20' }),
    ).toBe(base);
    const others = [
      await hash({ 'pipeline.cfg': slides, 'reduction.cfg': '[Parameters]\ngain = 6.3' }),
      await hash({ 'pipeline.cfg': slides.replace('findstars = YES', 'findstars = no') }),
      await hash({ 'pipeline.cfg': slides, 'reduction.cfg': '[Calibration]\nbias = none' }),
    ];
    expect(new Set([base, ...others]).size).toBe(4);
  });

  it('finds every mistake of a folder, with its line', async () => {
    const { problems } = await read({
      'pipeline.cfg':
        '[Structure of pipeline]\nreducton = yes\nfindstars = perhaps\n[Strategy processing]\nmode = fast\n[Workspace]\nheaders = TARGET NAME\n[Parameters]\ngian = 1',
      'reductoin.cfg': '',
      'findstars.cfg': '[Parameters]\nthreshold = 1',
    });
    expect(problems.map((p) => p.message)).toEqual([
      'cfg/pipeline.cfg:5: mode = "fast" is no strategy of this version; the only one is "standard"',
      'cfg/pipeline.cfg:3: findstars = "perhaps" is neither yes nor no',
      'cfg/pipeline.cfg:9: unknown key "gian" in [Parameters]; did you mean "gain"?',
      'cfg/pipeline.cfg:2: unknown key "reducton" in [Structure of pipeline]; did you mean "reduction"?',
      'cfg/reductoin.cfg belongs to no module; did you mean reduction.cfg?',
      'cfg/findstars.cfg:2: unknown key "threshold" in [Parameters]; did you mean "detect_thresh"?',
    ]);
  });

  it('refuses a module whose input nothing makes', async () => {
    const { problems } = await read({ 'pipeline.cfg': '[Structure of pipeline]\nreduction = no' });
    expect(problems.map((p) => p.message)).toEqual([
      'cfg/pipeline.cfg: findstars is on, but it works on a reduced frame and nothing before it makes that',
      'cfg/pipeline.cfg: astrometry is on, but it works on a reduced frame and nothing before it makes that',
    ]);
  });
});

describe('sequence', () => {
  it('counts a module among the later ones only while it is not in the list', () => {
    expect(toySequence.later.map((module) => module.name)).toEqual([
      'alignment',
      'stacking',
      'photometry',
      'subtraction',
      'summary',
    ]);
    const withStacking = sequence('x', [reduction, { ...findstars, name: 'stacking' }]);
    expect(withStacking.later.map((module) => module.name)).not.toContain('stacking');
  });
});
