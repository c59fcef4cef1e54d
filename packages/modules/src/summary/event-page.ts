import type { Candidate, EventSummary, UnitSummary } from '@colibri/contracts';
import { formatDec, formatRa } from '@colibri/sky';
import { findingChart, positionText, triptych } from './charts.ts';
import { figure, numbers } from './figure.ts';
import { escapeHtml, fixed, instant, MISSING, sinceTrigger, withError } from './format.ts';
import { type LightSeries, lightCurvePlot } from './light-plots.ts';
import { WAVELENGTH_NM } from './merge-candidates.ts';
import { document } from './page.ts';
import { filterColour, filterMarker } from './page-style.ts';
import { type Mark, plot } from './svg.ts';

type Place = EventSummary['candidates'][number];
/** A place with the candidates of its units. */
interface Shown {
  readonly place: Place;
  readonly best: Candidate;
  readonly byFilter: ReadonlyMap<string, Candidate>;
}

/**
 * One page of a target over its filters: the answer, and for each place the SED, the light curves of all bands in one plot and the redshift.
 *
 * @param event - what `mergeEvent` said of them
 * @param summaries - of the same units, in the same order
 * @param link - from this page to that of a unit
 */
export function eventPage(
  event: EventSummary,
  summaries: readonly UnitSummary[],
  link: (summary: UnitSummary) => string = ({ camera, filter }) => `${camera}/${filter}/summary.html`,
): string {
  const shown = event.candidates.map((place): Shown => {
    const byFilter = new Map(
      summaries.flatMap(({ filter, candidates }) => {
        const found = candidates.candidates.find(({ name }) => name === place.names[filter]);
        return found ? [[filter, found] as const] : [];
      }),
    );
    const best = [...byFilter.values()].find(({ name }) => name === place.name) ?? [...byFilter.values()][0]!;
    return { place, best, byFilter };
  });
  const answered =
    shown.find(
      ({ best: { class: kind }, place: { score } }) => (kind === 'afterglow candidate' || kind === 'transient') && score >= 0.5,
    ) ?? null;
  const filters = summaries.map(({ filter }) => filter);
  const state = event.isFinal
    ? '<span class="tag ok">final</span>'
    : '<span class="tag watch">first look: frames still arrive</span>';
  const head = `<p class="eyebrow">COLIBRI GP1 · night ${escapeHtml(event.nightId)} · <span class="asis">${filters.map(escapeHtml).join(' ')}</span> ${state}</p><h1>${escapeHtml(event.target)} in ${filters.length} filter${filters.length === 1 ? '' : 's'}</h1><p class="small soft">from ${instant(event.startedAt)}${event.triggeredAt ? ` · trigger ${instant(event.triggeredAt)}` : ''}</p>`;
  const sections = shown.slice(0, 12).map((one, k) => candidateSection(summaries, one, k));
  return document(`${event.target} · ${filters.join(' ')} · ${event.nightId}`, [
    head,
    answer(summaries, answered),
    bandTable(summaries, answered, link),
    chart(summaries),
    `<section><h2>${shown.length} candidate${shown.length === 1 ? '' : 's'} over all filters</h2>${sections.join('')}</section>`,
    shown.length > 12 ? restTable(summaries, shown.slice(12)) : '',
    provenance(event, summaries),
  ]);
}

/** The deepest filter as the finding chart of all. */
function chart(summaries: readonly UnitSummary[]): string {
  const depth = ({ verdict }: UnitSummary): number => verdict.limitMag5Sigma ?? Number.NEGATIVE_INFINITY;
  const deepest = summaries.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  const { alert, pictures, filter } = deepest;
  const place = alert && alert.x !== null && alert.y !== null ? ([alert.x, alert.y] as const) : null;
  const svg = findingChart(deepest, place);
  return svg === ''
    ? ''
    : `<section><figure class="finder">${svg}<figcaption>${escapeHtml(pictures.chart?.caption ?? '')}, the deepest of all. ${alert ? 'Yellow: the alert. ' : ''}Red: the answer in ${escapeHtml(filter)}. Numbers are ranks in ${escapeHtml(filter)}.</figcaption></figure></section>`;
}

