import { defineError } from '@colibri/base';

export const nothingToStack = defineError<{ unit: string; frames: number }>({
  code: 'STACKING_NO_FRAMES',
  retry: 'never',
  summary: 'No frame of a unit can be stacked.',
  message: (f) => `${f.unit}: none of its ${f.frames} frames has coordinates and was accepted.`,
  hint: 'See why the frames were set aside: clouds, too few stars, or a pointing far from the field.',
});
