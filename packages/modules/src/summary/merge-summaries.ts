import type { Candidate, UnitSummary } from '@colibri/contracts';
import { formatDec, formatRa, separationArcsec } from '@colibri/sky';
import { positionText, triptych } from './charts.ts';
import { escapeHtml, fixed, instant, MISSING, sinceTrigger, withError } from './format.ts';
import { document } from './page.ts';
import { filterColour, filterMarker } from './page-style.ts';
import { figure, type LightSeries, lightCurvePlot, numbers } from './plots.ts';
import { type Mark, plot } from './svg.ts';

/** Effective wavelengths of COLIBRI's filters [nm], for the order and the axis of an SED only. */
const WAVELENGTH_NM: Readonly<Record<string, number>> = {
  B: 440,
  g: 480,
  gri: 620,
  r: 620,
  w: 620,
  i: 760,
  z: 890,
  zy: 920,
  y: 980,
  J: 1250,
  H: 1640,
};

/** One place seen in several filters. */
export interface MergedCandidate {
  readonly best: Candidate;
  readonly byFilter: ReadonlyMap<string, Candidate>;
  /** Highest score, raised where several filters agree: 1 − Π(1 − score). */
  readonly score: number;
}

/** Two candidates closer than this are one, errors added [arcsec]. */
const SAME_ARCSEC = 1;

/** Joins the candidates of several filters by place; those of the highest joint score first. Known kinds, and what is fainter than the catalogue, keep the highest of their scores. */
export function mergeCandidates(summaries: readonly UnitSummary[]): MergedCandidate[] {
  const groups: { filter: string; candidate: Candidate }[][] = [];
  for (const { filter, candidates } of summaries) {
    for (const candidate of candidates.candidates) {
      const group = groups.find(
        (members) =>
          !members.some((member) => member.filter === filter) &&
          members.some(
            (member) =>
              separationArcsec(member.candidate.raDeg, member.candidate.decDeg, candidate.raDeg, candidate.decDeg) <=
              Math.hypot(SAME_ARCSEC, 3 * (member.candidate.errArcsec ?? 0.3), 3 * (candidate.errArcsec ?? 0.3)),
          ),
      );
      if (group) group.push({ filter, candidate });
      else groups.push([{ filter, candidate }]);
    }
  }
  return groups
    .map((members) => {
      const best = members.reduce((a, b) => (b.candidate.score > a.candidate.score ? b : a)).candidate;
      const score =
        best.score <= 0.05 || best.class === 'faint'
          ? best.score
          : 1 - members.reduce((product, { candidate }) => product * (1 - candidate.score), 1);
      return { best, byFilter: new Map(members.map(({ filter, candidate }) => [filter, candidate])), score };
    })
    .sort((a, b) => b.score - a.score || (a.best.name < b.best.name ? -1 : 1));
}

/**
 * One page of the summaries of one target in several filters: the answer, an SED and the light curves of all bands in one plot for each place.
 *
 * @param summaries - of one target, each filter once; links go to `<FILTER>/summary.html` unless `link` says otherwise
 */
