import { sha256 } from '../hash.ts';
import type { ReferenceCatalog, ReferenceStars } from '../ports.ts';
import type { MinorPlanetSource, TemplateSource } from '../unit.ts';

/** Something that a product was made with. */
export interface UsedInput {
  readonly role: string;
  readonly name: string;
  /** Of the file, or of what a port answered; null: nothing was asked. */
  readonly sha256: string | null;
}

/** Stands between one run of a module and the ports, and remembers by hash what they answered: a record then names every input. */
export interface Witness {
  catalog(catalog: ReferenceCatalog): ReferenceCatalog;
  templates(templates: TemplateSource): TemplateSource;
  minorPlanets(minorPlanets: MinorPlanetSource): MinorPlanetSource;
  /** What was answered, by role, in the order of first asking; several answers of one role and name have the hash of their hashes. */
  inputs(): Promise<UsedInput[]>;
}

/** `warn`: told what a source of templates could not be asked. */
export function openWitness(warn: (sentence: string) => void = () => {}): Witness {
  const answers: { readonly role: string; readonly name: string; readonly hash: Promise<string | null> }[] = [];
  const note = (role: string, name: string, hash: Promise<string | null>): void => {
    answers.push({ role, name, hash });
  };
  let named: string | null = null;
  return {
    catalog(catalog) {
      named = catalog.name;
      return {
        name: catalog.name,
        async cone(...question) {
          const stars = await catalog.cone(...question);
          note('catalog', stars.count > 0 ? stars.name : catalog.name, starsHash(stars));
          return stars;
        },
      };
    },
    templates: (templates) => ({
      async find(query) {
        const template = await templates.find({ ...query, onTrouble: warn });
        if (template) note('template', template.name, Promise.resolve(template.sha256));
        return template;
      },
    }),
    minorPlanets: (minorPlanets) => ({
      async cone(query) {
        const bodies = await minorPlanets.cone(query);
        note('ephemerides', 'minor planets', sha256(JSON.stringify(bodies)));
        return bodies;
      },
    }),
    async inputs() {
      const found = new Map<string, UsedInput>();
      for (const { role, name, hash } of answers) {
        const key = `${role} ${name}`;
        const [before, now] = [found.get(key)?.sha256 ?? null, await hash];
        found.set(key, { role, name, sha256: before !== null && now !== null ? await sha256(`${before} ${now}`) : now });
      }
      const wasAsked = answers.some(({ role }) => role === 'catalog');
      return [...(named !== null && !wasAsked ? [{ role: 'catalog', name: named, sha256: null }] : []), ...found.values()];
    },
  };
}

/** Of every value of the answer, column after column. */
async function starsHash(stars: ReferenceStars): Promise<string> {
  const bands = [...stars.bands].flatMap(([, { mag, err }]) => [mag, err]);
  const columns = [stars.raDeg, stars.decDeg, stars.pmRaMasYr, stars.pmDecMasYr, stars.isStar, ...bands];
  const head = new TextEncoder().encode(
    `${stars.name} ${stars.epochJyear} ${stars.count} ${[...stars.bands.keys()].join(' ')}\n`,
  );
  const bytes = new Uint8Array(columns.reduce((sum, column) => sum + column.byteLength, head.length));
  bytes.set(head);
  let at = head.length;
  for (const { buffer, byteOffset, byteLength } of columns) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return sha256(bytes);
}
