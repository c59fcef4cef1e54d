import type { Wcs } from '@colibri/sky';

/** Pure scoring of coordinates and magnitudes against a truth: arrays and objects in, figures out. */

/** How far a WCS lies from the true one over a regular grid on the frame. */
export interface WcsScore {
  /** Rms over the grid along right ascension (on the sky) and declination [arcsec]. */
  readonly rmsRaArcsec: number;
  readonly rmsDecArcsec: number;
  /** Mean offsets [arcsec]: what a common shift would remove. */
  readonly meanRaArcsec: number;
  readonly meanDecArcsec: number;
  /** Largest distance [arcsec], and the pixel where it is (0-based). */
  readonly worstArcsec: number;
  readonly worstPixel: readonly [number, number];
}

type PixelToSky = Pick<Wcs, 'pixelToSky'>;

/** Compares two WCS on `nodes × nodes` pixels from corner to corner of a frame. */
export function scoreWcs(found: PixelToSky, truth: PixelToSky, width: number, height: number, nodes = 15): WcsScore {
  let sumRa = 0;
  let sumDec = 0;
  let squareRa = 0;
  let squareDec = 0;
  let worstArcsec = 0;
  let worstPixel: [number, number] = [0, 0];
  for (let j = 0; j < nodes; j++) {
    for (let i = 0; i < nodes; i++) {
      const x = (i / (nodes - 1)) * (width - 1);
      const y = (j / (nodes - 1)) * (height - 1);
      const [east, north] = offsetArcsec(truth.pixelToSky(x, y), found.pixelToSky(x, y));
      sumRa += east;
      sumDec += north;
      squareRa += east * east;
      squareDec += north * north;
      const distance = Math.hypot(east, north);
      if (!(distance <= worstArcsec)) {
        worstArcsec = distance; // NaN wins too: an undefined WCS is the worst
        worstPixel = [x, y];
      }
    }
  }
  const n = nodes * nodes;
  return {
    rmsRaArcsec: Math.sqrt(squareRa / n),
    rmsDecArcsec: Math.sqrt(squareDec / n),
    meanRaArcsec: sumRa / n,
    meanDecArcsec: sumDec / n,
    worstArcsec,
    worstPixel,
  };
}

/** `to − from` along right ascension on the sky and along declination [arcsec], for near points. */
export function offsetArcsec(from: readonly [number, number], to: readonly [number, number]): [number, number] {
  const dRa = ((to[0] - from[0] + 540) % 360) - 180;
  return [dRa * Math.cos((from[1] * Math.PI) / 180) * 3600, (to[1] - from[1]) * 3600];
}

/** Flux conventions of a truth that counts 1 adu/s behind a flat of mean 1, while ours are electrons behind a flat of median 1. */
export interface ZeroPointTruth {
  /** AB magnitude of 1 adu/s where the flat is normalised to a mean of 1. */
  readonly mag1AduPerSecFlatMean: number;
  /** [electron/adu] */
  readonly gain: number;
  /** Mean over median of the flat that the frame was divided by [1]. */
  readonly flatMeanOverMedian: number;
}

/**
 * The true AB magnitude of 1 electron/s on our scale. A pixel of relative response f carries counts c: the truth's flux is
 * c·mean(f)/f adu, ours is gain·c·median(f)/f electron, so ours = theirs · gain · median/mean.
 */
export function trueZeroPoint({ mag1AduPerSecFlatMean, gain, flatMeanOverMedian }: ZeroPointTruth): number {
  return mag1AduPerSecFlatMean + 2.5 * Math.log10(gain / flatMeanOverMedian);
}

/** Found minus true [mag], and in units of the error given. */
export function scoreZeroPoint(
  foundMag: number,
  foundErrMag: number,
  truth: ZeroPointTruth,
): { readonly offsetMag: number; readonly pull: number } {
  const offsetMag = foundMag - trueZeroPoint(truth);
  return { offsetMag, pull: offsetMag / foundErrMag };
}

/** Sky positions of detected sources against those of the true sources they are. */
export interface PositionScore {
  readonly count: number;
  readonly medianRaArcsec: number;
  readonly medianDecArcsec: number;
  /** 1.4826 × median absolute deviation, by axis [arcsec]. */
  readonly scatterRaArcsec: number;
  readonly scatterDecArcsec: number;
}

/** Pairs given: (ra, dec) [deg] found and true, index by index. */
export function scorePositions(
  foundRa: ArrayLike<number>,
  foundDec: ArrayLike<number>,
  trueRa: ArrayLike<number>,
  trueDec: ArrayLike<number>,
): PositionScore {
  const east: number[] = [];
  const north: number[] = [];
  for (let i = 0; i < foundRa.length; i++) {
    const [dRa, dDec] = offsetArcsec([trueRa[i]!, trueDec[i]!], [foundRa[i]!, foundDec[i]!]);
    east.push(dRa);
    north.push(dDec);
  }
  const medianRaArcsec = median(east);
  const medianDecArcsec = median(north);
  return {
    count: east.length,
    medianRaArcsec,
    medianDecArcsec,
    scatterRaArcsec: 1.4826 * median(east.map((d) => Math.abs(d - medianRaArcsec))),
    scatterDecArcsec: 1.4826 * median(north.map((d) => Math.abs(d - medianDecArcsec))),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  return n % 2 === 1 ? sorted[(n - 1) / 2]! : (sorted[n / 2 - 1]! + sorted[n / 2]!) / 2;
}
