import type { PagePicture } from '@colibri/contracts';
import { quantile } from '@colibri/numerics';
import type { ImagePlanes } from '@colibri/pipeline';
import { localGeometry, type Wcs } from '@colibri/sky';
import { base64, encodePng } from './png.ts';

/** Part of an image to be shown: middle and width in pixels of the image, largest side of the picture. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly sidePix: number;
  readonly largest: number;
}
/** `asinh`: from below the sky to bright stars; `signed`: linear about zero, grey in the middle. */
export type Stretch = { readonly kind: 'asinh' } | { readonly kind: 'signed'; readonly sigmas: number };

/** Grey levels of a picture: fewer make a smaller file, and nobody sees more in noise. */
const LEVELS = 48;

/**
 * A picture of a part of an image, turned by quarters (and mirrored) so that north is up and east to the left as nearly as that
 * does, dark on light; blocks of pixels are averaged where it is larger than the picture. Pixels without data are white.
 *
 * @param scaleFrom - another picture's limits, so that cut-outs of one place compare; from the part's own sky and brightest pixels when null
 */
export function makePicture(
  planes: Pick<ImagePlanes, 'width' | 'height' | 'data'>,
  wcs: Wcs,
  view: View,
  stretch: Stretch,
  caption: string,
  scaleFrom: Limits | null = null,
): { readonly picture: PagePicture; readonly limits: Limits } {
  const { a, b, d, e, northDeg, eastDeg, scaleArcsec } = orientation(wcs, view.x, view.y);
  const block = Math.max(1, Math.ceil(view.sidePix / view.largest));
  const side = Math.max(1, Math.floor(view.sidePix / block));
  const values = new Float32Array(side * side);
  const half = (side * block) / 2;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let sum = 0;
      let count = 0;
      for (let v = 0; v < block; v++) {
        for (let u = 0; u < block; u++) {
          // From the middle, right and down on the picture; its inverse is its transpose.
          const right = column * block + u + 0.5 - half;
          const down = row * block + v + 0.5 - half;
          const x = Math.round(view.x + a * right + d * down - 0.001);
          const y = Math.round(view.y + b * right + e * down - 0.001);
          if (x < 0 || y < 0 || x >= planes.width || y >= planes.height) continue;
          const value = planes.data[y * planes.width + x]!;
          if (Number.isNaN(value)) continue;
          sum += value;
          count++;
        }
      }
      values[row * side + column] = count > 0 ? sum / count : NaN;
    }
  }
  const limits = scaleFrom ?? limitsOf(values);
  const grey = Uint8Array.from(values, (value) => levelOf(value, limits, stretch));
  const offset = half / block;
  return {
    limits,
    picture: {
      png: base64(encodePng(grey, side, side)),
      width: side,
      height: side,
      scaleArcsec: scaleArcsec * block,
      northDeg,
      eastDeg,
      affine: [
        a / block,
        b / block,
        offset - (a * view.x + b * view.y) / block,
        d / block,
        e / block,
        offset - (d * view.x + e * view.y) / block,
      ],
      caption,
    },
  };
}

export interface Limits {
  readonly sky: number;
  readonly sigma: number;
  readonly top: number;
}

function limitsOf(values: Float32Array): Limits {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return { sky: 0, sigma: 1, top: 10 };
  const sky = quantile(known, 0.5);
  // Stars are above: the half below the median is sky.
  const sigma = Math.max(1e-9, (sky - quantile(known, 0.1587)) * 1.02);
  return { sky, sigma, top: Math.max(quantile(known, 0.9985), sky + 12 * sigma) };
}

function levelOf(value: number, { sky, sigma, top }: Limits, stretch: Stretch): number {
  if (!Number.isFinite(value)) return 255;
  if (stretch.kind === 'signed') {
    const share = (value / sigma / stretch.sigmas + 1) / 2;
    return quantised(1 - share);
  }
  const low = sky - 1.5 * sigma;
  const soft = 3 * sigma;
  return quantised(1 - Math.asinh((value - low) / soft) / Math.asinh((top - low) / soft));
}

const quantised = (share: number): number =>
  Math.round((Math.round(Math.max(0, Math.min(1, share)) * (LEVELS - 1)) * 255) / (LEVELS - 1));

/**
 * How pictures of this place are turned: right = (a, b), down = (d, e) in pixels of the image, each one of the four directions; north and
 * east on the picture, counter-clockwise from up [deg].
 */
export function orientation(wcs: Wcs, x: number, y: number) {
  const { rotationDeg, parity, pixelScaleArcsec } = localGeometry(wcs, x, y);
  // Position angles of +y and of +x (a quarter before, or after when mirrored).
  const up = rotationDeg;
  const right = rotationDeg - parity * 90;
  const options: { a: number; b: number; d: number; e: number; northDeg: number; eastDeg: number; error: number }[] = [];
  for (const [a, b] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    for (const turn of [1, -1]) {
      const [d, e] = [turn * b, -turn * a];
      // Position angle of picture-up (−down) and of picture-left (−right).
      const paUp = paOf(-d, -e, right, up);
      const paLeft = paOf(-a, -b, right, up);
      const mirrored = wrap(paLeft - paUp) > 0 ? 1 : -1;
      // North lies at −paUp from up when east is to the left, else at +paUp.
      const northDeg = wrap(-mirrored * paUp);
      const eastDeg = wrap(northDeg + mirrored * 90);
      options.push({ a, b, d, e, northDeg, eastDeg, error: Math.abs(northDeg) + Math.abs(wrap(eastDeg - 90)) });
    }
  }
  options.sort((p, q) => p.error - q.error);
  return { ...options[0]!, scaleArcsec: pixelScaleArcsec };
}

const wrap = (deg: number): number => ((((deg + 180) % 360) + 360) % 360) - 180;

/** Position angle of a direction in pixels, one component of which is zero. */
function paOf(dx: number, dy: number, paRight: number, paUp: number): number {
  if (dx !== 0) return dx > 0 ? paRight : paRight + 180;
  return dy > 0 ? paUp : paUp + 180;
}
