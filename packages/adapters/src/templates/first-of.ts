import type { Log } from '@colibri/base';
import type { TemplateSource } from '@colibri/pipeline';

/** Asks one source after the other for the first template. One that fails is passed over, with a warning: nothing waits for a survey. */
export function firstOf(sources: readonly TemplateSource[], log: Log): TemplateSource {
  return {
    async find(query) {
      for (const source of sources) {
        try {
          const found = await source.find(query);
          if (found !== null) return found;
        } catch (error) {
          log.log('WARNING', 'Templates', `${(error as Error).message} The next source is asked.`, { unit: query.unit });
        }
      }
      return null;
    },
  };
}
