import { useCallback, useEffect, useMemo, useState } from 'react';
import { loadImage } from '../../components/image-viewer/load-image.ts';
import type { Picture } from '../../components/image-viewer/render-types.ts';
import { type SkyFrame, skyFrame } from '../../components/image-viewer/sky-frame.ts';
import type { Size } from '../../components/image-viewer/transform.ts';
import { previewUrl, productUrl } from '../../lib/api.ts';
import { request } from '../../lib/fetcher.ts';
import type { CardRow, DecodedImage } from '../../workers/decode-image.ts';

/** A frame's picture: the preview at once, the full image when wanted. */
export interface FrameImage {
  readonly picture: Picture | null;
  readonly sky: SkyFrame | null;
  readonly cards: readonly CardRow[];
  readonly unit: string;
  readonly quality: 'none' | 'preview' | 'full';
  /** Side of a preview pixel [full pixel]. */
  readonly block: number;
  readonly error: unknown;
  readonly progress: { readonly received: number; readonly total: number | null } | null;
  /** Size of the full file, when the server tells it [byte]. */
  readonly fullBytes: number | null;
  readonly loadFull: () => void;
}

interface Stage {
  readonly image: DecodedImage;
  readonly block: number;
  readonly quality: 'preview' | 'full';
}

/** Full images kept for going back and forth and for blinking; each may take 150 MB. */
const kept = new Map<string, Stage>();
const keptCount = 3;

function remember(key: string, stage: Stage): void {
  if (kept.get(key)?.quality === 'full' && stage.quality === 'preview') return;
  kept.delete(key);
  kept.set(key, stage);
  for (const old of [...kept.keys()].slice(0, Math.max(0, kept.size - keptCount))) kept.delete(old);
}

/**
 * @param size - of the full image [pixel] where the summary tells it: the last blocks of a preview may cover less
 * @param wantFull - fetch the full image without being asked
 */
export function useFrameImage(
  frameId: string | null,
  pipeline: string | undefined,
  size: Size | null,
  wantFull: boolean,
): FrameImage {
  const key = `${pipeline ?? ''}/${frameId ?? ''}`;
  const [stages, setStages] = useState<{ readonly key: string; readonly stage: Stage } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [progress, setProgress] = useState<FrameImage['progress']>(null);
  const [fullBytes, setFullBytes] = useState<number | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  const stage = stages?.key === key ? stages.stage : (kept.get(key) ?? null);
  const full = wantFull || asked === key;
  const put = useCallback(
    (next: Stage) => {
      remember(key, next);
      setStages((old) => (old?.key === key && old.stage.quality === 'full' ? old : { key, stage: next }));
    },
    [key],
  );

  useEffect(() => {
    setError(null);
    if (frameId === null || kept.get(key) !== undefined) return;
    const abort = new AbortController();
    loadImage(previewUrl(frameId, pipeline, 1024), `${frameId} preview`, abort.signal).then(
      (image) => put({ image, block: blockOf(image.cards), quality: 'preview' }),
      (reason: unknown) => {
        if (!abort.signal.aborted) setError(reason);
      },
    );
    return () => abort.abort();
  }, [frameId, pipeline, key, put]);

  useEffect(() => {
    setProgress(null);
    if (frameId === null || !full || kept.get(key)?.quality === 'full') return;
    const abort = new AbortController();
    loadImage(productUrl(frameId, 'reduced', pipeline), `${frameId}.fits.fz`, abort.signal, (received, total) =>
      setProgress({ received, total }),
    ).then(
      (image) => {
        setError(null);
        setProgress(null);
        put({ image, block: 1, quality: 'full' });
      },
      (reason: unknown) => {
        if (abort.signal.aborted) return;
        setProgress(null);
        setError(reason);
      },
    );
    return () => abort.abort();
  }, [frameId, pipeline, full, key, put]);

  useEffect(() => {
    setFullBytes(null);
    if (frameId === null || full) return;
    const abort = new AbortController();
    request(productUrl(frameId, 'reduced', pipeline), { method: 'HEAD', signal: abort.signal }).then(
      (response) => setFullBytes(Number(response.headers.get('content-length')) || null),
      () => undefined, // the size is a courtesy
    );
    return () => abort.abort();
  }, [frameId, pipeline, full]);

  const [width, height] = [size?.width ?? null, size?.height ?? null];
  const made = useMemo(() => (stage === null ? null : makePicture(key, stage, width, height)), [key, stage, width, height]);
  return {
    picture: made?.picture ?? null,
    sky: made?.sky ?? null,
    cards: stage?.image.cards ?? [],
    unit: stage?.image.unit ?? '',
    quality: stage?.quality ?? 'none',
    block: stage?.block ?? 1,
    error,
    progress,
    fullBytes,
    loadFull: () => setAsked(key),
  };
}

/** Side of a preview pixel [full pixel], by the server's word PVBLOCK; a full image has none. */
function blockOf(cards: readonly CardRow[]): number {
  const value = cards.find(([keyword]) => keyword === 'PVBLOCK')?.[1];
  return typeof value === 'number' && value >= 1 ? value : 1;
}

function makePicture(
  key: string,
  { image, block, quality }: Stage,
  width: number | null,
  height: number | null,
): { picture: Picture; sky: SkyFrame | null } {
  const within = (known: number | null, count: number) =>
    known !== null && known > (count - 1) * block && known <= count * block ? known : count * block;
  const size = { width: within(width, image.width), height: within(height, image.height) };
  return {
    picture: {
      id: `${key} ${quality}`,
      levels: image.levels.map((level) => ({ ...level, block: level.block * block })),
      mask: image.mask,
      sorted: image.sorted,
      size,
    },
    sky: skyFrame(image.cards, block, [(size.width - 1) / 2, (size.height - 1) / 2]),
  };
}
