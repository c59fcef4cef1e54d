export type * from './calibration-setup.ts';
export type { AlertRule, Gp1Config, Gp1Pipeline } from './config/gp1-config.ts';
export { readGp1Config, siteLongitudeEastDeg } from './config/gp1-config.ts';
export type { CalibrationChoice, CalibrationKind, ConfigLayer, ModuleConfig, Overrides } from './config/module-config.ts';
export { readConfig } from './config/module-config.ts';
export type { ConfigFolder, ConfiguredModule, PipelineConfig } from './config/pipeline-config.ts';
export { configHash, readPipelineConfig } from './config/pipeline-config.ts';
export type { ServicesConfig, SurveyName } from './config/services-config.ts';
export type { Parameter } from './config/values.ts';
export * from './define-module.ts';
export type { EngineIdentity, FrameEvents, FrameJob, FrameMeasured, FrameResult } from './engine/process-frame.ts';
export { processFrame } from './engine/process-frame.ts';
export {
  processUnit,
  type UnitEvents,
  type UnitJob,
  type UnitPorts,
  type UnitResult,
} from './engine/process-unit.ts';
export type { EnginePorts, MetricCard, ModulesOutcome, RunModulesOptions } from './engine/run-modules.ts';
export { masterKeyFor, runModules } from './engine/run-modules.ts';
export type { ModuleRecord } from './engine/unit-origin.ts';
export type { UsedInput } from './engine/witness.ts';
export { type FrameWork, rawWork } from './engine/work.ts';
export * as pipelineErrors from './errors.ts';
export type * from './frame.ts';
export { type FrameMetaOptions, frameIdOf, frameMeta, identifierValue } from './frame-meta.ts';
export { canonicalJson, sha256 } from './hash.ts';
export { definitionsOf, errorReference, exampleConfig, moduleReference } from './module-reference.ts';
export type * from './ports.ts';
export type { CardLine } from './products/cards.ts';
export { carriedCards, headerOf } from './products/cards.ts';
export { decodeCatalog, decodeCatalogHeader, decodeReduced } from './products/decode.ts';
export { encodeCatalog, encodeReduced } from './products/encode.ts';
export { eventFolderOf } from './products/event-folder.ts';
export { onSteps, packImage } from './products/pack-image.ts';
export { packPlane } from './products/pack-plane.ts';
export { type ProductPaths, productPaths, safeName } from './products/paths.ts';
export { type ReadUnitOptions, readUnits, type UnitFolder } from './products/read-unit.ts';
export { tileTasks } from './products/tile-tasks.ts';
export { type FrameHead, headerValues, readFrameHead, readRawFrame } from './read-frame.ts';
export { readPixels } from './read-pixels.ts';
export { type Sequence, sequence } from './sequence.ts';
export * from './unit.ts';
