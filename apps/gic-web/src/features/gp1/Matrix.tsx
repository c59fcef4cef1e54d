import type { Board, FrameRow } from '@colibri/contracts';
import { useElementSize } from '@mantine/hooks';
import { useCallback, useMemo, useState } from 'react';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { VirtualRows } from '../../components/VirtualRows.tsx';
import { duration, plural } from '../../lib/format.ts';
import { useKeys } from '../../lib/keyboard.ts';
import { useTheme } from '../../lib/theme.ts';
import { dateIn, minuteTime, scaleLabel } from '../../lib/time.ts';
import { useTimeScale } from '../../lib/time-scale.ts';
import { fittingMetrics, gridTemplate, metricColumns } from './columns.ts';
import { type HintTarget, MatrixRow } from './MatrixRow.tsx';
import { type BoardItem, boardItems, moduleMedians, modulesOff, rowMs, usualMetrics } from './model.ts';

/** Letters of 16 px against 12. */
const domeScale = 1.34;

/** The frame × module matrix: newest first, alerts pinned, only the rows in view drawn. */
export function Matrix({
  board,
  rows,
  showAllAlerts,
  onAllAlerts,
  openKey,
  onOpen,
}: {
  board: Board;
  rows: readonly FrameRow[];
  showAllAlerts: boolean;
  onAllAlerts: (all: boolean) => void;
  openKey: string | undefined;
  onOpen: (key: string | undefined) => void;
}) {
  const [scale] = useTimeScale();
  const theme = useTheme();
  const off = useMemo(() => modulesOff(board), [board]);
  const medians = useMemo(() => moduleMedians(board.rows), [board.rows]);
  const usual = useMemo(() => usualMetrics(board.rows), [board.rows]);
  const items = useMemo(() => boardItems(rows, showAllAlerts), [rows, showAllAlerts]);
  const [hint, setHint] = useState<HintTarget | null>(null);
  const [active, setActive] = useState<number | null>(null);
  const [top, setTop] = useState(0);
  const onTop = useCallback((index: number) => setTop(index), []);
  const open = useCallback((row: FrameRow) => onOpen(row.key), [onOpen]);
  const move = (step: 1 | -1) => {
    let next = active === null ? (step === 1 ? 0 : items.length - 1) : active + step;
    while (items[next] !== undefined && items[next]!.kind !== 'row') next += step;
    if (items[next] === undefined) return;
    setActive(next);
    const item = items[next]!;
    if (openKey !== undefined && item.kind === 'row') onOpen(item.row.key);
  };
  useKeys('List', [
    { keys: 'j', label: 'Next frame', run: () => move(1) },
    { keys: 'k', label: 'Previous frame', run: () => move(-1) },
    { keys: 'ArrowDown', label: 'Next frame', run: () => move(1) },
    { keys: 'ArrowUp', label: 'Previous frame', run: () => move(-1) },
    {
      keys: 'Enter',
      label: 'Open the frame',
      run: () => {
        const item = active === null ? undefined : items[active];
        if (item?.kind === 'row') onOpen(item.row.key);
      },
    },
    { keys: 'Escape', label: 'Close', run: () => onOpen(undefined) },
  ]);

  // The large letters of the dome leave no room for columns of dashes.
  const modules = useMemo(
    () => (theme === 'dome' ? board.modules.filter((module) => !off.has(module)) : board.modules),
    [board.modules, off, theme],
  );
  const { ref, width } = useElementSize();
  // With gloves and in the dark nobody scrolls sideways: there the figures of least interest give way.
  const metrics = useMemo(
    () => (theme === 'dome' ? fittingMetrics(modules, off, domeScale, width) : metricColumns),
    [modules, off, theme, width],
  );
  const template = gridTemplate(modules, off, theme === 'dome' ? domeScale : 1, metrics);
  const rowHeight = theme === 'dome' ? 34 : 27;
  const firstMs = rows[0] === undefined ? Date.parse(board.serverTime) : rowMs(rows[0]);
  // The head of the group that scrolled out of view stays on top.
  const sticky = items.slice(0, top + 1).findLast((item) => item.kind !== 'row');
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a virtual grid cannot be a table */}
      <div
        ref={ref}
        className="matrix"
        data-scroll
        role="grid"
        aria-label="Frames by modules"
        aria-rowcount={items.length}
        style={{ '--grid': template.columns, '--grid-least': `${template.leastPx}px` } as React.CSSProperties}
        onScroll={() => setHint(null)}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div className="board-head" role="row" tabIndex={-1}>
          <span>
            Time<small>{scaleLabel(firstMs, scale)}</small>
          </span>
          <span>Cam</span>
          <span>Filter</span>
          <span>Type</span>
          <span>Target</span>
          <span className="right">
            Exp<small>s</small>
          </span>
          <span>
            <span className="sr-only">State</span>
          </span>
          {modules.map((module) => (
            <span
              key={module}
              className={off.has(module) ? 'head-off' : ''}
              title={off.has(module) ? `${module}: switched off` : module}
            >
              {off.has(module) ? module.slice(0, 4) : module}
              {off.has(module) ? (
                <small>off</small>
              ) : (
                <small>{medians.has(module) ? `${theme === 'dome' ? '' : 'med '}${duration(medians.get(module))}` : ''}</small>
              )}
            </span>
          ))}
          <span>
            Products<small>latency</small>
          </span>
          {metrics.map((column) => (
            <span key={column.key} className="right">
              {column.label}
              <small>{column.unit}</small>
            </span>
          ))}
        </div>
        {sticky === undefined || top === 0 ? null : (
          <div className="board-sticky" style={{ height: 0 }}>
            <GroupHead item={sticky} scale={scale} showAll={showAllAlerts} onAllAlerts={onAllAlerts} height={rowHeight} />
          </div>
        )}
        <VirtualRows count={items.length} rowHeight={rowHeight} scrollTo={active} onTop={onTop}>
          {(index) => {
            const item = items[index]!;
            if (item.kind !== 'row')
              return (
                <GroupHead
                  key={item.kind === 'alerts' ? 'alerts' : item.hourMs}
                  item={item}
                  scale={scale}
                  showAll={showAllAlerts}
                  onAllAlerts={onAllAlerts}
                  height={rowHeight}
                />
              );
            return (
              <MatrixRow
                key={item.row.key}
                row={item.row}
                modules={modules}
                metrics={metrics}
                medians={medians}
                usual={usual}
                scale={scale}
                pinned={item.pinned}
                selected={item.row.key === openKey}
                active={index === active}
                onOpen={open}
                onHint={setHint}
              />
            );
          }}
        </VirtualRows>
      </div>
      {hint === null ? null : <HintBubble hint={hint} />}
    </>
  );
}

