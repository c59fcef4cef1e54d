import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFits, readImage } from '@colibri/fits';
import { type BenchRow, row } from '../report.ts';
import { offsetArcsec, scoreWcs, trueZeroPoint } from './astrometry.ts';
import {
  addDetection,
  type DetectionCatalog,
  type DetectionFigures,
  type DetectionFrame,
  type DetectionTruth,
  emptyDetectionScore,
  scoreDetection,
  summarizeDetection,
  trueSnr,
} from './detection.ts';
import { type MeasuredFrame, measureNight, simNight } from './measured-night.ts';
import { extract, extractorVersion } from './peer-extractor.ts';
import { unitRows } from './unit-night.ts';

/** The true response of the detector, and what a frame's pixels are hidden by. */
interface Detector {
  readonly flat: Float32Array;
  readonly bad: ArrayLike<number>;
  readonly width: number;
  readonly median: number;
  readonly mean: number;
}

async function readDetector(): Promise<Detector> {
  const plane = async (name: string) => {
    const file = await openFits(new Uint8Array(readFileSync(join(simNight, 'truth', name))), { name });
    return readImage(file.hdus.find((hdu) => hdu.shape.length === 2)!);
  };
  const [flat, bad] = await Promise.all([plane('flat_true.fits.fz'), plane('badpix_true.fits.fz')]);
  const data = Float32Array.from(flat.data as Float32Array);
  const sorted = data.slice().sort();
  return {
    flat: data,
    bad: bad.data as ArrayLike<number>,
    width: flat.shape[0]!,
    median: sorted[sorted.length >> 1]!,
    mean: data.reduce((a, b) => a + b, 0) / data.length,
  };
}

function truthOf(frame: MeasuredFrame, detector: Detector): DetectionTruth {
  const { sources } = frame.truth;
  const response = (x: number, y: number): number =>
    detector.flat[Math.round(y) * detector.width + Math.round(x)] ?? detector.median;
  return {
    count: sources.length,
    x: Float64Array.from(sources, (s) => s.x),
    y: Float64Array.from(sources, (s) => s.y),
    mag: Float64Array.from(sources, (s) => s.mag),
    fluxElectron: Float64Array.from(sources, (s) => s.fluxElectron * response(s.x, s.y)),
    reducedElectron: Float64Array.from(sources, (s) => s.fluxElectron * detector.median),
    isStar: Uint8Array.from(sources, (s) => (s.kind === 'star' ? 1 : 0)),
  };
}

async function conditionsOf(frame: MeasuredFrame, detector: Detector): Promise<DetectionFrame> {
  const path = join(simNight, 'truth', 'frames', `${frame.name}.mask.fits.fz`);
  const file = await openFits(new Uint8Array(readFileSync(path)), { name: path });
  const mask = (await readImage(file.hdus.find((hdu) => hdu.shape.length === 2)!)).data as ArrayLike<number>;
  const hidden = (x: number, y: number): boolean => {
    for (let dy = -2; dy <= 2; dy++)
      for (let dx = -2; dx <= 2; dx++) {
        const i = (y + dy) * detector.width + x + dx;
        if ((mask[i] ?? 0) !== 0 || (detector.bad[i] ?? 0) !== 0) return true;
      }
    return false;
  };
  return {
    width: frame.width,
    height: frame.height,
    seeingPix: frame.truth.seeingArcsec / 0.38,
    skyElectron: frame.truth.skyElectron,
    readNoise: frame.truth.readNoise,
    isHidden: hidden,
  };
}

/** The catalogue on the scale of total light: AUTO by its calibrated magnitude, APER by the frame's own bright stars. */
function catalogOf(frame: MeasuredFrame): DetectionCatalog {
  const column = (name: string): Float64Array => frame.columns.get(name)!;
  const zeroPoint = frame.summary.metrics.zeroPointMag ?? Number.NaN;
  const fluxAuto = column('MAG_AUTO').map((mag) => 10 ** (-0.4 * (mag - zeroPoint)) * frame.truth.exposureSec);
  const flags = Int32Array.from(column('FLAGS'));
  const aper = column('FLUX_APER');
  const ratios = Array.from(fluxAuto.keys())
    .filter((i) => flags[i] === 0 && column('SNR_WIN')[i]! > 50)
    .map((i) => fluxAuto[i]! / aper[i]!)
    .sort((a, b) => a - b);
  const aperToTotal = ratios[ratios.length >> 1] ?? 1;
  return {
    count: aper.length,
    x: column('X_IMAGE').map((x) => x - 1),
    y: column('Y_IMAGE').map((y) => y - 1),
    fluxAper: aper.map((f) => f * aperToTotal),
    fluxAperErr: column('FLUXERR_APER').map((f) => f * aperToTotal),
    fluxAuto,
    fluxAutoErr: column('MAGERR_AUTO').map((err, i) => (err * fluxAuto[i]!) / 1.0857),
    flags,
  };
}

/** The afterglow: offset from its true place [arcsec] in each frame where its true S/N exceeds 10; NaN where it was not found. */
function afterglowOffsets(
  frames: readonly MeasuredFrame[],
  conditions: readonly DetectionFrame[],
  grb: { raDeg: number; decDeg: number },
): number[] {
  return frames.flatMap((frame, k) => {
    const truth = frame.truth.sources.find((s) => s.id === 'GRB');
    if (!truth || !(trueSnr(truth.fluxElectron, conditions[k]!) > 10)) return [];
    const ra = frame.columns.get('ALPHA_J2000')!,
      dec = frame.columns.get('DELTA_J2000')!;
    const distances = Array.from(ra, (a, i) => Math.hypot(...offsetArcsec([grb.raDeg, grb.decDeg], [a, dec[i]!])));
    const nearest = Math.min(...distances.filter((d) => !Number.isNaN(d)));
    return [nearest < 2 ? nearest : Number.NaN];
  });
}

