import { defineModule, input, metric, number, output, type ReferenceStars } from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';
import { type BodiesInField, findCandidates } from '../candidates/index.ts';
import { buildSummary, countOf } from './build-summary.ts';
import { lightOfChanges } from './light-of-changes.ts';
import { summaryPage } from './page.ts';

/** Finds the candidates of a unit and writes what a scientist reads: JSON first, and a page made of it. */
export const summary = defineModule({
  name: 'summary',
  code: 'SU',
  version: '1.1.0',
  title: 'Summary',
  summary: 'Ranks the candidates of a unit and writes candidates.json, summary.json and a page that works offline.',
  iniLabel: 'Summary',
  unitOfWork: 'unit',

  inputs: {
    unit: input('unit', 'Frames of one target, camera and filter.'),
    alignment: input('alignment', 'How they lie on the sky.'),
    stacks: input('stacks', 'Their stack.', 'electron/s'),
    photometry: input('photometry', 'Sources, calibration and forced fluxes.'),
    difference: input('difference', 'Stack minus template.', 'electron/s'),
    referenceCatalog: input('referenceCatalog', 'What is known of this sky.'),
    minorPlanets: input('minorPlanets', 'Ephemerides of minor planets.'),
    origin: input('origin', 'Provenance.'),
  },
  parameters: {
    detect_snr: number('Least significance of a candidate on stack or difference.', { unit: 'sigma', default: 5, above: 0 }),
    alert_radius: number('Radius of the alert where the alert says none.', { unit: 'deg', default: 0.03, above: 0 }),
    false_alarm: number('Accepted chance that any steady source of the field is called variable.', {
      unit: '1',
      default: 0.01,
      above: 0,
      atMost: 0.5,
    }),
    max_motion: number('Fastest motion that is looked for between frames.', { unit: 'arcsec/h', default: 1800, above: 0 }),
    most_candidates: number('Candidates kept in full; the rest is listed with its rank.', {
      unit: '1',
      default: 200,
      atLeast: 1,
    }),
    catalog_limit: number('Most catalogue entries asked for, the brightest first.', { unit: '1', default: 50000, atLeast: 10 }),
    chart_size: number('Largest side of the finding chart.', { unit: 'pixel', default: 640, atLeast: 100, atMost: 1200 }),
    cutout_size: number('Side of the cut-outs.', { unit: 'pixel', default: 63, atLeast: 15, atMost: 201 }),
    most_cutouts: number('Candidates with cut-outs, the best first.', { unit: '1', default: 24, atLeast: 0, atMost: 60 }),
  },
  outputs: {
    files: output('files', 'candidates.json, summary.json and summary.html.', { level: 'L2' }),
  },
  metrics: {
    candidateCount: metric('Sources in no catalogue that are neither artefacts, known bodies nor beyond its depth.', {
      unit: 'sources',
      card: 'SUNCAND',
      field: 'candidateCount',
    }),
  },

  async run({ unit, alignment, stacks, photometry, difference, referenceCatalog, minorPlanets, origin }, parameters, context) {
    const { stack } = stacks;
    const warnings: string[] = [];
    const warn = (sentence: string) => {
      warnings.push(sentence);
      context.warn(sentence);
    };
    const [raDeg, decDeg] = stack.wcs.pixelToSky((stack.width - 1) / 2, (stack.height - 1) / 2);
    const { pixelScaleArcsec } = localGeometry(stack.wcs, stack.width / 2, stack.height / 2);
    const radiusDeg = (Math.hypot(stack.width, stack.height) * pixelScaleArcsec) / 7200 + 0.01;
    let stars: ReferenceStars | null = null;
    if (referenceCatalog) stars = await referenceCatalog.cone(raDeg, decDeg, radiusDeg, parameters.catalog_limit);
    if (!stars || stars.count === 0)
      warn('No reference catalogue covers the field: nothing can be said to be new, only what moves or varies.');
    const bodies = await bodiesAround({ raDeg, decDeg, radiusDeg, mjdUtc: stack.midMjdUtc });
    if (bodies.failure !== null) warn(`Minor planets were not checked: ${bodies.failure}`);

    const found = findCandidates(
      { unit, alignment, stack, photometry, difference, stars, bodies },
      {
        leastSnr: parameters.detect_snr,
        alertRadiusDeg: parameters.alert_radius,
        mostFalseAlarm: parameters.false_alarm,
        fastestArcsecH: parameters.max_motion,
        most: parameters.most_candidates,
      },
    );
    const candidates = await lightOfChanges(found.list, { unit, alignment, stack, photometry, difference }, context.compute);
    const document = buildSummary(
      {
        unit,
        alignment,
        stacks,
        photometry,
        difference,
        stars,
        candidates,
        variability: found.variability,
        origin,
        isFinal: context.isFinal,
        waitsForDifference: context.postponed?.includes('subtraction') ?? false,
        warnings,
      },
      {
        chartPix: parameters.chart_size,
        cutoutPix: parameters.cutout_size,
        mostCutouts: parameters.most_cutouts,
        mostRows: 100,
      },
    );
    context.info(
      `${candidates.candidates.length} candidates, ${candidates.rejected.length} set aside with a reason. ${document.verdict.sentence}`,
    );
    return {
      outputs: {
        files: new Map<string, string>([
          ['candidates.json', `${JSON.stringify(candidates, asWritten, 1)}\n`],
          ['summary.json', `${JSON.stringify(document, asWritten)}\n`],
          ['summary.html', summaryPage(document)],
        ]),
      },
      metrics: { candidateCount: countOf(candidates) },
    };

    async function bodiesAround(query: {
      raDeg: number;
      decDeg: number;
      radiusDeg: number;
      mjdUtc: number;
    }): Promise<BodiesInField> {
      const { mjdUtc } = query;
      if (!minorPlanets) return { mjdUtc, bodies: [], asked: false, failure: null };
      try {
        return { mjdUtc, bodies: await minorPlanets.cone(query), asked: true, failure: null };
      } catch (error) {
        // The page is worth more than the check; that it is missing is said on the page, in the JSON and on the board.
        return { mjdUtc, bodies: [], asked: true, failure: (error as Error).message };
      }
    }
  },
});

/** JSON knows no NaN: what is not known is null. Places and times keep 13 digits, all else 7: more would be noise. */
function asWritten(key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) return null;
  if (Number.isInteger(value)) return value;
  return Number(value.toPrecision(/Deg$|Mjd|^mjd|midMjdUtc/.test(key) ? 13 : 7));
}
