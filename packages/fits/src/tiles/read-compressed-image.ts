import type { Hdu } from '../hdu.ts';
import type { PixelArray, Scaling } from '../pixels.ts';
import type { Section } from '../section.ts';
import { readExactly } from '../source.ts';
import { decodeTiles, placeTile, type TileBytes } from './decode.ts';
import { planTiles, type TilePlan } from './plan.ts';

/** Packed bytes held at a time. */
const BATCH = 4 * 2 ** 20;

/** Loads the packed bytes of the tiles `from` to `to` (exclusive) in one read. */
export async function loadTiles(hdu: Hdu, plan: TilePlan, from: number, to: number): Promise<TileBytes> {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  for (let tile = from; tile < to; tile++) {
    if (plan.lengths[tile] === 0) continue;
    start = Math.min(start, plan.offsets[tile]!);
    end = Math.max(end, plan.offsets[tile]! + plan.lengths[tile]!);
  }
  if (end === 0) return { start: 0, bytes: new Uint8Array(0) };
  return { start, bytes: await readExactly(hdu.source, start, end - start, hdu.index) };
}

/** Decodes the tiles that touch the section, a few megabytes at a time. */
export async function readCompressedImage(hdu: Hdu, section: Section, scaling: Scaling, out: PixelArray): Promise<void> {
  const plan = await planTiles(hdu);
  const isWhole = section.every(([start, end], axis) => start === 0 && end === plan.shape[axis]);
  const target = isWhole ? { out, scaling } : { out, scaling, section };
  let from = 0;
  while (from < plan.tileCount) {
    if (!isWhole && !touches(plan, from, section)) {
      from++;
      continue;
    }
    let start = plan.offsets[from]!;
    let end = start + plan.lengths[from]!;
    let to = from + 1;
    for (; to < plan.tileCount && (isWhole || touches(plan, to, section)); to++) {
      start = Math.min(start, plan.offsets[to]!);
      end = Math.max(end, plan.offsets[to]! + plan.lengths[to]!);
      if (end - start > BATCH) break;
    }
    decodeTiles(plan, await loadTiles(hdu, plan, from, to), from, to, target);
    from = to;
  }
}

function touches(plan: TilePlan, tile: number, section: Section): boolean {
  const { start, size } = placeTile(plan, tile);
  return section.every(([low, high], axis) => start[axis]! < high && start[axis]! + size[axis]! > low);
}
