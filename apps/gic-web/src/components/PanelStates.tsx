import { Component, type ReactNode, useState } from 'react';
import { copyText } from '../lib/csv.ts';
import { RequestError } from '../lib/fetcher.ts';
import { StatusSymbol } from './StatusSymbol.tsx';

/** Loading: the outline of the real layout. */
export function LoadingRows({ rows, what }: { rows: number; what: string }) {
  return (
    <div className="skeleton" role="status" aria-label={`Waiting for ${what}`}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a skeleton have no identity
        <div key={i} className="skeleton-row" style={{ width: `${96 - ((i * 37) % 23)}%` }} />
      ))}
      <p className="muted">Waiting for {what}…</p>
    </div>
  );
}

/** Empty: why, and what will fill it; or which filter hides everything, and one button to clear it. */
export function EmptyState({
  title,
  children,
  onClear,
  clearLabel,
}: {
  title: string;
  children?: ReactNode;
  onClear?: () => void;
  clearLabel?: string;
}) {
  return (
    <div className="empty">
      <StatusSymbol state="info" size={28} label={null} />
      <div>
        <p className="empty-title">{title}</p>
        {children}
        {onClear === undefined ? null : (
          <button type="button" className="button" onClick={onClear}>
            {clearLabel ?? 'Clear the filter'}
          </button>
        )}
      </div>
    </div>
  );
}

/** Error: sentence, remedy, code, time, correlation id, copy, retry. The rest of the page stays alive. */
export function ErrorState({
  error,
  source,
  lastSuccessMs,
  onRetry,
}: {
  error: unknown;
  source: string;
  lastSuccessMs?: number;
  onRetry?: () => void;
}) {
  const [copied, setCopied] = useState(false);
  const told = describe(error);
  const text = [
    `${source}: ${told.message}`,
    told.hint,
    `code ${told.code}`,
    told.id === null ? '' : `correlation ${told.id}`,
    told.at,
    told.url,
  ]
    .filter(Boolean)
    .join('\n');
  return (
    <div className="error-state" role="alert">
      <StatusSymbol state="fail" size={22} label="failed" />
      <div>
        <p className="error-title">
          {source}: {told.message}
        </p>
        <p>{told.hint}</p>
        <p className="muted num">
          {told.code} · {told.at}
          {told.id === null ? '' : ` · correlation id ${told.id}`}
          {lastSuccessMs ? ` · last success ${new Date(lastSuccessMs).toISOString().slice(11, 19)} UT` : ''}
        </p>
        <div className="row-gap">
          {onRetry === undefined ? null : (
            <button type="button" className="button" onClick={onRetry}>
              Try again
            </button>
          )}
          <button type="button" className="button" onClick={() => void copyText(text).then(setCopied)}>
            {copied ? 'Copied' : 'Copy the report'}
          </button>
        </div>
      </div>
    </div>
  );
}

function describe(error: unknown): { message: string; hint: string; code: string; id: string | null; at: string; url: string } {
  const at = new Date(error instanceof RequestError ? error.at : Date.now()).toISOString().replace('T', ' ').slice(0, 19);
  if (error instanceof RequestError)
    return {
      message: error.message,
      hint: error.hint,
      code: error.code,
      id: error.correlationId,
      at: `${at} UT`,
      url: error.url,
    };
  return {
    message: error instanceof Error ? error.message : String(error),
    hint: 'This is a fault of the page itself: reload it, and send the report to the people who build it.',
    code: 'WEB_UNEXPECTED',
    id: null,
    at: `${at} UT`,
    url: location.href,
  };
}

interface BoundaryProps {
  readonly source: string;
  readonly children: ReactNode;
}

/** A panel that fails says so; its neighbours stay. */
export class PanelBoundary extends Component<BoundaryProps, { error: unknown }> {
  override state: { error: unknown } = { error: null };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorState error={this.state.error} source={this.props.source} onRetry={() => this.setState({ error: null })} />;
  }
}
