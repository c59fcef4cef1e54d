import { defineError, parseIni } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config/module-config.ts';
import * as errors from './errors.ts';
import { definitionsOf, errorReference, exampleConfig, moduleReference } from './module-reference.ts';
import { astrometry, reduction } from './test/toy-modules.ts';

describe('moduleReference', () => {
  it('says every key, card and unit of the declaration', () => {
    const text = moduleReference(reduction);
    for (const key of Object.keys(reduction.parameters)) expect(text).toContain(`\`${key}\``);
    expect(text).toContain('| `RDSATFR` | Share of saturated pixels. | 1 | above 0.05 |');
    expect(text).toContain('| `gain` | Gain. | electron/adu | 6.2 | above 0 |');
    expect(text).toContain('reduction --input/-s');
    expect(moduleReference(astrometry)).toContain('#catalog = catalogs');
  });
});

describe('exampleConfig', () => {
  it.each([reduction, astrometry])('gives the defaults when every line is uncommented ($name)', (module) => {
    const text = exampleConfig(module).replace(/^#(\w+ = )/gm, '$1');
    const parsed = parseIni(text, 'example.cfg');
    const read = readConfig(module, [{ ini: parsed.ini, resolve: (value) => value }]);
    expect([...parsed.problems, ...read.problems]).toEqual([]);
    expect(read.config.parameters).toEqual(readConfig(module, []).config.parameters);
    expect(Object.keys(read.config.calibration)).toEqual(module === reduction ? ['bias', 'dark', 'flat'] : []);
  });
});

describe('errorReference', () => {
  it('lists every error of this package once, with what to do', () => {
    const definitions = definitionsOf(errors);
    const text = errorReference(definitions);
    expect(definitions.length).toBeGreaterThan(15);
    for (const { code, hint } of definitions) {
      expect(text).toContain(`## ${code}\n`);
      expect(text).toContain(hint);
    }
  });

  it('refuses two errors of one code', () => {
    const twin = defineError({ code: 'CONFIG_ORDER', retry: 'never', summary: '', message: () => '', hint: '' });
    expect(() => errorReference([...definitionsOf(errors), twin])).toThrow('CONFIG_ORDER');
  });
});
