import { useCallback, useEffect, useMemo, useState } from 'react';
import { loadImage } from '../../components/image-viewer/load-image.ts';
import type { Picture } from '../../components/image-viewer/render-types.ts';
import { type SkyFrame, skyFrame } from '../../components/image-viewer/sky-frame.ts';
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
 * @param fullWidth - width of the full image [pixel]: tells how many pixels one of the preview covers; null: not known yet
 * @param wantFull - fetch the full image without being asked
 */
export function useFrameImage(
  frameId: string | null,
  pipeline: string | undefined,
  fullWidth: number | null,
  hasFull: boolean,
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
    if (frameId === null || fullWidth === null || kept.get(key) !== undefined) return;
    const abort = new AbortController();
    loadImage(previewUrl(frameId, pipeline, 1024), `${frameId} preview`, abort.signal).then(
      (image) => put({ image, block: Math.max(1, Math.round(fullWidth / image.width)), quality: 'preview' }),
      (reason: unknown) => {
        if (!abort.signal.aborted) setError(reason);
      },
    );
    return () => abort.abort();
  }, [frameId, pipeline, fullWidth, key, put]);

  useEffect(() => {
    setProgress(null);
    if (frameId === null || !full || !hasFull || kept.get(key)?.quality === 'full') return;
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
  }, [frameId, pipeline, full, hasFull, key, put]);

  useEffect(() => {
    setFullBytes(null);
    if (frameId === null || full || !hasFull) return;
    const abort = new AbortController();
    request(productUrl(frameId, 'reduced', pipeline), { method: 'HEAD', signal: abort.signal }).then(
      (response) => setFullBytes(Number(response.headers.get('content-length')) || null),
      () => undefined, // the size is a courtesy
    );
    return () => abort.abort();
  }, [frameId, pipeline, full, hasFull]);

  const made = useMemo(() => (stage === null ? null : makePicture(key, stage)), [key, stage]);
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

function makePicture(key: string, { image, block, quality }: Stage): { picture: Picture; sky: SkyFrame | null } {
  const size = { width: image.width * block, height: image.height * block };
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
