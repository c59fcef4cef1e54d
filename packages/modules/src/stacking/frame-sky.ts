import type { BackgroundMesh, Compute, Shape, SourceColumns } from '@colibri/numerics';
import type { FrameSources } from '@colibri/pipeline';

/** Bits beside those of `MaskPlane`, in planes that nobody else sees: a source; one that is masked for the sky but not for the search for trails. */
export const SOURCE = 0x4000;
export const SKY_ONLY = 0x2000;

/**
 * The sky of one frame on a mesh, measured where `sky` is 0. Where sources leave no cell with enough of it (a small frame full of a galaxy), the
 * catalogue's sources alone are masked, then none: a sky that is a little too high is better than no frame. null: the frame has no good pixel.
 */
export async function measureSky(
  data: Float32Array,
  masks: readonly (() => Uint16Array | Promise<Uint16Array>)[],
  shape: Shape,
  meshPix: number,
  compute: Compute,
): Promise<BackgroundMesh | null> {
  for (const mask of masks) {
    const mesh = await compute.measureBackground(data, await mask(), { ...shape, meshPix });
    if (mesh.goodCells > 0) return mesh;
  }
  return null;
}

/** Axis ratio below which a source may be a piece of a trail [1]. */
const ROUND = 0.6;

/** Discs about the catalogue's sources that are no pieces of trails. */
export function maskRoundSources(sources: FrameSources, fwhmPix: number, mask: Uint16Array, shape: Shape): void {
  maskSources(sources, fwhmPix, mask, shape, { isMeant: ({ a, b }, i) => b[i]! > ROUND * a[i]! });
}

interface MaskSourcesOptions {
  readonly bit?: number;
  readonly isMeant?: (columns: SourceColumns, i: number) => boolean;
}

/** Discs about the catalogue's sources, as wide as their light shows: of stars by their S/N, of others by their area. */
export function maskSources(
  { columns: c }: FrameSources,
  fwhmPix: number,
  mask: Uint16Array,
  shape: Shape,
  { bit = SOURCE, isMeant = () => true }: MaskSourcesOptions = {},
): void {
  for (let i = 0; i < c.count; i++) {
    if (!isMeant(c, i)) continue;
    const snr = Math.max(c.snrWin[i]! || c.fluxAuto[i]! / c.fluxAutoErr[i]! || 5, 1);
    const star = fwhmPix * (1.3 + 0.9 * Math.log10(snr));
    const wide = 2 * (c.fwhm[i]! > 0 ? c.fwhm[i]! : 0);
    maskDisc(c.x[i]!, c.y[i]!, Math.min(Math.max(star, wide), 60), mask, shape, bit);
  }
}

function maskDisc(x0: number, y0: number, radius: number, mask: Uint16Array, { width, height }: Shape, bit: number): void {
  for (let y = Math.max(0, Math.ceil(y0 - radius)); y <= Math.min(height - 1, y0 + radius); y++) {
    const reach = Math.sqrt(radius * radius - (y - y0) ** 2);
    const from = y * width + Math.max(0, Math.ceil(x0 - reach));
    const to = y * width + Math.min(width - 1, Math.floor(x0 + reach));
    for (let i = from; i <= to; i++) mask[i]! |= bit;
  }
}
