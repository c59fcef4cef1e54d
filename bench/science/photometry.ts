import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openFits, readImage } from '@colibri/fits';
import { imageOfFrame, measureImage } from '@colibri/modules';
import { type Compute, medianOf, type PsfModel, psfPhotometry, psfStamp } from '@colibri/numerics';
import type { UnitFrame } from '@colibri/pipeline';
import { type BenchRow, row } from '../report.ts';
import { robust } from './beat-it/score-field.ts';
import { openUnits } from './open-unit.ts';
import { extractPsf, psfexVersion } from './peer-psfex.ts';

/** A true star of a frame, 0-based; flux on the scale of the reduced frame, whose flat has median 1 [electron]. */
interface TrueStar {
  readonly x: number;
  readonly y: number;
  readonly mag: number;
  readonly flux: number;
  readonly isStar: boolean;
}
/** A star as it was measured, flux in units of its true one. */
export interface MeasuredStar {
  readonly mag: number;
  /** Relative error of an ideal fit with the PSF that was found, everything but noise known: 1 / √Σ P² / (sky + F P) over F. */
  readonly idealErr: number;
  readonly ratio: number;
  readonly ratioErr: number;
}

/** Bins of the brief and the scatter that source-extractor with PSFEx has, and that photons alone give [mag]. */
const BINS = [
  { from: 17, to: 18, limit: 0.007 },
  { from: 18, to: 19, limit: 0.012 },
  { from: 19, to: 20, limit: 0.026 },
  { from: 20, to: 21, limit: 0.064 },
] as const;
/** No other true source within it [pix], nor one a thousand times brighter within the second. */
const ISOLATION_PIX = 15;
const HALO_PIX = 50;

export interface ScorePhotometryOptions {
  /** `<workspace>/<TRGID>/<INSTRUME>/<FILTER>` with reduced frames, and its name. */
  readonly folder: string;
  readonly name: string;
  /** Truth of the simulated night. */
  readonly truth: string;
  readonly compute: Compute;
  /** Only these; all when not given. */
  readonly only?: (frameId: string) => boolean;
  /** Frames that source-extractor and PSFEx are run on beside; default 3. */
  readonly peerFrames?: number;
}

/**
 * PSF photometry of single frames of the simulated night against its truth: scatter of isolated stars, pulls and bias of fluxes forced at
 * true places, source-extractor with PSFEx beside it on the same frames.
 */
export async function scorePhotometry(options: ScorePhotometryOptions): Promise<BenchRow[]> {
  const { folder, name, truth, compute, only } = options;
  const units = await openUnits(folder, name, compute, only);
  const flat = await flatMedian(truth);
  const detected: MeasuredStar[] = [];
  const forced: MeasuredStar[] = [];
  const peer: MeasuredStar[] = [];
  const totals: Totals[] = [];
  const version = psfexVersion();
  let peerLeft = version === null ? 0 : (options.peerFrames ?? 3);
  for (const frame of units.flatMap((unit) => unit.frames)) {
    const path = join(truth, 'frames', `${frame.meta.frameId}.csv.gz`);
    if (!existsSync(path)) continue;
    const stars = readTruth(path, flat);
    const found = await measureFrame(frame, stars, compute);
    detected.push(...found.detected);
    forced.push(...found.forced);
    totals.push(found.totals);
    if (frame.meta.exposureSec > 60 || peerLeft === 0) continue;
    peerLeft--;
    const catalog = await extractPsf(join(folder, 'reduced', `${frame.meta.frameId}.fits.fz`), frame.saturation);
    peer.push(...compare(isolatedStars(stars, frame), catalog, found.idealErr));
  }
  return [...rowsOf(detected, forced, peer, version), ...totalRows(totals)];
}

/** Total light by Kron and by aperture photometry over that by the PSF, median over the bright isolated stars of a frame. */
interface Totals {
  readonly kron: number;
  readonly aperture: number;
}

function totalRows(totals: readonly Totals[]): BenchRow[] {
  return (['kron', 'aperture'] as const).map((which) => {
    const off = totals.map((t) => t[which] - 1).filter(Number.isFinite);
    const mean = off.reduce((a, b) => a + b, 0) / off.length;
    const rms = Math.sqrt(off.reduce((a, b) => a + (b - mean) ** 2, 0) / off.length);
    return row(`total by ${which} over total by PSF, S/N > 50, off 1 by`, Math.abs(mean), '', '<= 0.005', {
      note: `${(1 + mean).toFixed(4)}, ${off.length} frames that scatter by ${rms.toFixed(4)}`,
    });
  });
}

