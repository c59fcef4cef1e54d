import type { FrameRow } from '@colibri/contracts';
import { memo } from 'react';
import { FilterMark } from '../../components/FilterMark.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { duration } from '../../lib/format.ts';
import { isForMasters, stateWord } from '../../lib/frame-words.ts';
import { useServerNow } from '../../lib/hooks.ts';
import { shortTime, type TimeScale } from '../../lib/time.ts';
import type { MetricColumn } from './columns.ts';
import { cellView, outlier, rowMs, rowSentence, rowSymbol, type Usual } from './model.ts';

export interface HintTarget {
  readonly text: string;
  readonly rect: DOMRect;
  readonly pinned: boolean;
}
type ShowHint = (hint: HintTarget | null) => void;

interface RowProps {
  readonly row: FrameRow;
  readonly modules: readonly string[];
  readonly metrics: readonly MetricColumn[];
  readonly medians: ReadonlyMap<string, number>;
  readonly usual: ReadonlyMap<string, Usual>;
  readonly scale: TimeScale;
  readonly pinned: boolean;
  readonly selected: boolean;
  readonly active: boolean;
  readonly onOpen: (row: FrameRow) => void;
  readonly onHint: ShowHint;
}

/** One frame: what it is, how far it came, what was measured. */
export const MatrixRow = memo(function MatrixRow(props: RowProps) {
  const { row, modules, metrics, medians, usual, scale, onHint } = props;
  const sentence = rowSentence(row);
  const classes = [
    'board-row',
    `row-${row.state}`,
    props.pinned ? 'row-pinned' : '',
    props.selected ? 'row-selected' : '',
    props.active ? 'row-active' : '',
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a grid of divs, because only rows in view exist
    <div
      role="row"
      tabIndex={-1}
      className={classes.join(' ')}
      data-key={row.key}
      onClick={() => props.onOpen(row)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') props.onOpen(row);
      }}
    >
      <span className="c-time num" title={row.observedAt === null ? 'From the file name: the header cannot tell' : undefined}>
        {shortTime(rowMs(row), scale)}
        {row.observedAt === null ? '*' : ''}
      </span>
      <span>{row.camera ?? '–'}</span>
      <FilterMark filter={row.filter} />
      <span className="muted">{row.type ?? '–'}</span>
      <span className={row.isAlert ? 'c-target c-alert' : 'c-target'} title={`${row.frameId} · ${row.pipeline}`}>
        {row.target ?? <span className="muted">{row.frameId}</span>}
        {row.revision > 1 ? <span className="tag">r{row.revision}</span> : null}
      </span>
      <span className="num right muted">{row.exposureSec === null ? '–' : `${row.exposureSec} s`}</span>
      <HintCell reason={sentence} onHint={onHint} className="c-received">
        <StatusSymbol state={rowSymbol(row)} label={stateWord(row)} />
      </HintCell>
      {modules.map((module) => (
        <ModuleCellBox key={module} row={row} module={module} median={medians.get(module) ?? null} onHint={onHint} />
      ))}
      <ProductsCell row={row} sentence={sentence} onHint={onHint} />
      {metrics.map((column) => {
        const doubt = outlier(row, column.key, usual);
        const text = column.text(row);
        if (doubt === null) {
          return (
            <span key={column.key} className={text === '–' ? 'num right muted' : 'num right'}>
              {text}
            </span>
          );
        }
        return (
          <HintCell
            key={column.key}
            reason={`${column.label} ${text} ${column.unit}: ${doubt}`}
            onHint={onHint}
            className="num right outlier"
          >
            <StatusSymbol state="watch" size={10} label="unusual" />
            {text}
          </HintCell>
        );
      })}
    </div>
  );
});

function ProductsCell({ row, sentence, onHint }: { row: FrameRow; sentence: string; onHint: ShowHint }) {
  const count = Object.values(row.products).filter((product) => product !== null).length;
  const word =
    row.state === 'published' || row.state === 'reduced' || row.state === 'measured'
      ? `${count}/3`
      : row.state === 'quarantined'
        ? 'quar.'
        : isForMasters(row)
          ? 'master'
          : row.state;
  const tone = row.state === 'failed' || row.state === 'quarantined' ? 'bad-text' : row.state === 'published' ? '' : 'muted';
  return (
    <HintCell reason={sentence} onHint={onHint} className={`num c-products ${tone}`}>
      {row.state === 'published' && row.latencySec !== null ? duration(row.latencySec) : word}
    </HintCell>
  );
}

function ModuleCellBox({
  row,
  module,
  median,
  onHint,
}: {
  row: FrameRow;
  module: string;
  median: number | null;
  onHint: ShowHint;
}) {
  const cell = row.cells.find((each) => each.module === module);
  if (cell?.state === 'running') return <RunningCell row={row} module={module} median={median} onHint={onHint} />;
  const view = cellView(cell, 0, median);
  const body = (
    <>
      {view.symbol === null ? null : <StatusSymbol state={view.symbol} size={12} label={view.state} />}
      <span>{view.text}</span>
    </>
  );
  if (view.reason === null) return <span className={`cell num cell-${view.state}`}>{body}</span>;
  return (
    <HintCell reason={view.reason} onHint={onHint} className={`cell num cell-${view.state}`}>
      {body}
    </HintCell>
  );
}

function RunningCell({
  row,
  module,
  median,
  onHint,
}: {
  row: FrameRow;
  module: string;
  median: number | null;
  onHint: ShowHint;
}) {
  const now = useServerNow('quarter');
  const view = cellView(
    row.cells.find((each) => each.module === module),
    now,
    median,
  );
  return (
    <HintCell reason={view.reason} onHint={onHint} className={`cell num cell-running${view.late ? ' cell-late' : ''}`}>
      <span className="cell-fill" style={{ transform: `scaleX(${view.fill ?? 0})` }} />
      <StatusSymbol state="info" size={12} label="running" />
      <span>{view.text}</span>
    </HintCell>
  );
}

/** A cell that gives its reason: on hover, on focus, and on tap. */
function HintCell({
  reason,
  onHint,
  className,
  children,
}: {
  reason: string | null;
  onHint: ShowHint;
  className: string;
  children: React.ReactNode;
}) {
  if (reason === null) return <span className={className}>{children}</span>;
  const show = (target: HTMLElement, pinned: boolean) => onHint({ text: reason, rect: target.getBoundingClientRect(), pinned });
  return (
    <button
      type="button"
      tabIndex={-1}
      className={`hint-cell ${className}`}
      aria-label={reason}
      onPointerEnter={(event) => {
        if (event.pointerType === 'mouse') show(event.currentTarget, false);
      }}
      onPointerLeave={(event) => {
        if (event.pointerType === 'mouse') onHint(null);
      }}
      onFocus={(event) => show(event.currentTarget, false)}
      onBlur={() => onHint(null)}
      onClick={(event) => {
        // A finger asks for the reason; a mouse has seen it and opens the row.
        if ((event.nativeEvent as PointerEvent).pointerType !== 'touch') return;
        event.stopPropagation();
        show(event.currentTarget, true);
      }}
    >
      {children}
    </button>
  );
}
