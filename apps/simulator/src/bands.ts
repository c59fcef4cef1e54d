/** What the telescope sees through one filter. */
export interface Band {
  readonly filter: string;
  readonly camera: 'C1' | 'C2';
  /** AB magnitude of 1 electron/s at airmass 1 [mag]. */
  readonly zeroPointMag: number;
  /** Dark sky [AB mag/arcsec²]. */
  readonly skyMag: number;
  /** Extinction [mag/airmass]. */
  readonly extinction: number;
  /** Effective wavelength [nm]: seeing goes with its −1/5 power. */
  readonly wavelengthNm: number;
}

/** A 1.3-m telescope with today's CCDs: figures of the right size, not measurements of COLIBRI. */
export const bands: readonly Band[] = [
  { filter: 'B', camera: 'C1', zeroPointMag: 24.6, skyMag: 22.2, extinction: 0.25, wavelengthNm: 435 },
  { filter: 'g', camera: 'C1', zeroPointMag: 25.1, skyMag: 21.8, extinction: 0.18, wavelengthNm: 481 },
  { filter: 'r', camera: 'C1', zeroPointMag: 25.0, skyMag: 20.9, extinction: 0.11, wavelengthNm: 617 },
  { filter: 'i', camera: 'C1', zeroPointMag: 24.7, skyMag: 20.1, extinction: 0.07, wavelengthNm: 752 },
  { filter: 'gri', camera: 'C1', zeroPointMag: 26.1, skyMag: 20.9, extinction: 0.12, wavelengthNm: 617 },
  { filter: 'z', camera: 'C2', zeroPointMag: 24.3, skyMag: 19.3, extinction: 0.05, wavelengthNm: 866 },
  { filter: 'y', camera: 'C2', zeroPointMag: 23.4, skyMag: 18.4, extinction: 0.05, wavelengthNm: 962 },
  { filter: 'zy', camera: 'C2', zeroPointMag: 24.7, skyMag: 18.9, extinction: 0.05, wavelengthNm: 914 },
];

export function bandOf(filter: string): Band {
  const band = bands.find((candidate) => candidate.filter === filter);
  if (!band) throw new RangeError(`The simulator knows no filter ${filter}; it has ${bands.map((b) => b.filter).join(' ')}.`);
  return band;
}
