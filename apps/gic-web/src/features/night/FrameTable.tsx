import type { FrameRow } from '@colibri/contracts';
import { useState } from 'react';
import { FilterMark } from '../../components/FilterMark.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { VirtualRows } from '../../components/VirtualRows.tsx';
import { fixed, level } from '../../lib/format.ts';
import { isForMasters, stateWord } from '../../lib/frame-words.ts';
import { useKeys } from '../../lib/keyboard.ts';
import { useTheme } from '../../lib/theme.ts';
import { scaleLabel, shortTime } from '../../lib/time.ts';
import { useTimeScale } from '../../lib/time-scale.ts';

interface Column {
  readonly id: string;
  readonly label: string;
  readonly width: number;
  readonly right?: boolean;
  sort(row: FrameRow): string | number | null;
}

const columns: readonly Column[] = [
  { id: 'time', label: 'Time', width: 76, sort: (row) => row.observedAt ?? row.receivedAt },
  { id: 'frame', label: 'Frame', width: 160, sort: (row) => row.frameId },
  { id: 'camera', label: 'Cam', width: 40, sort: (row) => row.camera },
  { id: 'filter', label: 'Filter', width: 52, sort: (row) => row.filter },
  { id: 'type', label: 'Type', width: 58, sort: (row) => row.type },
  { id: 'target', label: 'Target', width: 130, sort: (row) => row.target },
  { id: 'exp', label: 'Exp s', width: 50, right: true, sort: (row) => row.exposureSec },
  { id: 'state', label: 'State', width: 104, sort: stateWord },
  { id: 'fwhm', label: 'FWHM ″', width: 60, right: true, sort: (row) => row.metrics?.fwhmArcsec ?? null },
  { id: 'sky', label: 'Sky e⁻/px', width: 70, right: true, sort: (row) => row.metrics?.skyElectronPerPixel ?? null },
  { id: 'stars', label: 'Stars', width: 54, right: true, sort: (row) => row.metrics?.sourceCount ?? null },
  { id: 'rms', label: 'WCS rms ″', width: 72, right: true, sort: (row) => row.metrics?.wcsRmsArcsec ?? null },
  { id: 'zp', label: 'Zero point mag', width: 108, right: true, sort: (row) => row.metrics?.zeroPointMag ?? null },
  { id: 'limit', label: '5σ mag', width: 58, right: true, sort: (row) => row.metrics?.limitMag5Sigma ?? null },
  { id: 'latency', label: 'Latency s', width: 68, right: true, sort: (row) => row.latencySec },
];

/** The frames of the night as a sortable table; only the rows in view exist. */
export function FrameTable({ rows, onOpen }: { rows: readonly FrameRow[]; onOpen: (row: FrameRow) => void }) {
  const [scale] = useTimeScale();
  const theme = useTheme();
  const [sort, setSort] = useState<{ id: string; down: boolean }>({ id: 'time', down: true });
  const [active, setActive] = useState<number | null>(null);
  const column = columns.find((each) => each.id === sort.id)!;
  const sorted = [...rows].sort((a, b) => compare(column.sort(a), column.sort(b), sort.down));
  const move = (step: number) => setActive(Math.min(sorted.length - 1, Math.max(0, (active ?? -1) + step)));
  useKeys('List', [
    { keys: 'j', label: 'Next frame', run: () => move(1) },
    { keys: 'k', label: 'Previous frame', run: () => move(-1) },
    {
      keys: 'Enter',
      label: 'Open the frame',
      run: () => active !== null && sorted[active] !== undefined && onOpen(sorted[active]),
    },
  ]);
  const factor = theme === 'dome' ? 1.4 : 1;
  const template = columns
    .map((each) => (each.id === 'target' ? `minmax(${each.width * factor}px, 1fr)` : `${each.width * factor}px`))
    .join(' ');
  const least = columns.reduce((sum, each) => sum + each.width * factor + 8, 28);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid cannot be a table
    <div
      className="matrix"
      data-scroll
      role="grid"
      aria-label="Frames of the night"
      aria-rowcount={sorted.length}
      style={{ '--grid': template, '--grid-least': `${least}px` } as React.CSSProperties}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div className="board-head head-sort" role="row" tabIndex={-1}>
        {columns.map((each) => (
          <button
            key={each.id}
            type="button"
            className={each.right ? 'right' : ''}
            onClick={() => setSort({ id: each.id, down: sort.id === each.id ? !sort.down : each.id === 'time' })}
          >
            {each.label}
            {each.id === 'time' && rows[0] !== undefined ? ` ${scaleLabel(Date.parse(rows[0].receivedAt), scale)}` : ''}
            {sort.id === each.id ? (sort.down ? ' ↓' : ' ↑') : ''}
          </button>
        ))}
      </div>
      <VirtualRows count={sorted.length} rowHeight={theme === 'dome' ? 34 : 27} scrollTo={active}>
        {(index) => {
          const row = sorted[index]!;
          return (
            // biome-ignore lint/a11y/useSemanticElements: as above
            <div
              key={row.key}
              role="row"
              tabIndex={-1}
              className={`board-row${index === active ? ' row-active' : ''}`}
              onClick={() => onOpen(row)}
              onKeyDown={(event) => event.key === 'Enter' && onOpen(row)}
            >
              <span className="num">{shortTime(Date.parse(row.observedAt ?? row.receivedAt), scale)}</span>
              <span className="num">{row.frameId}</span>
              <span>{row.camera ?? '–'}</span>
              <FilterMark filter={row.filter} />
              <span className="muted">{row.type ?? '–'}</span>
              <span className={row.isAlert ? 'c-alert' : ''}>{row.target ?? '–'}</span>
              <span className="num right">{row.exposureSec ?? '–'}</span>
              <span className="state-word" title={row.failure?.message}>
                <StatusSymbol
                  state={row.state === 'published' || isForMasters(row) ? 'ok' : row.failure === null ? 'info' : 'fail'}
                  size={11}
                  label={null}
                />{' '}
                {stateWord(row)}
              </span>
              <span className="num right">{fixed(row.metrics?.fwhmArcsec, 2)}</span>
              <span className="num right">{level(row.metrics?.skyElectronPerPixel)}</span>
              <span className="num right">{row.metrics?.sourceCount ?? '–'}</span>
              <span className="num right">{fixed(row.metrics?.wcsRmsArcsec, 3)}</span>
              <span className="num right">
                {row.metrics?.zeroPointMag == null
                  ? '–'
                  : `${fixed(row.metrics.zeroPointMag, 3)} ± ${fixed(row.metrics.zeroPointErrMag, 3)}`}
              </span>
              <span className="num right">{fixed(row.metrics?.limitMag5Sigma, 2)}</span>
              <span className="num right">{fixed(row.latencySec, 2)}</span>
            </div>
          );
        }}
      </VirtualRows>
    </div>
  );
}

/** Unknown values last, whichever way it is sorted. */
function compare(a: string | number | null, b: string | number | null, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = a < b ? -1 : a > b ? 1 : 0;
  return down ? -order : order;
}
