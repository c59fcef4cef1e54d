import { buffersOf, type DecodedImage, decodeImage } from './decode-image.ts';

export interface DecodeRequest {
  readonly id: number;
  readonly name: string;
  readonly bytes: ArrayBuffer;
}
export type DecodeAnswer =
  | { readonly id: number; readonly image: DecodedImage }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string; readonly hint: string } };

addEventListener('message', (event: MessageEvent<DecodeRequest>) => {
  const { id, name, bytes } = event.data;
  decodeImage(new Uint8Array(bytes), name).then(
    (image) => postMessage({ id, image } satisfies DecodeAnswer, { transfer: buffersOf(image) }),
    (error: unknown) => {
      const { code, message, hint } = (error ?? {}) as { code?: string; message?: string; hint?: string };
      postMessage({
        id,
        error: {
          code: code ?? 'WEB_DECODE',
          message: message ?? String(error),
          hint: hint ?? 'Download the file and open it with another program.',
        },
      } satisfies DecodeAnswer);
    },
  );
});