async function measureFrame(frame: UnitFrame, truth: readonly TrueStar[], compute: Compute) {
  return compute.scope(async () => {
    const image = imageOfFrame(await frame.load(), frame.metrics.fwhmPix ?? 3.5);
    const measured = await measureImage(
      image,
      { threshold: 4.75, meshPix: 64, deblendContrast: 0.0005 },
      { isFinal: true },
      compute,
    );
    const { columns, fluxes, psf, planes, psfToTotal, aperture } = measured;
    const isolated = isolatedStars(truth, frame);
    const variance = planes.variance.slice();
    const idealErr = (star: TrueStar): number => photonLimit(psf, localVariance(variance, frame, star), star);
    const catalog = {
      x: fluxes.x,
      y: fluxes.y,
      flux: fluxes.flux,
      fluxErr: fluxes.fluxErr,
      flags: columns.flags.map((f, i) => (fluxes.covered[i]! > 0.98 ? f & ~16 : 64)),
    };
    const detected = compare(isolated, catalog, idealErr);
    // Forced at true places, beside everything else that was found.
    const others = Array.from(columns.x.keys()).filter(
      (i) => !isolated.some((s) => Math.hypot(s.x - fluxes.x[i]!, s.y - fluxes.y[i]!) < psf.fwhmPix),
    );
    const at = {
      x: Float64Array.from([...isolated.map((s) => s.x), ...others.map((i) => fluxes.x[i]!)]),
      y: Float64Array.from([...isolated.map((s) => s.y), ...others.map((i) => fluxes.y[i]!)]),
    };
    const fit = await psfPhotometry(planes, psf, at, {}, compute);
    const places = Array.from(isolated.keys());
    const flux = Float64Array.from(places, (k) => fit.flux[k]! * psfToTotal);
    const fluxErr = Float64Array.from(places, (k) => fit.fluxErr[k]! * psfToTotal);
    const flags = Int32Array.from(places, (k) => (fit.covered[k]! > 0.98 ? 0 : 64));
    const x = at.x.subarray(0, places.length);
    const y = at.y.subarray(0, places.length);
    const bright = Array.from(columns.x.keys()).filter(
      (i) =>
        columns.flags[i] === 0 &&
        fluxes.flux[i]! > 50 * fluxes.fluxErr[i]! &&
        isolated.some((s) => Math.hypot(s.x - fluxes.x[i]!, s.y - fluxes.y[i]!) < 2.5),
    );
    const ratio = (total: Float64Array, scale: number): number =>
      medianOf(Float64Array.from(bright, (i) => (total[i]! * scale) / fluxes.flux[i]!));
    const totals = {
      kron: ratio(columns.fluxAuto, aperture.autoToTotal),
      aperture: ratio(columns.fluxAper, aperture.aperToTotal),
    };
    return { detected, forced: compare(isolated, { x, y, flux, fluxErr, flags }, idealErr), idealErr, totals };
  });
}

function photonLimit(psf: PsfModel, sky: number, { x, y, flux }: TrueStar): number {
  let information = 0;
  for (const p of psfStamp(psf, x, y, Math.ceil(psf.radiusPix))) information += p ** 2 / (sky + flux * Math.max(p, 0));
  return 1 / Math.sqrt(information) / flux;
}

/** Variance of the sky beside a star: the median of a ring [electron²]. */
function localVariance(variance: Float32Array, { width, height }: { width: number; height: number }, { x, y }: TrueStar): number {
  const ring: number[] = [];
  for (let k = 0; k < 60; k++) {
    const px = Math.round(x + (11 + (k % 4)) * Math.cos(k));
    const py = Math.round(y + (11 + (k % 4)) * Math.sin(k));
    if (px >= 0 && py >= 0 && px < width && py < height) ring.push(variance[py * width + px]!);
  }
  return medianOf(Float64Array.from(ring));
}

interface PsfCatalog {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  readonly flags: Int32Array;
}

/** Measured over true, each frame's flux scale taken out by its bright stars. */
function compare(stars: readonly TrueStar[], catalog: PsfCatalog, idealErr: (star: TrueStar) => number): MeasuredStar[] {
  const list: MeasuredStar[] = [];
  for (const star of stars) {
    let nearest = -1;
    let least = 2.5;
    for (let i = 0; i < catalog.x.length; i++) {
      const d = Math.hypot(catalog.x[i]! - star.x, catalog.y[i]! - star.y);
      if (d < least) {
        least = d;
        nearest = i;
      }
    }
    if (nearest < 0 || catalog.flags[nearest] !== 0 || !Number.isFinite(catalog.flux[nearest]!)) continue;
    list.push({
      mag: star.mag,
      idealErr: idealErr(star),
      ratio: catalog.flux[nearest]! / star.flux,
      ratioErr: catalog.fluxErr[nearest]! / star.flux,
    });
  }
  const bright = list.filter((s) => s.idealErr < 0.02);
  const scale = weightedMedian(bright);
  return list.map((s) => ({ ...s, ratio: s.ratio / scale, ratioErr: s.ratioErr / scale }));
}

