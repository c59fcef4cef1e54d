import { candidateList, eventSummary, unitSummary } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import type { ModuleContext } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { eventPage } from './event-page.ts';
import { type EventUnit, mergeEvent, unitsByFilter } from './merge-candidates.ts';
import { summaryPage } from './page.ts';
import { summary } from './summary.ts';
import { type MadeUnit, type MadeUnitSpec, makeUnit } from './testing.ts';

const defaults = Object.fromEntries(
  Object.entries(summary.parameters).map(([name, { default: value }]) => [name, value]),
) as Parameters<typeof summary.run>[1];

async function run(made: MadeUnit, more: Partial<Parameters<typeof summary.run>[0]> = {}) {
  const said: string[] = [];
  const context: ModuleContext = {
    compute: {} as Compute,
    info: () => {},
    warn: (sentence) => said.push(sentence),
    kept: new Map(),
    isFinal: true,
  };
  const { outputs, metrics } = await summary.run(
    {
      unit: made.unit,
      alignment: made.alignment,
      stacks: made.stacks,
      photometry: made.photometry,
      difference: made.difference,
      referenceCatalog: made.catalog,
      minorPlanets: made.minorPlanets,
      origin: made.origin,
      ...more,
    },
    defaults,
    context,
  );
  const text = (name: string) => outputs.files.get(name) as string;
  return { said, metrics, files: outputs.files, text, document: unitSummary.parse(JSON.parse(text('summary.json'))) };
}
/** What a reader must not meet, with what stands around it; pictures left out. */
const leaks = (page: string): string[] =>
  [...page.replace(/base64,[^"]*/g, '').matchAll(/.{0,60}(?:NaN|undefined|\[object|Infinity).{0,30}/g)].map(([text]) => text);
const make = (spec: Partial<MadeUnitSpec> = {}) => makeUnit({ seed: 3, ...spec });

describe('summary', () => {
  it('answers first: the afterglow with magnitude, place and times within their errors of the truth', async () => {
    const made = make();
    const { document, metrics, text } = await run(made);
    const truth = made.photometry.sources.columns.count >= 0 ? made.truth.afterglow! - 1 : 0;
    expect(document.verdict.kind).toBe('detection');
    const found = document.candidates.candidates[0]!;
    expect(found.source).toBe(truth + 1);
    expect(document.verdict.candidate).toBe(found.name);
    expect(document.verdict.sentence).toMatch(/^Afterglow candidate: r = 19\.\d+ ± 0\.\d+ between T\+72 s and T\+\d/);
    expect(metrics.candidateCount).toBeGreaterThanOrEqual(1);
    expect(document.metrics.candidateCount).toBe(metrics.candidateCount);
    expect(candidateList.parse(JSON.parse(text('candidates.json'))).candidates[0]!.name).toBe(found.name);
  });

  it('gives the limit where nothing is new, and says what it could not check', async () => {
    const made = make({ afterglow: null, hasDifference: false });
    const silent = { cone: () => Promise.reject(new Error('SkyBoT gave no answer in 3 attempts')) };
    const steady = made.truth.steadyNew - 1;
    made.photometry.sources.catalogIndex[steady] = 0;
    const { document, said } = await run(made, { minorPlanets: silent, difference: null });
    expect(document.verdict).toMatchObject({ kind: 'limit', candidate: null, limitMag5Sigma: 24.2 });
    expect(said).toEqual([expect.stringMatching(/Minor planets were not checked: SkyBoT/)]);
    expect(document.warnings).toContain(said[0]);
    const blind = await run(made, { referenceCatalog: null });
    expect(blind.said[0]).toMatch(/nothing can be said to be new/);
  });

  it('writes the same bytes for the same inputs, and a page that is made of the JSON alone', async () => {
    const first = await run(make());
    const second = await run(make());
    for (const [name, content] of first.files) expect(second.files.get(name) === content, name).toBe(true);
    const page = first.text('summary.html');
    expect(summaryPage(first.document).length).toBe(page.length);
    expect(page.length).toBeLessThan(3_000_000);
  });

  it('asks nothing of the network, and holds every number it cannot show as a dash', async () => {
    const page = (await run(make())).text('summary.html');
    expect(/(?:src|href)="(?:https?:)?\/\//.test(page)).toBe(false);
    expect(/@import|url\((?!#)/.test(page)).toBe(false);
    expect(leaks(page)).toEqual([]);
    const bare = make({ hasTrigger: false, hasDifference: false, asteroid: null });
    const noCalibration = {
      ...bare.photometry,
      calibration: null,
      completeness: [],
      forced: { ...bare.photometry.forced, count: 0 },
    };
    const thin = (await run({ ...bare, photometry: noCalibration }, { origin: { ...bare.origin, latencySec: null } })).text(
      'summary.html',
    );
    expect(leaks(thin)).toEqual([]);
  });

  it('closes every tag that it opens', async () => {
    const page = (await run(make())).text('summary.html');
    const open: string[] = [];
    const lone = new Set(['meta', 'br', 'path', 'rect', 'image', 'circle']);
    for (const [, slash, name, rest] of page.replace(/<style>[\s\S]*?<\/style>/, '').matchAll(/<(\/?)([a-z]\w*)([^>]*)>/g)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!rest!.endsWith('/') && !(lone.has(name!) && name !== 'circle' && name !== 'path')) open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it('does not let a name from outside become markup', async () => {
    const made = make();
    const evil = { ...made.unit, target: '<script>alert(1)</script>' };
    const page = (await run({ ...made, unit: evil })).text('summary.html');
    expect(page.includes('<script>')).toBe(false);
    expect(page.includes('&lt;script&gt;')).toBe(true);
  });
});

describe('the page over filters', () => {
  const unitOf = async (filter: string, change: Partial<MadeUnitSpec> = {}): Promise<EventUnit> => ({
    summary: (await run(make({ filter, ...change }))).document,
    sha256: filter.repeat(64).slice(0, 64),
  });

  it('joins what lies at one place in several filters, and raises its score', async () => {
    const units = unitsByFilter([await unitOf('i'), await unitOf('r')]);
    const event = eventSummary.parse(mergeEvent(units, { photoZ: true }));
    const best = event.candidates[0]!;
    expect(Object.keys(best.names)).toEqual(['r', 'i']);
    for (const { summary } of units.shown) expect(best.score).toBeGreaterThanOrEqual(summary.candidates.candidates[0]!.score);
    expect(best.photoZ, 'two filters say nothing of a redshift').toBeNull();
    const page = eventPage(
      event,
      units.shown.map(({ summary }) => summary),
    );
    expect(page).toContain('929744 in 2 filters');
    expect(page).toContain('in 2 of 2 filters');
    const links = [...page.matchAll(/href="(C\d\/[ri]\/summary\.html)"/g)].map(([, href]) => href!.split('/')[1]);
    expect(links).toEqual(['r', 'i']);
    expect(leaks(page)).toEqual([]);
  });

  it('estimates a redshift from four filters or more, only when asked to, and shows it', async () => {
    const units = unitsByFilter(await Promise.all(['g', 'r', 'i', 'z'].map((filter) => unitOf(filter))));
    expect(mergeEvent(units, { photoZ: false }).candidates.every(({ photoZ }) => photoZ === null)).toBe(true);
    const event = eventSummary.parse(mergeEvent(units, { photoZ: true }));
    const { photoZ } = event.candidates[0]!;
    expect(photoZ!.detections).toBe(4);
    expect(photoZ!.density.reduce((sum, p) => sum + p, 0) * (photoZ!.z[1]! - photoZ!.z[0]!)).toBeCloseTo(1, 2);
    // Light in g forbids the far universe: a flat spectrum from g to z is no drop-out.
    expect(photoZ!.highest!).toBeLessThan(6);
    expect(photoZ!.interval90[1]).toBeLessThanOrEqual(photoZ!.highest! + 0.05);
    const page = eventPage(
      event,
      units.shown.map(({ summary }) => summary),
    );
    expect(page).toMatch(/Redshift (below \d\.\d+ \(95 %\)|\d\.\d+ \(90 %)/);
    expect(leaks(page)).toEqual([]);
  });

  it('takes the deeper of two cameras with one filter', async () => {
    const [a, b] = [await unitOf('r'), await unitOf('r')];
    const deeper = { ...b, summary: { ...b.summary, unit: 'x', verdict: { ...b.summary.verdict, limitMag5Sigma: 30 } } };
    const { shown, leftOut } = unitsByFilter([a, deeper]);
    expect(shown.map(({ summary }) => summary.unit)).toEqual(['x']);
    expect(leftOut).toEqual([expect.objectContaining({ unit: a.summary.unit, reason: 'another camera is deeper in r' })]);
  });
});
