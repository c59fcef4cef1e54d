import type { PlaneMap } from './plane-map.ts';

/** Powers (of ξ, of η, of r) of each of the 40 terms, for axis 1; axis 2 swaps ξ and η. */
const TERMS: readonly (readonly [number, number, number])[] = (() => {
  const terms: [number, number, number][] = [[0, 0, 0]];
  for (let degree = 1; degree <= 7; degree++) {
    for (let q = 0; q <= degree; q++) terms.push([degree - q, q, 0]);
    if (degree % 2 === 1) terms.push([0, 0, degree]);
  }
  return terms;
})();

/** Number of coefficients per axis: PVi_0 to PVi_39. */
export const TPV_TERMS = TERMS.length;

/**
 * TPV distortion in the tangent plane [deg]: ξ' = Σ PV1_m t_m(ξ, η), η' = Σ PV2_m t_m(η, ξ).
 *
 * Source: the TPV convention of the FITS registry (2012), which is SCAMP's use of PV with TAN.
 */
export function tpvMap(pv1: ReadonlyMap<number, number>, pv2: ReadonlyMap<number, number>): PlaneMap {
  const first = used(pv1, (p, q) => [p, q]);
  const second = used(pv2, (p, q) => [q, p]);
  const px = new Float64Array(9),
    py = new Float64Array(9),
    pr = new Float64Array(9);
  const sum = (terms: readonly Term[], out: Float64Array, offset: number, gradient: number): void => {
    let f = 0,
      fx = 0,
      fy = 0;
    for (const { c, p, q, r } of terms) {
      if (r > 0) {
        f += c * pr[r]!;
        // d(r^k)/dx = k x r^(k−2); at the centre the gradient of r itself is taken as zero.
        const slope = r === 1 ? (pr[1]! > 0 ? 1 / pr[1]! : 0) : r * pr[r - 2]!;
        fx += c * slope * px[1]!;
        fy += c * slope * py[1]!;
      } else {
        f += c * px[p]! * py[q]!;
        if (p > 0) fx += c * p * px[p - 1]! * py[q]!;
        if (q > 0) fy += c * q * px[p]! * py[q - 1]!;
      }
    }
    out[offset] = f;
    out[gradient] = fx;
    out[gradient + 1] = fy;
  };
  return {
    evaluate(x, y, out) {
      const r = Math.hypot(x, y);
      px[0] = py[0] = pr[0] = 1;
      for (let k = 1; k < 9; k++) {
        px[k] = px[k - 1]! * x;
        py[k] = py[k - 1]! * y;
        pr[k] = pr[k - 1]! * r;
      }
      sum(first, out, 0, 2);
      sum(second, out, 1, 4);
    },
  };
}

interface Term {
  readonly c: number;
  readonly p: number;
  readonly q: number;
  readonly r: number;
}

/** The non-zero terms; PVi_1 is 1 where it is not given. */
function used(pv: ReadonlyMap<number, number>, order: (p: number, q: number) => [number, number]): Term[] {
  return TERMS.flatMap(([tp, tq, r], m) => {
    const c = pv.get(m) ?? (m === 1 ? 1 : 0);
    const [p, q] = order(tp, tq);
    return c === 0 ? [] : [{ c, p, q, r }];
  });
}
