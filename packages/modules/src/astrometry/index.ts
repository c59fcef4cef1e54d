export { astrometry } from './astrometry.ts';
export type { PlateSolution } from './fit-plate.ts';
export { fitPlate } from './fit-plate.ts';
export { type PlateModel, pixelScale, plainPlate, plateOfWcs, plateToPlane, tanSipOfPlate } from './plate-model.ts';
export { filterName, referenceBand } from './reference-band.ts';
export { type SolveOutcome, type StartingPlate, solvePlate } from './solve-plate.ts';
export { approximateWcs, startingPlate } from './starting-plate.ts';
export { fitZeroPoint } from './zero-point.ts';
