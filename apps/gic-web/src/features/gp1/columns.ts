import type { FrameRow } from '@colibri/contracts';
import { fixed, level } from '../../lib/format.ts';
import type { MetricKey } from './model.ts';

export interface MetricColumn {
  readonly key: MetricKey;
  readonly label: string;
  readonly unit: string;
  readonly width: number;
  text(row: FrameRow): string;
}

/** Right-hand figures: label, unit, format. Declared once for the table, the cards and the drawer. */
export const metricColumns: readonly MetricColumn[] = [
  { key: 'fwhmArcsec', label: 'FWHM', unit: '″', width: 42, text: (row) => fixed(row.metrics?.fwhmArcsec, 2) },
  {
    key: 'sourceCount',
    label: 'Stars',
    unit: 'all / matched',
    width: 90,
    text: (row) =>
      row.metrics?.sourceCount == null ? '–' : `${row.metrics.sourceCount}\u2009/\u2009${row.metrics.matchedCount ?? '–'}`,
  },
  { key: 'wcsRmsArcsec', label: 'WCS rms', unit: '″', width: 58, text: (row) => fixed(row.metrics?.wcsRmsArcsec, 3) },
  {
    key: 'zeroPointMag',
    label: 'Zero point',
    unit: 'AB mag ± 1σ',
    width: 100,
    text: (row) =>
      row.metrics?.zeroPointMag == null
        ? '–'
        : `${fixed(row.metrics.zeroPointMag, 3)} ± ${fixed(row.metrics.zeroPointErrMag, 3)}`,
  },
  { key: 'limitMag5Sigma', label: 'Limit', unit: '5σ mag', width: 46, text: (row) => fixed(row.metrics?.limitMag5Sigma, 2) },
  { key: 'skyElectronPerPixel', label: 'Sky', unit: 'e⁻/px', width: 44, text: (row) => level(row.metrics?.skyElectronPerPixel) },
];

/** Widths of the left columns and of module cells [px, comfortable theme]. */
const widths = {
  time: 60,
  camera: 28,
  filter: 44,
  type: 44,
  target: 96,
  exposure: 42,
  received: 20,
  moduleOff: 30,
  module: 70,
  products: 58,
} as const;

/** What gives way first where a board has no room; the drawer of the row still tells it. */
const firstToGo: readonly MetricKey[] = ['skyElectronPerPixel', 'wcsRmsArcsec', 'zeroPointMag', 'sourceCount'];

/** The figures for which `availablePx` has room beside the rest of the row; FWHM and limit always. All before the width is known (0). */
export function fittingMetrics(
  modules: readonly string[],
  off: ReadonlySet<string>,
  scale: number,
  availablePx: number,
): readonly MetricColumn[] {
  let shown = metricColumns;
  for (const key of firstToGo) {
    if (availablePx === 0 || gridTemplate(modules, off, scale, shown).leastPx <= availablePx) return shown;
    shown = shown.filter((column) => column.key !== key);
  }
  return shown;
}

/** The grid of one board row and the width it needs [px]; `scale` widens everything for the larger letters of the dome. */
export function gridTemplate(
  modules: readonly string[],
  off: ReadonlySet<string>,
  scale: number,
  metrics: readonly MetricColumn[],
): { columns: string; leastPx: number } {
  const gap = 6;
  const fixed = [widths.time, widths.camera, widths.filter, widths.type, widths.target, widths.exposure, widths.received];
  const middle = modules.map((module) => (off.has(module) ? widths.moduleOff : widths.module));
  const all = [...fixed, ...middle, widths.products, ...metrics.map((column) => column.width)].map((width) =>
    Math.round(width * scale),
  );
  const growing = new Set([4, ...modules.flatMap((module, i) => (off.has(module) ? [] : [fixed.length + i]))]);
  return {
    columns: all.map((px, i) => (growing.has(i) ? `minmax(${px}px, ${i === 4 ? 1 : 0.35}fr)` : `${px}px`)).join(' '),
    leastPx: all.reduce((sum, px) => sum + px + gap, 28),
  };
}
