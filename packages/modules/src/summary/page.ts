import type { Candidate, UnitSummary } from '@colibri/contracts';
import { formatDec, formatRa } from '@colibri/sky';
import { astrometryPlot, calibrationPlots, scatterPlot } from './calibration-plots.ts';
import { findingChart, positionText, triptych } from './charts.ts';
import { chanceText, clock, duration, escapeHtml, fixed, instant, MISSING, sinceTrigger, withError } from './format.ts';
import { framesPlots, sensitivityPlots } from './frame-plots.ts';
import { lightCurvePlot, lightCurveTable, variabilityPlot } from './light-plots.ts';
import { pageStyle } from './page-style.ts';

/** Rows that a table of the page shows; the files hold all. */
const MOST_ROWS = 150;
const MOST_CARDS = 40;
/** Cards that are open when the page opens. */
const OPEN_CARDS = 3;

/** The page of a unit, made of its summary alone: one file, no network, the answer first. */
export function summaryPage(summary: UnitSummary): string {
  const title = `${summary.target} · ${summary.camera} · ${summary.filter} · ${summary.nightId}`;
  return document(title, [
    header(summary),
    answer(summary),
    warnings(summary.warnings),
    chartAndFacts(summary),
    newSources(summary),
    cataloguedSources(summary),
    sensitivity(summary),
    frames(summary),
    provenance(summary),
  ]);
}

