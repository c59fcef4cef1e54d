import { defineError, type ObservatoryError } from './errors.ts';

/** One `key = value` of an INI file and where it stands. */
export interface IniEntry {
  /** As written. */
  readonly key: string;
  readonly value: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

export interface IniSection {
  /** As written. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** By `iniName(key)`. */
  readonly entries: ReadonlyMap<string, IniEntry>;
}

export interface Ini {
  readonly file: string;
  /** By `iniName(name)`, in the order of the file. */
  readonly sections: ReadonlyMap<string, IniSection>;
}

interface Place extends Record<string, string | number> {
  readonly file: string;
  readonly line: number;
}

export const iniSyntax = defineError<Place & { text: string }>({
  code: 'INI_SYNTAX',
  retry: 'never',
  summary: 'A line of a configuration file is neither a section, a key with a value, nor a comment.',
  message: (f) => `${f.file}:${f.line}: "${f.text}" is neither [section], "key = value" nor a comment`,
  hint: 'Write "key = value"; begin comments with # or ;; indent the second and later lines of a long value.',
});

export const iniNoSection = defineError<Place & { text: string }>({
  code: 'INI_NO_SECTION',
  retry: 'never',
  summary: 'A key stands before the first section of a configuration file.',
  message: (f) => `${f.file}:${f.line}: "${f.text}" stands before the first [section]`,
  hint: 'Move the key below the section that it belongs to.',
});

export const iniDuplicate = defineError<Place & { what: string; first: number }>({
  code: 'INI_DUPLICATE',
  retry: 'never',
  summary: 'A configuration file says the same section or key twice.',
  message: (f) => `${f.file}:${f.line}: ${f.what} was already given in line ${f.first}`,
  hint: 'Keep one of the two: which one was meant cannot be guessed.',
});

export const iniReference = defineError<Place & { name: string }>({
  code: 'INI_REFERENCE',
  retry: 'never',
  summary: 'A value refers to another key that does not exist or that refers back to it.',
  message: (f) => `${f.file}:${f.line}: %(${f.name})s refers to no other key of this section or of [DEFAULT]`,
  hint: 'Check the spelling of the name in %(…)s.',
});

/** How names of sections and keys are compared: without case, and with any blanks as one. */
export const iniName = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, ' ');

/**
 * Reads INI text with the habits of Python's configparser: `=` or `:` between key and value; `#` or `;` begin a comment at the
 * start of a line or after a blank; more deeply indented lines continue a value (joined by newlines); `%(name)s` stands for
 * another value of the section or of `[DEFAULT]`. Every fault is collected, so that one look shows them all.
 */
export function parseIni(text: string, file: string): { readonly ini: Ini; readonly problems: readonly ObservatoryError[] } {
  const problems: ObservatoryError[] = [];
  const sections = new Map<string, { name: string; file: string; line: number; entries: Map<string, IniEntry> }>();
  let entries: Map<string, IniEntry> | undefined;
  let open: { name: string; indent: number; parts: string[]; blanks: number } | undefined;

  const close = (): void => {
    if (open && entries) entries.set(open.name, { ...entries.get(open.name)!, value: open.parts.join('\n').trim() });
    open = undefined;
  };

  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  for (const [i, full] of lines.entries()) {
    const line = i + 1;
    const content = full.replace(/(^|\s)[#;].*$/, '').trimEnd();
    const words = content.trim();
    if (words === '') {
      if (open && full.trim() === '') open.blanks++; // a blank line may stand inside a value; a comment line is as if not there
      continue;
    }
    const indent = content.length - content.trimStart().length;
    if (open && indent > open.indent) {
      for (; open.blanks > 0; open.blanks--) open.parts.push('');
      open.parts.push(words);
      continue;
    }
    close();
    const header = /^\[([^\]]+)\]$/.exec(words);
    if (header) {
      const name = header[1]!.trim();
      const before = sections.get(iniName(name));
      if (before) problems.push(iniDuplicate({ file, line, what: `section [${name}]`, first: before.line }));
      const section = { name, file, line, entries: new Map<string, IniEntry>() };
      if (!before) sections.set(iniName(name), section);
      entries = section.entries; // a repeated section is read for its own faults, then dropped
      continue;
    }
    const pair = /^([^=:]*?)\s*[=:]\s*(.*)$/.exec(words);
    if (!pair || pair[1] === '' || words.startsWith('[')) {
      problems.push(iniSyntax({ file, line, text: words.slice(0, 60) }));
      continue;
    }
    const key = pair[1]!;
    if (!entries) {
      problems.push(iniNoSection({ file, line, text: words.slice(0, 60) }));
      continue;
    }
    const before = entries.get(iniName(key));
    if (before) {
      problems.push(iniDuplicate({ file, line, what: `key "${key}"`, first: before.line }));
      continue;
    }
    entries.set(iniName(key), { key, value: '', file, line });
    open = { name: iniName(key), indent, parts: [pair[2]!], blanks: 0 };
  }
  close();

  const defaults = sections.get('default')?.entries ?? new Map<string, IniEntry>();
  for (const section of sections.values()) {
    for (const [name, entry] of section.entries) {
      section.entries.set(name, { ...entry, value: expand(entry, section.entries, defaults, problems, [name]) });
    }
  }
  return { ini: { file, sections }, problems };
}

/** Replaces `%(name)s`; names met on the way are refused, so that no circle can hold us. */
function expand(
  entry: IniEntry,
  own: ReadonlyMap<string, IniEntry>,
  defaults: ReadonlyMap<string, IniEntry>,
  problems: ObservatoryError[],
  met: readonly string[],
): string {
  return entry.value.replace(/%\(([^)]*)\)s/g, (all, raw: string) => {
    const name = iniName(raw);
    const target = own.get(name) ?? defaults.get(name);
    if (!target || met.includes(name)) {
      problems.push(iniReference({ file: entry.file, line: entry.line, name: raw }));
      return all;
    }
    return expand(target, own, defaults, problems, [...met, name]);
  });
}

/** Writes sections as INI text that `parseIni` reads back: the values as given, line by line. */
export function formatIni(sections: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  return Object.entries(sections)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${value.replaceAll('\n', '\n    ')}`.trimEnd());
      return `[${name}]\n${lines.map((line) => `${line}\n`).join('')}`;
    })
    .join('\n');
}
