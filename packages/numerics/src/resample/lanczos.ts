/** Steps of the table per pixel; the nearest is taken: places are right to 1.2e-4 pix, 7e-5 rms. */
export const LANCZOS_PHASES = 4096;
/** Values per phase: six weights, and two for the variance. */
export const LANCZOS_STRIDE = 8;

/** Lanczos-3 at a distance [pix]. */
export function lanczos3(t: number): number {
  const x = Math.PI * Math.abs(t);
  if (x < 1e-9) return 1;
  if (x >= 3 * Math.PI) return 0;
  return (3 * Math.sin(x) * Math.sin(x / 3)) / (x * x);
}

/**
 * Weights of the pixels −2 … 3 about the one left of (or below) a point, by the fraction of a pixel it lies beyond; each phase adds up
 * to 1, so that a flat image stays flat. `LANCZOS_PHASES + 1` rows of `LANCZOS_STRIDE`.
 *
 * Two more, for variances: the squares of the two middle weights, which are 95 % or more of Σ w², multiplied so that they add up to all of it.
 *
 * Source: Duchon 1979, J. Appl. Meteor. 18, 1016; as LANCZOS3 of SWarp (Bertin et al. 2002, ASPC 281, 228).
 */
export function lanczosTable(): Float32Array {
  if (known) return known;
  const table = new Float32Array((LANCZOS_PHASES + 1) * LANCZOS_STRIDE);
  for (let phase = 0; phase <= LANCZOS_PHASES; phase++) {
    table.set(weightsAt(phase / LANCZOS_PHASES), phase * LANCZOS_STRIDE);
  }
  known = table;
  return table;
}

/** Made when first asked for; nobody changes it. */
let known: Float32Array | null = null;

/** The six weights at a fraction of a pixel, and the two of the variance. */
function weightsAt(fraction: number): number[] {
  const raw = Array.from({ length: 6 }, (_, j) => lanczos3(fraction - (j - 2)));
  const sum = raw.reduce((a, b) => a + b, 0);
  const weights = raw.map((weight) => weight / sum);
  const squares = weights.map((weight) => weight ** 2);
  const factor = squares.reduce((a, b) => a + b, 0) / (squares[2]! + squares[3]!);
  return [...weights, factor * squares[2]!, factor * squares[3]!];
}

/** The six weights at a fraction 0 … 1 of a pixel, and the two of the variance if `out` has room for them. */
export function lanczosWeights(table: Float32Array, fraction: number, out: Float64Array): void {
  const phase = Math.floor(fraction * LANCZOS_PHASES + 0.5);
  for (let j = 0; j < out.length; j++) out[j] = table[phase * LANCZOS_STRIDE + j]!;
}
