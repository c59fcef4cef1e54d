import { sexagesimal } from '../coords/sexagesimal.ts';
import { wcsMissing } from '../errors.ts';
import type { LinearWcs } from './build-wcs.ts';
import type { WcsCard } from './cards.ts';
import { celestialRotation } from './celestial-rotation.ts';
import { dssMap } from './dss-plate.ts';
import type { CardReader } from './header-values.ts';
import { invertPlaneMap } from './plane-map.ts';
import { tan } from './projections/zenithal.ts';

/** True where a header has no CTYPE but the plate solution of the Digitized Sky Survey. */
export const hasDssPlate = (cards: CardReader): boolean => ['AMDX1', 'AMDY1', 'PPO3', 'PPO6', 'PLTRAH'].every(cards.has);

/** The WCS of a DSS scan, from its AMDX and AMDY polynomials. */
export function parseDssWcs(cards: CardReader): LinearWcs {
  const written: WcsCard[] = [];
  const number = (keyword: string, fallback?: number): number => {
    const value = cards.number(keyword) ?? fallback;
    if (value === undefined) throw wcsMissing({ where: cards.where, keyword });
    written.push({ keyword, value, comment: 'DSS plate solution' });
    return value;
  };
  const sign = cards.text('PLTDECSN')?.startsWith('-') ? -1 : 1;
  const crval: [number, number] = [
    15 * sexagesimal(number('PLTRAH'), number('PLTRAM'), number('PLTRAS')),
    sign * sexagesimal(number('PLTDECD'), number('PLTDECM'), number('PLTDECS')),
  ];
  written.push({ keyword: 'PLTDECSN', value: sign < 0 ? '-' : '+', comment: 'DSS plate solution' });
  const map = dssMap({
    amdx: Array.from({ length: 13 }, (_, k) => number(`AMDX${k + 1}`, 0)),
    amdy: Array.from({ length: 13 }, (_, k) => number(`AMDY${k + 1}`, 0)),
    ppo3: number('PPO3'),
    ppo6: number('PPO6'),
    cnpix1: number('CNPIX1', 0),
    cnpix2: number('CNPIX2', 0),
    xPixelUm: number('XPIXELSZ'),
    yPixelUm: number('YPIXELSZ'),
  });
  const projection = tan();
  const rotation = celestialRotation({ lon0: crval[0], lat0: crval[1], phi0: 0, theta0: 90, lonPole: 180 });
  const out = new Float64Array(6);
  // Where the plate centre falls on this cut, from the linear part: the start of every inversion.
  const centre: [number, number] = [
    number('PPO3') / number('XPIXELSZ') - number('CNPIX1', 0) + 0.5,
    number('PPO6') / number('YPIXELSZ') - number('CNPIX2', 0) + 0.5,
  ];
  map.evaluate(centre[0], centre[1], out);
  const cd: [number, number, number, number] = [out[2]!, out[3]!, out[4]!, out[5]!];
  const determinant = cd[0] * cd[3] - cd[1] * cd[2];
  return {
    projection: 'DSS',
    system: 'FK5',
    equinox: 2000,
    crval,
    crpix: [centre[0] - 1, centre[1] - 1],
    cd,
    pixelToSky(x, y) {
      map.evaluate(x + 1, y + 1, out);
      const native = projection.toNative(out[0]!, out[1]!)!;
      return rotation.toSky(native[0], native[1]);
    },
    skyToPixel(lonDeg, latDeg) {
      const plane = projection.toPlane(...rotation.toNative(lonDeg, latDeg));
      if (plane === null) return null;
      const guess: [number, number] = [
        centre[0] + (cd[3] * plane[0] - cd[1] * plane[1]) / determinant,
        centre[1] + (cd[0] * plane[1] - cd[2] * plane[0]) / determinant,
      ];
      const pixel = invertPlaneMap(map, [plane[0], plane[1]], guess, {
        tolerance: 1e-9 * Math.sqrt(Math.abs(determinant)),
        orientation: Math.sign(determinant),
      });
      return pixel === null ? null : [pixel[0] - 1, pixel[1] - 1];
    },
    toCards: () => [...new Map(written.map((card) => [card.keyword, card])).values()],
  };
}
