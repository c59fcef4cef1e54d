import type { Random } from '@colibri/base';
import type { FrameMetrics } from '@colibri/contracts';
import type { Difference, DifferenceSources, FrameSources, Stack, UnitFrame } from '@colibri/pipeline';
import { isoUtcOfMjd, type Wcs } from '@colibri/sky';
import { columnsWith } from './made-photometry.ts';
import { CENTER, EXPOSURE, errOf, FWHM, fluxOf, frameIdOf, NIGHT, SKY, type Thing, wcsAt, ZERO_POINT } from './made-sky.ts';

/** Adds a star of this flux, a round Gaussian, within five sigma. */
function addStar(plane: Float32Array, side: number, x: number, y: number, flux: number, fwhmPix: number): void {
  const sigma = fwhmPix / 2.355;
  const reach = Math.ceil(5 * sigma);
  for (let j = Math.max(0, Math.round(y) - reach); j <= Math.min(side - 1, Math.round(y) + reach); j++) {
    for (let i = Math.max(0, Math.round(x) - reach); i <= Math.min(side - 1, Math.round(x) + reach); i++) {
      plane[j * side + i]! += (flux * Math.exp(-((i - x) ** 2 + (j - y) ** 2) / (2 * sigma ** 2))) / (2 * Math.PI * sigma ** 2);
    }
  }
}

export function makeStack(
  things: readonly Thing[],
  wcs: Wcs,
  side: number,
  mids: readonly number[],
  transparency: readonly number[],
  filter: string,
  random: Random,
): Stack {
  const exposureSec = EXPOSURE * mids.length;
  const data = new Float32Array(side * side);
  for (const { x, y, mag, kind } of things) {
    addStar(data, side, x, y, fluxOf(mag), kind === 'cosmic ray' ? 0.4 * FWHM : kind === 'galaxy' ? 1.6 * FWHM : FWHM);
  }
  const variance = data.map((value) => (value + SKY) / exposureSec);
  for (let i = 0; i < data.length; i++) data[i]! += Math.sqrt(variance[i]!) * random.normal();
  return {
    width: side,
    height: side,
    data,
    variance,
    mask: new Uint16Array(side * side),
    header: new Map(),
    wcs,
    camera: 'C0',
    filter,
    coverageSec: new Float32Array(side * side).fill(exposureSec),
    exposureSec,
    startedAt: isoUtcOfMjd(mids[0]! - EXPOSURE / 2 / 86400),
    endedAt: isoUtcOfMjd(mids.at(-1)! + EXPOSURE / 2 / 86400),
    midMjdUtc: (mids[0]! + mids.at(-1)!) / 2,
    fwhmPix: FWHM,
    gainSec: exposureSec,
    saturation: 3000,
    covarianceFactor: 1.2,
    inputs: mids.map((mid, k) => ({
      frameId: frameIdOf(mid, filter),
      observedAt: isoUtcOfMjd(mid - EXPOSURE / 2 / 86400),
      exposureSec: EXPOSURE,
      weight: transparency[k]! ** 2 / transparency.reduce((sum, t) => sum + t * t, 0),
      transparency: transparency[k]!,
      fwhmPix: FWHM,
      rejectedPixels: 300 + 7 * k,
    })),
  };
}

export function makeDifference(stack: Stack, things: readonly Thing[], wcs: Wcs, random: Random): Difference {
  const side = stack.width;
  const data = new Float32Array(side * side);
  const found = things
    .map((thing) => ({
      thing,
      flux:
        thing.kind === 'afterglow' || thing.kind === 'cosmic ray'
          ? fluxOf(thing.mag)
          : thing.kind === 'variable'
            ? 0.2 * fluxOf(thing.mag)
            : 0,
    }))
    .filter(({ flux }) => flux > 0);
  for (const { thing, flux } of found) addStar(data, side, thing.x, thing.y, flux, FWHM);
  const variance = stack.variance.map((v) => 1.3 * v);
  for (let i = 0; i < data.length; i++) data[i]! += Math.sqrt(variance[i]!) * random.normal();
  const rows = [
    ...found.map(({ thing, flux }) => ({
      x: thing.x,
      y: thing.y,
      flux,
      err: 1.15 * errOf(flux, stack.exposureSec),
      dipole: 0.02,
      real: thing.kind === 'cosmic ray' ? 0.1 : 0.97,
      flags: 0,
    })),
    { x: 0.8 * side, y: 0.8 * side, flux: 12, err: 1.5, dipole: 0.8, real: 0.05, flags: 2 },
  ];
  const column = (value: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, value);
  const sky = rows.map(({ x, y }) => wcs.pixelToSky(x, y));
  const sources: DifferenceSources = {
    count: rows.length,
    x: column(({ x }) => x),
    y: column(({ y }) => y),
    raDeg: Float64Array.from(sky, ([ra]) => ra),
    decDeg: Float64Array.from(sky, ([, dec]) => dec),
    flux: column(({ flux }) => flux),
    fluxErr: column(({ err }) => err),
    snr: column(({ flux, err }) => flux / err),
    fwhmPix: column(() => FWHM),
    chi2Psf: column(() => 1),
    dipole: column(({ dipole }) => dipole),
    starDistancePix: column(() => 30),
    starRatio: column(() => 1),
    realBogus: column(({ real }) => real),
    flags: Int32Array.from(rows, ({ flags }) => flags),
  };
  return {
    width: side,
    height: side,
    data,
    variance,
    mask: new Uint16Array(side * side),
    wcs,
    header: new Map(),
    snr: new Float32Array(0),
    template: { name: '2025-12-25/929744/C0/r', origin: 'archive', midMjdUtc: 61035.2, sha256: null },
    covarianceFactor: 1.2,
    sources,
    falsePositives: 0,
    residualAtStars: 1.02,
    residualOnSky: 1.01,
  };
}

