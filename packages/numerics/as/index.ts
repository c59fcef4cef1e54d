// The numeric functions that loop over pixels, as 128-bit SIMD. Each has its twin, name and all, in ../src, which is the oracle.
// Arguments are byte offsets into the one shared memory (0: absent), then sizes, then `scratch`, `from`, `to`: a band of rows, or of
// pixels, that one thread does alone. Nothing is allocated here. Planes may be read up to 64 bytes past their end, never written.
export { subtract } from './arithmetic';
export { expandMesh, meshCells } from './background';
export { calibrateFrame } from './calibrate';
export { clippedMean } from './combine';
export { convolve, matchedFilter } from './convolve';
export { laplacianCandidates } from './cosmic';
export { flagAbove, indicesAbove, indicesWith, keepBits, swapWords } from './pixels';
export { convolveBlocks } from './subtract';
export { resample } from './resample';
export { unpackRice, unpackRiceFloats } from './rice';
export { addFrame, addReference, flagUnusable, markObjects, outliers, reference } from './stack';
export { sumCells, sumLines } from './streaks';
