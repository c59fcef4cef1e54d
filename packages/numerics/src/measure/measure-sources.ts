import type { Compute } from '../compute.ts';
import type { Detection } from '../detect/detect-sources.ts';
import { MaskPlane } from '../mask-plane.ts';
import { type SourceColumns, SourceFlag } from '../source-columns.ts';
import { medianOf } from '../stats/quantile.ts';
import { type BlankNoise, measureBlankNoise } from './blank-noise.ts';
import { measureGrowth } from './growth-curve.ts';
import { axesOf, measureIsophotes } from './isophotes.ts';
import { OBJECT_COLUMNS, type ObjectColumns } from './measure-objects.ts';
import { UNUSABLE } from './object-planes.ts';

export interface MeasureOptions {
  /** Diameter of the circular aperture [pix]; default 2.5 FWHM, at least 3. Of 2, 2.5 and 3 FWHM it scatters least
   * against the truth of simulated frames: smaller ones feel the change of profile over the field, larger ones the sky. */
  readonly aperDiameterPix?: number;
}

/** How apertures relate to all the light of a star. */
export interface ApertureScale {
  readonly diameterPix: number;
  /** Total flux of a star over its FLUX_AUTO and FLUX_APER, with 1 sigma errors [1]. NaN when the frame has too few stars. */
  readonly autoToTotal: number;
  readonly autoToTotalErr: number;
  readonly aperToTotal: number;
  readonly aperToTotalErr: number;
}

export interface Measurement {
  readonly columns: SourceColumns;
  readonly aperture: ApertureScale;
  readonly blankNoise: BlankNoise;
  /** Indices of the sources that were used as stars. */
  readonly stars: readonly number[];
  /** Total flux at which a star has S/N 5 by the matched filter, median over the frame [electron]. */
  readonly limitFluxElectron5Sigma: number;
}

const KRON_FACTOR = 2.5;
const LEAST_KRON = 3.5;
/** Radius for what may be a star, whose loss is known: 1.4 FWHM, less sky than 3.5 would take in. */
const STAR_KRON = 3;

