import { defineError } from '@colibri/base';

export const badSection = defineError<{ frame: string; keyword: string; value: string; width: number; height: number }>({
  code: 'DETECTOR_SECTION',
  retry: 'never',
  summary: 'DATASEC or BIASSEC is not a section of the image.',
  message: (f) => `${f.frame}: ${f.keyword} = '${f.value}' is not a section of a ${f.width} × ${f.height} image.`,
  hint: 'Expected [x1:x2,y1:y2], 1-based and inside the image: check the window set in the camera and its header template.',
});

export const unknownGain = defineError<{ frame: string; camera: string }>({
  code: 'DETECTOR_UNKNOWN',
  retry: 'never',
  summary: 'Neither the configuration, the header nor the table of cameras gives the gain of a detector.',
  message: (f) => `${f.frame}: no gain for camera ${f.camera}: not in [Parameters] gain, the GAIN card or the table of cameras.`,
  hint: 'Set gain (electron/adu) in reduction.cfg, or check that the frame comes from the camera that its header names.',
});

export const wrongShape = defineError<{ frame: string; what: string; found: string; expected: string }>({
  code: 'DETECTOR_SHAPE',
  retry: 'never',
  summary: 'A frame and its master have different sizes.',
  message: (f) => `${f.frame} has a data area of ${f.found} pixels; its ${f.what} has ${f.expected}.`,
  hint: 'Use masters of the same window and binning, or take calibration frames of this window.',
});

export const emptyFrame = defineError<{ frame: string; what: string }>({
  code: 'DETECTOR_EMPTY',
  retry: 'never',
  summary: 'A frame carries no usable pixels.',
  message: (f) => `${f.frame}: ${f.what}.`,
  hint: 'Look at the raw image: a shutter that stayed closed, a read-out that failed or a file filled with blanks.',
});
