import { parseIni } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { astrometry, findstars, reduction } from '../test/toy-modules.ts';
import { type ConfigLayer, readConfig } from './module-config.ts';

const layer = (text: string, file = 'reduction.cfg'): ConfigLayer => ({
  ini: parseIni(text, file).ini,
  resolve: (value) => (value.startsWith('/') ? value : `/etc/${value}`),
});
const problemsOf = (text: string, module = reduction): string[] =>
  readConfig(module, [layer(text)]).problems.map((p) => `${p.code} ${p.message}`);

describe('readConfig', () => {
  it('reads the file of the slides', () => {
    const text = [
      '[Input and Output]',
      'input = raw',
      'output: /data/out',
      '[Calibration]',
      'dark = masters/dark.fits',
      'flat = none',
      'bias = auto',
      '[Parameters]',
      'ps=0.000195',
      'gain=6.5',
      'Sat_Level=7000 ; adu',
      'detect_thresh=1',
      'cosmic_rays = off',
      'orientation = NONE',
    ].join('\n');
    const { config, problems } = readConfig(reduction, [layer(text)]);
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      module: 'reduction',
      parameters: {
        ps: 0.000195,
        gain: 6.5,
        sat_level: 7000,
        detect_thresh: 1,
        cosmic_rays: false,
        orientation: 'none',
        comment: '',
      },
      calibration: { dark: { path: '/etc/masters/dark.fits' }, flat: 'none', bias: 'auto' },
      input: '/etc/raw',
      output: '/data/out',
    });
  });

  it('falls back to the defaults of the declaration, and says so nowhere', () => {
    const { config } = readConfig(reduction, [layer('')]);
    expect(config.parameters).toEqual({
      ps: null,
      gain: 6.2,
      sat_level: 7000,
      detect_thresh: 1,
      cosmic_rays: true,
      orientation: 'mount',
      comment: '',
    });
    expect(config.calibration).toEqual({ bias: 'auto', dark: 'auto', flat: 'auto' });
    expect(config.sentences).toEqual([]);
  });

  it('lets the command line win over the module file, that over the pipeline file, and logs the winner with the losers', () => {
    const layers = [
      layer('[Parameters]\ngain = 2\nsat_level = 3'),
      layer('[Parameters]\ngain = 4\nps = 0.0001\nsat_level = 5', 'pipeline.cfg'),
    ];
    const { config } = readConfig(reduction, layers, { gain: '1', input: '/here' });
    expect(config.parameters).toMatchObject({ gain: 1, sat_level: 3, ps: 0.0001 });
    expect(config.input).toBe('/here');
    expect(config.sentences).toEqual([
      'ps = 0.0001 by pipeline.cfg:3.',
      'gain = 1 by the command line (reduction.cfg:2 says 2) (pipeline.cfg:2 says 4).',
      'sat_level = 3 by reduction.cfg:3 (pipeline.cfg:4 says 5).',
      'input = /here by the command line.',
    ]);
  });

  it('accepts the keys that module files of today have, and warns where they have no effect', () => {
    const old = '[Calibration]\ndark = d\nflat = f\nbias = b\n[Parameters]\nps=1e-4\ngain=6\nsat_level=7000\ndetect_thresh=10';
    const { config, problems } = readConfig(findstars, [layer(old, 'findstars.cfg')]);
    expect(problems).toEqual([]);
    expect(config.parameters).toEqual({ detect_thresh: 10 });
    expect(config.calibration).toEqual({});
    expect(config.warnings).toHaveLength(6);
    expect(config.warnings).toContain('findstars.cfg:7: gain has no effect in findstars.');
    expect(readConfig(astrometry, [layer(old, 'astrometry.cfg')]).problems).toEqual([]);
  });

  it('refuses an unknown key with file, line and the nearest known one', () => {
    expect(problemsOf('[Parameters]\n\ndetect_tresh = 1')).toEqual([
      'CONFIG_UNKNOWN_KEY reduction.cfg:3: unknown key "detect_tresh" in [Parameters]; did you mean "detect_thresh"?',
    ]);
    expect(problemsOf('[Parametres]\ngain = 1')).toEqual([
      'CONFIG_UNKNOWN_SECTION reduction.cfg:1: unknown section [Parametres]; did you mean [Parameters]?',
    ]);
  });

  it.each([
    ['gain = 6.2 e-/ADU', 'gain = "6.2 e-/ADU" is not a number in electron/adu, without the unit'],
    ['gain = -1', 'gain = "-1" must be above 0 electron/adu'],
    ['gain = 0', 'gain = "0" must be above 0 electron/adu'],
    ['gain = inf', 'gain = "inf" is not a number in electron/adu, without the unit'],
    ['detect_thresh = 100', 'detect_thresh = "100" must be below 100 sigma'],
    ['ps = 0.38', 'ps = "0.38" would be 1368 arcsec per pixel: the unit is deg/pixel (0.38 arcsec are 0.0001056 deg)'],
    ['cosmic_rays = maybe', 'cosmic_rays = "maybe" is neither yes nor no'],
    ['orientation = mont', 'orientation = "mont" is none of mount, none; did you mean "mount"?'],
    ['gain =', 'gain = "" is not a number in electron/adu, without the unit'],
  ])('refuses %s, and computes with the default meanwhile', (line, message) => {
    expect(problemsOf(`[Parameters]\n${line}`)).toEqual([`CONFIG_VALUE reduction.cfg:2: ${message}`]);
    expect(readConfig(reduction, [layer(`[Parameters]\n${line}`)]).config.parameters).toEqual(
      readConfig(reduction, [layer('')]).config.parameters,
    );
  });

  it('takes auto for a number that the header may give', () => {
    expect(readConfig(reduction, [layer('[Parameters]\nps = auto')]).config.parameters).toMatchObject({ ps: null });
  });
});
