import { MaskPlane } from '../mask-plane.ts';
import { assertPlane, type Shape } from '../shape.ts';
import { judgeCosmicRays } from './judge.ts';
import { borderCandidates, laplacianCandidates } from './laplacian.ts';

export interface CosmicRayOptions extends Shape {
  /** Least Laplacian significance of a hit [sigma]; default 4.5. */
  readonly sigmaClip?: number;
  /** Share of `sigmaClip` that is enough beside a hit; default 0.3. */
  readonly sigmaFrac?: number;
  /** Least contrast between Laplacian and fine structure; default 5. Lower it for undersampled stars only with care. */
  readonly objLim?: number;
  /** Rounds; default 4. Later rounds look around earlier hits only. */
  readonly iterations?: number;
  /** Full width at half maximum of stars [pix], when known: below 2.5 the contrast asked for is raised. */
  readonly psfFwhmPix?: number;
}

/**
 * Finds pixels hit by cosmic rays in a single frame and sets MaskPlane.COSMIC; returns how many were newly set. The data stay as they
 * are. Sharp-edged features are told from stars by their Laplacian (see `judgeCosmicRays`); hits grow over their neighbours that are
 * significant too, then over the fainter ones beside those; further rounds find what a first hit had covered.
 *
 * @param data     - calibrated frame, sky not necessarily removed [electron]
 * @param variance - [electron²]
 * Source: van Dokkum 2001, PASP 113, 1420.
 */
export function rejectCosmicRays(
  data: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  options: CosmicRayOptions,
): number {
  assertCosmicRays(data, variance, mask, options);
  const search = cosmicRaySearch(mask, options);
  let step = search.next();
  while (!step.done) {
    const ask = step.value;
    if (ask.kind === 'candidates') {
      const inner = laplacianCandidates(data, variance, mask, ask.threshold, options);
      step = search.next(withBorder(inner, borderCandidates(data, variance, mask, ask.threshold, options)));
    } else {
      const verdicts = new Uint8Array(ask.pixels.length);
      judgeCosmicRays({ data, variance, mask, shape: options, ...ask, verdicts }, 0, verdicts.length);
      step = search.next(verdicts);
    }
  }
  return step.value;
}

/** Both lists in one. */
export function withBorder(inner: Int32Array, border: readonly number[]): Int32Array {
  const all = new Int32Array(inner.length + border.length);
  all.set(border);
  all.set(inner, border.length);
  return all;
}

export function assertCosmicRays(data: Float32Array, variance: Float32Array, mask: Uint16Array, shape: Shape): void {
  assertPlane(data, shape, 'The image');
  assertPlane(variance, shape, 'The variance');
  assertPlane(mask, shape, 'The mask');
}

/** What the search wants to know next: candidates of the whole image, or verdicts on pixels. */
export type CosmicRayQuestion =
  | { readonly kind: 'candidates'; readonly threshold: number }
  | { readonly kind: 'judge'; readonly pixels: Int32Array; readonly sigmaClip: number; readonly objLim: number };

/**
 * The search as a conversation, so that the questions, which take the time, can be answered by one thread or by many. The mask changes
 * between questions only.
 */
export function* cosmicRaySearch(
  mask: Uint16Array,
  { width, height, sigmaClip = 4.5, sigmaFrac = 0.3, objLim = 5, iterations = 4, psfFwhmPix = 2.5 }: CosmicRayOptions,
): Generator<CosmicRayQuestion, number, Int32Array | Uint8Array> {
  const contrast = objLim * Math.max(1, (2.5 / psfFwhmPix) ** 2);
  let total = 0;
  const neighbours = (hits: readonly number[], reach: number): Int32Array => {
    const set = new Set<number>();
    for (const hit of hits) {
      const x = hit % width;
      const y = (hit - x) / width;
      for (let j = Math.max(0, y - reach); j <= Math.min(height - 1, y + reach); j++) {
        for (let i = Math.max(0, x - reach); i <= Math.min(width - 1, x + reach); i++)
          if (mask[j * width + i] === 0) set.add(j * width + i);
      }
    }
    if (reach === 1) for (const hit of hits) set.delete(hit);
    return Int32Array.from(set).sort();
  };
  const chosen = (pixels: Int32Array, verdicts: Int32Array | Uint8Array): number[] =>
    Array.from(pixels).filter((_, k) => verdicts[k] !== 0);
  const flag = (pixels: readonly number[]): void => {
    for (const p of pixels) mask[p]! |= MaskPlane.COSMIC;
    total += pixels.length;
  };

  // 0.9: the noise that candidates are found with differs a little from the one they are judged by
  let pixels: Int32Array = Int32Array.from(yield { kind: 'candidates', threshold: 0.9 * sigmaClip });
  for (let round = 0; round < iterations && pixels.length > 0; round++) {
    let hits = chosen(pixels, yield { kind: 'judge', pixels, sigmaClip, objLim: contrast });
    const fresh = hits;
    for (const limit of [sigmaClip, sigmaFrac * sigmaClip]) {
      // Grown before anything is masked, so that a neighbour is compared with the sky around and not with what replaces the hit.
      const beside = neighbours(hits, 1);
      hits = [...hits, ...chosen(beside, yield { kind: 'judge', pixels: beside, sigmaClip: limit, objLim: 0 })];
    }
    flag(hits);
    if (fresh.length === 0) break;
    pixels = neighbours(hits, 2);
  }
  return total;
}
