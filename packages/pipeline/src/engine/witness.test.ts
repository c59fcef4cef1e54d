import { describe, expect, it } from 'vitest';
import type { ReferenceCatalog, ReferenceStars } from '../ports.ts';
import type { Template } from '../unit.ts';
import { openWitness } from './witness.ts';

const stars = (mag: number, name = 'refcat'): ReferenceStars => ({
  name,
  count: 1,
  raDeg: Float64Array.of(215.6),
  decDeg: Float64Array.of(53.1),
  epochJyear: 2016,
  pmRaMasYr: new Float32Array(1),
  pmDecMasYr: new Float32Array(1),
  isStar: Uint8Array.of(1),
  bands: new Map([['r', { mag: Float32Array.of(mag), err: Float32Array.of(0.01) }]]),
});
const catalog = (...answers: ReferenceStars[]): ReferenceCatalog => ({
  name: 'refcat, else other',
  cone: async () => answers.shift()!,
});

async function asked(...answers: ReferenceStars[]) {
  const witness = openWitness();
  const seen = witness.catalog(catalog(...answers));
  for (let k = answers.length; k > 0; k--) await seen.cone(215.6, 53.1, 0.1, 10);
  return witness.inputs();
}

describe('openWitness', () => {
  it('names a catalogue by who answered and by every value of the answer', async () => {
    const [one] = await asked(stars(18));
    expect(one).toMatchObject({ role: 'catalog', name: 'refcat' });
    expect(one!.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await asked(stars(18))).toEqual([one]);
    expect((await asked(stars(18.001)))[0]!.sha256).not.toBe(one!.sha256);
    expect((await asked(stars(18, 'other')))[0]).toMatchObject({ name: 'other' });
  });

  it('takes all answers of one catalogue together, in their order', async () => {
    const hashOf = async (...answers: ReferenceStars[]) => (await asked(...answers)).map(({ sha256 }) => sha256);
    const both = await hashOf(stars(18), stars(19));
    expect(both).toHaveLength(1);
    expect(await hashOf(stars(18), stars(19))).toEqual(both);
    expect(await hashOf(stars(19), stars(18))).not.toEqual(both);
  });

  it('says that a catalogue was there and was not asked', async () => {
    const witness = openWitness();
    witness.catalog(catalog());
    expect(await witness.inputs()).toEqual([{ role: 'catalog', name: 'refcat, else other', sha256: null }]);
  });

  it('names templates and ephemerides, and passes on what could not be asked', async () => {
    const said: string[] = [];
    const witness = openWitness((sentence) => void said.push(sentence));
    const template = { name: 'PS1 a.fits', sha256: 'ab' } as Template;
    await witness
      .templates({
        async find({ onTrouble }) {
          onTrouble?.('The first survey is down.');
          return template;
        },
      })
      .find({ raDeg: 1, decDeg: 2, radiusDeg: 0.1, filter: 'r', unit: 'a' });
    await witness.minorPlanets({ cone: async () => [] }).cone({ raDeg: 1, decDeg: 2, radiusDeg: 0.1, mjdUtc: 61000 });
    expect(await witness.inputs()).toEqual([
      { role: 'template', name: 'PS1 a.fits', sha256: 'ab' },
      { role: 'ephemerides', name: 'minor planets', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(said).toEqual(['The first survey is down.']);
  });
});