/** A whole page of these parts. */
export function document(title: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${pageStyle}</style></head>
<body><main>
${parts.filter((part) => part !== '').join('\n')}
</main></body></html>
`;
}

function header(s: UnitSummary): string {
  const state = s.isFinal
    ? '<span class="tag ok">final</span>'
    : '<span class="tag watch">first look: frames still arrive</span>';
  const trigger = s.triggeredAt ? ` · trigger ${instant(s.triggeredAt)}` : '';
  return `<p class="eyebrow">COLIBRI GP1 · night ${escapeHtml(s.nightId)} · camera <span class="asis">${escapeHtml(s.camera)}</span> ${state}</p>
<h1>${escapeHtml(s.target)} in ${escapeHtml(s.filter)}</h1>
<p class="small soft">${instant(s.startedAt)} – ${clock(s.endedAt)} UT${trigger} · ${s.stack.frames} frames, ${duration(s.stack.exposureSec)} of exposure${s.eventPage ? ` · <a class="noprint" href="${escapeHtml(s.eventPage)}">all filters of ${escapeHtml(s.target)}</a>` : ''}</p>`;
}

export const placeOf = (candidate: Pick<Candidate, 'raDeg' | 'decDeg' | 'errArcsec'>): string =>
  positionText(formatRa(candidate.raDeg, 3), formatDec(candidate.decDeg, 2), candidate);

function answer(s: UnitSummary): string {
  const { verdict } = s;
  const found = s.candidates.candidates.find(({ name }) => name === verdict.candidate);
  const system = `AB, band ${escapeHtml(verdict.band)}${verdict.catalog ? ` by ${escapeHtml(verdict.catalog)}` : ', no zero point'}`;
  const interval =
    s.startSinceTriggerSec !== null && s.endSinceTriggerSec !== null
      ? `from ${sinceTrigger(s.startSinceTriggerSec)} to ${sinceTrigger(s.endSinceTriggerSec)}`
      : `${instant(s.startedAt)} to ${clock(s.endedAt)} UT`;
  const limits =
    verdict.limitMag5Sigma === null
      ? ''
      : `Limit of the stack ${escapeHtml(s.filter)} &gt; ${fixed(verdict.limitMag5Sigma, 2)} (5 σ), &gt; ${fixed(verdict.limitMag3Sigma, 2)} (3 σ).`;
  if (!found) {
    const big =
      verdict.limitMag5Sigma === null
        ? 'no magnitude'
        : `${escapeHtml(s.filter)} &gt; ${fixed(verdict.limitMag5Sigma, 2)} <small>5 σ · ${system}</small>`;
    return `<section class="answer limit" id="answer"><p class="eyebrow">${verdict.kind === 'limit' ? 'no new source' : 'nothing measured'}</p><p class="big">${big}</p><p>${escapeHtml(verdict.sentence)}</p></section>`;
  }
  const law = found.variability?.isVariable ? found.variability.powerLaw : null;
  const fade = law ? ` F ∝ t<sup>s</sup>, s = ${withError(law.index, law.indexErr)}.` : '';
  const far =
    found.alertArcsec === null
      ? ''
      : ` ${fixed(found.alertArcsec, 1)}″ from the alert${found.isInAlertCircle ? ', inside its circle' : ''}.`;
  return `<section class="answer" id="answer"><p class="eyebrow">${escapeHtml(found.class)} · score ${fixed(found.score, 2)}</p>
<p class="big">${escapeHtml(s.filter)} = ${withError(found.mag, found.magErr, 2)} <small>${system}</small></p>
<p class="place">${placeOf(found)}</p>
<p>${interval}.${fade} ${detections(found)}.${far}</p><p class="small soft">${limits}</p></section>`;
}

const detections = ({ detectedFrames, frames: all, snr }: Candidate): string =>
  `S/N ${fixed(snr, 0)}, seen in ${detectedFrames} of ${all} frames`;

const warnings = (sentences: readonly string[]): string =>
  sentences.map((sentence) => `<p class="warn">${escapeHtml(sentence)}</p>`).join('');

function chartAndFacts(s: UnitSummary): string {
  const { calibration: c, astrometry: a, difference: d } = s;
  const place = s.alert && s.alert.x !== null && s.alert.y !== null ? ([s.alert.x, s.alert.y] as const) : null;
  const chart = findingChart(s, place);
  const key = `${s.alert ? 'Yellow: the alert. ' : ''}Red: the answer. Violet: other candidates. Green: variable or moving.`;
  const best = s.candidates.candidates.find(({ name }) => name === s.verdict.candidate);
  const change = s.pictures.difference
    ? `<figure><h3>Difference</h3><svg class="chart" viewBox="0 0 ${s.pictures.difference.width} ${s.pictures.difference.height}" role="img" aria-label="Difference image"><image class="pix" href="data:image/png;base64,${s.pictures.difference.png}" width="${s.pictures.difference.width}" height="${s.pictures.difference.height}"/></svg><figcaption>${escapeHtml(s.pictures.difference.caption)}; template ${escapeHtml(d?.template ?? '')} (${escapeHtml(d?.origin ?? '')}).</figcaption></figure>`
    : '';
  const facts = [
    ['frames in the stack', `${s.stack.frames} of ${s.frames.length}`],
    ['exposure', duration(s.stack.exposureSec)],
    ['middle of the light', s.midSinceTriggerSec === null ? `MJD ${s.midMjdUtc.toFixed(5)}` : sinceTrigger(s.midSinceTriggerSec)],
    ['FWHM', `${fixed(s.stack.fwhmPix * s.stack.scaleArcsec, 2)}″`],
    ['zero point', c ? `${withError(c.zeroPointMag, c.zeroPointErrMag, 3)} mag` : 'none'],
    ['calibrated against', c ? `${escapeHtml(c.band)} of ${escapeHtml(c.catalog)}, ${c.stars} stars` : MISSING],
    ['limit (5 σ)', s.verdict.limitMag5Sigma === null ? MISSING : `${fixed(s.verdict.limitMag5Sigma, 2)} mag`],
    ['astrometry', a.rmsArcsec ? `${fixed((1000 * Math.hypot(...a.rmsArcsec)) / Math.SQRT2, 0)} mas rms` : MISSING],
    ['template', d ? escapeHtml(d.origin) : /waits/.test(s.differenceNote ?? '') ? 'not yet' : 'none'],
    ...(s.latencySec === null ? [] : [['page after the last frame', duration(s.latencySec)] as const]),
  ]
    .map(([k, v]) => `<div><span class="k">${k}</span><span class="v">${v}</span></div>`)
    .join('');
  const side = best
    ? `<figure><h3>Answer: ${escapeHtml(best.name)}</h3>${triptych(s, best)}${lightCurvePlot([{ filter: s.filter, light: best.light, variability: best.variability }], 'Light curve')}<figcaption>${best.variability?.powerLaw ? 'Dashed: power law fitted in flux.' : ''} Bars across: exposure. Carets: 3 σ limits.</figcaption></figure>`
    : change;
  return `<section><div class="facts">${facts}</div><div class="two"><figure>${chart}<figcaption>${escapeHtml(s.pictures.chart?.caption ?? '')}. ${key} Numbers are ranks.</figcaption></figure><div>${side}</div></div></section>`;
}

function newSources(s: UnitSummary): string {
  const { candidates: list } = s;
  const fresh = list.candidates.filter(({ entry }) => entry === null).length;
  const known = list.candidates.length - fresh;
  const depth =
    list.catalogDepthMag === null ? '' : ` The catalogue knows half of the sources at ${fixed(list.catalogDepthMag, 1)} mag.`;
  const bodies = list.minorPlanets.failure
    ? `Minor planets were not checked: ${escapeHtml(list.minorPlanets.failure)}`
    : list.minorPlanets.asked
      ? `${list.minorPlanets.inField} known minor planet${list.minorPlanets.inField === 1 ? '' : 's'} in the field.`
      : 'No minor planet service is configured; what moves between frames is found all the same.';
  const cards = list.candidates
    .slice(0, MOST_CARDS)
    .map((candidate, k) => candidateCard(s, candidate, k < OPEN_CARDS))
    .join('');
  const more =
    list.candidates.length > MOST_CARDS
      ? `<p class="small soft">${list.candidates.length - MOST_CARDS} more in candidates.json.</p>`
      : '';
  const changes = s.difference
    ? `<p class="small">Difference against ${escapeHtml(s.difference.template)}: ${s.difference.detections} detections, ${s.difference.falsePositives} on the inverted image; residual at stars ${fixed(s.difference.residualAtStars, 2)} σ, on the sky ${fixed(s.difference.residualOnSky, 2)} σ.</p>`
    : `<p class="small">${escapeHtml(s.differenceNote ?? 'No difference image was made.')}</p>`;
  return `<section id="new"><h2>${fresh} source${fresh === 1 ? '' : 's'} not in the catalogue</h2>
<p class="small">${list.catalog ? `Compared with ${escapeHtml(list.catalog)}.` : 'No catalogue was at hand.'}${depth} ${known > 0 ? `${known} catalogued source${known === 1 ? '' : 's'} that changed ${known === 1 ? 'is' : 'are'} in the list as well. ` : ''}${bodies}</p>${changes}
${cards}${more}<div class="plots">${variabilityPlot(s)}${rejectedTable(s)}</div></section>`;
}

function candidateCard(s: UnitSummary, c: Candidate, isOpen: boolean): string {
  const law = c.variability?.powerLaw;
  const rows: [string, string][] = [
    ['position (ICRS)', `<span class="place">${placeOf(c)}</span>`],
    [
      c.source === null ? 'magnitude of the change' : 'magnitude',
      c.mag === null ? MISSING : `${escapeHtml(s.filter)} = ${withError(c.mag, c.magErr, 2)} AB`,
    ],
    ['found on', `${c.foundOn.join(', ')}; ${detections(c)}`],
    [
      'catalogue',
      c.entry
        ? `${c.entry.isStar === false ? 'galaxy' : c.entry.isStar ? 'star' : 'entry'} of ${escapeHtml(c.entry.catalog)}, ${fixed(c.entry.mag, 2)} mag, ${fixed(c.entry.arcsec, 2)}″ away`
        : 'no entry',
    ],
  ];
  if (c.alertArcsec !== null)
    rows.push(['from the alert', `${fixed(c.alertArcsec, 1)}″${c.isInAlertCircle ? ', inside the circle' : ''}`]);
  if (law)
    rows.push([
      'power law',
      `index ${withError(law.index, law.indexErr)}, χ² ${fixed(law.chi2, 1)} for ${c.variability!.points - 2} degrees of freedom; constant ${fixed(c.variability!.chi2Constant, 1)}`,
    ]);
  else if (c.variability)
    rows.push([
      'against a constant',
      `χ² ${fixed(c.variability.chi2Constant, 1)} for ${c.variability.points - 1} degrees of freedom`,
    ]);
  if (c.variability) rows.push(['chance among all', chanceText(c.variability.falseAlarm)]);
  if (c.motion)
    rows.push([
      'motion',
      `${fixed(c.motion.raRateArcsecH, 1)}″/h east, ${fixed(c.motion.decRateArcsecH, 1)}″/h north, ± ${fixed(c.motion.errArcsecH, 1)}; rms ${fixed(c.motion.rmsArcsec, 2)}″ over ${c.motion.frames} frames`,
    ]);
  if (c.minorPlanet)
    rows.push([
      'minor planet',
      `${escapeHtml(c.minorPlanet.name)}, V ${fixed(c.minorPlanet.magV, 1)}, ${fixed(c.minorPlanet.arcsec, 1)}″ away`,
    ]);
  if (c.difference)
    rows.push([
      'on the difference',
      `${fixed(c.difference.snr, 1)} σ, opposite lobe ${fixed(100 * (c.difference.dipole ?? 0), 0)} %, real with ${fixed(c.difference.realBogus, 2)}`,
    ]);
  const change = c.source === null ? c.light.find(({ kind }) => kind === 'difference') : undefined;
  if (change)
    rows.push([
      'the change alone',
      `${fixed(change.fluxMicroJy, 2)} ± ${fixed(change.fluxErrMicroJy, 2)} µJy${change.fluxMicroJy > 0 ? `, ${escapeHtml(s.filter)} = ${withError(23.9 - 2.5 * Math.log10(change.fluxMicroJy), (1.0857 * change.fluxErrMicroJy) / change.fluxMicroJy, 2)} AB` : ''}; fluxes in frames hold all light of the place`,
    ]);
  if (c.hosts.length > 0)
    rows.push([
      'galaxies nearby',
      c.hosts.map((h) => `${fixed(h.arcsec, 1)}″, ${fixed(h.mag, 1)} mag, by chance ${fixed(h.chance, 3)}`).join('<br>'),
    ]);
  const facts = `<table><tbody>${rows.map(([k, v]) => `<tr><td class="l soft">${k}</td><td class="w">${v}</td></tr>`).join('')}</tbody></table>`;
  const most = Math.max(...c.terms.map(({ contribution }) => Math.abs(contribution)), 0.01);
  const terms = c.terms
    .map(
      ({ name, value, contribution, share }) =>
        `<tr><td class="l">${escapeHtml(name)}</td><td>${fixed(contribution, 2)}</td><td class="l"><span class="bar${contribution < 0 ? ' neg' : ''}" style="width:${Math.round((58 * Math.abs(contribution)) / most)}px"></span> ${fixed(100 * share, 0)} %</td><td class="w">${escapeHtml(value)}</td></tr>`,
    )
    .join('');
  const isAnswer = c.name === s.verdict.candidate;
  const curve = isAnswer
    ? ''
    : lightCurvePlot([{ filter: s.filter, light: c.light, variability: c.variability }], `Light curve of ${c.name}`);
  const strip = isAnswer ? '' : triptych(s, c);
  const magnitude = c.mag === null ? '' : `${escapeHtml(s.filter)} ${fixed(c.mag, 2)}`;
  return `<details class="cand" id="c${c.rank}"${isOpen ? ' open' : ''}><summary><b>${c.rank}</b> <b>${escapeHtml(c.class)}</b> <span>${magnitude}</span> <span class="soft">${escapeHtml(c.name)}</span> <span class="soft">score ${fixed(c.score, 2)}</span></summary>
<div class="body"><div>${strip}<p>${escapeHtml(c.reason)}</p><div class="wide">${facts}</div></div><div>${curve}${lightCurveTable(c.light)}<h3>Score: what it is made of</h3><div class="wide"><table class="terms"><tbody>${terms}</tbody></table></div></div></div></details>`;
}

function rejectedTable({ candidates: { rejected } }: UnitSummary): string {
  if (rejected.length === 0) return '';
  const counts = new Map<string, number>();
  for (const { class: kind } of rejected) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const said = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const rows = [...rejected]
    .sort((a, b) => (b.snr ?? 0) - (a.snr ?? 0))
    .slice(0, MOST_ROWS)
    .map(
      (r) =>
        `<tr><td>${r.source ?? MISSING}</td><td>${r.raDeg.toFixed(5)}</td><td>${r.decDeg.toFixed(5).replace('-', '−')}</td><td>${fixed(r.mag, 2)}</td><td>${fixed(r.snr, 1)}</td><td class="w">${escapeHtml(r.reason)}</td></tr>`,
    )
    .join('');
  return `<figure><h3>${rejected.length} detections set aside</h3><p class="small">${said}. Each has its reason; candidates.json holds all.</p><details><summary>The ${Math.min(MOST_ROWS, rejected.length)} most significant</summary><div class="wide"><table><thead><tr><th>source</th><th>RA (°)</th><th>Dec (°)</th><th>mag</th><th>S/N</th><th class="l">reason</th></tr></thead><tbody>${rows}</tbody></table></div></details></figure>`;
}

function cataloguedSources(s: UnitSummary): string {
  const { catalogued, calibration: c } = s;
  const rows = catalogued.rows
    .map(
      (r) =>
        `<tr><td>${r.source}</td><td>${r.raDeg.toFixed(6)}</td><td>${r.decDeg.toFixed(6).replace('-', '−')}</td><td>${fixed(r.mag, 3)}</td><td>${fixed(r.magErr, 3)}</td><td>${fixed(r.catalogMag, 3)}</td><td>${fixed(r.mag !== null && r.catalogMag !== null ? r.mag - r.catalogMag : null, 3)}</td><td>${fixed(r.catalogArcsec, 2)}</td><td>${r.isStar ? 'star' : 'galaxy'}</td><td>${fixed(r.snr, 0)}</td></tr>`,
    )
    .join('');
  const table = `<details><summary>Band photometry of the ${catalogued.rows.length} brightest</summary><div class="wide"><table><thead><tr><th>source</th><th>RA (°)</th><th>Dec (°)</th><th>${escapeHtml(s.filter)} (AB)</th><th>±</th><th>catalogue</th><th>difference</th><th>distance (″)</th><th>kind</th><th>S/N</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
  const sentence = c
    ? `Zero point ${withError(c.zeroPointMag, c.zeroPointErrMag, 3)} mag for 1 e⁻/s by ${c.stars} stars of ${escapeHtml(c.catalog)} (${escapeHtml(c.transformation)}); ${c.colour ? `colour term ${withError(c.colourTerm, c.colourTermErr, 3)} per mag of ${escapeHtml(c.colour)}, ${fixed(c.defaultColourMag, 2)} mag assumed where a source has none` : 'no colour term'}; field of order ${c.spatialOrder}; stars scatter ${fixed(c.intrinsicScatterMag, 3)} mag beyond their errors${c.heldOut ? `; ${c.heldOut.stars} stars held out lie ${fixed(c.heldOut.offsetMag, 3)} mag off with scatter ${fixed(c.heldOut.scatterMag, 3)}` : ''}.${c.note ? ` ${escapeHtml(c.note)}` : ''}`
    : 'No zero point could be fitted: no magnitudes are given.';
  return `<section id="catalogued"><h2>${catalogued.count} catalogued sources</h2><p class="small">${sentence}</p>${table}<div class="plots">${calibrationPlots(s).join('')}${scatterPlot(s)}${astrometryPlot(s)}</div></section>`;
}

