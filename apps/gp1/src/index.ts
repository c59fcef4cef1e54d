export * as gp1Errors from './errors.ts';
export { runCommand } from './main.ts';
export { calibrationModules, standard } from './sequences.ts';
