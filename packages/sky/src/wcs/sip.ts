import { type Bivariate, bivariate, evaluateBivariate } from './bivariate.ts';
import type { PlaneMap } from './plane-map.ts';

/**
 * SIP distortion: u' = u + A(u, v), v' = v + B(u, v) with (u, v) pixels from CRPIX.
 *
 * `ap`, `bp`: the inverse polynomials of the header, good for a first guess only; we invert by Newton.
 * Source: Shupe et al. (2005), ASP Conf. Ser. 347, 491.
 */
export interface Sip {
  readonly a: Bivariate;
  readonly b: Bivariate;
  readonly ap: Bivariate | null;
  readonly bp: Bivariate | null;
}

export const sipFromMaps = (order: number, a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): Sip => ({
  a: bivariate(order, a),
  b: bivariate(order, b),
  ap: null,
  bp: null,
});

/** The forward distortion with its Jacobian [pix]. */
export function sipMap({ a, b }: Sip): PlaneMap {
  const f = new Float64Array(3);
  return {
    evaluate(u, v, out) {
      evaluateBivariate(a, u, v, f);
      out[0] = u + f[0]!;
      out[2] = 1 + f[1]!;
      out[3] = f[2]!;
      evaluateBivariate(b, u, v, f);
      out[1] = v + f[0]!;
      out[4] = f[1]!;
      out[5] = 1 + f[2]!;
    },
  };
}

/** First guess of the inverse: AP and BP where the header gives them, else no distortion. */
export function sipGuess({ ap, bp }: Sip, u: number, v: number): [number, number] {
  if (ap === null || bp === null) return [u, v];
  evaluateBivariate(ap, u, v, scratch);
  const x = u + scratch[0]!;
  evaluateBivariate(bp, u, v, scratch);
  return [x, v + scratch[0]!];
}

/** For the one value that is wanted at a time. */
const scratch = new Float64Array(3);