function sensitivity(s: UnitSummary): string {
  const plots = sensitivityPlots(s);
  return plots.length === 0
    ? ''
    : `<section id="limits"><h2>Limits</h2><div class="plots three">${plots.join('')}</div></section>`;
}

function frames(s: UnitSummary): string {
  const rows = s.frames
    .map(
      (f) =>
        `<tr${f.accepted ? '' : ' class="out"'}><td class="l">${escapeHtml(f.frameId)}</td><td>${clock(f.startedAt)}</td><td>${sinceTrigger(f.sinceTriggerSec)}</td><td>${fixed(f.exposureSec, 0)}</td><td>${withError(f.transparency, f.transparencyErr, 2)}</td><td>${fixed(f.fwhmArcsec, 2)}</td><td>${withError(f.zeroPointMag, f.zeroPointErrMag, 3)}</td><td>${fixed(f.limitMag5Sigma, 2)}</td><td>${fixed(f.skyElectronPerPixel, 0)}</td><td>${fixed(f.airmass, 2)}</td><td>${f.rmsArcsec ? `${fixed(1000 * f.rmsArcsec[0], 0)} / ${fixed(1000 * f.rmsArcsec[1], 0)}` : MISSING}</td><td>${fixed(f.weight, 3)}</td><td>${f.rejectedPixels ?? MISSING}</td><td class="w">${f.accepted ? 'accepted' : escapeHtml(f.reason ?? 'set aside')}</td></tr>`,
    )
    .join('');
  const left = s.frames.filter(({ accepted }) => !accepted).length;
  return `<section id="frames"><h2>${s.frames.length} frames${left > 0 ? `, ${left} not used` : ''}</h2>${framesPlots(s)}<div class="wide"><table><thead><tr><th class="l">frame</th><th>start (UT)</th><th>middle</th><th>exposure (s)</th><th>transparency</th><th>FWHM (″)</th><th>zero point (mag)</th><th>5 σ limit</th><th>sky (e⁻)</th><th>airmass</th><th>rms (mas)</th><th>weight</th><th>rejected pix</th><th class="l">fate</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

export function provenance({ provenance: p, latencySec, candidates, schema }: UnitSummary): string {
  const modules = Object.entries(p.modules)
    .map(([name, version]) => `${escapeHtml(name)} ${escapeHtml(version)}`)
    .join(' · ');
  const inputs = p.inputs
    .map(
      ({ role, name, sha256 }) =>
        `<tr><td class="l">${escapeHtml(role)}</td><td class="l">${escapeHtml(name)}</td><td class="l hash">${sha256 ? escapeHtml(sha256.slice(0, 16)) : MISSING}</td></tr>`,
    )
    .join('');
  const parameters = Object.entries(p.parameters)
    .flatMap(([module, values]) =>
      Object.entries(values).map(
        ([key, value]) =>
          `<tr><td class="l">${escapeHtml(module)}</td><td class="l">${escapeHtml(key)}</td><td class="l">${escapeHtml(String(value))}</td></tr>`,
      ),
    )
    .join('');
  return `<section id="provenance"><h2>Provenance</h2><p class="small">${escapeHtml(p.software.name)} ${escapeHtml(p.software.version)}, pipeline ${escapeHtml(p.pipeline)}: ${modules}. Configuration <span class="hash">${escapeHtml(p.configHash.slice(0, 16))}</span>. ${latencySec === null ? '' : `Published ${duration(latencySec)} after the newest frame ended. `}${candidates.tested} light curves were tested against ${candidates.referenceStars} steady stars.</p>
<pre>${escapeHtml(p.replay)}</pre>
<details><summary>${p.inputs.length} inputs</summary><div class="wide"><table><thead><tr><th class="l">role</th><th class="l">name</th><th class="l">SHA-256</th></tr></thead><tbody>${inputs}</tbody></table></div></details>
<details><summary>Parameters</summary><div class="wide"><table><thead><tr><th class="l">module</th><th class="l">parameter</th><th class="l">value</th></tr></thead><tbody>${parameters}</tbody></table></div></details>
<p class="small soft">Beside this page: summary.json (${schema}) holds every number of it; candidates.json, stack.cat.fits, forced.fits, stack.fits.fz, difference.fits.fz.</p></section>`;
}
