export type { Compute } from './compute.ts';
export type { MaskPlaneName } from './mask-plane.ts';
export { MaskPlane } from './mask-plane.ts';
export type { SourceColumns } from './source-columns.ts';
export { SourceFlag } from './source-columns.ts';
