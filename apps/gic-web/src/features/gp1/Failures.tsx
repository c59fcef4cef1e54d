import type { FrameRow } from '@colibri/contracts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { EmptyState } from '../../components/PanelStates.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { TimeText } from '../../components/TimeText.tsx';
import { plural } from '../../lib/format.ts';
import { failureGroups, nightTotals, totalsSentence } from './model.ts';

/** Failures of the night, the same trouble together. */
export function Failures({
  rows,
  filtered,
  onClear,
  onOpen,
  onShow,
}: {
  rows: readonly FrameRow[];
  filtered: boolean;
  onClear: () => void;
  onOpen: (key: string) => void;
  onShow: (code: string) => void;
}) {
  const groups = failureGroups(rows);
  if (groups.length === 0) {
    if (filtered) return <EmptyState title="No failure among the frames that the filter leaves." onClear={onClear} />;
    return (
      <EmptyState title="No failures tonight.">
        <p className="num">{totalsSentence(nightTotals(rows))}</p>
      </EmptyState>
    );
  }
  return (
    <div className="failures" data-scroll>
      {groups.map((group) => (
        <article key={group.signature} className="failure">
          <header>
            <StatusSymbol state="fail" label={null} />
            <strong className="num">{plural(group.count, 'frame')}</strong>
            <span>
              in <strong>{group.module}</strong>
            </span>
            <code>{group.failure.code}</code>
            <span className="muted">
              {group.count === 1 ? 'at ' : 'first '}
              <TimeText iso={group.firstAt} />
              {group.count === 1 ? null : (
                <>
                  , last <TimeText iso={group.lastAt} />
                </>
              )}
            </span>
          </header>
          <p className="failure-message">
            {group.failure.message}
            {group.count === 1 ? null : <span className="muted"> And {plural(group.count - 1, 'frame')} like it.</span>}
          </p>
          <p className="failure-hint">→ {group.failure.hint}</p>
          {group.failure.quarantinePath === null ? null : (
            <p className="muted">
              Kept in <code>{group.failure.quarantinePath}</code>{' '}
              <CopyButton text={group.failure.quarantinePath} className="link">
                copy path
              </CopyButton>
            </p>
          )}
          <p className="samples">
            {group.samples.slice(0, 6).map((row) => (
              <button key={row.key} type="button" className="link num" onClick={() => onOpen(row.key)}>
                {row.frameId}
              </button>
            ))}
            {group.samples.length > 6 ? <span className="muted">and {group.samples.length - 6} more</span> : null}
            <button type="button" className="link" onClick={() => onShow(group.failure.code)}>
              Show on the board
            </button>
          </p>
        </article>
      ))}
    </div>
  );
}
