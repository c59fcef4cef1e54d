/** A place on Earth: east longitude and geodetic latitude [deg], height above the sea [m]. */
export interface Site {
  readonly name: string;
  readonly longitudeEastDeg: number;
  readonly latitudeDeg: number;
  readonly altitudeM: number;
}

/** Observatorio Astronómico Nacional, Sierra San Pedro Mártir, where COLIBRI stands. */
export const sanPedroMartir: Site = Object.freeze({
  name: 'San Pedro Mártir',
  longitudeEastDeg: -115.4646,
  latitudeDeg: 31.0449,
  altitudeM: 2792,
});
