import type { FrameRow } from '@colibri/contracts';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useMemo } from 'react';
import { FilterBar } from '../../components/FilterBar.tsx';
import { EmptyState, ErrorState, LoadingRows, PanelBoundary } from '../../components/PanelStates.tsx';
import { boardQuery } from '../../lib/api.ts';
import { parseFrameFilter } from '../../lib/filter-expression.ts';
import { sortFilters } from '../../lib/filter-order.ts';
import { phoneQuery, useMedia } from '../../lib/hooks.ts';
import { useSteadyError } from '../../lib/steady-error.ts';
import { minuteTime, scaleLabel } from '../../lib/time.ts';
import { useTimeScale } from '../../lib/time-scale.ts';
import { useUrlState } from '../../lib/url-state.ts';
import { Failures } from './Failures.tsx';
import { FrameCards } from './FrameCards.tsx';
import { InstanceCards } from './InstanceCards.tsx';
import { Matrix } from './Matrix.tsx';
import { isTrouble, moduleMedians, newestRevisions, rowMs } from './model.ts';
import { Units } from './Units.tsx';

const RowDrawer = lazy(() => import('./RowDrawer.tsx').then((module) => ({ default: module.RowDrawer })));

const noRows: readonly FrameRow[] = [];

/** The operator's cockpit: instances, the frame × module matrix, failures by signature. */
export function Gp1Page() {
  const [search, setSearch] = useUrlState();
  const [scale] = useTimeScale();
  const phone = useMedia(phoneQuery);
  const query = useQuery(boardQuery(search.night));
  const board = query.data;
  const failure = useSteadyError(query);
  const all = useMemo(() => newestRevisions(board?.rows ?? noRows), [board?.rows]);
  const filter = useMemo(() => parseFrameFilter(search.q ?? ''), [search.q]);
  const [fromMs, toMs] = [
    search.from === undefined ? null : Date.parse(search.from),
    search.to === undefined ? null : Date.parse(search.to),
  ];
  const rows = useMemo(
    () =>
      all.filter(
        (row) => filter.matches(row) && (fromMs === null || toMs === null || (rowMs(row) >= fromMs && rowMs(row) <= toMs)),
      ),
    [all, filter, fromMs, toMs],
  );
  const medians = useMemo(() => moduleMedians(all), [all]);
  const filters = useMemo(() => sortFilters(all.map((row) => row.filter)), [all]);
  const types = useMemo(() => [...new Set(all.map((row) => row.type).filter((t): t is string => t !== null))].sort(), [all]);
  const failed = useMemo(() => all.filter(isTrouble).length, [all]);
  const openRow = search.row === undefined ? undefined : board?.rows.find((row) => row.key === search.row);
  const openKey = useCallback((row: string | undefined) => setSearch({ row }), [setSearch]);
  const allAlerts = useCallback((show: boolean) => setSearch({ alerts: show ? 'all' : undefined }), [setSearch]);
  const clear = () => setSearch({ q: undefined, from: undefined, to: undefined });
  const narrowed = (search.q ?? '') !== '' || fromMs !== null;
  const tab = search.tab === 'failures' || search.tab === 'units' ? search.tab : 'board';

  if (board === undefined) {
    if (failure === null) return <LoadingRows rows={14} what="the board of the night" />;
    return <ErrorState error={failure} source="GP1 board" onRetry={() => void query.refetch()} />;
  }
  return (
    <div className="gp1-page">
      {query.isError ? (
        <ErrorState
          error={query.error}
          source="GP1 board"
          lastSuccessMs={query.dataUpdatedAt}
          onRetry={() => void query.refetch()}
        />
      ) : null}
      <PanelBoundary source="Instances">
        <InstanceCards board={board} />
      </PanelBoundary>
      <div className="toolbar">
        <div className="tabs" role="tablist" aria-label="Board, units or failures">
          <button type="button" role="tab" aria-selected={tab === 'board'} onClick={() => setSearch({ tab: undefined })}>
            Board
          </button>
          <button type="button" role="tab" aria-selected={tab === 'units'} onClick={() => setSearch({ tab: 'units' })}>
            Units <span className="count num">{board.units.length}</span>
          </button>
          <button type="button" role="tab" aria-selected={tab === 'failures'} onClick={() => setSearch({ tab: 'failures' })}>
            Failures <span className={failed > 0 ? 'count count-bad num' : 'count num'}>{failed}</span>
          </button>
        </div>
        {tab === 'units' ? null : (
          <FilterBar
            value={search.q ?? ''}
            onChange={(q) => setSearch({ q: q === '' ? undefined : q }, 'quiet')}
            filters={filters}
            types={types}
            shown={rows.length}
            total={all.length}
          />
        )}
        {fromMs === null || toMs === null ? null : (
          <button
            type="button"
            className="pill"
            aria-pressed="true"
            onClick={() => setSearch({ from: undefined, to: undefined })}
            title="Show the whole night again"
          >
            {minuteTime(fromMs, scale)}–{minuteTime(toMs, scale)} {scaleLabel(fromMs, scale)} ✕
          </button>
        )}
      </div>
      <PanelBoundary source="Board">
        {tab === 'units' ? (
          <Units units={board.units} nightId={board.nightId} />
        ) : tab === 'failures' ? (
          <Failures
            rows={rows}
            filtered={narrowed}
            onClear={clear}
            onOpen={openKey}
            onShow={(code) => setSearch({ tab: undefined, q: `code=${code}` })}
          />
        ) : all.length === 0 ? (
          <EmptyState title={`No frames of night ${board.nightId} yet.`}>
            <p>
              The board fills by itself with the first raw frame that arrives in the input directory of an instance.{' '}
              {board.instances.length === 0
                ? 'No instance runs at the moment.'
                : `${board.instances.map((instance) => instance.name).join(' and ')} ${board.instances.length === 1 ? 'is' : 'are'} waiting.`}
            </p>
          </EmptyState>
        ) : rows.length === 0 ? (
          <EmptyState
            title={`None of the ${all.length} frames fits ${search.q ? `“${search.q}”` : ''}${search.q && fromMs !== null ? ' within ' : ''}${fromMs !== null ? 'the chosen window' : ''}.`}
            onClear={clear}
            clearLabel="Show all frames"
          />
        ) : phone ? (
          <FrameCards
            rows={rows}
            medians={medians}
            showAllAlerts={search.alerts === 'all'}
            onAllAlerts={allAlerts}
            onOpen={openKey}
          />
        ) : (
          <Matrix
            board={board}
            rows={rows}
            showAllAlerts={search.alerts === 'all'}
            onAllAlerts={allAlerts}
            openKey={search.row}
            onOpen={openKey}
          />
        )}
      </PanelBoundary>
      {search.row === undefined ? null : (
        <Suspense fallback={null}>
          <RowDrawer row={openRow} medians={medians} onClose={() => setSearch({ row: undefined })} />
        </Suspense>
      )}
    </div>
  );
}
