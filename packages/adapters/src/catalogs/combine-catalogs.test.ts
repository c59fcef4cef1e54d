import type { ReferenceCatalog } from '@colibri/pipeline';
import { contractStars } from '@colibri/testkit';
import { describe, expect, it } from 'vitest';
import { type CombinedAnswer, combineCatalogs } from './combine-catalogs.ts';
import { catalogUnreachable } from './errors.ts';
import { memoryCatalog } from './memory-catalog.ts';

const full = memoryCatalog(contractStars());
const down: ReferenceCatalog = {
  name: 'VizieR',
  cone: async () => {
    throw catalogUnreachable({ service: 'VizieR', what: 'ECONNREFUSED.', attempts: 4 });
  },
};
const empty: ReferenceCatalog = {
  name: 'local',
  cone: async (ra, dec) => ({ ...(await full.cone(ra, dec, 0, 0)), name: 'local' }),
};

describe('combineCatalogs', () => {
  it('says who answered, who was passed over, and why', async () => {
    const answers: CombinedAnswer[] = [];
    const both = combineCatalogs(empty, [down, full], (answer) => answers.push(answer));
    expect(both.name).toBe('local, else VizieR, else Gaia DR3');
    expect((await both.cone(215.6, 53.1, 0.2, 10)).name).toBe('Gaia DR3');
    expect(answers[0]).toEqual({
      answeredBy: 'Gaia DR3',
      passedOver: [
        { catalog: 'local', reason: 'has no entries there' },
        { catalog: 'VizieR', reason: 'VizieR gave no answer in 4 attempts: ECONNREFUSED.' },
      ],
    });
  });

  it('does not trouble the others where the first has entries', async () => {
    expect((await combineCatalogs(full, [down]).cone(215.6, 53.1, 0.2, 10)).count).toBe(10);
  });

  it('is empty where one could say so, and fails with the first failure where none could', async () => {
    expect((await combineCatalogs(down, [empty]).cone(40, 0, 1, 10)).count).toBe(0);
    await expect(combineCatalogs(down, [down]).cone(40, 0, 1, 10)).rejects.toMatchObject({ code: 'CATALOG_UNREACHABLE' });
  });
});
