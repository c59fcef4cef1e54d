import type { FrameRow } from '@colibri/contracts';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { EmptyState, ErrorState, LoadingRows } from '../../components/PanelStates.tsx';
import { frameQuery } from '../../lib/api.ts';
import { stateWord } from '../../lib/frame-words.ts';
import { useUrlState } from '../../lib/url-state.ts';
import { FrameView } from './FrameView.tsx';
import { bestRow } from './model.ts';
import './image.css';

/** One frame: its pixels, sources, figures and where they came from. */
export function ImagePage() {
  const { frameId } = useParams({ strict: false }) as { frameId: string };
  const [search] = useUrlState();
  const query = useQuery(frameQuery(frameId));
  if (query.isPending) return <LoadingRows rows={12} what={frameId} />;
  if (query.data === undefined) return <ErrorState error={query.error} source={frameId} onRetry={() => void query.refetch()} />;
  const row = bestRow(query.data, search.pipe);
  if (row === undefined) return <EmptyState title={`${frameId} is not known.`} />;
  if (row.products.reduced === null) return <NoImage row={row} />;
  return <FrameView key={row.pipeline} row={row} siblings={query.data} />;
}

function NoImage({ row }: { row: FrameRow }) {
  return (
    <EmptyState title={`${row.frameId} has no reduced image: it is ${stateWord(row)}.`}>
      <p>{row.failure?.message ?? 'It comes as soon as the reduction is done; this page then shows it after a reload.'}</p>
      {row.failure === null ? null : <p>→ {row.failure.hint}</p>}
    </EmptyState>
  );
}
