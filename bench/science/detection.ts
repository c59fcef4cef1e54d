/**
 * How well sources were found and measured, against the truth of a simulated frame. Arrays in, counts and residuals out: add those of
 * several frames with `addDetection`, then `summarizeDetection`.
 *
 * **True S/N** is that of an ideal matched filter: all electrons of the source on the detector over the noise in the effective area of
 * the delivered profile, source noise included, `F / √(A·(sky + read noise²) + F/2)`. A is 3.8 seeing²: a Gaussian would have 2.27, a
 * Kolmogorov profile of the same FWHM 3.35 (LSST's FWHMeff = FWHM / 0.822), the pixel and the optics of the simulated telescope add the
 * rest; measured on the bright stars of the simulated night, 3.6 … 3.95. An S/N with the Gaussian area would read 1.27 times higher.
 */
export interface DetectionTruth {
  readonly count: number;
  /** 0-based [pix]. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly mag: Float64Array;
  /** All electrons that reach the detector: vignetting and transparency included. */
  readonly fluxElectron: Float64Array;
  /** The same on the scale of the reduced frame, whose flat has median 1. */
  readonly reducedElectron: Float64Array;
  readonly isStar: Uint8Array;
}

export interface DetectionFrame {
  readonly width: number;
  readonly height: number;
  readonly seeingPix: number;
  /** Sky and dark [electron/pixel]; read noise [electron rms]. */
  readonly skyElectron: number;
  readonly readNoise: number;
  /** True where nothing can be asked of a detection: on a bad pixel or a trail. 0-based pixel. */
  readonly isHidden?: (x: number, y: number) => boolean;
}

/** A catalogue to score; fluxes already on the scale of total light, flags 0 when nothing is wrong. Positions 0-based. */
export interface DetectionCatalog {
  readonly count: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly fluxAper: Float64Array;
  readonly fluxAperErr: Float64Array;
  readonly fluxAuto: Float64Array;
  readonly fluxAutoErr: Float64Array;
  readonly flags: Int32Array;
}

export interface DetectionScore {
  /** By bin of true S/N: isolated stars, and those found. */
  readonly completeness: readonly { readonly from: number; readonly to: number; total: number; found: number }[];
  detections: number;
  /** Detections with no true source within the matching radius. */
  unmatched: number;
  /** Median of measured / true of each frame, stars of S/N above 50: is it the scale of total light? */
  readonly aperScales: number[];
  readonly autoScales: number[];
  /** Isolated stars with clean flags. Magnitudes: measured − true, less the frame's own median, which its zero point takes up. */
  readonly stars: { mag: number; snr: number; aperMag: number; autoMag: number; aperPull: number; autoPull: number }[];
}

export interface DetectionFigures {
  readonly completeness: readonly {
    readonly from: number;
    readonly to: number;
    readonly total: number;
    readonly share: number;
  }[];
  readonly unmatchedShare: number;
  /** 1.4826 · MAD of measured − true magnitude about its median. */
  readonly scatter: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number;
    readonly aper: number;
    readonly auto: number;
  }[];
  /** Standard deviation of (measured − true) / error, S/N 10 to 100, beyond 5 sigma left out. */
  readonly aperPullWidth: number;
  readonly autoPullWidth: number;
  /** Median over frames of measured / true, and the largest departure of a frame from 1. */
  readonly aperScale: number;
  readonly autoScale: number;
  readonly worstAutoScale: number;
}

export const SNR_BINS = [
  [4.5, 5.5],
  [6, 8],
  [9, 11],
  [15, 30],
] as const;
const MAG_BINS = [
  [17, 18],
  [18, 19],
  [19, 20],
] as const;
/** Effective area of the delivered profile over seeing². */
const AREA_PER_SEEING2 = 3.8;
/** A detection is of a true source within this many seeing widths (1.5 arcsec in 1.4 arcsec seeing); a star is isolated without another within 15 pix. */
const MATCH_SEEING = 1.1;
const ISOLATION_PIX = 15;
/** Nor is it isolated in the halo of one this many times brighter, whose light adds to the noise. */
const OUTSHONE = 1000;
const HALO_PIX = 50;
/** Sources outside the frame are in no truth table, but their light is in the frame. */
const BORDER_PIX = 12;

export function trueSnr(fluxElectron: number, frame: DetectionFrame): number {
  const area = AREA_PER_SEEING2 * frame.seeingPix ** 2;
  return fluxElectron / Math.sqrt(area * (frame.skyElectron + frame.readNoise ** 2) + fluxElectron / 2);
}

export function emptyDetectionScore(): DetectionScore {
  return {
    completeness: SNR_BINS.map(([from, to]) => ({ from, to, total: 0, found: 0 })),
    detections: 0,
    unmatched: 0,
    aperScales: [],
    autoScales: [],
    stars: [],
  };
}

