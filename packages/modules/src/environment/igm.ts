/** Lyman lines: strength and wavelength [Å] (Madau 1995, ApJ 441, 18; higher lines as pipeline.md §14 lists them). */
const LINES: readonly (readonly [number, number])[] = [
  [0.0036, 1215.67],
  [0.0017, 1025.72],
  [0.0011846, 972.537],
  [0.000941, 949.743],
  [0.000796, 937.803],
  [0.0006967, 930.748],
  [0.0006236, 926.226],
  [0.0005665, 923.15],
  [0.00052, 920.963],
  [0.0004817, 919.352],
  [0.0004487, 918.129],
  [0.00042, 917.181],
  [0.0003947, 916.429],
  [0.000372, 915.824],
  [0.000352, 915.329],
  [0.0003334, 914.919],
  [0.00031644, 914.576],
];
const LIMIT_ANGSTROM = 912;

/** Mean share of light that the gas between a source at `z` and us lets through at an observed wavelength [Å]. */
export function igmTransmission(lambdaAngstrom: number, z: number): number {
  const redshifted = 1 + z;
  let tau = 0;
  for (const [strength, line] of LINES) {
    if (lambdaAngstrom >= line && lambdaAngstrom <= line * redshifted) tau += strength * (lambdaAngstrom / line) ** 3.46;
  }
  if (lambdaAngstrom < LIMIT_ANGSTROM * redshifted) {
    const c = Math.min(redshifted, Math.max(1, lambdaAngstrom / LIMIT_ANGSTROM));
    const e = redshifted;
    tau += Math.max(
      0,
      0.25 * c ** 3 * (e ** 0.46 - c ** 0.46) +
        9.4 * c ** 1.5 * (e ** 0.18 - c ** 0.18) -
        0.7 * c ** 3 * (c ** -1.32 - e ** -1.32) -
        0.023 * (e ** 1.68 - c ** 1.68),
    );
  }
  return Math.exp(-tau);
}