function GroupHead({
  item,
  scale,
  showAll,
  onAllAlerts,
  height,
}: {
  item: Exclude<BoardItem, { kind: 'row' }>;
  scale: Parameters<typeof minuteTime>[1];
  showAll: boolean;
  onAllAlerts: (all: boolean) => void;
  height: number;
}) {
  if (item.kind === 'alerts') {
    return (
      <div className="board-group group-alert" style={{ height }}>
        <StatusSymbol state="critical" size={13} label={null} />
        <strong>Alert frames</strong> {item.targets.slice(0, 3).join(' · ')}
        {item.targets.length > 3 ? ` and ${item.targets.length - 3} more` : ''}
        <span className="muted num">{plural(item.count, 'frame')}, priority lane</span>
        {item.hidden > 0 || showAll ? (
          <button type="button" className="link" onClick={() => onAllAlerts(!showAll)}>
            {showAll ? 'Show the newest only' : `Show ${item.hidden} more`}
          </button>
        ) : null}
      </div>
    );
  }
  return (
    <div className="board-group" style={{ height }}>
      <strong className="num">
        {dateIn(item.hourMs, scale)} {minuteTime(item.hourMs, scale)} {scaleLabel(item.hourMs, scale)}
      </strong>
      <span className="muted num">
        {plural(item.count, 'frame')}
        {item.medianLatencySec === null ? '' : `, median ${duration(item.medianLatencySec)}`}
      </span>
      {item.failed === 0 ? null : (
        <span className="bad-text num">
          <StatusSymbol state="fail" size={11} label={null} /> {item.failed} failed
        </span>
      )}
    </div>
  );
}

function HintBubble({ hint }: { hint: HintTarget }) {
  const below = hint.rect.top < 120;
  return (
    <div
      className="hint-bubble"
      role="tooltip"
      style={{
        left: Math.min(Math.max(8, hint.rect.left - 20), innerWidth - 340),
        ...(below ? { top: hint.rect.bottom + 6 } : { bottom: innerHeight - hint.rect.top + 6 }),
      }}
    >
      {hint.text}
    </div>
  );
}
