export * from './define-module.ts';
export * as pipelineErrors from './errors.ts';
export type * from './frame.ts';
export type * from './ports.ts';
