export { type CandidateInputs, type CandidateOptions, findCandidates } from './find-candidates.ts';
export { lightCurves } from './light-curves.ts';
export { type BodiesInField, positionOfBody } from './minor-planets.ts';
