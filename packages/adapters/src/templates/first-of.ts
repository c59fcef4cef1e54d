import type { TemplateSource } from '@colibri/pipeline';

/** Asks one source after the other for the first template. One that fails is passed over and told of: nothing waits for a survey. */
export function firstOf(sources: readonly TemplateSource[]): TemplateSource {
  return {
    async find(query) {
      for (const source of sources) {
        try {
          const found = await source.find(query);
          if (found !== null) return found;
        } catch (error) {
          query.onTrouble?.(`A template was not asked for: ${(error as Error).message}.`.replace(/\.\.$/, '.'));
        }
      }
      return null;
    },
  };
}
