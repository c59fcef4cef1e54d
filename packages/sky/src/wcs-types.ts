/** World coordinates of an image. Pixels are 0-based with integer values at pixel centres; ICRS degrees (or the frame that `system` names). */
export interface Wcs {
  /** `TAN`, `TAN-SIP`, `TPV`, `SIN`, `ZPN` … */
  readonly projection: string;
  readonly system: 'ICRS' | 'FK5' | 'FK4' | 'GALACTIC' | 'ECLIPTIC' | 'UNKNOWN';
  /** (x, y) [pix] → (longitude, latitude) [deg], longitude in [0, 360). NaN where the projection has no inverse. */
  pixelToSky(x: number, y: number): [number, number];
  /** (longitude, latitude) [deg] → (x, y) [pix], or null where that point is not on this projection. */
  skyToPixel(lonDeg: number, latDeg: number): [number, number] | null;
  /** Header cards that write this WCS, FITS (1-based) convention. */
  toCards(): { readonly keyword: string; readonly value: number | string; readonly comment: string }[];
}

/** TAN with SIP distortion, as our own solver writes it. Pixel quantities 0-based; `a`, `b` are polynomials of (x − crpixX, y − crpixY). */
export interface TanSip {
  readonly crpix: readonly [number, number];
  /** ICRS [deg]. */
  readonly crval: readonly [number, number];
  /** [CD1_1, CD1_2, CD2_1, CD2_2] [deg/pix]. */
  readonly cd: readonly [number, number, number, number];
  /** Order of the distortion; 0 or 1: none. */
  readonly order: number;
  /** Coefficients of `u' = u + Σ a_pq u^p v^q`, keyed `p,q` with 2 ≤ p+q ≤ order [pix^(1−p−q)]. */
  readonly a: ReadonlyMap<string, number>;
  readonly b: ReadonlyMap<string, number>;
}
