export { magnitudeOf, microJyOf, scaledPlace, zeroPointAt } from './apply-calibration.ts';
export { type FilterMagnitudes, filterMagnitudes } from './filter-magnitudes.ts';
export { FILTERS, type FilterRule, instrumentOf } from './filters.ts';
export type { ForcedMeasurement, ForcedPlaces, ForcedTarget } from './forced-photometry.ts';
export { ForcedFlag, forcedPhotometry, forcedTable, forceOn, zeroPointsOf } from './forced-photometry.ts';
export { frameTarget, stackTarget } from './forced-targets.ts';
export { matchStackSources, stackCone } from './match-catalog.ts';
export { photometry } from './photometry.ts';
