/** A smooth map of the plane with its Jacobian, such as a distortion. */
export interface PlaneMap {
  /** Writes (X, Y, ∂X/∂x, ∂X/∂y, ∂Y/∂x, ∂Y/∂y) at (x, y) into `out`. */
  evaluate(x: number, y: number, out: Float64Array): void;
}

/**
 * The point that a map sends to (X, Y), by Newton's method with step halving from a first guess.
 *
 * `tolerance` in the unit of the plane. null: no solution near, or only beyond a fold of the map (where its
 * determinant has not the sign that it has at the origin: there a polynomial has left its domain).
 */
export function invertPlaneMap(
  map: PlaneMap,
  target: readonly [number, number],
  guess: readonly [number, number],
  { tolerance, orientation = 1 }: { tolerance: number; orientation?: number },
): [number, number] | null {
  const out = scratch;
  let [x, y] = guess;
  map.evaluate(x, y, out);
  let error = distance(out[0]! - target[0], out[1]! - target[1]);
  for (let i = 0; i < 60; i++) {
    const det = out[2]! * out[5]! - out[3]! * out[4]!;
    if (error <= tolerance) return det * orientation > 0 ? [x, y] : null;
    if (!Number.isFinite(error) || det === 0) return null;
    const rx = target[0] - out[0]!,
      ry = target[1] - out[1]!;
    const dx = (out[5]! * rx - out[3]! * ry) / det,
      dy = (out[2]! * ry - out[4]! * rx) / det;
    let step = 1,
      improved = false;
    for (let j = 0; j < 12; j++, step /= 2) {
      map.evaluate(x + step * dx, y + step * dy, out);
      const next = distance(out[0]! - target[0], out[1]! - target[1]);
      if (next < error) {
        x += step * dx;
        y += step * dy;
        error = next;
        improved = true;
        break;
      }
    }
    if (!improved) {
      // At the limit of double precision: good when the step itself is negligible.
      map.evaluate(x, y, out);
      const settled = Math.hypot(dx, dy) <= 1e-12 * (1 + Math.hypot(x, y)) || error <= 100 * tolerance;
      const here = out[2]! * out[5]! - out[3]! * out[4]!;
      return settled && here * orientation > 0 ? [x, y] : null;
    }
  }
  return null;
}

/** Inversions do not nest: one scratch serves all. */
const scratch = new Float64Array(6);

/** Math.hypot guards against overflow, which pixels and degrees do not need, at ten times the cost. */
const distance = (dx: number, dy: number): number => Math.sqrt(dx * dx + dy * dy);
