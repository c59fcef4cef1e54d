export { findCandidates } from './find-candidates.ts';
export type { BodiesInField } from './minor-planets.ts';