interface FrameSpec {
  readonly k: number;
  readonly mid: number;
  readonly side: number;
  readonly filter: string;
  readonly things: readonly Thing[];
  readonly asteroidPath: ((k: number) => [number, number]) | null;
  readonly transparency: number;
  readonly random: Random;
}

export function makeFrame({ k, mid, side, filter, things, asteroidPath, transparency, random }: FrameSpec): UnitFrame {
  const [dx, dy] = [Math.round(7 * random.normal()), Math.round(7 * random.normal())];
  const rows: { x: number; y: number; snr: number }[] = [];
  const see = (x: number, y: number, flux: number): void => {
    const snr = flux / errOf(flux, EXPOSURE * transparency ** 2);
    if (snr < 4) return;
    const err = Math.max(0.02, (0.6 * FWHM) / snr);
    rows.push({ x: x + dx + err * random.normal(), y: y + dy + err * random.normal(), snr });
  };
  for (const thing of things) if (thing.kind !== 'trailed') see(thing.x, thing.y, fluxOf(thing.mag) * thing.factor(k));
  if (asteroidPath) see(...asteroidPath(k), fluxOf(18.6));
  // Cosmic rays that were not recognised, and a hot pixel that stays on the detector.
  for (let i = 0; i < 6; i++)
    rows.push({ x: side * random.uniform(), y: side * random.uniform(), snr: 6 + 10 * random.uniform() });
  const sources: FrameSources = {
    columns: columnsWith(rows.length, {
      x: Float64Array.from(rows, ({ x }) => x),
      y: Float64Array.from(rows, ({ y }) => y),
      snrWin: Float64Array.from(rows, ({ snr }) => snr),
    }),
    raDeg: null,
    decDeg: null,
    magAuto: null,
    magAutoErr: null,
  };
  const metrics: FrameMetrics = {
    skyElectronPerPixel: 1260 + 10 * k,
    skyRmsElectron: 36,
    fwhmArcsec: 1.48 + 0.05 * random.normal(),
    fwhmPix: FWHM,
    elongation: 1.05,
    sourceCount: rows.length,
    matchedCount: 150,
    wcsRmsArcsec: 0.04,
    zeroPointMag: ZERO_POINT + 2.5 * Math.log10(transparency),
    zeroPointErrMag: 0.006,
    zeroPointScatterMag: 0.02,
    zeroPointStars: 110,
    limitMag5Sigma: 22.85 + 1.25 * Math.log10(transparency) - 0.01 * k,
    saturatedFraction: 0.0001,
    cosmicPixels: 220,
  };
  const observedAt = isoUtcOfMjd(mid - EXPOSURE / 2 / 86400);
  return {
    meta: {
      frameId: frameIdOf(mid, filter),
      sourcePath: 'made',
      sha256: 'f'.repeat(64),
      camera: 'C0',
      filter,
      type: 'object',
      target: '929744',
      isAlert: true,
      observer: 'trigger',
      observedAt,
      midExposureMjdUtc: mid,
      exposureSec: EXPOSURE,
      binning: '1',
      readMode: '1MHz',
      softGain: '6.2',
      pointing: CENTER,
      alert: null,
      airmass: 1.21 + 0.003 * k,
      nightId: NIGHT,
    },
    header: new Map(),
    width: side,
    height: side,
    gain: 6.2,
    readNoise: 8,
    saturation: 92000,
    wcs: wcsAt(side, dx, dy),
    solved: true,
    metrics,
    sources,
    sha256: `${String(k).padStart(2, '0')}${'a'.repeat(62)}`,
    load: () => Promise.reject(new Error('A made frame has no planes.')),
  };
}
