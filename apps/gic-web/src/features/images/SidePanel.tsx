import type { FrameRow, FrameSummary } from '@colibri/contracts';
import { useState } from 'react';
import { CopyButton } from '../../components/CopyButton.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../components/PanelStates.tsx';
import { VirtualRows } from '../../components/VirtualRows.tsx';
import { fixed } from '../../lib/format.ts';
import { useTheme } from '../../lib/theme.ts';
import type { CardRow } from '../../workers/decode-image.ts';
import { type SourceRow, type SourceSort, sortSources, summaryPairs } from './model.ts';

type QueryState<T> = { readonly data: T | undefined; readonly error: unknown; readonly isError: boolean; refetch(): unknown };

/** Figures and provenance of a frame. */
export function SummaryPanel({ query, row }: { query: QueryState<FrameSummary>; row: FrameRow }) {
  if (row.products.summary === null)
    return (
      <EmptyState title="No summary.">
        <p>{row.failure?.message ?? 'The frame is not measured yet; its summary comes with the catalogue.'}</p>
      </EmptyState>
    );
  if (query.isError && query.data === undefined)
    return <ErrorState error={query.error} source="Summary" onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <LoadingRows rows={8} what="the summary" />;
  const { provenance } = query.data;
  return (
    <div className="panel-scroll" data-scroll>
      {summaryPairs(query.data).map((group) => (
        <Group key={group.title} title={group.title}>
          {group.pairs.map(([label, value]) => (
            <Pair key={label} label={label}>
              {value}
            </Pair>
          ))}
        </Group>
      ))}
      <Group title="Made from">
        {provenance.inputs.map((input) => (
          <Pair key={`${input.role} ${input.name}`} label={input.role}>
            <span title={input.sha256 === null ? 'no checksum' : `SHA-256 ${input.sha256}`}>{input.name}</span>
          </Pair>
        ))}
      </Group>
      <Group title="Made by">
        <Pair label="Software">
          {provenance.software.name} {provenance.software.version} on {provenance.host}
        </Pair>
        <Pair label="Modules">
          {Object.entries(provenance.modules)
            .map(([name, version]) => `${name} ${version}`)
            .join(', ')}
        </Pair>
        <Pair label="Configuration">
          <CopyButton text={provenance.configHash} className="link" title="Copy the hash">
            {provenance.configHash.slice(0, 12)}
          </CopyButton>
        </Pair>
        {Object.entries(provenance.parameters).map(([module, values]) => (
          <Pair key={module} label={module}>
            {Object.entries(values)
              .map(([name, value]) => `${name} = ${String(value)}`)
              .join(', ')}
          </Pair>
        ))}
      </Group>
      <p className="replay">
        <code>{provenance.replay}</code>
        <CopyButton text={provenance.replay} className="link">
          copy
        </CopyButton>
      </p>
      {query.data.warnings.length === 0 ? null : (
        <Group title="Doubts">
          {query.data.warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </Group>
      )}
    </div>
  );
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="side-group">
      <h3>{title}</h3>
      <dl className="pairs">{children}</dl>
    </section>
  );
}

function Pair({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="pair">
      <dt>{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}

const sortNames: Readonly<Record<SourceSort, string>> = { number: '#', mag: 'mag', snr: 'S/N', fwhmPix: 'FWHM' };

/** The catalogue of the frame; a row centres the image, the image marks the row. */
export function SourcesPanel({
  sources,
  query,
  hovered,
  selected,
  onSelect,
}: {
  sources: readonly SourceRow[] | null;
  query: QueryState<unknown>;
  hovered: number | null;
  selected: number | null;
  onSelect: (source: SourceRow) => void;
}) {
  const [by, setBy] = useState<SourceSort>('mag');
  const theme = useTheme();
  if (query.isError && sources === null)
    return <ErrorState error={query.error} source="Sources" onRetry={() => void query.refetch()} />;
  if (sources === null) return <LoadingRows rows={8} what="the catalogue of the frame" />;
  if (sources.length === 0) return <EmptyState title="No source was found in this frame." />;
  const sorted = sortSources(sources, by);
  const marked = sorted.findIndex((source) => source.number === (hovered ?? selected));
  const height = theme === 'dome' ? 30 : 24;
  return (
    <div className="panel-scroll sources" data-scroll>
      <div className="source-head">
        <button type="button" onClick={() => setBy('number')}>
          {sortNames.number}
          {by === 'number' ? ' ↑' : ''}
        </button>
        <span className="right">x, y</span>
        <button type="button" className="right" onClick={() => setBy('mag')}>
          mag AB{by === 'mag' ? ' ↑' : ''}
        </button>
        <button type="button" className="right" onClick={() => setBy('snr')}>
          S/N{by === 'snr' ? ' ↓' : ''}
        </button>
        <button type="button" className="right" onClick={() => setBy('fwhmPix')}>
          FWHM px{by === 'fwhmPix' ? ' ↓' : ''}
        </button>
      </div>
      <VirtualRows count={sorted.length} rowHeight={height} scrollTo={hovered === null && marked >= 0 ? marked : null}>
        {(index) => {
          const source = sorted[index]!;
          return (
            <button
              key={source.number}
              type="button"
              className={`source-row num${index === marked ? ' row-selected' : ''}`}
              style={{ height }}
              onClick={() => onSelect(source)}
            >
              <span>{source.number}</span>
              <span className="right muted">
                {(source.x + 1).toFixed(0)}, {(source.y + 1).toFixed(0)}
              </span>
              <span className="right">{source.mag === null ? '–' : `${fixed(source.mag, 3)} ± ${fixed(source.magErr, 3)}`}</span>
              <span className="right">{fixed(source.snr, 0)}</span>
              <span className="right">
                {fixed(source.fwhmPix, 1)}
                {source.flags === 0 ? '' : '*'}
              </span>
            </button>
          );
        }}
      </VirtualRows>
    </div>
  );
}

/** Every card of the header, with a search. */
export function HeaderPanel({ cards, quality }: { cards: readonly CardRow[]; quality: 'none' | 'preview' | 'full' }) {
  const [query, setQuery] = useState('');
  if (cards.length === 0) return <LoadingRows rows={8} what="the header" />;
  const wanted = query.trim().toLowerCase();
  const shown = cards.filter(([keyword, value, comment]) =>
    `${keyword} ${String(value)} ${comment}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="panel-scroll" data-scroll>
      <input
        type="search"
        className="header-search"
        value={query}
        placeholder={`Search ${cards.length} cards${quality === 'preview' ? ' of the preview' : ''}`}
        aria-label="Search the header"
        spellCheck={false}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      {shown.length === 0 ? <p className="muted side-group">No card contains “{query}”.</p> : null}
      <table className="cards-table">
        <tbody>
          {shown.map(([keyword, value, comment], index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: COMMENT and HISTORY repeat
            <tr key={`${keyword} ${index}`} title={comment}>
              <th>{keyword}</th>
              <td className="num">
                {value === null ? comment : typeof value === 'boolean' ? (value ? 'T' : 'F') : String(value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
