export { makeDetector } from './detector.ts';
export type { FrameTruth, SimulatedFrame } from './expose.ts';
export { expose } from './expose.ts';
export { magThrough, makeField, referenceCsv } from './field.ts';
export type { Night } from './night.ts';
export { makeNight } from './night.ts';
export { nightCatalogCsv, playNight } from './player.ts';
