import {
  type Board,
  board,
  type FrameRow,
  type FrameSummary,
  frameRow,
  frameSummary,
  type NightTimes,
  type Now,
  nightTimes,
  now,
  type SourceTable,
  sourceTable,
} from '@colibri/contracts';
import { queryOptions } from '@tanstack/react-query';
import { getJson, RequestError, type Schema } from './fetcher.ts';
import { liveClient } from './live-client.ts';

/** The routes of the contract, one function each: path, schema and cache key in one place. */
const base = '/api/v1';

const withQuery = (path: string, query: Readonly<Record<string, string | number | undefined>>): string => {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) params.set(key, String(value));
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
};

const frameRows: Schema<FrameRow[]> = frameRow.array();

/** A question that the server refused on purpose is not asked again; only an absent server is. */
const retry = (failures: number, error: unknown) =>
  error instanceof RequestError && error.code === 'WEB_UNREACHABLE' && failures < 2;

export const fetchNow = (signal?: AbortSignal): Promise<Now> => getJson(`${base}/now`, now, signal);
export const fetchBoard = (night: string | undefined, signal?: AbortSignal): Promise<Board> =>
  getJson(withQuery(`${base}/board`, { night }), board, signal);
export const liveUrl = (after: number) => `${base}/live?after=${after}`;

export const nowQuery = queryOptions({
  queryKey: ['now'],
  queryFn: ({ signal }) => fetchNow(signal),
  refetchInterval: 10_000,
  retry,
});

/** The board of a night (the newest one when none is named), kept up to date by the live stream and never by its age. */
export const boardQuery = (night: string | undefined) =>
  queryOptions<Board>({
    queryKey: ['board', night ?? 'newest'],
    queryFn: async ({ signal }) => liveClient.catchUp(await fetchBoard(night, signal)),
    staleTime: Number.POSITIVE_INFINITY,
    retry,
  });

export const timesQuery = (night: string) =>
  queryOptions<NightTimes>({
    queryKey: ['times', night],
    queryFn: ({ signal }) => getJson(`${base}/nights/${encodeURIComponent(night)}/times`, nightTimes, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry,
  });

const framePath = (frameId: string, rest: string, query: Readonly<Record<string, string | number | undefined>>) =>
  withQuery(`${base}/frames/${encodeURIComponent(frameId)}${rest}`, query);

export const frameQuery = (frameId: string) =>
  queryOptions<FrameRow[]>({
    queryKey: ['frame', frameId],
    queryFn: ({ signal }) => getJson(framePath(frameId, '', {}), frameRows, signal),
    retry,
  });

export const summaryQuery = (frameId: string, pipeline: string | undefined) =>
  queryOptions<FrameSummary>({
    queryKey: ['summary', frameId, pipeline],
    queryFn: ({ signal }) => getJson(framePath(frameId, '/summary', { pipeline }), frameSummary, signal),
    retry,
  });

export const sourcesQuery = (frameId: string, pipeline: string | undefined) =>
  queryOptions<SourceTable>({
    queryKey: ['sources', frameId, pipeline],
    queryFn: ({ signal }) => getJson(framePath(frameId, '/sources', { pipeline }), sourceTable, signal),
    staleTime: 60_000,
    retry,
  });

/** The summary of a unit, a document of its own. */
/** `key`: `<pipeline>/<folder>` of a unit or of a target; the path is that of the workspace, so that links between pages lead on. */
export const unitPageUrl = (key: string) =>
  `${base}/units/pages/${key.split('/').map(encodeURIComponent).join('/')}/summary.html`;
export const unitProductUrl = (key: string, name: string) => withQuery(`${base}/units/file`, { key, name });

export const previewUrl = (frameId: string, pipeline: string | undefined, size: number) =>
  framePath(frameId, '/preview', { pipeline, size });
export const productUrl = (frameId: string, product: 'reduced' | 'catalog' | 'summary', pipeline: string | undefined) =>
  framePath(frameId, `/file/${product}`, { pipeline });