function detectionRows(ours: DetectionFigures, peer: DetectionFigures | null, version: string | null): BenchRow[] {
  const beside = (value: number | undefined): Partial<BenchRow> =>
    peer && version
      ? { peer: `source-extractor ${version}, 1.5 σ`, peerValue: value ?? null }
      : { note: 'source-extractor is not installed' };
  const targets = new Map([
    [4.5, '>= 0.45'],
    [6, '>= 0.85'],
    [9, '>= 0.99'],
  ]);
  const limits = [
    [0.009, null],
    [0.013, 0.021],
    [0.057, 0.061],
  ] as const;
  return [
    ...ours.completeness.map((bin, k) =>
      row(
        `completeness, isolated stars, true S/N ${bin.from}–${bin.to} (${bin.total})`,
        bin.share,
        '',
        targets.get(bin.from) ?? null,
        beside(peer?.completeness[k]?.share),
      ),
    ),
    row('unmatched detections', ours.unmatchedShare, '', '<= 0.005', beside(peer?.unmatchedShare)),
    ...ours.scatter.flatMap((bin, k) => [
      row(
        `APER scatter, r ${bin.from}–${bin.to} (${bin.count})`,
        bin.aper,
        'mag',
        `<= ${limits[k]![0]}`,
        beside(peer?.scatter[k]?.aper),
      ),
      row(
        `AUTO scatter, r ${bin.from}–${bin.to} (${bin.count})`,
        bin.auto,
        'mag',
        limits[k]![1] === null ? null : `<= ${limits[k]![1]}`,
        beside(peer?.scatter[k]?.auto),
      ),
    ]),
    ...(['aperPullWidth', 'autoPullWidth'] as const).flatMap((name) => {
      const label = name === 'aperPullWidth' ? 'APER' : 'AUTO';
      return [
        row(`width of ${label} pulls, S/N 10–100, at least`, ours[name], 'σ', '>= 0.9', beside(peer?.[name])),
        row(`width of ${label} pulls, S/N 10–100, at most`, ours[name], 'σ', '<= 1.1'),
      ];
    }),
    row('AUTO total flux over truth, S/N > 50', ours.autoScale, '', null, beside(peer?.autoScale)),
  ];
}

/** Runs gp1 over the simulated night as a user would, and judges each frame against the truth. */
export async function nightRows({ keep }: { keep?: string | undefined } = {}): Promise<BenchRow[]> {
  const { frames, grb, dispose } = await measureNight(keep === undefined ? {} : { keep });
  const detector = await readDetector();
  const conditions = await Promise.all(frames.map((frame) => conditionsOf(frame, detector)));
  const version = extractorVersion();
  const ours = emptyDetectionScore(),
    theirs = emptyDetectionScore();
  for (const [k, frame] of frames.entries()) {
    const truth = truthOf(frame, detector);
    addDetection(ours, scoreDetection(truth, conditions[k]!, catalogOf(frame)));
    if (version === null) continue;
    const aperturePix = 2.5 * (frame.summary.metrics.fwhmPix ?? 4);
    addDetection(
      theirs,
      scoreDetection(
        truth,
        conditions[k]!,
        await extract(frame.reducedPath, { thresholdSigma: 1.5, gain: 1, aperturePix, saturation: 80_000 }),
      ),
    );
  }
  const together = await unitRows(frames);
  dispose();
  const wcs = frames.map((frame) =>
    frame.wcs && frame.summary.astrometry.solved ? scoreWcs(frame.wcs, frame.truth.wcs, frame.width, frame.height) : null,
  );
  const offsets = frames.map(
    (frame) =>
      (frame.summary.metrics.zeroPointMag ?? Number.NaN) -
      trueZeroPoint({
        mag1AduPerSecFlatMean: frame.truth.zeroPointAdu,
        gain: frame.truth.gain,
        flatMeanOverMedian: detector.mean / detector.median,
      }),
  );
  const worst = (list: readonly (number | undefined)[]): number => Math.max(...list.map((value) => value ?? Number.NaN));
  const glow = afterglowOffsets(frames, conditions, grb);
  return [
    row('frames reduced, measured and solved', wcs.filter((score) => score !== null).length / frames.length, '', '>= 1', {
      note: `${frames.length} science frames`,
    }),
    row('WCS against truth, 15 × 15 grid, worst frame, along RA', worst(wcs.map((s) => s?.rmsRaArcsec)), 'arcsec rms', '<= 0.03'),
    row(
      'WCS against truth, 15 × 15 grid, worst frame, along Dec',
      worst(wcs.map((s) => s?.rmsDecArcsec)),
      'arcsec rms',
      '<= 0.03',
    ),
    row('WCS against truth, worst grid point of all frames', worst(wcs.map((s) => s?.worstArcsec)), 'arcsec', '<= 0.15'),
    row('zero point against truth, worst frame', worst(offsets.map(Math.abs)), 'mag', '<= 0.01'),
    row('afterglow found where its S/N > 10', glow.filter((d) => !Number.isNaN(d)).length / glow.length, '', '>= 1', {
      note: `${glow.length} frames`,
    }),
    row('afterglow from its true place, worst frame', worst(glow), 'arcsec', '<= 0.3'),
    ...detectionRows(summarizeDetection(ours), version === null ? null : summarizeDetection(theirs), version),
    ...together,
  ];
}