function provenance(event: EventSummary, summaries: readonly UnitSummary[]): string {
  const rows = event.units
    .map(
      ({ unit, sha256 }, k) =>
        `<tr><td class="l">${escapeHtml(unit)}</td><td class="l hash">${escapeHtml(sha256.slice(0, 16))}</td><td class="l">${escapeHtml(summaries[k]!.provenance.software.name)} ${escapeHtml(summaries[k]!.provenance.software.version)}</td><td class="l hash">${escapeHtml(summaries[k]!.provenance.configHash.slice(0, 16))}</td></tr>`,
    )
    .join('');
  const left = event.leftOut.map(({ unit, reason }) => `${escapeHtml(unit)}: ${escapeHtml(reason)}`).join('; ');
  return `<section><h2>Provenance</h2><p class="small">Made of the summary.json of each unit, which leads on to its inputs.${left === '' ? '' : ` Left out: ${left}.`}</p><div class="wide"><table><thead><tr><th class="l">unit</th><th class="l">SHA-256 of summary.json</th><th class="l">software</th><th class="l">configuration</th></tr></thead><tbody>${rows}</tbody></table></div><p class="small soft">Beside this page: event.json (${event.schema}).</p></section>`;
}

const placeText = (candidate: Candidate): string =>
  positionText(formatRa(candidate.raDeg, 3), formatDec(candidate.decDeg, 2), candidate);

function answer(summaries: readonly UnitSummary[], best: Shown | null): string {
  if (!best) {
    const limits = summaries
      .map(({ filter, verdict }) => `${escapeHtml(filter)} &gt; ${fixed(verdict.limitMag5Sigma, 2)}`)
      .join(', ');
    return `<section class="answer limit"><p class="eyebrow">no new source</p><p class="big">${limits} <small>5 σ · AB</small></p></section>`;
  }
  const mags = [...best.byFilter]
    .map(([filter, { mag, magErr }]) => `${escapeHtml(filter)} = ${withError(mag, magErr, 2)}`)
    .join('<br>');
  return `<section class="answer"><p class="eyebrow">${escapeHtml(best.best.class)} · joint score ${fixed(best.place.score, 2)} · in ${best.byFilter.size} of ${summaries.length} filters</p><p class="big">${mags} <small>AB</small></p><p class="place">${placeText(best.best)}</p></section>`;
}

