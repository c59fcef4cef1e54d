/**
 * One map projection between native spherical coordinates (φ, θ) [deg] and the projection plane (x, y) [deg].
 *
 * Names, formulae and parameters are those of Calabretta & Greisen (2002), A&A 395, 1077 ("Paper II");
 * the numbers in the comments of each projection are its equations.
 */
export interface Projection {
  /** Native coordinates of the fiducial point [deg]: (0, 90) for zenithal, (0, 0) for cylindrical projections. */
  readonly phi0: number;
  readonly theta0: number;
  /** (x, y) → (φ, θ); null where the plane holds no point of the sphere. */
  toNative(x: number, y: number): readonly [number, number] | null;
  /** (φ, θ) → (x, y), φ in [−180, 180]; null where the sphere has no image. */
  toPlane(phi: number, theta: number): readonly [number, number] | null;
}

/** PVi_m of the latitude axis, with its default. */
export type Parameter = (m: number, fallback: number) => number;

/** Raised while a projection is set up; the parser adds where. */
export class BadParameter extends Error {}
