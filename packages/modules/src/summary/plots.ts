import type { Candidate, UnitSummary } from '@colibri/contracts';
import { escapeHtml, fixed } from './format.ts';
import { filterColour, filterMarker } from './page-style.ts';
import { type Mark, plot } from './svg.ts';

/** A plot, what it shows, and its numbers as a table that opens. */
export function figure(title: string, svg: string, caption: string, table = ''): string {
  return `<figure><h3>${title}</h3>${svg}<figcaption>${caption}</figcaption>${table}</figure>`;
}

/** Columns and rows behind a plot. */
export function numbers(headers: readonly string[], rows: readonly (readonly string[])[], summary = 'Numbers'): string {
  if (rows.length === 0) return '';
  const head = headers.map((text) => `<th>${text}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<details><summary>${summary}</summary><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></details>`;
}

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

export function calibrationPlots({ plots, calibration, filter, stack }: UnitSummary): string[] {
  const { mag, residual, err } = plots.calibration;
  if (mag.length === 0) return [];
  const colour = filterColour(filter);
  const half = spread(residual);
  const zero: Mark = { kind: 'rule', y: 0, label: '' };
  const catalog = escapeHtml(calibration?.catalog ?? 'catalogue');
  const first = figure(
    'Calibration: measured minus catalogue',
    plot({
      title: 'Magnitude residuals of calibration stars',
      x: { label: `${filter} (AB mag)` },
      y: { label: 'residual (mag)', domain: [-half, half] },
      marks: [zero, { kind: 'points', x: mag, y: residual, yErr: err, size: 2, colour, opacity: 0.75 }],
    }),
    `${mag.length} stars of ${catalog}. ${calibration ? escapeHtml(calibration.transformation) : ''}`,
    numbers(
      ['mag', 'residual (mag)', '± (mag)', 'x (pix)', 'y (pix)'],
      mag
        .slice(0, 200)
        .map((m, i) => [
          fixed(m, 3),
          fixed(residual[i], 4),
          fixed(err[i], 4),
          fixed(plots.calibration.x[i], 0),
          fixed(plots.calibration.y[i], 0),
        ]),
    ),
  );
  const bright = mag.flatMap((_, i) => ((err[i] ?? 9) < 0.05 ? [i] : []));
  const over = (values: readonly (number | null)[], label: string, end: number) =>
    plot({
      title: `Magnitude residuals over ${label}`,
      x: { label: `${label} (pix)`, domain: [0, end] },
      y: { label: 'residual (mag)', domain: [-half, half] },
      height: 180,
      marks: [
        zero,
        { kind: 'points', x: bright.map((i) => values[i]!), y: bright.map((i) => residual[i]!), size: 2, colour, opacity: 0.75 },
      ],
    });
  const second = figure(
    'Calibration over the field',
    over(plots.calibration.x, 'x', stack.widthPix) + over(plots.calibration.y, 'y', stack.heightPix),
    `Stars with errors below 0.05 mag. A slope here is a flat field that is wrong.`,
  );
  return [first, second];
}

function spread(values: readonly (number | null)[]): number {
  const sorted = values.flatMap((value) => (value === null ? [] : [Math.abs(value)])).sort((a, b) => a - b);
  return Math.max(0.05, 1.3 * (sorted[Math.floor(0.95 * sorted.length)] ?? 0.1));
}

export function scatterPlot({ plots, filter }: UnitSummary): string {
  const { mag, measured, expected } = plots.scatter;
  if (mag.length === 0) return '';
  const order = mag.map((_, i) => i).sort((a, b) => mag[a]! - mag[b]!);
  return figure(
    'Scatter between frames',
    plot({
      title: 'Scatter of stars between frames against expectation',
      x: { label: `${filter} (AB mag)` },
      y: { label: 'rms of one frame (mag)', log: true },
      marks: [
        { kind: 'points', x: mag, y: measured, size: 1.9, colour: filterColour(filter), opacity: 0.6 },
        { kind: 'line', x: order.map((i) => mag[i]!), y: order.map((i) => expected[i]!), colour: 'var(--ink)' },
      ],
    }),
    `Points: measured for each star. Line: what the quoted errors let expect. Points above the line vary or have errors that are too small.`,
    numbers(
      ['mag', 'measured (mag)', 'expected (mag)'],
      order.slice(0, 200).map((i) => [fixed(mag[i], 2), fixed(measured[i], 4), fixed(expected[i], 4)]),
    ),
  );
}

export function sensitivityPlots(summary: UnitSummary): string[] {
  const { frames, plots, filter, verdict } = summary;
  const found: string[] = [];
  const colour = filterColour(filter);
  const known = frames.filter(({ limitMag5Sigma }) => limitMag5Sigma !== null);
  if (known.length > 0) {
    const [first] = known;
    const hours = known.map(({ midMjdUtc }) => (midMjdUtc - first!.midMjdUtc) * 1440);
    const used = known.map(({ accepted }) => accepted);
    const pick = (want: boolean) =>
      known.flatMap(({ limitMag5Sigma }, i) => (used[i] === want ? [[hours[i]!, limitMag5Sigma!] as const] : []));
    const marks: Mark[] = [
      { kind: 'points', x: pick(true).map(([t]) => t), y: pick(true).map(([, m]) => m), colour, marker: filterMarker(filter) },
      {
        kind: 'points',
        x: pick(false).map(([t]) => t),
        y: pick(false).map(([, m]) => m),
        colour,
        marker: filterMarker(filter),
        isHollow: true,
      },
    ];
    if (verdict.limitMag5Sigma !== null)
      marks.push({ kind: 'rule', y: verdict.limitMag5Sigma, label: `stack: ${fixed(verdict.limitMag5Sigma, 2)} (5 σ)` });
    found.push(
      figure(
        'Sensitivity of the frames',
        plot({
          title: 'Limiting magnitude of each frame',
          x: { label: 'time since first frame (min)' },
          y: { label: `5 σ limit, ${filter} (AB mag)` },
          marks,
        }),
        'Point source in the middle of the image. Hollow: not in the stack.',
      ),
    );
  }
  if (plots.completeness.length > 0) {
    const { completeness } = plots;
    found.push(
      figure(
        'Injected stars recovered',
        plot({
          title: 'Share of injected stars that was found, by magnitude',
          x: { label: `${filter} (AB mag)` },
          y: { label: 'recovered (1)', domain: [0, 1.05] },
          marks: [
            {
              kind: 'line',
              x: completeness.map(({ mag }) => mag),
              y: completeness.map(({ injected, recovered }) => recovered / injected),
              colour,
            },
            {
              kind: 'points',
              x: completeness.map(({ mag }) => mag),
              y: completeness.map(({ injected, recovered }) => recovered / injected),
              yErr: completeness.map(({ injected, recovered }) =>
                Math.sqrt(((recovered + 0.5) * (injected - recovered + 0.5)) / (injected + 1) ** 3),
              ),
              colour,
              marker: filterMarker(filter),
            },
            ...(verdict.limitMag5Sigma === null ? [] : [{ kind: 'rule' as const, x: verdict.limitMag5Sigma, label: '5 σ' }]),
          ],
        }),
        'Stars of known magnitude put into the stack and looked for by the real chain.',
        numbers(
          ['mag', 'injected', 'recovered'],
          completeness.map(({ mag, injected, recovered }) => [fixed(mag, 2), String(injected), String(recovered)]),
        ),
      ),
    );
  }
  const { limitMap } = plots;
  const limits = limitMap.mag.flatMap((value) => (value === null ? [] : [value]));
  if (limits.length > 0) {
    const [low, high] = [Math.min(...limits), Math.max(...limits)];
    found.push(
      figure(
        'Limit over the field',
        plot({
          title: 'Map of the 5 sigma limit',
          x: { label: 'x (pix)', domain: [0, summary.stack.widthPix] },
          y: { label: 'y (pix)', domain: [0, summary.stack.heightPix] },
          height: 300,
          marks: [{ kind: 'cells', columns: limitMap.columns, rows: limitMap.rows, values: limitMap.mag, low, high }],
        }),
        `5 σ for a point source: palest ${fixed(low, 2)}, fullest ${fixed(high, 2)} AB mag; empty: not observed.`,
      ),
    );
  }
  return found;
}

export function astrometryPlot({ plots, stack, astrometry }: UnitSummary): string {
  const { x, y, east, north, sources } = plots.quiver;
  if (x.length === 0) return '';
  const longest = Math.max(...east.map((e, i) => Math.hypot(e ?? 0, north[i] ?? 0)), 1e-4);
  // The longest arrow fills most of a cell.
  const scale = (0.11 * stack.widthPix) / longest;
  const shown = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].findLast((length) => length <= longest * 1.05) ?? 0.001;
  return figure(
    'Residuals on the sky',
    plot({
      title: 'Median residual against the catalogue in cells',
      x: { label: 'x (pix)', domain: [0, stack.widthPix] },
      y: { label: 'y (pix)', domain: [0, stack.heightPix] },
      height: 300,
      marks: [
        {
          kind: 'arrows',
          x,
          y,
          dx: east.map((e) => (e === null ? null : e * scale)),
          dy: north.map((n) => (n === null ? null : n * scale)),
          colour: 'var(--accent)',
        },
        {
          kind: 'arrows',
          x: [0.04 * stack.widthPix],
          y: [0.95 * stack.heightPix],
          dx: [shown * scale],
          dy: [0],
          colour: 'var(--found)',
        },
        {
          kind: 'label',
          x: 0.04 * stack.widthPix + shown * scale,
          y: 0.92 * stack.heightPix,
          text: `${shown}″`,
          colour: 'var(--found)',
        },
      ],
    }),
    `Median offset of each cell: right is east, up is north. Sources above 20 σ, ${astrometry.matched} in all${astrometry.scatterArcsec ? `; scatter ${fixed(astrometry.scatterArcsec[0], 3)}″ east, ${fixed(astrometry.scatterArcsec[1], 3)}″ north` : ''}.`,
    numbers(
      ['x (pix)', 'y (pix)', 'east (″)', 'north (″)', 'sources'],
      x.map((_, i) => [fixed(x[i], 0), fixed(y[i], 0), fixed(east[i], 4), fixed(north[i], 4), String(sources[i])]),
    ),
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

export function framesPlots({ frames, filter }: UnitSummary): string {
  const [first] = frames;
  if (!first) return '';
  const x = frames.map(({ midMjdUtc }) => (midMjdUtc - first.midMjdUtc) * 1440);
  const colour = filterColour(filter);
  const panel = (label: string, values: readonly (number | null)[], errs?: readonly (number | null)[]) =>
    values.some((value) => value !== null)
      ? plot({
          title: label,
          x: { label: 'time since first frame (min)' },
          y: { label },
          height: 165,
          marks: [false, true].map((isUsed): Mark => {
            const rows = frames.flatMap(({ accepted }, i) => (accepted === isUsed ? [i] : []));
            return {
              kind: 'points',
              x: rows.map((i) => x[i]!),
              y: rows.map((i) => values[i]!),
              ...(errs ? { yErr: rows.map((i) => errs[i]!) } : {}),
              colour,
              marker: filterMarker(filter),
              isHollow: !isUsed,
            };
          }),
        })
      : '';
  const panels = [
    panel(
      'transparency (1)',
      frames.map(({ transparency }) => transparency),
      frames.map(({ transparencyErr }) => transparencyErr),
    ),
    panel(
      'FWHM (″)',
      frames.map(({ fwhmArcsec }) => fwhmArcsec),
    ),
    panel(
      'zero point (mag)',
      frames.map(({ zeroPointMag }) => zeroPointMag),
      frames.map(({ zeroPointErrMag }) => zeroPointErrMag),
    ),
    panel(
      'sky (e⁻/pix)',
      frames.map(({ skyElectronPerPixel }) => skyElectronPerPixel),
    ),
  ].filter((svg) => svg !== '');
  return `<div class="plots">${panels.map((svg) => `<figure>${svg}</figure>`).join('')}</div>`;
}
