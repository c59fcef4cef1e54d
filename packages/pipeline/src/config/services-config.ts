import type { ObservatoryError } from '@colibri/base';
import { configValue } from '../errors.ts';
import { type Given, parseFlag, parseNumber } from './values.ts';

/** Services of others that a unit may ask. All are off unless gp1.cfg names them. */
export interface ServicesConfig {
  /** Ephemerides of minor planets in a field. */
  readonly minorPlanets: 'off' | 'skybot';
  /** Images for subtraction where our own archive has none, in the order in which they are asked. */
  readonly templates: readonly SurveyName[];
  /** Addresses that replace the public ones; null: those. */
  readonly urls: Readonly<Record<'skybot' | SurveyName, string | null>>;
  /** Answers are kept below it. */
  readonly cacheDir: string;
  /** How long a page waits for a service [s]. */
  readonly deadlineSec: number;
  /** Redshifts of new sources with fluxes in enough filters, on the page over all filters. */
  readonly photoZ: boolean;
}
export type SurveyName = 'ps1' | 'legacy';
const surveys: readonly string[] = ['ps1', 'legacy'] satisfies SurveyName[];

/** Reads the keys of `[General]` that belong to services. */
export function readServices(
  general: (key: string) => Given | undefined,
  path: (key: string, otherwise: string) => string,
  stateDir: string,
  problems: ObservatoryError[],
): ServicesConfig {
  const keep = <T>(value: T | ObservatoryError, otherwise: T): T => {
    if (!(value instanceof Error)) return value;
    problems.push(value);
    return otherwise;
  };
  const deadline = general('service_deadline_seconds');
  const photoZ = general('photo_z');
  return {
    minorPlanets: readMinorPlanets(general('minor_planets'), problems),
    templates: readSurveys(general('survey_templates'), problems),
    urls: {
      skybot: readUrl(general('skybot_url'), problems),
      ps1: readUrl(general('ps1_url'), problems),
      legacy: readUrl(general('legacy_url'), problems),
    },
    cacheDir: path('service_cache', `${stateDir}/services`),
    deadlineSec: deadline
      ? (keep(parseNumber(deadline, { kind: 'number', doc: '', unit: 's', default: 3, above: 0, atMost: 60 }), 3) ?? 3)
      : 3,
    photoZ: photoZ ? keep(parseFlag(photoZ), false) : false,
  };
}

function readMinorPlanets(said: Given | undefined, problems: ObservatoryError[]): 'off' | 'skybot' {
  const word = (said?.value || 'off').toLowerCase();
  if (word === 'skybot' || word === 'off') return word;
  problems.push(configValue({ ...said!, wanted: 'is neither off nor skybot' }));
  return 'off';
}

function readSurveys(said: Given | undefined, problems: ObservatoryError[]): SurveyName[] {
  const words = (said?.value ?? '')
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((word) => word !== '' && word !== 'off');
  const odd = words.find((word) => !surveys.includes(word));
  if (said && odd) problems.push(configValue({ ...said, wanted: `has "${odd}", which is none of off, ${surveys.join(', ')}` }));
  return words.filter((word): word is SurveyName => surveys.includes(word));
}

function readUrl(said: Given | undefined, problems: ObservatoryError[]): string | null {
  if (!said?.value) return null;
  if (!/^https?:\/\/\S+$/i.test(said.value)) {
    problems.push(configValue({ ...said, wanted: 'is no address that begins with http:// or https://' }));
    return null;
  }
  return said.value.replace(/\/+$/, '');
}
