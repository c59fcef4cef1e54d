import { defineError } from '@colibri/base';

export const surveyUnreachable = defineError<{ service: string; what: string; attempts: number }>({
  code: 'SURVEY_UNREACHABLE',
  retry: 'later',
  summary: 'A service of survey images does not answer, or answers that it is busy.',
  message: (f) => `${f.service} gave no image in ${f.attempts} attempts: ${f.what}`,
  hint: 'Check the link to the outside. Subtraction goes on with our own stacks or with halves meanwhile; a later run asks again.',
});
