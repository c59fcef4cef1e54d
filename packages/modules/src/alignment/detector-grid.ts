import { affineShape } from '@colibri/numerics';
import type { UnitFrame } from '@colibri/pipeline';
import type { PlateModel } from '../astrometry/plate-model.ts';
import { isMirrored } from '../detector/cameras.ts';
import { orientationCode } from '../reduction/orientation.ts';

/**
 * How the pixels of a frame lie on the detector: distortion belongs to the optics and the detector, so frames share it there, not on the
 * grid that reduction turned north up.
 */
export interface DetectorGrid {
  /** Frames of one key share one distortion. */
  readonly key: string;
  /** Size as read out [pix]. */
  readonly width: number;
  readonly height: number;
  /** (u, v) on the detector = turn · (u, v) of the frame, both in [−1, 1]: rows u, v; entries 0, 1 or −1. */
  readonly turn: readonly [number, number, number, number];
}

/** Turned (u', v') = matrix · (u, v) as read out, by orientation code; the inverse is the transpose. */
const TURNS: readonly (readonly [number, number, number, number])[] = [
  [1, 0, 0, 1],
  [0, -1, 1, 0],
  [-1, 0, 0, -1],
  [0, 1, -1, 0],
  [1, 0, 0, -1],
  [0, 1, 1, 0],
  [-1, 0, 0, 1],
  [0, -1, -1, 0],
];

/**
 * The detector's grid of a frame. SMTMRO, the rotation of the mount, tells how reduction turned the frame, provided that its sky is
 * indeed north up; a frame that was left as read out lies on the detector's own grid whatever its sky does. Where no header tells,
 * frames of different quarters on the sky do not share: another program may have turned them.
 */
export function detectorGrid(frame: Pick<UnitFrame, 'header' | 'meta'>, plate: PlateModel): DetectorGrid {
  const { width, height } = plate;
  const rotation = frame.header.get('SMTMRO');
  const isTold = typeof rotation === 'number';
  const quarter = skyQuarter(plate);
  const { code, transposed } =
    isTold && quarter === 0 ? orientationCode(rotation, isMirrored(frame.meta.camera)) : orientationCode(0, false);
  const [a, b, c, d] = TURNS[code]!;
  const w = transposed ? height : width;
  const h = transposed ? width : height;
  return { key: `${w}x${h} ${isTold ? 'detector' : `sky ${quarter}`}`, width: w, height: h, turn: [a, c, b, d] };
}

/** Quarters by which the sky is turned on the frame: 0 north up. */
function skyQuarter({ xi, eta, width, height }: PlateModel): number {
  const { rotationDeg } = affineShape({
    a: xi[1]! / width,
    b: xi[2]! / height,
    c: 0,
    d: eta[1]! / width,
    e: eta[2]! / height,
    f: 0,
  });
  return ((Math.round(rotationDeg / 90) % 4) + 4) % 4;
}

/**
 * Legendre coefficients over the frame of the field whose coefficients over the detector these are, or the reverse with `inverse`.
 * Exact: P_n(−x) = (−1)ⁿ P_n(x), and a transposition swaps the degrees.
 */
export function turnLegendre(
  coefficients: Float64Array,
  order: number,
  { turn }: DetectorGrid,
  { inverse = false }: { inverse?: boolean } = {},
): Float64Array {
  const out = new Float64Array(coefficients.length);
  const isTransposed = turn[0] === 0;
  let k = 0;
  for (let degree = 0; degree <= order; degree++) {
    const first = k;
    for (let j = 0; j <= degree; j++, k++) {
      const i = degree - j; // P_i(u) P_j(v) on the detector
      const signU = isTransposed ? turn[1] : turn[0];
      const signV = isTransposed ? turn[2] : turn[3];
      const sign = (i % 2 === 1 ? signU : 1) * (j % 2 === 1 ? signV : 1);
      const other = isTransposed ? first + degree - j : k; // P_j(u) P_i(v) on the frame stands at first + i
      if (inverse) out[k] = sign * coefficients[other]!;
      else out[other] = sign * coefficients[k]!;
    }
  }
  return out;
}
