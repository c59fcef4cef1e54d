export { buildMaster } from './calibration/build-master.ts';
export type { MasterPlan } from './calibration/choose-inputs.ts';
export { chooseInputs } from './calibration/choose-inputs.ts';
export { decodeMaster, encodeMaster } from './calibration/master-file.ts';
export type { MasterStore } from './calibration/master-source.ts';
export { masterSource } from './calibration/master-source.ts';
export * as detectorErrors from './detector/errors.ts';
export { frameGeometry } from './detector/sections.ts';
export { reduction } from './reduction/reduction.ts';
