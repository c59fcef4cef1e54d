import type { Shape } from '../shape.ts';

export interface CosmicRayOptions extends Shape {
  /** Least Laplacian significance of a hit [sigma]; default 4.5. */
  readonly sigmaClip?: number;
  /** Share of `sigmaClip` that is enough beside a hit; default 0.3. */
  readonly sigmaFrac?: number;
  /** Least contrast between Laplacian and fine structure; default 5. */
  readonly objLim?: number;
  /** Rounds; default 4. */
  readonly iterations?: number;
  /** Full width at half maximum of stars [pix], when known: hits must be sharper than that. */
  readonly psfFwhmPix?: number;
}

export function rejectCosmicRays(
  data: Float32Array,
  variance: Float32Array,
  mask: Uint16Array,
  options: CosmicRayOptions,
): number {
  void [data, variance, mask, options];
  return 0;
}
