export type { OpenComputeOptions } from './open-compute.ts';
export { kernelsPath, openCompute } from './open-compute.ts';
