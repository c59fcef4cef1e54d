export { decodeDifference, differenceCodec, encodeDifference } from './difference-file.ts';
export type { MeasuredSide, SubtractParameters, TemplateDifference } from './subtract-template.ts';
export { measureForSubtraction, subtractTemplate } from './subtract-template.ts';
export { subtraction } from './subtraction.ts';
export { decodeLegacy, decodePs1, type SurveyFile } from './survey-template.ts';
