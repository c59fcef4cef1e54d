export * from './define-module.ts';
export type * from './frame.ts';
export type * from './ports.ts';
