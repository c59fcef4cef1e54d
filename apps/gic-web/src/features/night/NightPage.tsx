import type { FrameRow } from '@colibri/contracts';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { CopyButton } from '../../components/CopyButton.tsx';
import { FilterBar } from '../../components/FilterBar.tsx';
import { FilterMark } from '../../components/FilterMark.tsx';
import { axisRange, skySpans } from '../../components/night-bar-model.ts';
import { EmptyState, ErrorState, LoadingRows, PanelBoundary } from '../../components/PanelStates.tsx';
import { type ChartPoint, dataRange } from '../../components/time-chart/model.ts';
import { TimeChart } from '../../components/time-chart/TimeChart.tsx';
import { boardQuery, timesQuery } from '../../lib/api.ts';
import { download } from '../../lib/csv.ts';
import { parseFrameFilter } from '../../lib/filter-expression.ts';
import { sortFilters } from '../../lib/filter-order.ts';
import { fixed } from '../../lib/format.ts';
import { phoneQuery, useMedia } from '../../lib/hooks.ts';
import { useSteadyError } from '../../lib/steady-error.ts';
import { useTheme } from '../../lib/theme.ts';
import { minuteTime, scaleLabel, shortTime } from '../../lib/time.ts';
import { useTimeScale } from '../../lib/time-scale.ts';
import { useUrlState } from '../../lib/url-state.ts';
import { FrameTable } from './FrameTable.tsx';
import { framesCsv, type PanelSpec, panelCsv, panelPoints, panels } from './model.ts';
import './night.css';

const noRows: readonly FrameRow[] = [];

/** One night: how seeing, sky, zero point and depth went, and every frame of it. */
export function NightPage() {
  const { night } = useParams({ strict: false }) as { night: string };
  const navigate = useNavigate();
  const [search, setSearch] = useUrlState();
  const [scale] = useTimeScale();
  const theme = useTheme();
  const phone = useMedia(phoneQuery);
  const board = useQuery(boardQuery(night));
  const times = useQuery(timesQuery(night));
  const failure = useSteadyError(board);
  const tab = search.tab === 'frames' ? 'frames' : 'charts';
  const all = board.data?.rows ?? noRows;
  const filter = useMemo(() => parseFrameFilter(search.q ?? ''), [search.q]);
  const window = useMemo(
    () =>
      search.from === undefined || search.to === undefined ? null : ([Date.parse(search.from), Date.parse(search.to)] as const),
    [search.from, search.to],
  );
  const filtered = useMemo(() => all.filter((row) => filter.matches(row)), [all, filter]);
  const rows = useMemo(
    () =>
      window === null
        ? filtered
        : filtered.filter(
            (row) =>
              row.observedAt !== null && Date.parse(row.observedAt) >= window[0] && Date.parse(row.observedAt) <= window[1],
          ),
    [filtered, window],
  );
  const filters = useMemo(() => sortFilters(all.map((row) => row.filter)), [all]);
  const types = useMemo(
    () => [...new Set(all.map((row) => row.type).filter((type): type is string => type !== null))].sort(),
    [all],
  );
  const open = useCallback(
    (row: FrameRow) => {
      if (row.products.reduced !== null)
        void navigate({ to: '/image/$frameId', params: { frameId: row.frameId }, search: { pipe: row.pipeline } as never });
      else void navigate({ to: '/gp1', search: { night, row: row.key } as never });
    },
    [navigate, night],
  );
  const openKey = useCallback(
    (key: string) => {
      const row = all.find((each) => each.key === key);
      if (row !== undefined) open(row);
    },
    [all, open],
  );
  const onWindow = useCallback(
    (next: readonly [number, number] | null, how: 'step' | 'quiet') =>
      setSearch(
        next === null
          ? { from: undefined, to: undefined }
          : { from: new Date(next[0]).toISOString(), to: new Date(next[1]).toISOString() },
        how,
      ),
    [setSearch],
  );
  const sky = useMemo(() => (times.data === undefined ? [] : skySpans(times.data)), [times.data]);
  const range = useMemo(() => {
    if (times.data === undefined) return null;
    const whole = axisRange(times.data, search.axis ?? 'night');
    if (search.axis === '24h') return whole;
    return dataRange(
      all.map((row) => (row.observedAt === null || row.metrics === null ? Number.NaN : Date.parse(row.observedAt))),
      whole,
    );
  }, [times.data, search.axis, all]);

  if (board.data === undefined) {
    if (failure === null) return <LoadingRows rows={12} what={`the frames of night ${night}`} />;
    return <ErrorState error={failure} source={`Night ${night}`} onRetry={() => void board.refetch()} />;
  }
  return (
    <div className="night-page">
      <div className="toolbar">
        <div className="tabs" role="tablist" aria-label="Charts or frames">
          <button type="button" role="tab" aria-selected={tab === 'charts'} onClick={() => setSearch({ tab: undefined })}>
            Charts
          </button>
          <button type="button" role="tab" aria-selected={tab === 'frames'} onClick={() => setSearch({ tab: 'frames' })}>
            Frames
          </button>
        </div>
        <FilterBar
          value={search.q ?? ''}
          onChange={(q) => setSearch({ q: q === '' ? undefined : q }, 'quiet')}
          filters={filters}
          types={types}
          shown={rows.length}
          total={all.length}
        />
        {window === null ? null : (
          <button
            type="button"
            className="pill"
            aria-pressed="true"
            onClick={() => onWindow(null, 'step')}
            title="Show the whole night again"
          >
            {minuteTime(window[0], scale)}–{minuteTime(window[1], scale)} {scaleLabel(window[0], scale)} ✕
          </button>
        )}
        <button
          type="button"
          className="button night-csv"
          onClick={() => download(`${night}-frames.csv`, new Blob([framesCsv(rows)], { type: 'text/csv' }))}
        >
          CSV
        </button>
      </div>
      {times.isError ? (
        <ErrorState error={times.error} source="Times of Sun and Moon" onRetry={() => void times.refetch()} />
      ) : null}
      {all.length === 0 ? (
        <EmptyState title={`No frames of night ${night}.`}>
          <p>
            {board.data.nights.includes(night)
              ? 'The night is known, but nothing was received from it.'
              : `Nights with frames: ${board.data.nights.slice(-5).join(', ') || 'none yet'}.`}
          </p>
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyState
          title={`None of the ${all.length} frames fits${search.q ? ` “${search.q}”` : ''}${window === null ? '' : ' within the chosen window'}.`}
          onClear={() => setSearch({ q: undefined, from: undefined, to: undefined })}
          clearLabel="Show all frames"
        />
      ) : tab === 'frames' ? (
        <PanelBoundary source="Frames">
          <FrameTable rows={rows} onOpen={open} />
        </PanelBoundary>
      ) : range === null ? (
        <LoadingRows rows={6} what="the times of the night" />
      ) : (
        <div className="charts" data-scroll>
          {panels.map((panel) => (
            <PanelBoundary key={panel.id} source={panel.title}>
              <Panel
                panel={panel}
                rows={filtered}
                window={window}
                chart={{
                  sky,
                  night: range,
                  window,
                  onWindow,
                  scale,
                  onOpen: openKey,
                  height: phone ? 170 : theme === 'dome' ? 190 : 158,
                }}
                night={night}
              />
            </PanelBoundary>
          ))}
        </div>
      )}
    </div>
  );
}