export function scoreDetection(truth: DetectionTruth, frame: DetectionFrame, catalog: DetectionCatalog): DetectionScore {
  const score = emptyDetectionScore();
  const radius = MATCH_SEEING * frame.seeingPix;
  const within = (x: number, y: number, margin: number): boolean =>
    x >= margin && y >= margin && x < frame.width - margin && y < frame.height - margin;
  const trueGrid = gridOf(truth.x, truth.y, truth.count);
  const foundGrid = gridOf(catalog.x, catalog.y, catalog.count);

  for (let i = 0; i < catalog.count; i++) {
    if (!within(catalog.x[i]!, catalog.y[i]!, BORDER_PIX)) continue;
    score.detections++;
    if (nearest(trueGrid, catalog.x[i]!, catalog.y[i]!, radius, -1) < 0) score.unmatched++;
  }
  const outshone = Array.from(truth.fluxElectron.keys()).filter((t) => truth.fluxElectron[t]! > OUTSHONE * leastFlux(truth));
  for (let t = 0; t < truth.count; t++) {
    const x = truth.x[t]!;
    const y = truth.y[t]!;
    if (truth.isStar[t] === 0 || !within(x, y, 20) || frame.isHidden?.(Math.round(x), Math.round(y))) continue;
    if (nearest(trueGrid, x, y, ISOLATION_PIX, t) >= 0) continue;
    if (
      outshone.some(
        (b) =>
          truth.fluxElectron[b]! > OUTSHONE * truth.fluxElectron[t]! && Math.hypot(truth.x[b]! - x, truth.y[b]! - y) < HALO_PIX,
      )
    )
      continue;
    const snr = trueSnr(truth.fluxElectron[t]!, frame);
    const i = nearest(foundGrid, x, y, radius, -1);
    for (const bin of score.completeness) {
      if (snr < bin.from || snr >= bin.to) continue;
      bin.total++;
      if (i >= 0) bin.found++;
    }
    if (i < 0 || catalog.flags[i] !== 0) continue;
    const flux = truth.reducedElectron[t]!;
    score.stars.push({
      mag: truth.mag[t]!,
      snr,
      aperMag: -2.5 * Math.log10(catalog.fluxAper[i]! / flux),
      autoMag: -2.5 * Math.log10(catalog.fluxAuto[i]! / flux),
      aperPull: (catalog.fluxAper[i]! - flux) / catalog.fluxAperErr[i]!,
      autoPull: (catalog.fluxAuto[i]! - flux) / catalog.fluxAutoErr[i]!,
    });
  }
  const bright = score.stars.filter((s) => s.snr > 50);
  const aperOffset = median(bright.map((s) => s.aperMag));
  const autoOffset = median(bright.map((s) => s.autoMag));
  if (bright.length === 0) return score;
  score.aperScales.push(10 ** (-0.4 * aperOffset));
  score.autoScales.push(10 ** (-0.4 * autoOffset));
  for (const s of score.stars) {
    s.aperMag -= aperOffset;
    s.autoMag -= autoOffset;
  }
  return score;
}

export function addDetection(sum: DetectionScore, more: DetectionScore): void {
  for (const [k, bin] of sum.completeness.entries()) {
    bin.total += more.completeness[k]!.total;
    bin.found += more.completeness[k]!.found;
  }
  sum.detections += more.detections;
  sum.unmatched += more.unmatched;
  sum.aperScales.push(...more.aperScales);
  sum.autoScales.push(...more.autoScales);
  sum.stars.push(...more.stars);
}

export function summarizeDetection({
  completeness,
  detections,
  unmatched,
  stars,
  aperScales,
  autoScales,
}: DetectionScore): DetectionFigures {
  const pulled = stars.filter((s) => s.snr >= 10 && s.snr < 100);
  return {
    completeness: completeness.map(({ from, to, total, found }) => ({ from, to, total, share: found / total })),
    unmatchedShare: unmatched / detections,
    scatter: MAG_BINS.map(([from, to]) => {
      const bin = stars.filter((s) => s.mag >= from && s.mag < to);
      return {
        from,
        to,
        count: bin.length,
        aper: robustSigma(bin.map((s) => s.aperMag)),
        auto: robustSigma(bin.map((s) => s.autoMag)),
      };
    }),
    aperPullWidth: width(pulled.map((s) => s.aperPull)),
    autoPullWidth: width(pulled.map((s) => s.autoPull)),
    aperScale: median(aperScales),
    autoScale: median(autoScales),
    worstAutoScale: autoScales.reduce((worst, v) => (Math.abs(v - 1) > Math.abs(worst - 1) ? v : worst), 1),
  };
}

const leastFlux = ({ fluxElectron }: DetectionTruth): number => fluxElectron.reduce((a, b) => Math.min(a, b), Infinity);

interface Grid {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly cells: ReadonlyMap<number, readonly number[]>;
}
const CELL = 16;
const cellOf = (cx: number, cy: number): number => cy * 65536 + cx;

function gridOf(x: Float64Array, y: Float64Array, count: number): Grid {
  const cells = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const key = cellOf(Math.floor(x[i]! / CELL), Math.floor(y[i]! / CELL));
    const list = cells.get(key);
    if (list) list.push(i);
    else cells.set(key, [i]);
  }
  return { x, y, cells };
}

/** Nearest entry within `radius` (at most one cell) but `except`; −1: none. */
function nearest({ x, y, cells }: Grid, px: number, py: number, radius: number, except: number): number {
  let best = -1;
  let least = radius;
  const cx = Math.floor(px / CELL);
  const cy = Math.floor(py / CELL);
  for (let j = cy - 1; j <= cy + 1; j++) {
    for (let k = cx - 1; k <= cx + 1; k++) {
      for (const i of cells.get(cellOf(k, j)) ?? []) {
        const d = Math.hypot(x[i]! - px, y[i]! - py);
        if (d < least && i !== except) {
          least = d;
          best = i;
        }
      }
    }
  }
  return best;
}

function median(values: readonly number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const n = sorted.length;
  return n === 0 ? NaN : 0.5 * (sorted[(n - 1) >> 1]! + sorted[n >> 1]!);
}

function robustSigma(values: readonly number[]): number {
  const centre = median(values);
  return 1.4826 * median(values.map((v) => Math.abs(v - centre)));
}

function width(values: readonly number[]): number {
  const kept = values.filter((v) => Math.abs(v) < 5);
  const mean = kept.reduce((s, v) => s + v, 0) / kept.length;
  return Math.sqrt(kept.reduce((s, v) => s + (v - mean) ** 2, 0) / (kept.length - 1));
}
