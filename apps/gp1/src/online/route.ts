import { type HeaderValues, identifierValue } from '@colibri/pipeline';

/** The part of a pipeline section that decides which frames it gets. */
export interface Identified {
  readonly name: string;
  readonly identifiers: readonly { readonly header: string; readonly value: string }[];
}

const calibrationTypes = ['bias', 'dark', 'flat'];
export const isCalibration = (type: string): boolean => calibrationTypes.includes(type);

/**
 * Every pipeline whose identifiers all match the header, without case. Calibration frames are kept for masters whatever the
 * identifiers say; a pipeline gets them only where it names EXPTYPE itself.
 */
export function routesOf<P extends Identified>(header: HeaderValues, type: string, pipelines: readonly P[]): P[] {
  return pipelines.filter(({ identifiers }) => {
    if (isCalibration(type) && !identifiers.some(({ header: word }) => word === 'EXPTYPE')) return false;
    return identifiers.every(({ header: word, value }) => matches(header, type, word, value));
  });
}

function matches(header: HeaderValues, type: string, word: string, value: string): boolean {
  const wanted = value.toLowerCase();
  const found = identifierValue(header, word)?.toLowerCase();
  return found === wanted || (word === 'EXPTYPE' && found === undefined && type === wanted);
}

/** Why a pipeline does not get a frame, or null where it does. */
export function whyNot(header: HeaderValues, type: string, pipeline: Identified): string | null {
  for (const { header: word, value } of pipeline.identifiers) {
    if (matches(header, type, word, value)) continue;
    const found = identifierValue(header, word);
    return found === undefined ? `the header has no ${word}` : `${word} is "${found}", not "${value}"`;
  }
  return routesOf(header, type, [pipeline]).length > 0 ? null : 'calibration frames are kept for masters';
}
