export { type BandFlux, limitAsFlux, type PhotoZ, photometricRedshift } from './photo-z.ts';