type Shared = Pick<
  React.ComponentProps<typeof TimeChart>,
  'sky' | 'night' | 'window' | 'onWindow' | 'scale' | 'onOpen' | 'height'
>;

function Panel({
  panel,
  rows,
  window,
  chart,
  night,
}: {
  panel: PanelSpec;
  rows: readonly FrameRow[];
  window: readonly [number, number] | null;
  chart: Shared;
  night: string;
}) {
  const [asTable, setAsTable] = useState(false);
  const points = useMemo(() => panelPoints(panel, rows), [panel, rows]);
  const shown = window === null ? points : points.filter((point) => point.ms >= window[0] && point.ms <= window[1]);
  const actions = (
    <>
      <button type="button" className="link" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
        {asTable ? 'chart' : 'table'}
      </button>
      <CopyButton text={() => panelCsv(panel, shown)} className="link" title="Copy the data as CSV, with UT and MJD">
        CSV
      </CopyButton>
      <button
        type="button"
        className="link"
        title="Save as PNG"
        onClick={(event) => savePng(event.currentTarget, `${night}-${panel.id}.png`)}
      >
        PNG
      </button>
    </>
  );
  if (asTable) return <PointTable panel={panel} points={shown} actions={actions} height={chart.height} />;
  return (
    <TimeChart
      title={panel.title}
      unit={panel.unit}
      digits={panel.digits}
      points={points}
      inverted={panel.inverted ?? false}
      lines={panel.lines ?? false}
      actions={actions}
      {...chart}
    />
  );
}

function PointTable({
  panel,
  points,
  actions,
  height,
}: {
  panel: PanelSpec;
  points: readonly ChartPoint[];
  actions: React.ReactNode;
  height: number;
}) {
  const [scale] = useTimeScale();
  return (
    <figure className="chart">
      <figcaption>
        <strong>{panel.title}</strong> <span className="muted">{panel.unit}</span>
        <span className="chart-readout" />
        <span className="chart-actions">{actions}</span>
      </figcaption>
      <div className="point-table" style={{ height }}>
        <table>
          <thead>
            <tr>
              <th>{points[0] === undefined ? 'Time' : scaleLabel(points[0].ms, scale)}</th>
              <th>Filter</th>
              <th className="right">{panel.unit}</th>
              <th className="right">± 1σ</th>
            </tr>
          </thead>
          <tbody className="num">
            {points
              .slice(-400)
              .toReversed()
              .map((point) => (
                <tr key={point.key}>
                  <td>{shortTime(point.ms, scale)}</td>
                  <td>
                    <FilterMark filter={point.series} />
                  </td>
                  <td className="right">{fixed(point.value, panel.digits)}</td>
                  <td className="right">{fixed(point.error, panel.digits)}</td>
                </tr>
              ))}
          </tbody>
        </table>
        {points.length > 400 ? <p className="muted">The newest 400 of {points.length}; the CSV has all.</p> : null}
      </div>
    </figure>
  );
}

function savePng(button: HTMLElement, name: string): void {
  const canvas = button.closest('figure')?.querySelector('canvas');
  if (canvas == null) return;
  const page = document.createElement('canvas');
  page.width = canvas.width;
  page.height = canvas.height;
  const context = page.getContext('2d')!;
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--panel');
  context.fillRect(0, 0, page.width, page.height);
  context.drawImage(canvas, 0, 0);
  page.toBlob((blob) => blob !== null && download(name, blob));
}
