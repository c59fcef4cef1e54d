import type { Shape } from '@colibri/numerics';
import { type LinearWcs, localGeometry, tanWcs, type Wcs } from '@colibri/sky';

/** A frame as far as the grid is concerned. */
export interface GridFrame extends Shape {
  readonly wcs: Wcs;
}

export interface OutputGrid extends Shape {
  readonly wcs: LinearWcs;
  /** Pixel of the grid's own lattice, whose (0, 0) is the tangent point, at the lower left of the image. */
  readonly x0: number;
  readonly y0: number;
  readonly scaleArcsec: number;
  /** Pixels that the union of the frames has beyond the limit, on either axis. */
  readonly isLimited: boolean;
}

/** Points along each side of a frame that make its outline; distortions bend it less than a pixel between them. */
const OUTLINE = 8;

/**
 * The grid of a stack: north up, TAN about `center`, the frames' median scale, and all of their pixels. The lattice of pixels is fixed by
 * centre and scale, so a further frame moves no pixel on the sky. The scale is rounded to 0.1 mas.
 *
 * @param margin - pixels added on each side
 * @param mostPix - longest side; more is cut on both sides alike
 */
export function outputGrid(
  frames: readonly GridFrame[],
  center: { readonly raDeg: number; readonly decDeg: number },
  { margin = 0, mostPix = Infinity }: { readonly margin?: number; readonly mostPix?: number } = {},
): OutputGrid {
  const scales = frames.map(({ wcs, width, height }) => localGeometry(wcs, width / 2, height / 2).pixelScaleArcsec);
  scales.sort((a, b) => a - b);
  const scaleArcsec = Math.round(scales[(scales.length - 1) >> 1]! * 1e4) / 1e4;
  const lattice = latticeWcs(center, scaleArcsec, 0, 0);
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { wcs, width, height } of frames) {
    for (let k = 0; k <= 4 * OUTLINE; k++) {
      const side = k >> 3;
      const t = (k % OUTLINE) / OUTLINE;
      const [x, y] = [
        [t, 0],
        [1, t],
        [1 - t, 1],
        [0, 1 - t],
        [0, 0],
      ][side]!;
      const at = lattice.skyToPixel(...wcs.pixelToSky(x! * (width - 1), y! * (height - 1)));
      if (at === null) continue;
      x0 = Math.min(x0, at[0]);
      y0 = Math.min(y0, at[1]);
      x1 = Math.max(x1, at[0]);
      y1 = Math.max(y1, at[1]);
    }
  }
  const [left, width, cutX] = limited(Math.floor(x0) - margin, Math.ceil(x1) + margin + 1, mostPix);
  const [bottom, height, cutY] = limited(Math.floor(y0) - margin, Math.ceil(y1) + margin + 1, mostPix);
  return {
    width,
    height,
    x0: left,
    y0: bottom,
    scaleArcsec,
    wcs: latticeWcs(center, scaleArcsec, left, bottom),
    isLimited: cutX || cutY,
  };
}

/** Whether all pixels of `inner` lie in `outer`, on the same lattice. */
export function covers(outer: OutputGrid, inner: OutputGrid): boolean {
  return (
    outer.scaleArcsec === inner.scaleArcsec &&
    outer.wcs.crval[0] === inner.wcs.crval[0] &&
    outer.wcs.crval[1] === inner.wcs.crval[1] &&
    outer.x0 <= inner.x0 &&
    outer.y0 <= inner.y0 &&
    outer.x0 + outer.width >= inner.x0 + inner.width &&
    outer.y0 + outer.height >= inner.y0 + inner.height
  );
}

function latticeWcs(
  { raDeg, decDeg }: { raDeg: number; decDeg: number },
  scaleArcsec: number,
  x0: number,
  y0: number,
): LinearWcs {
  const step = scaleArcsec / 3600;
  return tanWcs({ crpix: [0 - x0, 0 - y0], crval: [raDeg, decDeg], cd: [-step, 0, 0, step] });
}

function limited(from: number, to: number, most: number): [number, number, boolean] {
  const size = to - from;
  if (size <= most) return [from, size, false];
  return [from + ((size - most) >> 1), most, true];
}
