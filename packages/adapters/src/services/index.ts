export { withinDeadline } from './deadline.ts';
export * as serviceErrors from './errors.ts';
export { type RestingFetchOptions, restingFetch } from './resting-fetch.ts';
