/**
 * Weights of the real-bogus score [log odds per unit of each measure, see `realBogusMeasures`], and the log odds to begin with. Version 2.
 *
 * Fitted by logistic regression (`npx tsx bench/real-bogus.ts 903 908`) on five fields of 6.5 arcmin, each of which gave the stack of three
 * frames and three single frames, against a stack of three: 771 stars of S/N 5.5 to 25 put on galaxies, and 67 detections where nothing
 * changed. Both classes weighed the same; the constant has prior odds of one real in ten. Those fields have neither dipoles nor borders of
 * saturated stars: the weights of `dipole`, `masked` and `edge` are set by hand.
 */
export const REAL_BOGUS_WEIGHTS = {
  begin: -2.2,
  strength: 5.18,
  sharp: -0.445,
  wide: -0.057,
  chi2: -4.27,
  dipole: -12,
  star: -6.95,
  masked: -25,
  edge: -3,
} as const;
