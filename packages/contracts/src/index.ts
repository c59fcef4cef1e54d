export * from './catalog.ts';
export * from './frame-row.ts';
export * from './frame-summary.ts';
export * from './live.ts';
export * from './problem.ts';
export * from './unit-metrics.ts';
export * from './unit-row.ts';
export * from './validate-without-eval.ts';
