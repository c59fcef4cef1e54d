/** Flux over its error at an index; NaN without an error. */
export const snrOf = (flux: Float64Array, err: Float64Array, i: number): number => (err[i]! > 0 ? flux[i]! / err[i]! : NaN);

/** null for what is no number. */
export const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