const weightedMedian = (stars: readonly MeasuredStar[]): number => medianOf(Float64Array.from(stars, (s) => s.ratio));

function rowsOf(detected: MeasuredStar[], forced: MeasuredStar[], peer: MeasuredStar[], version: string | null): BenchRow[] {
  const beside = (value: number): Partial<BenchRow> =>
    version === null ? { note: 'source-extractor and PSFEx are not installed' } : { peer: `PSFEx ${version}`, peerValue: value };
  const rows: BenchRow[] = [];
  for (const { from, to } of BINS) {
    const inBin = (list: readonly MeasuredStar[]) => list.filter((s) => s.mag >= from && s.mag < to);
    // Half of 16 to 84 %, of flux ratios: a logarithm skews the faint, and the MAD of 300 stars is known to 7 % only.
    const scatter = (list: readonly MeasuredStar[]) => (2.5 / Math.LN10) * robust(inBin(list).map((s) => s.ratio)).width;
    const overLimit = (list: readonly MeasuredStar[]) => robust(inBin(list).map((s) => (s.ratio - 1) / s.idealErr)).width;
    rows.push(
      row(
        `PSF scatter, isolated stars, r ${from}–${to} (${inBin(detected).length})`,
        scatter(detected),
        'mag',
        null,
        beside(scatter(peer)),
      ),
      row(`PSF scatter over the photon limit, r ${from}–${to}`, overLimit(detected), '', '<= 1.1', beside(overLimit(peer))),
      row(`the same, forced at true places, r ${from}–${to}`, overLimit(forced), ''),
    );
  }
  const pull = (s: MeasuredStar): number => (s.ratio - 1) / s.ratioErr;
  for (const [from, to] of [
    [5, 10],
    [10, 30],
    [30, 100],
    [100, 200],
  ] as const) {
    const bin = forced.filter((s) => s.ratioErr < 1 / from && s.ratioErr >= 1 / to);
    const pulls = Float64Array.from(bin, pull).filter((p) => Math.abs(p) < 5);
    const mean = pulls.reduce((a, b) => a + b, 0) / pulls.length;
    const width = Math.sqrt(pulls.reduce((a, b) => a + (b - mean) ** 2, 0) / (pulls.length - 1));
    rows.push(
      row(`mean of forced pulls, S/N ${from}–${to} (${bin.length})`, Math.abs(mean), 'σ', '<= 0.1'),
      row(`width of forced pulls, S/N ${from}–${to}, at least`, width, 'σ', '>= 0.9'),
      row(`width of forced pulls, S/N ${from}–${to}, at most`, width, 'σ', '<= 1.1'),
    );
  }
  for (const [from, to] of [
    [0, 5],
    [5, 15],
    [15, 50],
    [50, 1e9],
  ] as const) {
    const bin = forced.filter((s) => s.ratioErr < 1 / from && s.ratioErr >= 1 / to && Math.abs(pull(s)) < 5);
    const weight = bin.reduce((sum, s) => sum + 1 / s.ratioErr ** 2, 0);
    const bias = bin.reduce((sum, s) => sum + (s.ratio - 1) / s.ratioErr ** 2, 0) / weight;
    rows.push(
      row(`bias of forced fluxes, S/N ${from}–${to > 1e6 ? '…' : to}`, bias, '', null, {
        note: `± ${(1 / Math.sqrt(weight)).toFixed(4)}, ${bin.length} stars`,
      }),
    );
  }
  return rows;
}

function isolatedStars(truth: readonly TrueStar[], { width, height }: { width: number; height: number }): TrueStar[] {
  return truth.filter((s) => {
    if (!s.isStar || s.x < 20 || s.y < 20 || s.x > width - 21 || s.y > height - 21) return false;
    return !truth.some((o) => {
      if (o === s) return false;
      const d = Math.hypot(o.x - s.x, o.y - s.y);
      return d < ISOLATION_PIX || (d < HALO_PIX && o.flux > 1000 * s.flux);
    });
  });
}

function readTruth(path: string, flat: number): TrueStar[] {
  const [, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  return lines.map((line) => {
    const [id, kind, , x, y, mag, flux] = line.split(',');
    return {
      x: Number(x) - 1,
      y: Number(y) - 1,
      mag: Number(mag),
      flux: Number(flux) * flat,
      isStar: kind === 'star' && id !== 'ASTEROID',
    }; // an asteroid leaves a trail
  });
}

async function flatMedian(truth: string): Promise<number> {
  const path = join(truth, 'flat_true.fits.fz');
  const file = await openFits(new Uint8Array(readFileSync(path)), { name: path });
  return medianOf(Float32Array.from((await readImage(file.hdus.find((hdu) => hdu.shape.length === 2)!)).data as Float32Array));
}
