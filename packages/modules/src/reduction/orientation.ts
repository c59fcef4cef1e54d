import type { Compute } from '@colibri/numerics';

/**
 * One of the eight ways to lay a rectangle on its grid. A new pixel (x', y') comes from the old one as pipeline.md §5.7 lists:
 * codes 0–3 rotate by 90° · m, codes 4–7 mirror first.
 */
export interface Orientation {
  readonly code: number;
  /** True when width and height change places. */
  readonly transposed: boolean;
}

/** The code that brings a frame north up, east left: from the rotation of the mount [deg] and whether the camera is mirrored. */
export function orientationCode(mountRotationDeg: number, mirrored: boolean): Orientation {
  const quarter = ((Math.round(mountRotationDeg / 90) % 4) + 4) % 4;
  const code = quarter + (mirrored ? 4 : 0);
  return { code, transposed: code === 1 || code === 3 || code === 5 || code === 7 };
}

/** Where an old pixel (x, y) lies in the turned frame; `width`, `height` are the old ones. Also for fractions of pixels. */
export function turnPoint({ code }: Orientation, x: number, y: number, width: number, height: number): [number, number] {
  const right = width - 1 - x,
    top = height - 1 - y;
  switch (code) {
    case 0:
      return [x, y];
    case 1:
      return [top, x];
    case 2:
      return [right, top];
    case 3:
      return [y, right];
    case 4:
      return [x, top];
    case 5:
      return [y, x];
    case 6:
      return [right, y];
    default:
      return [top, right];
  }
}

/** The plane turned, in new memory of `compute`; the same array when nothing turns. */
export function turnPlane<A extends Float32Array | Uint16Array>(
  compute: Compute,
  orientation: Orientation,
  plane: A,
  width: number,
  height: number,
): A {
  if (orientation.code === 0) return plane;
  const out = (plane instanceof Float32Array ? compute.float32(plane.length) : compute.uint16(plane.length)) as A;
  const newWidth = orientation.transposed ? height : width;
  const [x0, y0] = turnPoint(orientation, 0, 0, width, height);
  const [xStep, yStep] = turnPoint(orientation, 1, 0, width, height);
  const step = xStep - x0 + (yStep - y0) * newWidth;
  for (let y = 0; y < height; y++) {
    const [tx, ty] = turnPoint(orientation, 0, y, width, height);
    let to = ty * newWidth + tx;
    for (let from = y * width, end = from + width; from < end; from++, to += step) out[to] = plane[from]!;
  }
  return out;
}