export function mergeSummaries(
  summaries: readonly UnitSummary[],
  link: (summary: UnitSummary) => string = ({ filter }) => `${filter}/summary.html`,
): string {
  const ordered = summaries.toSorted(
    (a, b) => (WAVELENGTH_NM[a.filter] ?? 1e4) - (WAVELENGTH_NM[b.filter] ?? 1e4) || (a.filter < b.filter ? -1 : 1),
  );
  const [first] = ordered;
  if (!first) return document('No summaries', ['<h1>No filter has a summary yet</h1>']);
  const merged = mergeCandidates(ordered);
  const best =
    merged.find(({ best: { class: kind }, score }) => (kind === 'afterglow candidate' || kind === 'transient') && score >= 0.5) ??
    null;
  const filters = ordered.map(({ filter }) => filter);
  const start = ordered.map(({ startedAt }) => startedAt).sort()[0]!;
  const head = `<p class="eyebrow">COLIBRI GP1 · night ${escapeHtml(first.nightId)} · ${filters.map(escapeHtml).join(' ')}</p><h1>${escapeHtml(first.target)} in ${filters.length} filter${filters.length === 1 ? '' : 's'}</h1><p class="small soft">from ${instant(start)}${first.triggeredAt ? ` · trigger ${instant(first.triggeredAt)}` : ''}</p>`;
  const sections = merged.slice(0, 12).map((candidate, k) => candidateSection(ordered, candidate, k));
  return document(`${first.target} · ${filters.join(' ')} · ${first.nightId}`, [
    head,
    answer(ordered, best),
    bandTable(ordered, best, link),
    `<section><h2>${merged.length} candidate${merged.length === 1 ? '' : 's'} over all filters</h2>${sections.join('')}</section>`,
    merged.length > 12 ? restTable(ordered, merged.slice(12)) : '',
    `<section><h2>Provenance</h2>${ordered.map((s) => `<p class="small"><b>${escapeHtml(s.filter)}</b> ${escapeHtml(s.provenance.software.name)} ${escapeHtml(s.provenance.software.version)}, configuration <span class="hash">${escapeHtml(s.provenance.configHash.slice(0, 16))}</span></p><pre>${escapeHtml(s.provenance.replay)}</pre>`).join('')}</section>`,
  ]);
}

const place = (candidate: Candidate): string =>
  positionText(formatRa(candidate.raDeg, 3), formatDec(candidate.decDeg, 2), candidate);

function answer(summaries: readonly UnitSummary[], best: MergedCandidate | null): string {
  if (!best) {
    const limits = summaries
      .map(({ filter, verdict }) => `${escapeHtml(filter)} &gt; ${fixed(verdict.limitMag5Sigma, 2)}`)
      .join(', ');
    return `<section class="answer limit"><p class="eyebrow">no new source</p><p class="big">${limits} <small>5 σ · AB</small></p></section>`;
  }
  const mags = [...best.byFilter]
    .map(([filter, { mag, magErr }]) => `${escapeHtml(filter)} = ${withError(mag, magErr, 2)}`)
    .join('<br>');
  return `<section class="answer"><p class="eyebrow">${escapeHtml(best.best.class)} · joint score ${fixed(best.score, 2)} · in ${best.byFilter.size} of ${summaries.length} filters</p><p class="big">${mags} <small>AB</small></p><p class="place">${place(best.best)}</p></section>`;
}

