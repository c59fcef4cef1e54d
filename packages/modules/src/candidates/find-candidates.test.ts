import { candidateList } from '@colibri/contracts';
import { separationArcsec } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { type MadeUnit, type MadeUnitSpec, makeUnit } from '../summary/testing.ts';
import { findCandidates } from './find-candidates.ts';
import type { CandidateOptions } from './inputs.ts';

const options: CandidateOptions = { leastSnr: 5, alertRadiusDeg: 0.03, mostFalseAlarm: 0.01, fastestArcsecH: 1800, most: 200 };
const nobody = { mjdUtc: 0, bodies: [], asked: false, failure: null };
const search = (made: MadeUnit, more: Partial<Parameters<typeof findCandidates>[0]> = {}) =>
  findCandidates(
    {
      unit: made.unit,
      alignment: made.alignment,
      stack: made.stacks.stack,
      photometry: made.photometry,
      difference: made.difference,
      stars: made.stars,
      bodies: nobody,
      ...more,
    },
    options,
  ).list;
const make = (spec: Partial<MadeUnitSpec> = {}) => makeUnit({ seed: 1, ...spec });

describe('findCandidates', () => {
  it('puts the fading afterglow first, with its index within 3 sigma of the truth', () => {
    const made = make();
    const list = search(made);
    const [first] = list.candidates;
    expect(first?.source).toBe(made.truth.afterglow);
    expect(first?.class).toBe('afterglow candidate');
    expect(first?.foundOn).toEqual(['stack', 'difference']);
    const law = first!.variability!.powerLaw!;
    expect(Math.abs(law.index + 1)).toBeLessThan(3 * law.indexErr);
    expect(first!.score).toBeGreaterThan(0.95);
    const logit = first!.terms.reduce((sum, term) => sum + term.contribution, 0);
    expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(first!.score, 10);
  });

  it('recognises variable star, moving source and cosmic ray for what they are', () => {
    const made = make();
    const list = search(made);
    expect(list.candidates.find(({ source }) => source === made.truth.variable)?.class).toBe('variable star');
    expect(list.rejected.find(({ source }) => source === made.truth.cosmicRay)?.class).toBe('artefact');
    const moving = list.candidates.filter(({ motion }) => motion !== null);
    expect(moving).toHaveLength(1);
    expect(moving[0]!.class).toBe('moving source');
    expect(moving[0]!.reason).toMatch(/not compared with ephemerides/);
    expect(Math.hypot(moving[0]!.motion!.raRateArcsecH, moving[0]!.motion!.decRateArcsecH)).toBeCloseTo(132, -0.5);
    expect(
      separationArcsec(moving[0]!.raDeg, moving[0]!.decDeg, made.truth.asteroid!.raDeg, made.truth.asteroid!.decDeg),
    ).toBeLessThan(8);
  });

  it('names the minor planet when the ephemeris knows it, and says when the service was silent', async () => {
    const made = make();
    const mjdUtc = made.stacks.stack.midMjdUtc;
    const bodies = await made.minorPlanets.cone({ raDeg: 0, decDeg: 0, radiusDeg: 1, mjdUtc });
    const list = search(made, { bodies: { mjdUtc, bodies, asked: true, failure: null } });
    expect(list.candidates.find(({ motion }) => motion)).toMatchObject({
      class: 'minor planet',
      minorPlanet: { name: '(99999) Madeup' },
    });
    expect(list.minorPlanets.inField).toBe(1);
    const silent = search(made, { bodies: { ...nobody, asked: true, failure: 'no answer' } });
    expect(silent.candidates.find(({ motion }) => motion)?.reason).toMatch(/not compared with ephemerides: no answer/);
    expect(silent.minorPlanets).toEqual({ asked: true, inField: null, failure: 'no answer' });
  });

  it('drops nothing silently: every uncatalogued source is a candidate or rejected with a reason', () => {
    const made = make();
    const list = search(made);
    const { catalogIndex } = made.photometry.sources;
    const told = new Set([...list.candidates, ...list.rejected].map(({ source }) => source));
    for (let i = 0; i < catalogIndex.length; i++) if (catalogIndex[i]! < 0) expect(told.has(i + 1), `source ${i + 1}`).toBe(true);
    for (const { reason } of list.rejected) expect(reason.length).toBeGreaterThan(10);
    expect(list.rejected.filter(({ class: kind }) => kind === 'faint').length).toBeGreaterThan(5);
    expect(list.catalogDepthMag).toBeGreaterThan(21.3);
    expect(list.catalogDepthMag).toBeLessThan(22.7);
  });

  it('does not call steady stars variable: over many fields fewer than one in ten has a false one', () => {
    let wrong = 0;
    for (let seed = 10; seed < 40; seed++) {
      const made = make({ seed, side: 256, stars: 120 });
      const truth = new Set([made.truth.variable, made.truth.afterglow, made.truth.cosmicRay]);
      wrong += search(made).candidates.filter(({ variability, source }) => variability?.isVariable && !truth.has(source)).length;
    }
    expect(wrong).toBeLessThanOrEqual(3);
  });

  it('works without trigger, catalogue, difference and light', () => {
    const made = make({ hasTrigger: false, hasDifference: false });
    const list = search(made);
    const afterglow = list.candidates.find(({ source }) => source === made.truth.afterglow)!;
    expect(afterglow.variability).toMatchObject({ powerLaw: null, isVariable: true });
    expect(afterglow.variability!.slopePerHour).toBeLessThan(0);
    const blind = search(make({ hasDifference: false }), { stars: null });
    expect(blind.candidates.every(({ variability, motion }) => variability?.isVariable || motion)).toBe(true);
    const dark = search({ ...made, photometry: { ...made.photometry, forced: { ...made.photometry.forced, count: 0 } } });
    expect(dark.tested).toBe(0);
  });

  it('writes what its schema allows', () => {
    const list = search(make());
    expect(candidateList.safeParse(JSON.parse(JSON.stringify(list))).error).toBeUndefined();
  });
});