function bandTable(summaries: readonly UnitSummary[], best: Shown | null, link: (summary: UnitSummary) => string): string {
  const rows = summaries
    .map((s) => {
      const found = best?.byFilter.get(s.filter);
      return `<tr><td class="l"><a href="${escapeHtml(link(s))}">${escapeHtml(s.filter)}</a></td><td>${found ? withError(found.mag, found.magErr, 2) : MISSING}</td><td>&gt; ${fixed(s.verdict.limitMag5Sigma, 2)}</td><td>${s.stack.frames}</td><td>${fixed(s.stack.exposureSec, 0)}</td><td>${sinceTrigger(s.midSinceTriggerSec)}</td><td>${fixed(s.stack.fwhmPix * s.stack.scaleArcsec, 2)}</td><td>${s.calibration ? withError(s.calibration.zeroPointMag, s.calibration.zeroPointErrMag, 3) : MISSING}</td><td class="l">${s.calibration ? `${escapeHtml(s.calibration.band)} of ${escapeHtml(s.calibration.catalog)}` : 'none'}</td><td class="l">${s.isFinal ? 'final' : 'first look'}</td></tr>`;
    })
    .join('');
  return `<section><h2>Filters</h2><div class="wide"><table><thead><tr><th class="l">filter</th><th>answer (AB)</th><th>limit (5 σ)</th><th>frames</th><th>exposure (s)</th><th>middle</th><th>FWHM (″)</th><th>zero point (mag)</th><th class="l">calibration</th><th class="l">state</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function candidateSection(summaries: readonly UnitSummary[], { place, best, byFilter }: Shown, k: number): string {
  const series: LightSeries[] = [...byFilter].map(([filter, { light, variability }]) => ({ filter, light, variability }));
  const curves = lightCurvePlot(series, `Light curves of ${best.name}`);
  const strips = summaries
    .flatMap((s) => {
      const candidate = byFilter.get(s.filter);
      const strip = candidate ? triptych(s, candidate) : '';
      return strip === '' ? [] : [`<p class="small"><b>${escapeHtml(s.filter)}</b></p>${strip}`];
    })
    .join('');
  const sed = sedPlot(place) + redshiftPlot(place);
  return `<details class="cand"${k < 2 ? ' open' : ''}><summary><b>${k + 1}</b> <b>${escapeHtml(best.class)}</b> <span>${[...byFilter.keys()].map(escapeHtml).join(' ')}</span> <span class="soft">${escapeHtml(best.name)}</span> <span class="soft">score ${fixed(place.score, 2)}</span></summary><div class="body"><div><p class="place">${placeText(best)}</p><p>${escapeHtml(best.reason)}</p>${strips}</div><div>${curves === '' ? '' : figure('Light curves', curves, 'Dashed: power laws, filter by filter.')}${sed}</div></div></details>`;
}

/** Flux against wavelength, each band at its own time: the table says when. A band without the candidate gives its 3 sigma limit. */
function sedPlot({ fluxes }: Place): string {
  const known = fluxes.filter(({ filter }) => WAVELENGTH_NM[filter] !== undefined);
  if (known.length < 2) return '';
  const marks: Mark[] = known.flatMap(({ filter, fluxMicroJy, errMicroJy, isLimit }): Mark[] => {
    const nm = WAVELENGTH_NM[filter]!;
    const colour = filterColour(filter);
    if (isLimit) return [{ kind: 'limits', x: [nm], y: [3 * errMicroJy], colour }];
    return [
      { kind: 'points', x: [nm], y: [fluxMicroJy], yErr: [errMicroJy], colour, marker: filterMarker(filter), size: 4 },
      { kind: 'label', x: nm, y: fluxMicroJy, text: filter, colour },
    ];
  });
  const rows = known.map(({ filter, fluxMicroJy, errMicroJy, isLimit, midSinceTriggerSec }) => [
    escapeHtml(filter),
    fixed(WAVELENGTH_NM[filter], 0),
    isLimit ? `&lt; ${fixed(3 * errMicroJy, 2)} (3 σ)` : withError(fluxMicroJy, errMicroJy, 2),
    sinceTrigger(midSinceTriggerSec),
  ]);
  return figure(
    'Spectral energy distribution',
    plot({
      title: 'Flux by wavelength',
      x: { label: 'wavelength (nm)', log: true, domain: [380, 1900] },
      y: { label: 'flux (µJy)', log: true },
      marks,
    }),
    'Stack fluxes, each at the middle of its own light; not corrected for Galactic extinction.',
    numbers(['filter', 'λ (nm)', 'flux (µJy)', 'middle'], rows),
  );
}

function redshiftPlot({ photoZ }: Place): string {
  if (!photoZ) return '';
  const { z, density, median, interval90, avMedianMag, betaMedian, above4, highest, bands, detections, epoch, laws } = photoZ;
  const rows = laws.map(({ law, weight, z: best, avMag, beta, chi2 }) => [
    law,
    fixed(weight, 2),
    fixed(best, 2),
    fixed(avMag, 1),
    fixed(beta, 1),
    fixed(chi2, 1),
  ]);
  const limit = highest === null ? '' : ` Seen blueward of the Lyman limit of z = ${fixed(highest, 1)}, so not beyond it.`;
  return figure(
    redshiftTitle(median, interval90),
    plot({
      title: 'Posterior of the redshift',
      x: { label: 'redshift' },
      y: { label: 'posterior density' },
      marks: [{ kind: 'line', x: z, y: density, colour: 'var(--accent)' }],
    }),
    `${detections} detections in ${bands} filters; A<sub>V</sub> ${fixed(avMedianMag, 1)} mag, F ∝ λ<sup>${fixed(betaMedian, 1)}</sup>; above z = 4 with ${fixed(above4, 2)}.${limit} ${epoch}`,
    numbers(['dust', 'weight', 'best z', 'A_V', 'β', 'χ²'], rows),
  );
}

function restTable(summaries: readonly UnitSummary[], rest: readonly Shown[]): string {
  const rows = rest
    .slice(0, 150)
    .map(
      ({ best, byFilter, place }) =>
        `<tr><td class="l">${escapeHtml(best.name)}</td><td class="l">${escapeHtml(best.class)}</td><td>${fixed(place.score, 2)}</td>${summaries.map(({ filter }) => `<td>${fixed(byFilter.get(filter)?.mag, 2)}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<details><summary>${rest.length} more</summary><div class="wide"><table><thead><tr><th class="l">name</th><th class="l">class</th><th>score</th>${summaries.map(({ filter }) => `<th>${escapeHtml(filter)}</th>`).join('')}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

/** A flat posterior from 0 is a limit, not a redshift: its median would say nothing. */
function redshiftTitle(median: number, [low, high]: readonly [number, number]): string {
  return low < 0.1
    ? `Redshift below ${fixed(high, 2)} (95 %)`
    : `Redshift ${fixed(median, 2)} (90 %: ${fixed(low, 2)} to ${fixed(high, 2)})`;
}
