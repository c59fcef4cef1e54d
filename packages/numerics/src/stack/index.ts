export type { FrameShare, ReferencePlanes, ReferenceSums, StackSums } from './accumulators.ts';
export { addFrame, addReference, meanOfSums, outliers, reference } from './accumulators.ts';
export type { StackPlanes } from './finish-stack.ts';
export { finishStack } from './finish-stack.ts';
export type { OutlierJudgement } from './judge-outliers.ts';
export { judgeOutliers } from './judge-outliers.ts';
export type { MarkedImage } from './mark-objects.ts';
