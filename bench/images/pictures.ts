import { encodePng } from '@colibri/modules';
import { madSigma, medianOf } from '@colibri/numerics';

export interface Picture {
  readonly caption: string;
  readonly width: number;
  readonly height: number;
  /** Rows from the top. */
  readonly grey: Uint8Array;
}

/** Dark on light. `sky`: asinh from the sky upwards; `difference`: linear, ±8 σ about zero. */
export function picture(
  { width, height, data }: { readonly width: number; readonly height: number; readonly data: Float32Array },
  caption: string,
  kind: 'sky' | 'difference',
): Picture {
  const good = data.filter(Number.isFinite);
  const [level, sigma] = [medianOf(good), madSigma(good)];
  const grey = new Uint8Array(width * height).fill(255);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const pull = (data[(height - 1 - y) * width + x]! - level) / sigma;
      if (!Number.isFinite(pull)) continue;
      const share = kind === 'sky' ? (Math.asinh(pull / 3) + 0.8) / 5 : 0.5 + pull / 16;
      grey[y * width + x] = Math.round(255 * (1 - Math.min(1, Math.max(0, share))));
    }
  return { caption, width, height, grey };
}

/** Pictures side by side, 8 white pixels between them. */
export function panel(pictures: readonly Picture[], columns: number): Uint8Array {
  const gap = 8;
  const [w, h] = [Math.max(...pictures.map((p) => p.width)), Math.max(...pictures.map((p) => p.height))];
  const rows = Math.ceil(pictures.length / columns);
  const [width, height] = [columns * (w + gap) - gap, rows * (h + gap) - gap];
  const grey = new Uint8Array(width * height).fill(255);
  for (const [i, p] of pictures.entries()) {
    const [x0, y0] = [(i % columns) * (w + gap), Math.floor(i / columns) * (h + gap)];
    for (let y = 0; y < p.height; y++) grey.set(p.grey.subarray(y * p.width, (y + 1) * p.width), (y0 + y) * width + x0);
  }
  return encodePng(grey, width, height);
}
