import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIni, type Ini, parseIni } from './ini.ts';

const read = (text: string): Ini => {
  const { ini, problems } = parseIni(text, 'x.cfg');
  expect(problems.map((p) => p.message)).toEqual([]);
  return ini;
};
const values = (ini: Ini, section: string): Record<string, string> =>
  Object.fromEntries([...(ini.sections.get(section)?.entries ?? [])].map(([name, entry]) => [name, entry.value]));
const problemsOf = (text: string): string[] => parseIni(text, 'x.cfg').problems.map((p) => `${p.code} ${p.message}`);

describe('parseIni', () => {
  it('reads the files of the slides: capitals, blanks in names, both delimiters, comments', () => {
    const ini = read(
      [
        '# pipeline',
        '[Structure of pipeline]',
        'reduction = yes',
        'Image subtraction: no ; not yet',
        'Photometry=no',
        '',
        '; end',
      ].join('\n'),
    );
    expect(values(ini, 'structure of pipeline')).toEqual({ reduction: 'yes', 'image subtraction': 'no', photometry: 'no' });
    expect(ini.sections.get('structure of pipeline')?.entries.get('image subtraction')).toEqual({
      key: 'Image subtraction',
      value: 'no',
      file: 'x.cfg',
      line: 4,
    });
  });

  it('cuts a comment only after a blank, so that paths and lists keep their signs', () => {
    expect(values(read('[a]\nx = a;b#c # said aside\ny = 1\t; said aside\nz = #nothing'), 'a')).toEqual({
      x: 'a;b#c',
      y: '1',
      z: '',
    });
  });

  it('splits at the first delimiter only', () => {
    expect(values(read('[a]\nurl = http://host:80/x=1\ntime: 12:30\nkey with blanks : v'), 'a')).toEqual({
      url: 'http://host:80/x=1',
      time: '12:30',
      'key with blanks': 'v',
    });
  });

  it('continues a value over deeper lines, past comments and blank lines, and stops at the next key', () => {
    const ini = read('[a]\nlist = one\n    two\n  # aside\n\n    three\nnext = 4\n\n');
    expect(values(ini, 'a')).toEqual({ list: 'one\ntwo\n\nthree', next: '4' });
    expect(ini.sections.get('a')?.entries.get('next')?.line).toBe(7);
  });

  it('reads indented keys, Windows line ends, a byte order mark and an empty file', () => {
    expect(values(read('\ufeff[a]\r\n  x = 1\r\n  y = 2\r\n'), 'a')).toEqual({ x: '1', y: '2' });
    expect(read('').sections.size).toBe(0);
    expect(values(read('[a]\n[b]\nx='), 'b')).toEqual({ x: '' });
  });

  it('fills in %(name)s from the section and from DEFAULT, and leaves a lone per cent sign', () => {
    expect(values(read('[DEFAULT]\nroot = /data\n[a]\nday = %(root)s/2026\nraw = %(Day)s/raw\nshare = 5 %'), 'a')).toEqual({
      day: '/data/2026',
      raw: '/data/2026/raw',
      share: '5 %',
    });
  });

  it('names file and line of each fault, and finds them all', () => {
    expect(problemsOf('early = 1\n[a]\nx = 1\nnonsense\nX = 2\n[A]\n[broken\n= 3\ny = %(z)s\nq = %(q)s')).toEqual([
      'INI_NO_SECTION x.cfg:1: "early = 1" stands before the first [section]',
      'INI_SYNTAX x.cfg:4: "nonsense" is neither [section], "key = value" nor a comment',
      'INI_DUPLICATE x.cfg:5: key "X" was already given in line 3',
      'INI_DUPLICATE x.cfg:6: section [A] was already given in line 2',
      'INI_SYNTAX x.cfg:7: "[broken" is neither [section], "key = value" nor a comment',
      'INI_SYNTAX x.cfg:8: "= 3" is neither [section], "key = value" nor a comment',
    ]);
    expect(problemsOf('[a]\ny = %(z)s\nq = %(q)s')).toEqual([
      'INI_REFERENCE x.cfg:2: %(z)s refers to no other key of this section or of [DEFAULT]',
      'INI_REFERENCE x.cfg:3: %(q)s refers to no other key of this section or of [DEFAULT]',
    ]);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseIni(text, 'x')));
    const lines = fc.array(fc.constantFrom('[a]', '[b', 'k = v', '  more', '', '# c', ' = ', 'k : %(k)s', '\t; x'), {
      maxLength: 12,
    });
    fc.assert(fc.property(lines, (parts) => void parseIni(parts.join('\n'), 'x')));
  });

  it('gives back what formatIni wrote', () => {
    const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_. -]{0,10}[a-z]$/).map((s) => s.replace(/\s+/g, ' '));
    const text = fc
      .array(fc.stringMatching(/^[!-"$&-:<-~]([ -"$&-:<-~]{0,12}[!-"$&-:<-~])?$/), { maxLength: 3 })
      .map((l) => l.join('\n'));
    const table = fc.uniqueArray(fc.tuple(word, text), { selector: ([name]) => name.toLowerCase(), maxLength: 4 });
    const file = fc.uniqueArray(fc.tuple(word, table), { selector: ([name]) => name.toLowerCase(), maxLength: 3 });
    fc.assert(
      fc.property(file, (content) => {
        const wanted = Object.fromEntries(content.map(([name, entries]) => [name, Object.fromEntries(entries)]));
        const ini = read(formatIni(wanted));
        const found = [...ini.sections.values()].map((s) => [
          s.name,
          Object.fromEntries([...s.entries.values()].map((e) => [e.key, e.value])),
        ]);
        expect(Object.fromEntries(found)).toEqual(wanted);
      }),
    );
  });
});
