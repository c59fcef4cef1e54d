import type { FrameRow } from '@colibri/contracts';
import { useState } from 'react';
import { FilterMark } from '../../components/FilterMark.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { duration, fixed } from '../../lib/format.ts';
import { stateWord } from '../../lib/frame-words.ts';
import { useServerNow } from '../../lib/hooks.ts';
import { shortTime } from '../../lib/time.ts';
import { useTimeScale } from '../../lib/time-scale.ts';
import { type BoardItem, boardItems, cellView, rowMs, rowSentence, rowSymbol } from './model.ts';

const page = 40;

/** The board on a phone: a card per frame instead of a wide table; nothing needs hovering. */
export function FrameCards({
  rows,
  medians,
  showAllAlerts,
  onAllAlerts,
  onOpen,
}: {
  rows: readonly FrameRow[];
  medians: ReadonlyMap<string, number>;
  showAllAlerts: boolean;
  onAllAlerts: (all: boolean) => void;
  onOpen: (key: string) => void;
}) {
  const [limit, setLimit] = useState(page);
  const items = boardItems(rows, showAllAlerts);
  return (
    <div className="frame-cards">
      {items
        .slice(0, limit)
        .map((item) =>
          item.kind === 'row' ? (
            <FrameCard key={item.row.key} row={item.row} medians={medians} onOpen={onOpen} />
          ) : (
            <CardHead
              key={item.kind === 'alerts' ? 'alerts' : item.hourMs}
              item={item}
              showAll={showAllAlerts}
              onAllAlerts={onAllAlerts}
            />
          ),
        )}
      {items.length > limit ? (
        <button type="button" className="button wide" onClick={() => setLimit(limit + page)}>
          Show {Math.min(page, items.length - limit)} more of {items.length - limit}
        </button>
      ) : null}
    </div>
  );
}

function CardHead({
  item,
  showAll,
  onAllAlerts,
}: {
  item: Exclude<BoardItem, { kind: 'row' }>;
  showAll: boolean;
  onAllAlerts: (all: boolean) => void;
}) {
  const [scale] = useTimeScale();
  if (item.kind === 'alerts') {
    return (
      <div className="cards-head group-alert">
        <StatusSymbol state="critical" label={null} /> <strong>{item.targets[0]}</strong>{' '}
        <span className="muted num">{item.count} alert frames</span>
        {item.hidden > 0 || showAll ? (
          <button type="button" className="link" onClick={() => onAllAlerts(!showAll)}>
            {showAll ? 'newest only' : `${item.hidden} more`}
          </button>
        ) : null}
      </div>
    );
  }
  return (
    <div className="cards-head">
      <strong className="num">from {shortTime(item.hourMs, scale).slice(0, 9)}</strong>{' '}
      <span className="muted num">
        {item.count} frames{item.failed > 0 ? `, ${item.failed} failed` : ''}
      </span>
    </div>
  );
}

function FrameCard({
  row,
  medians,
  onOpen,
}: {
  row: FrameRow;
  medians: ReadonlyMap<string, number>;
  onOpen: (key: string) => void;
}) {
  const [scale] = useTimeScale();
  const trouble = row.failure !== null;
  return (
    <button type="button" className={`frame-card row-${row.state}`} onClick={() => onOpen(row.key)}>
      <span className="frame-card-top">
        <StatusSymbol state={rowSymbol(row)} size={16} label={stateWord(row)} />
        <strong className="num">{shortTime(rowMs(row), scale)}</strong>
        <span>{row.camera ?? '–'}</span>
        <FilterMark filter={row.filter} />
        <span className={row.isAlert ? 'c-alert ellipsis' : 'ellipsis'}>{row.target ?? row.type ?? row.frameId}</span>
        <span className="num muted right">{row.latencySec === null ? stateWord(row) : duration(row.latencySec)}</span>
      </span>
      {trouble ? (
        <span className="frame-card-why">{rowSentence(row)}</span>
      ) : row.state === 'published' ? (
        <span className="frame-card-figures num">
          <span>
            <small>FWHM</small> {fixed(row.metrics?.fwhmArcsec, 2)}″
          </span>
          <span>
            <small>rms</small> {fixed(row.metrics?.wcsRmsArcsec, 3)}″
          </span>
          <span>
            <small>ZP</small> {fixed(row.metrics?.zeroPointMag, 2)}
          </span>
          <span>
            <small>5σ</small> {fixed(row.metrics?.limitMag5Sigma, 2)}
          </span>
        </span>
      ) : (
        <CardProgress row={row} medians={medians} />
      )}
    </button>
  );
}

function CardProgress({ row, medians }: { row: FrameRow; medians: ReadonlyMap<string, number> }) {
  const now = useServerNow('quarter');
  const shown = row.cells.filter((cell) => cell.state !== 'off');
  return (
    <span className="frame-card-progress">
      {shown.map((cell) => {
        const view = cellView(cell, now, medians.get(cell.module) ?? null);
        return (
          <span key={cell.module} className={`progress-part cell-${cell.state}`}>
            <i style={{ transform: `scaleX(${cell.state === 'done' ? 1 : (view.fill ?? 0)})` }} />
            <small>{cell.module}</small>
          </span>
        );
      })}
    </span>
  );
}
