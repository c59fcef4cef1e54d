import { getBytes, RequestError } from '../../lib/fetcher.ts';
import type { DecodedImage } from '../../workers/decode-image.ts';
import type { DecodeAnswer, DecodeRequest } from '../../workers/fits.worker.ts';

let worker: Worker | null = null;
let serial = 0;
const waiting = new Map<number, { resolve: (image: DecodedImage) => void; reject: (error: unknown) => void; url: string }>();

function theWorker(): Worker {
  if (worker !== null) return worker;
  const made = new Worker(new URL('../../workers/fits.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = (event: MessageEvent<DecodeAnswer>) => {
    const answer = event.data;
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('image' in answer) asked?.resolve(answer.image);
    else asked?.reject(new RequestError({ ...answer.error, url: asked.url }));
  };
  made.onerror = () => {
    for (const { reject, url } of waiting.values())
      reject(
        new RequestError({
          code: 'WEB_WORKER',
          message: 'The decoder of images stopped.',
          hint: 'Reload the page; a device with little memory may not hold the full image.',
          url,
        }),
      );
    waiting.clear();
    worker = null;
  };
  worker = made;
  return made;
}

/** Fetches a FITS file and decodes it in a worker: the page stays responsive. */
export async function loadImage(
  url: string,
  name: string,
  signal: AbortSignal,
  onProgress?: (received: number, total: number | null) => void,
): Promise<DecodedImage> {
  const bytes = await getBytes(url, onProgress, signal);
  const id = ++serial;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, url });
    theWorker().postMessage({ id, name, bytes } satisfies DecodeRequest, [bytes]);
  });
}
