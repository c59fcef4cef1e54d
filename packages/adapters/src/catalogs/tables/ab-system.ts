/**
 * Vega → AB of the bands that catalogues give in the Vega system [mag], to be added.
 * J, H, K and Johnson–Cousins: Blanton & Roweis (2007), AJ 133, 734, table 1.
 */
export const VEGA_TO_AB: Readonly<Record<string, number>> = { B: -0.09, V: 0.02, R: 0.21, I: 0.45, J: 0.91, H: 1.39, K: 1.85 };

/**
 * Gaia's Vega → AB, from the published zero points of both systems: DR2 by Evans et al. (2018), A&A 616, A4, table 3;
 * (E)DR3 by Riello et al. (2021), A&A 649, A3, §8.
 */
export const GAIA_TO_AB = {
  dr2: { G: 25.7934 - 25.6884, BP: 25.3806 - 25.3514, RP: 25.1161 - 24.7619 },
  dr3: { G: 25.801 - 25.6874, BP: 25.354 - 25.3385, RP: 25.104 - 24.7479 },
} as const;

/** What to add to a band to make AB of it, for a table whose positions have this epoch: 2016.0 tells Gaia (E)DR3 from earlier releases. */
export function toAb(band: string, epochJyear: number): number {
  const gaia = Math.abs(epochJyear - 2016) < 0.01 ? GAIA_TO_AB.dr3 : GAIA_TO_AB.dr2;
  return gaia[band as keyof typeof gaia] ?? VEGA_TO_AB[band] ?? 0;
}
