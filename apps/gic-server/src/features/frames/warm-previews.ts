import type { FrameRow, LiveEvent } from '@colibri/contracts';
import type { Previews } from './previews.ts';
import type { ProductFinder } from './products.ts';

/** The size that pages ask for first. */
const SIZE = 1024;

/**
 * Makes the preview of a frame when it is published, so that whoever opens it waits for nothing. One at a time, and only the newest that
 * waits: in a burst the processor belongs to GP1.
 */
export function warmPreviews(products: ProductFinder, previews: Previews): (event: LiveEvent) => void {
  let next: FrameRow | null = null;
  let isBusy = false;
  const work = async (): Promise<void> => {
    isBusy = true;
    while (next) {
      const { frameId, pipeline } = next;
      next = null;
      try {
        await previews.get(await products.find(frameId, pipeline, 'reduced'), SIZE);
      } catch {
        // Whoever asks for it is told why.
      }
    }
    isBusy = false;
  };
  return ({ topic, body }) => {
    if (topic !== 'frame' || body.state !== 'published' || body.products.reduced === null) return;
    next = body;
    if (!isBusy) void work();
  };
}
