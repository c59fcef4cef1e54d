import { wcsSingular } from '../errors.ts';
import type { TanSip } from '../wcs-types.ts';
import { buildWcs, type LinearWcs } from './build-wcs.ts';
import { celestialRotation } from './celestial-rotation.ts';
import { tan } from './projections/zenithal.ts';
import { sipFromMaps } from './sip.ts';
import { fitSipInverse, type ImageSize } from './sip-inverse.ts';

/** Plain gnomonic WCS: 0-based reference pixel, ICRS position there [deg], and matrix [CD1_1, CD1_2, CD2_1, CD2_2] [deg/pix]. */
export function tanWcs(t: Pick<TanSip, 'crpix' | 'crval' | 'cd'>): LinearWcs {
  return tanSipWcs({ ...t, order: 0, a: new Map(), b: new Map() });
}

/**
 * The WCS of a solution of our own. With the image's size, its cards also carry the inverse polynomials AP and BP, good
 * over the image to 0.01 pix or better, for software that does not iterate; our own inverse is exact in either case.
 */
export function tanSipWcs(t: TanSip, size?: ImageSize): LinearWcs {
  const determinant = t.cd[0] * t.cd[3] - t.cd[1] * t.cd[2];
  if (!Number.isFinite(determinant) || determinant === 0) throw wcsSingular({ where: 'this solution', determinant });
  const sip = t.order >= 2 ? sipFromMaps(t.order, t.a, t.b) : null;
  const inverse = sip !== null && size !== undefined ? fitSipInverse(sip, t.crpix, size) : null;
  return buildWcs({
    name: sip === null ? 'TAN' : 'TAN-SIP',
    code: 'TAN',
    system: 'ICRS',
    equinox: null,
    axisNames: ['RA', 'DEC'],
    crpix: t.crpix,
    crval: t.crval,
    cd: t.cd,
    sip: sip === null || inverse === null ? sip : { ...sip, ap: inverse.ap, bp: inverse.bp },
    tpv: null,
    projection: tan(),
    // LONPOLE is written out: at the pole its default is 0, not 180.
    rotation: celestialRotation({ lon0: t.crval[0], lat0: t.crval[1], phi0: 0, theta0: 90, lonPole: 180 }),
    planeOffset: [0, 0],
    lonPole: 180,
    latPole: undefined,
    pv: [],
  });
}
