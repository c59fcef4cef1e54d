import { defineError } from '@colibri/base';

export const wcsMissing = defineError<{ where: string; keyword: string }>({
  code: 'WCS_MISSING',
  retry: 'never',
  summary: 'The header has no celestial coordinates, or lacks a card that they need.',
  message: (f) => `${f.where} has no usable ${f.keyword}: its pixels have no place on the sky.`,
  hint: 'Solve the frame against a catalogue first, or give the right extension.',
});

export const wcsBadValue = defineError<{ where: string; keyword: string; value: string; expected: string }>({
  code: 'WCS_BAD_VALUE',
  retry: 'never',
  summary: 'A coordinate card holds something that is not what its keyword announces.',
  message: (f) => `${f.where}: ${f.keyword} is ${f.value}, expected ${f.expected}.`,
  hint: 'Correct that card, or solve the frame again.',
});

export const wcsSingular = defineError<{ where: string; determinant: number }>({
  code: 'WCS_SINGULAR',
  retry: 'never',
  summary: 'The matrix from pixels to degrees has no inverse.',
  message: (f) => `${f.where}: the CD (or PC and CDELT) matrix has determinant ${f.determinant} and cannot be inverted.`,
  hint: 'Look at CDi_j, PCi_j, CDELTi: a row of zeros or two parallel rows. Solve the frame again.',
});

export const wcsUnknownProjection = defineError<{ where: string; ctype1: string; ctype2: string }>({
  code: 'WCS_UNKNOWN_PROJECTION',
  retry: 'never',
  summary: 'The header names a map projection that this software does not compute.',
  message: (f) => `${f.where}: CTYPE '${f.ctype1}', '${f.ctype2}' is not a pair of axes of a projection known here.`,
  hint: 'Known: TAN, TAN-SIP, TPV, SIN, NCP, ARC, STG, ZEA, ZPN, AZP, SZP, AIR, CYP, CEA, CAR, MER, SFL, PAR, MOL, AIT, COP, COE, COD, COO, BON, PCO, HPX, XPH, DSS. Resample the image to one of them.',
});

export const wcsBadProjectionParameter = defineError<{ where: string; projection: string; what: string }>({
  code: 'WCS_BAD_PROJECTION_PARAMETER',
  retry: 'never',
  summary: 'The parameters (PVi_m, LONPOLE, LATPOLE, CRVAL) describe no projection.',
  message: (f) => `${f.where}: projection ${f.projection}: ${f.what}.`,
  hint: 'Compare the PVi_m, LONPOLE, LATPOLE and CRVALi cards with those that the instrument writes on a good day.',
});

export const wcsBrokenSip = defineError<{ where: string; what: string }>({
  code: 'WCS_BROKEN_SIP',
  retry: 'never',
  summary: 'The SIP distortion in the header is incomplete or contradicts itself.',
  message: (f) => `${f.where}: SIP distortion: ${f.what}.`,
  hint: 'Both A_ORDER and B_ORDER (0 to 9) must be there with finite coefficients. Remove the SIP cards or solve the frame again.',
});

export const wcsUnsupportedDistortion = defineError<{ where: string; keyword: string; value: string }>({
  code: 'WCS_UNSUPPORTED_DISTORTION',
  retry: 'never',
  summary: 'The header asks for a distortion (look-up table, paper IV) that this software does not apply.',
  message: (f) =>
    `${f.where}: ${f.keyword} = '${f.value}' asks for a distortion that is not applied here; positions would be wrong.`,
  hint: "Convert the distortion to SIP or TPV; or read the header with `unsupportedDistortion: 'ignore'` where an approximate position will do.",
});

export const timeMalformed = defineError<{ text: string; expected: string }>({
  code: 'TIME_MALFORMED',
  retry: 'never',
  summary: 'A date or time could not be understood.',
  message: (f) => `'${f.text}' is not ${f.expected}.`,
  hint: 'Write UTC as 2026-11-23T05:12:07.123.',
});

export const timeBeforeUtc = defineError<{ mjd: number }>({
  code: 'TIME_BEFORE_UTC',
  retry: 'never',
  summary: 'UTC with leap seconds starts in 1972; an earlier instant has no exact atomic time.',
  message: (f) => `MJD ${f.mjd} lies before 1972-01-01 (41317), where TAI − UTC is not a whole number of seconds.`,
  hint: 'Give the instant in TT, or as a Julian year.',
});

export const angleMalformed = defineError<{ text: string; expected: string }>({
  code: 'ANGLE_MALFORMED',
  retry: 'never',
  summary: 'An angle could not be understood.',
  message: (f) => `'${f.text}' is not ${f.expected}.`,
  hint: 'Write right ascension as 14:22:33.4 or 215.639 (deg), declination as +53:06:12.5 or 53.1035 (deg).',
});

export const nightMalformed = defineError<{ text: string }>({
  code: 'NIGHT_MALFORMED',
  retry: 'never',
  summary: 'A night identifier is the civil date of its evening, YYYY-MM-DD.',
  message: (f) => `'${f.text}' is not a night: expected the date of its evening, as 2026-11-22.`,
  hint: 'The dark hours at San Pedro Mártir carry the UT date of the following day.',
});

export const catalogLengths = defineError<{ ra: number; dec: number }>({
  code: 'SKY_COLUMN_LENGTHS',
  retry: 'never',
  summary: 'Right ascensions and declinations come as columns of one length.',
  message: (f) => `${f.ra} right ascensions and ${f.dec} declinations: the columns must have the same length.`,
  hint: 'A fault of the caller: pass columns of one table.',
});
