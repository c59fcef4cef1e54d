import { asObservatoryError } from '@colibri/base';
import type { ReferenceCatalog, ReferenceStars } from '@colibri/pipeline';

/** How a question was answered: by whom, and why not by those before. */
export interface CombinedAnswer {
  readonly answeredBy: string | null;
  readonly passedOver: readonly { readonly catalog: string; readonly reason: string }[];
}

/**
 * Several catalogues as one: the first is asked, then the next where that has no coverage or fails, and so on. The
 * answer carries the name of the catalogue that gave it; `onAnswer` also learns who was passed over and why.
 *
 * When nobody has entries: an empty answer if anyone could say so, else the first failure.
 */
export function combineCatalogs(
  first: ReferenceCatalog,
  fallbacks: readonly ReferenceCatalog[] = [],
  onAnswer: (answer: CombinedAnswer) => void = () => {},
): ReferenceCatalog {
  const all = [first, ...fallbacks];
  return {
    name: all.map((catalog) => catalog.name).join(', else '),
    async cone(raDeg, decDeg, radiusDeg, limit) {
      const passedOver: { catalog: string; reason: string }[] = [];
      let empty: ReferenceStars | undefined, failure: unknown;
      for (const catalog of all) {
        try {
          const stars = await catalog.cone(raDeg, decDeg, radiusDeg, limit);
          if (stars.count > 0) {
            onAnswer({ answeredBy: stars.name, passedOver });
            return stars;
          }
          empty ??= stars;
          passedOver.push({ catalog: catalog.name, reason: 'has no entries there' });
        } catch (error) {
          failure ??= error;
          passedOver.push({ catalog: catalog.name, reason: asObservatoryError(error, catalog.name).message });
        }
      }
      onAnswer({ answeredBy: null, passedOver });
      if (empty !== undefined) return empty;
      throw failure;
    },
  };
}