/** Positions, shapes and fluxes of the sources of a detection, in two passes over the objects. */
export async function measureSources(detection: Detection, options: MeasureOptions, compute: Compute): Promise<Measurement> {
  const { basins, image, variance, mask, width, height, background, pointSpread } = detection;
  const n = basins.count;
  const planes = { image, variance, mask, labels: basins.labels, width, height };
  const iso = measureIsophotes(planes, basins);
  const columns = Object.fromEntries(OBJECT_COLUMNS.map((name) => [name, compute.float64(n)])) as unknown as ObjectColumns;
  const leastAxis = pointSpread.momentSizePix;
  for (let i = 0; i < n; i++) {
    columns.x[i] = basins.peakIndex[i]! % width;
    columns.y[i] = Math.floor(basins.peakIndex[i]! / width);
    const { a, b, thetaDeg } = axesOf(iso.xx[i]!, iso.yy[i]!, iso.xy[i]!);
    columns.a[i] = a > 0 ? a : leastAxis;
    columns.b[i] = b > 0 ? b : leastAxis;
    columns.thetaDeg[i] = a >= 0 ? thetaDeg : 0;
  }
  const sigma = Math.min(Math.max(pointSpread.fwhmPix / 2.3548, 0.7), 15);
  await compute.runTask('measureShapes', { planes, columns, sigma, starSize: leastAxis }, n);

  const isStar = starFlags(columns, iso, basins.saddle, basins.peakHeight, leastAxis);
  const stars = Array.from({ length: n }, (_, i) => i)
    .filter((i) => isStar[i] === 1)
    .sort((i, j) => columns.snrWin[j]! - columns.snrWin[i]!);
  const kronRadius = compute.float64(n);
  for (let i = 0; i < n; i++) {
    const m = columns.moment[i]!;
    const wide = columns.extension[i]!;
    const kron = m > 0 ? Math.max(KRON_FACTOR * Math.min(m, 6), LEAST_KRON) : LEAST_KRON;
    kronRadius[i] = wide * kron + (1 - wide) * STAR_KRON;
  }
  const diameterPix = options.aperDiameterPix ?? Math.max(2.5 * pointSpread.fwhmPix, 3);
  await compute.runTask('measureFluxes', { planes, columns, aperRadiusPix: diameterPix / 2, kronRadius }, n);

  const blankNoise = await measureBlankNoise(planes, diameterPix / 2, diameterPix, compute);
  const growth = await measureGrowth(planes, stars, columns.x, columns.y, diameterPix / 2, pointSpread.fwhmPix, compute);
  const autoRatios = Float64Array.from(stars, (i) => columns.fluxAper[i]! / columns.fluxAuto[i]!);
  const aperToAuto = medianOf(autoRatios);
  const autoSpread = medianOf(autoRatios.map((r) => Math.abs(r - aperToAuto))) * 1.4826;
  const autoToTotal = growth.aperToTotal * aperToAuto;

  const rmsAt = cellValue(background.rms, background, width, height);
  const levelAt = cellValue(background.level, background, width, height);
  const aperArea = (Math.PI * diameterPix * diameterPix) / 4;
  const excess = (area: number): number => blankNoise.base + blankNoise.slope * area - 1;
  const flags = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const maskBits = iso.maskFlags[i]!;
    if (columns.neighbourShare[i]! > 0.1 || columns.autoBadShare[i]! > 0.1) flags[i]! |= SourceFlag.CROWDED;
    if (basins.saddle[i]! > 0) flags[i]! |= SourceFlag.BLENDED;
    if ((maskBits & MaskPlane.SATURATED) !== 0) flags[i]! |= SourceFlag.SATURATED;
    if (iso.truncated[i] === 1) flags[i]! |= SourceFlag.TRUNCATED;
    if (columns.aperBadShare[i]! > 0 || (maskBits & UNUSABLE) !== 0) flags[i]! |= SourceFlag.APERTURE_INCOMPLETE;
    if (columns.failed[i] === 1) flags[i]! |= SourceFlag.CENTROID_FAILED;
  }
  const plain = (a: Float64Array): Float64Array => new Float64Array(a);
  const centred = (fallback: Float64Array, value: Float64Array): Float64Array =>
    Float64Array.from(value, (v, i) => (columns.failed[i] === 1 ? fallback[i]! : v));
  const x = centred(iso.x, columns.x);
  const y = centred(iso.y, columns.y);
  const scale = pointSpread.fwhmPix / pointSpread.momentSizePix;
  const result: SourceColumns = {
    count: n,
    x,
    y,
    xErr: plain(columns.xErr),
    yErr: plain(columns.yErr),
    fluxAuto: plain(columns.fluxAuto),
    fluxAutoErr: Float64Array.from({ length: n }, (_, i) => {
      const area = columns.autoArea[i]!;
      return Math.sqrt(columns.fluxAutoVar[i]! + excess(area) * area * rmsAt(x[i]!, y[i]!) ** 2);
    }),
    fluxAper: plain(columns.fluxAper),
    fluxAperErr: Float64Array.from({ length: n }, (_, i) =>
      Math.sqrt(columns.fluxAperVar[i]! + excess(aperArea) * aperArea * rmsAt(x[i]!, y[i]!) ** 2),
    ),
    snrWin: plain(columns.snrWin),
    peak: iso.peak,
    background: Float64Array.from({ length: n }, (_, i) => levelAt(x[i]!, y[i]!)),
    fwhm: Float64Array.from({ length: n }, (_, i) => columns.size[i]! * scale),
    a: plain(columns.a),
    b: plain(columns.b),
    thetaDeg: plain(columns.thetaDeg),
    kronRadius: plain(kronRadius),
    areaPix: iso.areaPix,
    flags,
    maskFlags: iso.maskFlags,
  };
  return {
    columns: result,
    aperture: {
      diameterPix,
      autoToTotal,
      autoToTotalErr: Math.hypot(growth.aperToTotalErr, autoSpread / Math.sqrt(Math.max(stars.length, 1))),
      aperToTotal: growth.aperToTotal,
      aperToTotalErr: growth.aperToTotalErr,
    },
    blankNoise,
    stars,
    limitFluxElectron5Sigma: 5 * fluxPerSigma(stars, columns.fluxAper, basins.peakHeight, growth.aperToTotal),
  };
}

/** Total flux over matched-filter S/N of stars, median: both are linear in the light, the noise is the sky's. NaN without stars. */
function fluxPerSigma(stars: readonly number[], fluxAper: Float64Array, peakHeight: Float32Array, aperToTotal: number): number {
  return aperToTotal * medianOf(Float64Array.from(stars, (i) => fluxAper[i]! / peakHeight[i]!));
}

/** Bright, single, clean sources of the size of stars. */
function starFlags(
  columns: ObjectColumns,
  iso: ReturnType<typeof measureIsophotes>,
  saddle: Float32Array,
  peakHeight: Float32Array,
  size: number,
): Uint8Array {
  return Uint8Array.from(columns.size, (s, i) =>
    Math.abs(s - size) < 0.1 * size &&
    columns.snrWin[i]! > 50 &&
    columns.failed[i] === 0 &&
    iso.maskFlags[i] === 0 &&
    iso.truncated[i] === 0 &&
    saddle[i]! < 0.01 * peakHeight[i]!
      ? 1
      : 0,
  );
}

function cellValue(values: Float32Array, { columns, rows }: { columns: number; rows: number }, width: number, height: number) {
  return (x: number, y: number): number => {
    const cx = Math.min(Math.max(Math.floor(((x + 0.5) * columns) / width), 0), columns - 1);
    const cy = Math.min(Math.max(Math.floor(((y + 0.5) * rows) / height), 0), rows - 1);
    return values[cy * columns + cx]!;
  };
}
