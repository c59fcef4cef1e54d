import { ellipseOf, kronMoment, Sum, sumAperture } from './aperture-sum.ts';
import type { ObjectPlanes } from './object-planes.ts';
import { measureWindowed, Windowed } from './windowed.ts';

/** Columns that the two passes over objects read and fill, each one value per source and in shared memory where there are threads. */
export interface ObjectColumns {
  /** In: where to start. Out: windowed centroid [pix]. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xErr: Float64Array;
  readonly yErr: Float64Array;
  readonly snrWin: Float64Array;
  /** Moment size (xx·yy − xy²)^¼ [pix]. */
  readonly size: Float64Array;
  /** In: semi-axes and angle of the isophote. Out: drawn towards those of a star where the source is not clearly wider. */
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly thetaDeg: Float64Array;
  /** First radial moment in units of a, not yet times 2.5. */
  readonly moment: Float64Array;
  /** 0 may be a star … 1 surely wider. */
  readonly extension: Float64Array;
  /** 1: the centroid did not converge. */
  readonly failed: Float64Array;
  readonly fluxAuto: Float64Array;
  readonly fluxAutoVar: Float64Array;
  readonly autoArea: Float64Array;
  readonly fluxAper: Float64Array;
  readonly fluxAperVar: Float64Array;
  /** Shares of an aperture: other sources' pixels in AUTO; unusable or outside pixels in AUTO, in APER; saturated in AUTO. */
  readonly neighbourShare: Float64Array;
  readonly autoBadShare: Float64Array;
  readonly aperBadShare: Float64Array;
  readonly saturatedShare: Float64Array;
}

export const OBJECT_COLUMNS = [
  'x',
  'y',
  'xErr',
  'yErr',
  'snrWin',
  'size',
  'a',
  'b',
  'thetaDeg',
  'moment',
  'extension',
  'failed',
  'fluxAuto',
  'fluxAutoVar',
  'autoArea',
  'fluxAper',
  'fluxAperVar',
  'neighbourShare',
  'autoBadShare',
  'aperBadShare',
  'saturatedShare',
] as const satisfies readonly (keyof ObjectColumns)[];

export interface ShapeArgs {
  readonly planes: ObjectPlanes;
  readonly columns: ObjectColumns;
  /** Of the centroid's window [pix]. */
  readonly sigma: number;
  /** Moment size of stars [pix]. */
  readonly starSize: number;
}

/** Relative error of the moment size times S/N (measured on simulated stars), and its floor: profiles vary over a field. */
const SIZE_ERROR = 1.5;
const SIZE_FLOOR = 0.03;

/**
 * 0 for a source that may be a star, 1 for one that is surely wider: from 2 to 5 sigma of its excess in size. What is not clearly
 * extended gets a star's axes and aperture; a noisy shape would only add noise to its flux.
 */
export function extension(size: number, snr: number, starSize: number): number {
  if (!(snr > 0)) return 0;
  if (!(size > 0)) return 1; // wider than its window can tell
  const z = (size / starSize - 1) / Math.hypot(SIZE_ERROR / snr, SIZE_FLOOR);
  const t = Math.min(Math.max((z - 2) / 3, 0), 1);
  return t * t * (3 - 2 * t);
}

/** First pass over sources `from` … `to − 1`: centroids, sizes and Kron's moment. A task of the pool. */
export function measureShapes({ planes, columns, sigma, starSize }: ShapeArgs, from: number, to: number): number {
  const out = new Float64Array(Windowed.LENGTH);
  for (let i = from; i < to; i++) {
    measureWindowed(planes, i + 1, columns.x[i]!, columns.y[i]!, sigma, out);
    const x = out[Windowed.X]!;
    const y = out[Windowed.Y]!;
    columns.x[i] = x;
    columns.y[i] = y;
    columns.xErr[i] = out[Windowed.X_ERR]!;
    columns.yErr[i] = out[Windowed.Y_ERR]!;
    columns.failed[i] = out[Windowed.FAILED]!;
    columns.snrWin[i] = out[Windowed.VARIANCE]! > 0 ? out[Windowed.SUM]! / Math.sqrt(out[Windowed.VARIANCE]!) : NaN;
    columns.size[i] = (out[Windowed.XX]! * out[Windowed.YY]! - out[Windowed.XY]! ** 2) ** 0.25;
    const wide = extension(columns.size[i]!, columns.snrWin[i]!, starSize);
    columns.extension[i] = wide;
    columns.a[i] = wide * Math.max(columns.a[i]!, starSize) + (1 - wide) * starSize;
    columns.b[i] = wide * Math.max(columns.b[i]!, starSize) + (1 - wide) * starSize;
    columns.moment[i] = kronMoment(planes, i + 1, x, y, ellipseOf(columns.a[i]!, columns.b[i]!, columns.thetaDeg[i]!));
  }
  return to - from;
}

export interface FluxArgs {
  readonly planes: ObjectPlanes;
  readonly columns: ObjectColumns;
  /** Radius of the circular aperture [pix]. */
  readonly aperRadiusPix: number;
  /** AUTO's semi-major axis in units of a, one per source. */
  readonly kronRadius: Float64Array;
}

/** Second pass: AUTO and circular fluxes with their variances. A task of the pool. */
export function measureFluxes({ planes, columns, aperRadiusPix, kronRadius }: FluxArgs, from: number, to: number): number {
  const out = new Float64Array(Sum.LENGTH);
  for (let i = from; i < to; i++) {
    const x = columns.x[i]!;
    const y = columns.y[i]!;
    const k = kronRadius[i]!;
    const a = k * columns.a[i]!;
    const b = k * columns.b[i]!;
    sumAperture(planes, i + 1, x, y, a, a === b ? null : ellipseOf(a, b, columns.thetaDeg[i]!), out);
    columns.fluxAuto[i] = out[Sum.FLUX]!;
    columns.fluxAutoVar[i] = out[Sum.VARIANCE]!;
    columns.autoArea[i] = out[Sum.FULL_AREA]!;
    columns.neighbourShare[i] = out[Sum.NEIGHBOUR_AREA]! / out[Sum.FULL_AREA]!;
    columns.autoBadShare[i] = (out[Sum.BAD_AREA]! + out[Sum.FULL_AREA]! - out[Sum.AREA]!) / out[Sum.FULL_AREA]!;
    columns.saturatedShare[i] = out[Sum.SATURATED_AREA]!;
    sumAperture(planes, i + 1, x, y, aperRadiusPix, null, out);
    columns.fluxAper[i] = out[Sum.FLUX]!;
    columns.fluxAperVar[i] = out[Sum.VARIANCE]!;
    columns.aperBadShare[i] = (out[Sum.BAD_AREA]! + out[Sum.FULL_AREA]! - out[Sum.AREA]!) / out[Sum.FULL_AREA]!;
  }
  return to - from;
}
