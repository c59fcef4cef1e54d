/** Dust of the Milky Way and of the Magellanic Clouds. */
export type DustLaw = 'MW' | 'LMC' | 'SMC';

/** [a, λ (µm), b, n] of the six terms: background, far UV, 2175 Å, 9.7 µm, 18 µm, far infrared. */
type Term = readonly [a: number, lambdaUm: number, b: number, n: number];

/** Pei 1992, ApJ 395, 130, table 4. */
const LAWS: Readonly<Record<DustLaw, { readonly rv: number; readonly terms: readonly Term[] }>> = {
  MW: {
    rv: 3.08,
    terms: [
      [165, 0.047, 90, 2],
      [14, 0.08, 4, 6.5],
      [0.045, 0.22, -1.95, 2],
      [0.002, 9.7, -1.95, 2],
      [0.002, 18, -1.8, 2],
      [0.012, 25, 0, 2],
    ],
  },
  LMC: {
    rv: 3.16,
    terms: [
      [175, 0.046, 90, 2],
      [19, 0.08, 5.5, 4.5],
      [0.023, 0.22, -1.95, 2],
      [0.005, 9.7, -1.95, 2],
      [0.006, 18, -1.8, 2],
      [0.02, 25, 0, 2],
    ],
  },
  SMC: {
    rv: 2.93,
    terms: [
      [185, 0.042, 90, 2],
      [27, 0.08, 5.5, 4],
      [0.005, 0.22, -1.95, 2],
      [0.01, 9.7, -1.95, 2],
      [0.012, 18, -1.8, 2],
      [0.03, 25, 0, 2],
    ],
  },
};

/** A(λ) / A(V) at a rest-frame wavelength [µm]. */
export function relativeExtinction(law: DustLaw, lambdaUm: number): number {
  const { rv, terms } = LAWS[law];
  let relativeToB = 0;
  for (const [a, lambda, b, n] of terms) relativeToB += a / ((lambdaUm / lambda) ** n + (lambda / lambdaUm) ** n + b);
  return relativeToB * (1 + 1 / rv);
}
