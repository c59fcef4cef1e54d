import { type Ini, type IniSection, iniName, nearestName, ObservatoryError } from '@colibri/base';
import { configMissingKey, configUnknownKey, configUnknownSection } from '../errors.ts';
import { type Given, given } from './values.ts';

/** Takes values out of one INI file, and afterwards tells what nobody took. */
export interface IniReader {
  readonly file: string;
  /** The value, or undefined where the file does not say it. */
  take(section: string, key: string): Given | undefined;
  /** The value; its absence is a problem, and undefined the answer. */
  need(section: string, key: string): Given | undefined;
  section(section: string): IniSection | undefined;
  /** Keeps `parsed`, or its problem; then `fallback` is the answer. */
  keep<T>(parsed: T | ObservatoryError, fallback: T): T;
  /** Unknown sections and keys, with the nearest known one. `others`: sections that something else reads. */
  refuseRest(others?: (section: IniSection) => boolean): void;
  readonly problems: ObservatoryError[];
}

export function iniReader(ini: Ini, problems: ObservatoryError[]): IniReader {
  const known = new Map<string, { name: string; keys: Map<string, string> }>([]);
  const knownSection = (name: string): { name: string; keys: Map<string, string> } => {
    const found = known.get(iniName(name)) ?? { name, keys: new Map<string, string>() };
    known.set(iniName(name), found);
    return found;
  };
  const reader: IniReader = {
    file: ini.file,
    problems,
    section: (section) => ini.sections.get(iniName(section)),
    take(section, key) {
      knownSection(section).keys.set(iniName(key), key);
      const entry = ini.sections.get(iniName(section))?.entries.get(iniName(key));
      return entry && given(entry);
    },
    need(section, key) {
      const found = reader.take(section, key);
      if (!found || found.value === '') {
        const at = found?.at ?? `${ini.file}${reader.section(section) ? `:${reader.section(section)!.line}` : ''}`;
        problems.push(configMissingKey({ at, key, section }));
        return undefined;
      }
      return found;
    },
    keep(parsed, fallback) {
      if (!(parsed instanceof ObservatoryError)) return parsed;
      problems.push(parsed);
      return fallback;
    },
    refuseRest(others = () => false) {
      for (const [name, section] of ini.sections) {
        if (name === 'default' || others(section)) continue;
        const spec = known.get(name);
        if (!spec) {
          const near =
            nearestName(
              section.name,
              [...known.values()].map((s) => s.name),
            ) ?? null;
          problems.push(configUnknownSection({ at: `${ini.file}:${section.line}`, section: section.name, near }));
          continue;
        }
        for (const [key, entry] of section.entries) {
          if (spec.keys.has(key)) continue;
          const near = nearestKey(entry.key, [...spec.keys.values()]);
          problems.push(configUnknownKey({ at: `${ini.file}:${entry.line}`, key: entry.key, section: section.name, near }));
        }
      }
    },
  };
  return reader;
}

/** The known key that a mistyped one most resembles: by spelling, else by the longest stretch of letters in common. */
export function nearestKey(typed: string, known: readonly string[]): string | null {
  const bySpelling = nearestName(typed, known);
  if (bySpelling !== undefined) return bySpelling;
  const common = known.map((key) => longestCommon(typed.toLowerCase(), key.toLowerCase()));
  const most = Math.max(0, ...common);
  return most >= 3 ? known[common.indexOf(most)]! : null;
}

function longestCommon(a: string, b: string): number {
  for (let length = Math.min(a.length, b.length); length > 0; length--) {
    for (let i = 0; i + length <= a.length; i++) if (b.includes(a.slice(i, i + length))) return length;
  }
  return 0;
}
