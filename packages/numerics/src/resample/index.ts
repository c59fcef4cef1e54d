export type { CoordinateGrid } from './coordinate-grid.ts';
export { cellArea, coordinateGrid, GRID_STEP, gridAt, gridBounds } from './coordinate-grid.ts';
export { fillBad, markNear, nearBad } from './fill-bad.ts';
export { lanczosTable } from './lanczos.ts';
export type { ResampledPlanes, ResampleInput, ResampleOptions } from './resample.ts';
export { MOST_BAD, resample, resamplePixel } from './resample.ts';
export { resamplingPower } from './resampling-power.ts';
export { cellShear } from './shear.ts';
