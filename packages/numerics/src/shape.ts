import { numericsShape } from './errors.ts';

/** Size of an image [pix]. Pixel (x, y), 0-based, is `image[y * width + x]`. */
export interface Shape {
  readonly width: number;
  readonly height: number;
}

/** Throws NUMERICS_SHAPE unless `array` holds one value per pixel. Null passes: an optional plane. */
export function assertPlane(array: { readonly length: number } | null, { width, height }: Shape, what: string): void {
  if (array !== null && array.length !== width * height) {
    throw numericsShape({ what, found: array.length, expected: width * height });
  }
}
