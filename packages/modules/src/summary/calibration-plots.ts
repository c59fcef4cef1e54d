import type { UnitSummary } from '@colibri/contracts';
import { figure, numbers } from './figure.ts';
import { escapeHtml, fixed } from './format.ts';
import { filterColour } from './page-style.ts';
import { type Mark, plot } from './svg.ts';

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
