import { useEffect, useRef, useState } from 'react';
import { previewUrl } from '../../lib/api.ts';
import { useTheme } from '../../lib/theme.ts';
import { makeCpuRenderer } from './cpu-renderer.ts';
import { limitsFor } from './levels.ts';
import { loadImage } from './load-image.ts';
import type { Picture } from './render-types.ts';
import { fitView, upright } from './transform.ts';

/** A small picture of a frame: its preview, drawn once. */
export function Thumbnail({ frameId, pipeline, sizePx }: { frameId: string; pipeline: string; sizePx: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [picture, setPicture] = useState<Picture | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    setFailed(false);
    loadImage(previewUrl(frameId, pipeline, 256), frameId, abort.signal).then(
      (image) =>
        setPicture({
          id: frameId,
          levels: image.levels,
          mask: null,
          sorted: image.sorted,
          size: { width: image.width, height: image.height },
        }),
      () => {
        if (!abort.signal.aborted) setFailed(true);
      },
    );
    return () => abort.abort();
  }, [frameId, pipeline]);
  useEffect(() => {
    if (picture === null || canvas.current === null) return;
    const box = { width: sizePx * 2, height: sizePx * 2 };
    const [lo, hi] = limitsFor('p995', picture.sorted);
    const view = fitView(picture.size, box, upright);
    const fill = Math.max(box.width / picture.size.width, box.height / picture.size.height);
    makeCpuRenderer(canvas.current).draw(
      picture,
      { ...view, scale: fill },
      { stretch: 'asinh', lo, hi, ramp: 'grey', theme, maskBits: 0 },
      box,
      1,
    );
  }, [picture, theme, sizePx]);
  return (
    <span className="tile-picture">
      {failed ? (
        <span className="muted tile-nothing">no preview</span>
      ) : (
        <canvas ref={canvas} role="img" aria-label={`Preview of ${frameId}`} />
      )}
    </span>
  );
}
