import type { Candidate, UnitSummary } from '@colibri/contracts';
import { figure, numbers } from './figure.ts';
import { escapeHtml, fixed } from './format.ts';
import { filterColour, filterMarker } from './page-style.ts';
import { type Mark, plot } from './svg.ts';

export interface LightSeries {
  readonly filter: string;
  readonly light: Candidate['light'];
  readonly variability: Candidate['variability'];
}

/** Light curves of one candidate in flux or, where all is bright, magnitudes; limits as carets; the fitted power law as a line. */
export function lightCurvePlot(series: readonly LightSeries[], title: string): string {
  const frames = series.map(({ light, ...rest }) => ({ ...rest, light: light.filter(({ kind }) => kind === 'frame') }));
  const points = frames.flatMap(({ light }) => light);
  if (points.length === 0) return '';
  const hasTrigger = points.every(({ sinceTriggerSec }) => sinceTriggerSec !== null && sinceTriggerSec > 0);
  const first = Math.min(...points.map(({ midMjdUtc }) => midMjdUtc));
  const last = Math.max(...points.map(({ midMjdUtc }) => midMjdUtc));
  const longest = hasTrigger ? Math.max(...points.map(({ sinceTriggerSec }) => sinceTriggerSec!)) : (last - first) * 86400;
  const [unit, divisor] = longest < 7200 ? ['min', 60] : longest < 200000 ? ['h', 3600] : ['d', 86400];
  const timeOf = ({ sinceTriggerSec, midMjdUtc }: (typeof points)[number]) =>
    (hasTrigger ? sinceTriggerSec! : (midMjdUtc - first) * 86400) / divisor;
  const marks: Mark[] = [];
  for (const { filter, light: all, variability } of frames) {
    const light = all.filter(({ isSuspect }) => !isSuspect);
    const colour = filterColour(filter);
    const seen = light.filter(({ fluxMicroJy, fluxErrMicroJy }) => fluxMicroJy >= 3 * fluxErrMicroJy);
    const unseen = light.filter(({ fluxMicroJy, fluxErrMicroJy }) => !(fluxMicroJy >= 3 * fluxErrMicroJy));
    const law = variability?.powerLaw;
    if (law && hasTrigger && light.length > 1) {
      const [from, to] = [light[0]!.sinceTriggerSec!, light.at(-1)!.sinceTriggerSec!];
      const times = Array.from({ length: 40 }, (_, k) => from * (to / from) ** (k / 39));
      marks.push({
        kind: 'line',
        x: times.map((t) => t / divisor),
        y: times.map((t) => magOf(law.fluxMicroJy * (t / law.refSec) ** law.index)),
        colour,
        dash: '5 3',
      });
    }
    marks.push({
      kind: 'points',
      x: seen.map(timeOf),
      y: seen.map(({ fluxMicroJy }) => magOf(fluxMicroJy)),
      yErr: seen.map(({ fluxMicroJy, fluxErrMicroJy, scaleErr }) => 1.0857 * Math.hypot(fluxErrMicroJy / fluxMicroJy, scaleErr)),
      xErr: seen.map(({ exposureSec }) => exposureSec / 2 / divisor),
      marker: filterMarker(filter),
      colour,
      titles: seen.map(
        ({ image, fluxMicroJy, fluxErrMicroJy }) =>
          `${image}: ${fluxMicroJy.toPrecision(4)} ± ${fluxErrMicroJy.toPrecision(2)} µJy`,
      ),
    });
    marks.push({
      kind: 'limits',
      x: unseen.map(timeOf),
      y: unseen.map(({ fluxMicroJy, fluxErrMicroJy }) => magOf(Math.max(0, fluxMicroJy) + 3 * fluxErrMicroJy)),
      colour,
    });
    const doubtful = all.filter(({ isSuspect, fluxMicroJy }) => isSuspect && fluxMicroJy > 0);
    marks.push({
      kind: 'points',
      x: doubtful.map(timeOf),
      y: doubtful.map(({ fluxMicroJy }) => magOf(fluxMicroJy)),
      marker: filterMarker(filter),
      colour,
      isHollow: true,
      titles: doubtful.map(({ image }) => `${image}: masked or saturated pixels, not used in fits`),
    });
    const end = seen.at(-1);
    if (series.length > 1 && end) marks.push({ kind: 'label', x: timeOf(end), y: magOf(end.fluxMicroJy), text: filter, colour });
  }
  const isLog = hasTrigger && last > first;
  return plot({
    title,
    x: { label: hasTrigger ? `time since trigger (${unit})` : `time since first frame (${unit})`, log: isLog },
    y: { label: `${series.length === 1 ? series[0]!.filter : 'brightness'} (AB mag)`, flip: true },
    marks,
  });
}

