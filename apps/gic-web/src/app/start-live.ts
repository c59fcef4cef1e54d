import type { Board } from '@colibri/contracts';
import type { QueryClient } from '@tanstack/react-query';
import { boardQuery, fetchNow, liveUrl, nowQuery } from '../lib/api.ts';
import { applyEvents } from '../lib/board-data.ts';
import { liveClient } from '../lib/live-client.ts';

/** Joins the live stream to the query cache: boards are snapshots that events keep up to date. */
export function startLive(queryClient: QueryClient): () => void {
  return liveClient.start({
    liveUrl,
    async refetchBoards() {
      // The newest board always; others only when they are on screen. The stream opens after the oldest of them.
      await queryClient.invalidateQueries({ queryKey: ['board'], refetchType: 'none' });
      await queryClient.refetchQueries({ queryKey: ['board'], type: 'active' }, { throwOnError: true });
      const newest = await queryClient.fetchQuery({ ...boardQuery(undefined), staleTime: 1000 });
      const active = queryClient.getQueryCache().findAll({ queryKey: ['board'], type: 'active' });
      queryClient.removeQueries({ queryKey: ['board'], type: 'inactive', predicate: (query) => query.queryKey[1] !== 'newest' });
      const seqs = active
        .map((query) => (query.state.data as Board | undefined)?.seq)
        .filter((seq): seq is number => seq !== undefined);
      return Math.min(newest.seq, ...seqs);
    },
    applyEvents(events) {
      queryClient.setQueriesData<Board>({ queryKey: ['board'] }, (board) =>
        board === undefined ? board : applyEvents(board, events),
      );
    },
    async probe(signal) {
      const now = await fetchNow(signal);
      queryClient.setQueryData(nowQuery.queryKey, now);
      return now;
    },
  });
}
