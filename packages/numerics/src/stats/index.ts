export type { ClippedMoments } from './clipped-moments.ts';
export { clippedMoments, modeEstimate } from './clipped-moments.ts';
export type { Numbers } from './quantile.ts';
export { finiteValues, madSigma, medianOf, quantile, quantileInPlace } from './quantile.ts';
export { selectInPlace } from './select.ts';
