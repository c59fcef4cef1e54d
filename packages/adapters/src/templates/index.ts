export * as templateErrors from './errors.ts';
export { firstOf } from './first-of.ts';
export { type StackArchiveOptions, stackArchive } from './stack-archive.ts';
export { legacyCutouts, ps1Cutouts, type SurveyOptions } from './survey-cutouts.ts';
