export { type CandidateInputs, type CandidateOptions, type FoundCandidates, findCandidates } from './find-candidates.ts';
export { lightCurves } from './light-curves.ts';
export { type BodiesInField, positionOfBody } from './minor-planets.ts';
