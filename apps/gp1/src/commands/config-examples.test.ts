import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { standard } from '../sequences.ts';
import { loadGp1, loadPipeline } from '../world/load-config.ts';

const folder = resolve(fileURLToPath(new URL('../../../../config', import.meta.url)));

describe('config/', () => {
  it('holds a gp1.cfg without mistakes, but for the input that the reader must make', async () => {
    const { problems, pipelines, config } = await loadGp1(join(folder, 'gp1.cfg'), standard);
    const others = problems.filter(({ code, message }) => !(code === 'CONFIG_PATH' && message.includes('input')));
    expect(others.map(({ message }) => message)).toEqual([]);
    expect(pipelines.map(({ name }) => name)).toEqual(['svom', 'guests']);
    expect(existsSync(config.input) || problems.some(({ code }) => code === 'CONFIG_PATH')).toBe(true);
  });

  it.each(readdirSync(folder).filter((name) => !name.includes('.')))(
    'holds a folder %s that the command pipeline can use',
    async (name) => {
      const { config } = await loadPipeline(join(folder, name), standard, {});
      expect(config.folderHeaders).toEqual(['TRGID', 'INSTRUME', 'FILTER']);
      expect(config.input).toBe(resolve(folder, '../data/incoming'));
    },
  );

  it.each([
    ['coatli', { ps: 0.000195, gain: 6.2, read_noise: 10, sat_level: 7000 }],
    ['ddoti', { ps: 0.000558, gain: 0.64, read_noise: null, sat_level: 50000 }],
  ])('holds the detector of %s, in the units of the module', async (name, detector) => {
    const { config, problems } = await loadPipeline(join(folder, name), standard, {});
    expect(problems.filter(({ code }) => code !== 'CONFIG_PATH').map(({ message }) => message)).toEqual([]);
    const reduction = config.modules.find(({ module }) => module.name === 'reduction')!;
    expect(reduction.config.parameters).toMatchObject(detector);
  });
});