function bandTable(
  summaries: readonly UnitSummary[],
  best: MergedCandidate | null,
  link: (summary: UnitSummary) => string,
): string {
  const rows = summaries
    .map((s) => {
      const found = best?.byFilter.get(s.filter);
      return `<tr><td class="l"><a href="${escapeHtml(link(s))}">${escapeHtml(s.filter)}</a></td><td>${found ? withError(found.mag, found.magErr, 2) : MISSING}</td><td>&gt; ${fixed(s.verdict.limitMag5Sigma, 2)}</td><td>${s.stack.frames}</td><td>${fixed(s.stack.exposureSec, 0)}</td><td>${sinceTrigger(s.midSinceTriggerSec)}</td><td>${fixed(s.stack.fwhmPix * s.stack.scaleArcsec, 2)}</td><td>${s.calibration ? withError(s.calibration.zeroPointMag, s.calibration.zeroPointErrMag, 3) : MISSING}</td><td class="l">${s.calibration ? `${escapeHtml(s.calibration.band)} of ${escapeHtml(s.calibration.catalog)}` : 'none'}</td><td class="l">${s.isFinal ? 'final' : 'first look'}</td></tr>`;
    })
    .join('');
  return `<section><h2>Filters</h2><div class="wide"><table><thead><tr><th class="l">filter</th><th>answer (AB)</th><th>limit (5 σ)</th><th>frames</th><th>exposure (s)</th><th>middle</th><th>FWHM (″)</th><th>zero point (mag)</th><th class="l">calibration</th><th class="l">state</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function candidateSection(summaries: readonly UnitSummary[], { best, byFilter, score }: MergedCandidate, k: number): string {
  const series: LightSeries[] = [...byFilter].map(([filter, { light, variability }]) => ({ filter, light, variability }));
  const curves = lightCurvePlot(series, `Light curves of ${best.name}`);
  const strips = summaries
    .flatMap((s) => {
      const candidate = byFilter.get(s.filter);
      const strip = candidate ? triptych(s, candidate) : '';
      return strip === '' ? [] : [`<p class="small"><b>${escapeHtml(s.filter)}</b></p>${strip}`];
    })
    .join('');
  const sed = sedPlot(summaries, byFilter);
  return `<details class="cand"${k < 2 ? ' open' : ''}><summary><b>${k + 1}</b> <b>${escapeHtml(best.class)}</b> <span>${[...byFilter.keys()].map(escapeHtml).join(' ')}</span> <span class="soft">${escapeHtml(best.name)}</span> <span class="soft">score ${fixed(score, 2)}</span></summary><div class="body"><div><p class="place">${place(best)}</p><p>${escapeHtml(best.reason)}</p>${strips}</div><div>${curves === '' ? '' : figure('Light curves', curves, 'Dashed: power laws, filter by filter.')}${sed}</div></div></details>`;
}

/** Flux against wavelength, each band at its own time: the table says when. A band without the candidate gives its 3 sigma limit. */
function sedPlot(summaries: readonly UnitSummary[], byFilter: ReadonlyMap<string, Candidate>): string {
  const known = summaries.filter(({ filter }) => WAVELENGTH_NM[filter] !== undefined);
  if (known.length < 2) return '';
  const marks: Mark[] = known.flatMap((s): Mark[] => {
    const nm = WAVELENGTH_NM[s.filter]!;
    const found = byFilter.get(s.filter);
    const colour = filterColour(s.filter);
    if (found && found.mag !== null) {
      const flux = 10 ** (-0.4 * (found.mag - 23.9));
      return [
        {
          kind: 'points',
          x: [nm],
          y: [flux],
          yErr: [(flux * (found.magErr ?? 0)) / 1.0857],
          colour,
          marker: filterMarker(s.filter),
          size: 4,
        },
        { kind: 'label', x: nm, y: flux, text: s.filter, colour },
      ];
    }
    const limit = s.verdict.limitMag3Sigma;
    return limit === null ? [] : [{ kind: 'limits', x: [nm], y: [10 ** (-0.4 * (limit - 23.9))], colour }];
  });
  const rows = known.map((s) => {
    const found = byFilter.get(s.filter);
    return [
      escapeHtml(s.filter),
      fixed(WAVELENGTH_NM[s.filter], 0),
      found ? withError(found.mag, found.magErr, 2) : `> ${fixed(s.verdict.limitMag3Sigma, 2)} (3 σ)`,
      sinceTrigger(s.midSinceTriggerSec),
    ];
  });
  return figure(
    'Spectral energy distribution',
    plot({
      title: 'Flux by wavelength',
      x: { label: 'wavelength (nm)', log: true, domain: [380, 1900] },
      y: { label: 'flux (µJy)', log: true },
      marks,
    }),
    'Stack fluxes, each at the middle of its own light; not corrected for Galactic extinction.',
    numbers(['filter', 'λ (nm)', 'mag (AB)', 'middle'], rows),
  );
}

function restTable(summaries: readonly UnitSummary[], rest: readonly MergedCandidate[]): string {
  const rows = rest
    .slice(0, 150)
    .map(
      ({ best, byFilter, score }) =>
        `<tr><td class="l">${escapeHtml(best.name)}</td><td class="l">${escapeHtml(best.class)}</td><td>${fixed(score, 2)}</td>${summaries.map(({ filter }) => `<td>${fixed(byFilter.get(filter)?.mag, 2)}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<details><summary>${rest.length} more</summary><div class="wide"><table><thead><tr><th class="l">name</th><th class="l">class</th><th>score</th>${summaries.map(({ filter }) => `<th>${escapeHtml(filter)}</th>`).join('')}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
