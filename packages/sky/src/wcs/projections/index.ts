import { ait, bon, car, cea, conic, cyp, mer, mol, par, pco, sfl } from './cylindrical.ts';
import { hpx, xph } from './healpix.ts';
import type { Parameter, Projection } from './projection.ts';
import { air, arc, azp, sin, stg, szp, tan, zea, zpn } from './zenithal.ts';

/** Every projection that we compute, by the code in CTYPE. */
export const projections: Readonly<Record<string, (pv: Parameter) => Projection>> = {
  TAN: tan,
  STG: stg,
  SIN: sin,
  ARC: arc,
  ZEA: zea,
  ZPN: zpn,
  AZP: azp,
  SZP: szp,
  AIR: air,
  CYP: cyp,
  CEA: cea,
  CAR: car,
  MER: mer,
  SFL: sfl,
  PAR: par,
  MOL: mol,
  AIT: ait,
  BON: bon,
  PCO: pco,
  COP: (pv) => conic('COP', pv),
  COE: (pv) => conic('COE', pv),
  COD: (pv) => conic('COD', pv),
  COO: (pv) => conic('COO', pv),
  HPX: hpx,
  XPH: xph,
};
