import type { FrameRow } from '@colibri/contracts';
import type { ChartPoint } from '../../components/time-chart/model.ts';
import { instantCells, instantColumns, toCsv } from '../../lib/csv.ts';

export interface PanelSpec {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly inverted?: boolean;
  readonly lines?: boolean;
  value(row: FrameRow): number | null;
  error?(row: FrameRow): number | null;
  /** Summed over the frames of a series: growth. */
  readonly cumulative?: boolean;
}

/** The plots of a night, small multiples in reading order. */
export const panels: readonly PanelSpec[] = [
  { id: 'fwhm', title: 'FWHM', unit: '″', digits: 2, lines: true, value: (row) => row.metrics?.fwhmArcsec ?? null },
  {
    id: 'sky',
    title: 'Background',
    unit: 'e⁻/px/s',
    digits: 2,
    lines: true,
    value: (row) =>
      row.metrics?.skyElectronPerPixel == null || !row.exposureSec ? null : row.metrics.skyElectronPerPixel / row.exposureSec,
  },
  {
    id: 'zp',
    title: 'Zero point',
    unit: 'AB mag of 1 e⁻/s, ± 1σ',
    digits: 3,
    lines: true,
    value: (row) => row.metrics?.zeroPointMag ?? null,
    error: (row) => row.metrics?.zeroPointErrMag ?? null,
  },
  {
    id: 'depth',
    title: 'Depth',
    unit: 'AB mag, 5σ, up is brighter',
    digits: 2,
    inverted: true,
    lines: true,
    value: (row) => row.metrics?.limitMag5Sigma ?? null,
  },
  {
    id: 'stars',
    title: 'Sources found',
    unit: 'per frame',
    digits: 0,
    lines: true,
    value: (row) => row.metrics?.sourceCount ?? null,
  },
  { id: 'rms', title: 'WCS rms', unit: '″ per axis', digits: 3, value: (row) => row.metrics?.wcsRmsArcsec ?? null },
  { id: 'latency', title: 'Latency', unit: 's, file closed → published', digits: 2, value: (row) => row.latencySec },
  {
    id: 'exposure',
    title: 'Exposure gathered',
    unit: 'h of published frames, growing',
    digits: 2,
    lines: true,
    cumulative: true,
    value: (row) =>
      row.type === 'object' && row.state === 'published' && row.exposureSec !== null ? row.exposureSec / 3600 : null,
  },
];

/** Points of one panel: frames with a time, a filter and a finite figure. */
export function panelPoints(panel: PanelSpec, rows: readonly FrameRow[]): ChartPoint[] {
  const points: ChartPoint[] = [];
  for (const row of rows) {
    if (row.observedAt === null || row.filter === null || row.type === 'flat' || row.type === 'bias' || row.type === 'dark')
      continue;
    const value = panel.value(row);
    if (value === null || !Number.isFinite(value)) continue;
    points.push({ ms: Date.parse(row.observedAt), value, error: panel.error?.(row) ?? null, series: row.filter, key: row.key });
  }
  if (!panel.cumulative) return points;
  const totals = new Map<string, number>();
  return points
    .sort((a, b) => a.ms - b.ms)
    .map((point) => {
      const total = (totals.get(point.series) ?? 0) + point.value;
      totals.set(point.series, total);
      return { ...point, value: total };
    });
}

export function panelCsv(panel: PanelSpec, points: readonly ChartPoint[]): string {
  return toCsv(
    [...instantColumns, 'filter', `${panel.id} [${panel.unit}]`, 'error', 'frame'],
    points.map((point) => [...instantCells(point.ms), point.series, point.value, point.error, point.key]),
  );
}

/** All frames in view with all their figures. */
export function framesCsv(rows: readonly FrameRow[]): string {
  const header = [
    ...instantColumns,
    'frame',
    'pipeline',
    'revision',
    'camera',
    'filter',
    'type',
    'target',
    'exposure_s',
    'state',
    'fwhm_arcsec',
    'sky_e_per_px',
    'sources',
    'matched',
    'wcs_rms_arcsec',
    'zero_point_mag',
    'zero_point_err_mag',
    'limit_5sigma_mag',
    'latency_s',
    'failure',
  ];
  return toCsv(
    header,
    rows.map((row) => [
      ...(row.observedAt === null ? ['', ''] : instantCells(Date.parse(row.observedAt))),
      row.frameId,
      row.pipeline,
      row.revision,
      row.camera,
      row.filter,
      row.type,
      row.target,
      row.exposureSec,
      row.state,
      row.metrics?.fwhmArcsec,
      row.metrics?.skyElectronPerPixel,
      row.metrics?.sourceCount,
      row.metrics?.matchedCount,
      row.metrics?.wcsRmsArcsec,
      row.metrics?.zeroPointMag,
      row.metrics?.zeroPointErrMag,
      row.metrics?.limitMag5Sigma,
      row.latencySec,
      row.failure?.code,
    ]),
  );
}
