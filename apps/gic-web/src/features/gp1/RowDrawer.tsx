import type { FrameRow } from '@colibri/contracts';
import { Drawer } from '@mantine/core';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Drawer.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyButton } from '../../components/CopyButton.tsx';
import { FilterMark } from '../../components/FilterMark.tsx';
import { ErrorState, LoadingRows } from '../../components/PanelStates.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { TimeText } from '../../components/TimeText.tsx';
import { productUrl, summaryQuery } from '../../lib/api.ts';
import { duration } from '../../lib/format.ts';
import { stateWord } from '../../lib/frame-words.ts';
import { useServerNow } from '../../lib/hooks.ts';
import { metricColumns } from './columns.ts';
import { cellView, rowSentence, rowSymbol } from './model.ts';

/** All about one frame in one pipeline, beside the board. */
export function RowDrawer({
  row,
  medians,
  onClose,
}: {
  row: FrameRow | undefined;
  medians: ReadonlyMap<string, number>;
  onClose: () => void;
}) {
  return (
    <Drawer
      opened={row !== undefined}
      onClose={onClose}
      position="right"
      size={480}
      withCloseButton={false}
      lockScroll={false}
      overlayProps={{ backgroundOpacity: 0.25 }}
      transitionProps={{ duration: 120 }}
      classNames={{ body: 'drawer-body', content: 'drawer-content' }}
      aria-label="Frame"
    >
      {row === undefined ? null : <RowDetails row={row} medians={medians} onClose={onClose} />}
    </Drawer>
  );
}

function RowDetails({ row, medians, onClose }: { row: FrameRow; medians: ReadonlyMap<string, number>; onClose: () => void }) {
  return (
    <>
      <header className="drawer-head">
        <div>
          <h2 className="num">{row.frameId}</h2>
          <p className="muted">
            {row.pipeline} · revision {row.revision} · {row.camera ?? 'camera unknown'} · <FilterMark filter={row.filter} /> ·{' '}
            {row.type ?? 'type unknown'}
            {row.exposureSec === null ? '' : ` · ${row.exposureSec} s`}
          </p>
        </div>
        <button type="button" className="button" onClick={onClose} aria-label="Close (Esc)">
          ✕
        </button>
      </header>
      <p className={`state-line state-${rowSymbol(row)}`}>
        <StatusSymbol state={rowSymbol(row)} label={stateWord(row)} /> <span>{rowSentence(row)}</span>
      </p>
      <div className="row-gap">
        {row.products.reduced === null ? (
          <span className="muted">
            No image: {row.failure === null ? 'the frame is not reduced yet.' : 'the frame was not reduced.'}
          </span>
        ) : (
          <Link
            to="/image/$frameId"
            params={{ frameId: row.frameId }}
            search={{ pipe: row.pipeline } as never}
            className="button button-primary"
          >
            Open image
          </Link>
        )}
        {row.products.catalog === null ? null : (
          <a className="button" href={productUrl(row.frameId, 'catalog', row.pipeline)} download>
            Catalogue
          </a>
        )}
        {row.products.summary === null ? null : (
          <a className="button" href={productUrl(row.frameId, 'summary', row.pipeline)} download>
            Summary
          </a>
        )}
      </div>
      {row.failure === null ? null : (
        <Section title="What went wrong">
          <p>{row.failure.message}</p>
          <p className="failure-hint">→ {row.failure.hint}</p>
          <p className="muted">
            <code>{row.failure.code}</code>
            {row.failure.module === null ? '' : ` in ${row.failure.module}`}
          </p>
          {row.failure.quarantinePath === null ? null : (
            <p className="muted">
              Kept in <code>{row.failure.quarantinePath}</code>{' '}
              <CopyButton text={row.failure.quarantinePath} className="link">
                copy path
              </CopyButton>
            </p>
          )}
        </Section>
      )}
      {row.warnings.length === 0 ? null : (
        <Section title="Doubts that did not stop it">
          <ul className="warnings">
            {row.warnings.map((warning) => (
              <li key={warning}>
                <StatusSymbol state="watch" size={12} label={null} /> {warning}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Modules">
        <Cells row={row} medians={medians} />
      </Section>
      {row.metrics === null ? null : (
        <Section title="Measured">
          <dl className="pairs">
            {metricColumns.map((column) => (
              <Pair key={column.key} label={`${column.label} [${column.unit}]`}>
                {column.text(row)}
              </Pair>
            ))}
          </dl>
        </Section>
      )}
      <Section title="Times">
        <dl className="pairs">
          <Pair label="Exposed">
            <TimeText iso={row.observedAt} />
          </Pair>
          <Pair label="Received">
            <TimeText iso={row.receivedAt} />
          </Pair>
          <Pair label="Last change">
            <TimeText iso={row.updatedAt} />
          </Pair>
          <Pair label="Latency, file closed → published">{duration(row.latencySec)}</Pair>
        </dl>
      </Section>
      {row.products.summary === null ? null : <ProvenanceSection row={row} />}
    </>
  );
}

function Cells({ row, medians }: { row: FrameRow; medians: ReadonlyMap<string, number> }) {
  const now = useServerNow('quarter');
  const longest = Math.max(0.001, ...row.cells.map((cell) => cell.seconds ?? 0));
  return (
    <ul className="timings">
      {row.cells.map((cell) => {
        const median = medians.get(cell.module) ?? null;
        const view = cellView(cell, now, median);
        return (
          <li key={cell.module} className={`cell-${cell.state}`}>
            <span className="timing-name">
              {view.symbol === null ? (
                <span className="no-symbol" />
              ) : (
                <StatusSymbol state={view.symbol} size={12} label={cell.state} />
              )}{' '}
              {cell.module}
            </span>
            <span className="timing-bar">
              {cell.seconds === null ? null : <i style={{ width: `${(100 * cell.seconds) / longest}%` }} />}
            </span>
            <span className="num right">{cell.state === 'off' ? 'off' : view.text}</span>
            {cell.reason === null ? null : <span className="timing-reason">{cell.reason}</span>}
          </li>
        );
      })}
    </ul>
  );
}

function ProvenanceSection({ row }: { row: FrameRow }) {
  const query = useQuery(summaryQuery(row.frameId, row.pipeline));
  if (query.isPending) return <LoadingRows rows={4} what="the summary" />;
  if (query.isError) return <ErrorState error={query.error} source="Summary" onRetry={() => void query.refetch()} />;
  const { provenance } = query.data;
  return (
    <>
      <Section title="Inputs">
        <dl className="pairs">
          {provenance.inputs.map((input) => (
            <Pair key={`${input.role} ${input.name}`} label={input.role}>
              <span title={input.sha256 ?? 'no checksum'}>{input.name}</span>
            </Pair>
          ))}
        </dl>
      </Section>
      <Section title="Provenance">
        <dl className="pairs">
          <Pair label="Software">
            {provenance.software.name} {provenance.software.version} on {provenance.host}
          </Pair>
          <Pair label="Modules">
            {Object.entries(provenance.modules)
              .map(([name, version]) => `${name} ${version}`)
              .join(', ')}
          </Pair>
          <Pair label="Configuration">
            <span className="num">{provenance.configHash.slice(0, 12)}</span>
          </Pair>
        </dl>
        <p className="replay">
          <code>{provenance.replay}</code>
          <CopyButton text={provenance.replay} className="link">
            copy
          </CopyButton>
        </p>
      </Section>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="drawer-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Pair({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="pair">
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
