export * as stackingErrors from './errors.ts';
export { stacking } from './stacking.ts';