const magOf = (fluxMicroJy: number): number => (fluxMicroJy > 0 ? 23.9 - 2.5 * Math.log10(fluxMicroJy) : NaN);

export function lightCurveTable(light: Candidate['light']): string {
  return numbers(
    ['image', 'middle (MJD UTC)', 'T−T0 (s)', 'exposure (s)', 'flux (µJy)', '± (µJy)', 'mag (AB)', 'scale error'],
    light.map((p) => [
      escapeHtml(p.image),
      p.midMjdUtc.toFixed(5),
      fixed(p.sinceTriggerSec, 1),
      fixed(p.exposureSec, 0),
      fixed(p.fluxMicroJy, 2),
      fixed(p.fluxErrMicroJy, 2),
      p.fluxMicroJy >= 3 * p.fluxErrMicroJy
        ? `${fixed(magOf(p.fluxMicroJy), 3)} ± ${fixed((1.0857 * p.fluxErrMicroJy) / p.fluxMicroJy, 3)}`
        : `> ${fixed(magOf(Math.max(0, p.fluxMicroJy) + 3 * p.fluxErrMicroJy), 2)} (3 σ)`,
      fixed(p.scaleErr, 4),
    ]),
    'Numbers of the light curve',
  );
}

export function variabilityPlot({ plots, candidates }: UnitSummary): string {
  const { snr, deltaChi2, isCatalogued, names } = plots.variability;
  if (snr.length === 0) return '';
  const pick = (want: boolean) => snr.flatMap((_, i) => (isCatalogued[i] === want ? [i] : []));
  const series = (want: boolean): Mark => {
    const rows = pick(want);
    return {
      kind: 'points',
      x: rows.map((i) => snr[i]!),
      y: rows.map((i) => Math.max(0.01, deltaChi2[i] ?? 0.01)),
      titles: rows.map((i) => names[i] || 'catalogued source'),
      marker: want ? 'circle' : 'diamond',
      colour: want ? 'var(--soft)' : 'var(--found)',
      size: want ? 2 : 4,
      opacity: want ? 0.55 : 1,
    };
  };
  const labels: Mark[] = candidates.candidates
    .filter(({ variability }) => variability?.isVariable)
    .slice(0, 8)
    .map(({ variability, rank }) => ({
      kind: 'label',
      x: variability!.meanMicroJy / variability!.meanErrMicroJy,
      y: Math.max(0.01, variability!.deltaChi2),
      text: String(rank),
    }));
  return figure(
    'Variability',
    plot({
      title: 'Improvement of a trend over a constant, by brightness',
      x: { label: 'S/N of all frames', log: true },
      y: { label: 'Δχ² of a trend over a constant', log: true },
      marks: [series(true), series(false), ...labels],
    }),
    `Red: in no catalogue. Grey: catalogued sources, which say what steady stars of this field look like. Numbers: ranks of what varies.`,
    numbers(
      ['source', 'S/N', 'Δχ²'],
      pick(false).map((i) => [escapeHtml(names[i]!), fixed(snr[i], 1), fixed(deltaChi2[i], 1)]),
    ),
  );
}
