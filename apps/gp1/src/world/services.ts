import { join } from 'node:path';
import { skybotSource } from '@colibri/adapters/minor-planets';
import { restingFetch, withinDeadline } from '@colibri/adapters/services';
import { firstOf, legacyCutouts, ps1Cutouts } from '@colibri/adapters/templates';
import type { Clock } from '@colibri/base';
import { decodeLegacy, decodePs1 } from '@colibri/modules';
import type { MinorPlanetSource, ServicesConfig, SurveyName, TemplateSource } from '@colibri/pipeline';

/** What units may ask of others, as configured. */
export interface Services {
  readonly minorPlanets: MinorPlanetSource | null;
  /** Our own archive first, then the surveys. */
  templatesWith(archive: TemplateSource): TemplateSource;
}

const surveys = {
  ps1: { service: 'Pan-STARRS 1 images', open: ps1Cutouts, decode: decodePs1 },
  legacy: { service: 'Legacy Surveys images', open: legacyCutouts, decode: decodeLegacy },
} as const;

/** One try for each question: whoever asks does not wait, and the next look asks again. */
const oneTry = { attempts: 1, backOffMs: 0, timeoutMs: 120_000, longestWaitMs: 0 };

/** null: nobody is asked. A service that is slow or down never holds up a page: a deadline for each question, and rests after failures. */
export function openServices(config: ServicesConfig | null, clock: Clock): Services {
  if (!config) return { minorPlanets: null, templatesWith: (archive) => archive };
  const { urls, cacheDir, deadlineSec } = config;
  const baseUrl = (url: string | null) => (url === null ? {} : { baseUrl: url });
  const open = (name: SurveyName): TemplateSource => {
    const { service, open: source, decode } = surveys[name];
    const fetch = restingFetch({ service, clock });
    const cutouts = source({
      cacheDir: join(cacheDir, name),
      patience: oneTry,
      fetch,
      decode,
      ...baseUrl(urls[name]),
    });
    return { find: (query) => withinDeadline(service, deadlineSec, cutouts.find(query)) };
  };
  const opened = config.templates.map(open);
  return {
    minorPlanets: config.minorPlanets === 'off' ? null : bodies(),
    templatesWith: (archive) => (opened.length === 0 ? archive : firstOf([archive, ...opened])),
  };

  function bodies(): MinorPlanetSource {
    const service = 'SkyBoT (IMCCE)';
    const source = skybotSource({
      cacheDir: join(cacheDir, 'skybot'),
      fetch: restingFetch({ service, clock }),
      patience: oneTry,
      ...baseUrl(urls.skybot),
    });
    return { cone: (query) => withinDeadline(service, deadlineSec, source.cone(query)) };
  }
}
