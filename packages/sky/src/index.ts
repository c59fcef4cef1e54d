export type { TanSip, Wcs } from './wcs-types.ts';
