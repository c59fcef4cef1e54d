import { join } from 'node:path';
import { noMetrics } from '@colibri/contracts';
import { plainPlate, planeToSky, plateSources, plateToPlane, solvePlate, stacking, tanSipOfPlate } from '@colibri/modules';
import { type Compute, detectSources, type Measurement as FrameMeasurement, madSigma, measureSources } from '@colibri/numerics';
import type { StackSet, Unit, UnitAlignment, UnitFrame } from '@colibri/pipeline';
import { tanSipWcs, type Wcs } from '@colibri/sky';
import { lend } from '../held-image.ts';
import { type BenchRow, row } from '../report.ts';
import { quietContext, runModule } from '../science/beat-it/chain.ts';
import { depthOf } from './depth.ts';
import { type ForeignImage, readStriped } from './foreign-image.ts';
import { swarp } from './peers.ts';
import { type Picture, picture } from './pictures.ts';
import { finderOf, gp1, residualNear, type Settings, sourceExtractor } from './tools.ts';

/** Stars are about 8 pixels wide, by eye: none is bright enough to measure it. */
const settings: Settings = { fwhmPix: 8, meshPix: 32, order: 0, theirThreshold: 4.75, theirFilterPix: 8 };
/** Nothing says what the scale is; any will do for frames laid on each other. */
const SCALE_ARCSEC = 1.8;
/** The cluster on the first frame, by eye [pix]. */
const CLUSTER: [number, number] = [670, 520];
const CENTER = { raDeg: 250.42, decDeg: 36.46 };

/** Three raw frames of a poor camera: stars per frame and per stack, depth gained, residuals in the crowd. */
export async function m13Rows(folder: string, compute: Compute): Promise<{ rows: BenchRow[]; pictures: Picture[] }> {
  const images: ForeignImage[] = [];
  for (const k of [1, 2, 3]) images.push(await readStriped(join(folder, `M13_blue_000${k}.fits`)));
  const measurements: FrameMeasurement[] = [];
  for (const image of images) measurements.push(await findStars(image, compute));
  const wcs = solutions(images, measurements);
  const shape = { width: images[0]!.width, height: images[0]!.height };

  const ours = await stackOf(images, measurements, wcs, compute);
  const [raDeg, decDeg] = ours.wcs.pixelToSky((ours.image.width - 1) / 2, (ours.image.height - 1) / 2);
  const theirs = await swarp(
    images.map((image, i) => ({ image, wcs: wcs[i]!, scale: 1 / image.exposureSec })),
    { ...shape, center: { raDeg, decDeg }, scaleArcsec: SCALE_ARCSEC },
  );
  const theirStack: ForeignImage = {
    ...images[0]!,
    ...shape,
    name: 'SWarp',
    data: theirs.data,
    variance: theirs.weight.map((w) => 1 / w),
    mask: Uint16Array.from(theirs.weight, (w) => (w > 0 ? 0 : 1)),
  };
  const tools = { ours: gp1(settings, compute), theirs: sourceExtractor(settings) };
  const rows: BenchRow[] = [];
  const judge = async (title: string, ourImage: ForeignImage, theirImage: ForeignImage): Promise<void> => {
    const [a, b] = [await tools.ours.measure(ourImage), await tools.theirs.measure(theirImage)];
    const peer = tools.theirs.name;
    const fwhm = settings.fwhmPix;
    const options = { runs: 3, perRun: 70 };
    const [deep, theirDeep] = [
      await depthOf(ourImage, fwhm, a, finderOf(tools.ours), options),
      await depthOf(theirImage, fwhm, a, finderOf(tools.theirs), options),
    ];
    rows.push(
      row(`${title}: sources`, a.x.length, '', null, { peer, peerValue: b.x.length }),
      row(`${title}: sources on the inverted image`, deep.falseOnInverted, '', null, {
        peer,
        peerValue: theirDeep.falseOnInverted,
      }),
      row(`${title}: flux at which half of ${deep.injected} injected stars are found`, deep.halfFlux, 'adu', null, {
        peer,
        peerValue: theirDeep.halfFlux,
      }),
      row(`${title}: residual within a FWHM of the sources`, residualNear(ourImage, a.residual, a, fwhm), 'σ rms', null, {
        peer,
        peerValue: residualNear(theirImage, b.residual, b, fwhm),
      }),
    );
  };
  await judge('M13, one frame', images[0]!, images[0]!);
  // fluxes of the stacks in adu of one frame
  const scaled = (image: ForeignImage, factor: number): ForeignImage => ({
    ...image,
    data: image.data.map((v) => v * factor),
    variance: image.variance.map((v) => v * factor * factor),
  });
  const seconds = images[0]!.exposureSec;
  const [ourScaled, theirScaled] = [scaled(ours.image, seconds), scaled(theirStack, seconds)];
  await judge('M13, stack of three (gp1; SWarp)', ourScaled, theirScaled);
  rows.push(
    row('M13: noise per pixel of the stack over one frame', pixelNoise(ourScaled) / pixelNoise(images[0]!), '1', null, {
      peer: 'SWarp',
      peerValue: pixelNoise(theirScaled) / pixelNoise(images[0]!),
    }),
    row('M13: noise of the stack over its VAR', pixelNoise(ours.image) / medianSigma(ours.image), '1'),
  );
  const onStack = ours.wcs.skyToPixel(...wcs[0]!.pixelToSky(...CLUSTER)) ?? CLUSTER;
  const residual = (await tools.ours.measure(ourScaled)).residual;
  return {
    rows,
    pictures: [
      picture(about(images[0]!, images[0]!.data, CLUSTER), 'one frame', 'sky'),
      picture(about(ourScaled, ourScaled.data, onStack), 'stack of three', 'sky'),
      picture(about(ourScaled, residual, onStack), 'stack less its stars', 'difference'),
    ],
  };
}

function findStars(image: ForeignImage, compute: Compute): Promise<FrameMeasurement> {
  return compute.scope(async () => {
    const { data, variance, mask, width, height } = lend(image, compute);
    const options = { width, height, threshold: 4.75, meshPix: settings.meshPix, assumedFwhmPix: settings.fwhmPix };
    return measureSources(await detectSources(data, variance, mask, options, compute), {}, compute);
  });
}

/** The first frame on an assumed sky; the others on the first one's stars. */
function solutions(images: readonly ForeignImage[], measured: readonly FrameMeasurement[]): Wcs[] {
  const { width, height } = images[0]!;
  const model = plainPlate(width, height, CENTER, SCALE_ARCSEC);
  const first = plateSources(measured[0]!.columns);
  const sky = Array.from(first.x, (x, i) => planeToSky(model.center, ...plateToPlane(model, x, first.y[i]!)));
  const still = new Float32Array(sky.length);
  const reference = {
    count: sky.length,
    raDeg: Float64Array.from(sky, (p) => p[0]),
    decDeg: Float64Array.from(sky, (p) => p[1]),
    mag: first.instrumentalMag,
    pmRaMasYr: still,
    pmDecMasYr: still,
    isStar: new Uint8Array(sky.length).fill(1),
    epochJyear: 2000,
  };
  const start = { model, searchRadiusArcsec: 120, scaleTolerance: 0.03, rotationToleranceDeg: 8 };
  const options = { maxOrder: 1, epochJyear: null, coverageArcsec: 1800, maxFalseAlarm: 1e-7 };
  return measured.map(({ columns }, i) => {
    const outcome = i === 0 ? null : solvePlate(start, plateSources(columns), reference, options);
    if (outcome && !outcome.solved) throw new Error(`${images[i]!.name}: ${outcome.reason}`);
    return tanSipWcs(tanSipOfPlate(outcome ? outcome.plate.model : model), { width, height });
  });
}

async function stackOf(
  images: readonly ForeignImage[],
  measured: readonly FrameMeasurement[],
  wcs: readonly Wcs[],
  compute: Compute,
) {
  const frames = images.map((image, i) => unitFrame(image, measured[i]!, wcs[i]!, compute));
  const unit: Unit = {
    name: 'M13',
    nightId: '2013-05-04',
    target: 'M13',
    camera: 'SSDSI',
    filter: 'blue',
    alert: { ...CENTER, radiusDeg: null },
    triggeredAt: null,
    frames,
  };
  const alignment: UnitAlignment = {
    frames: frames.map(({ meta }, i) => ({
      frameId: meta.frameId,
      accepted: true,
      reason: null,
      wcs: wcs[i]!,
      matched: 0,
      rmsArcsec: null,
      transparency: 1,
      transparencyErr: 0,
    })),
    catalog: null,
    distortionOrder: 0,
    rmsArcsec: null,
    reference: frames.map(({ meta }) => meta.frameId),
  };
  return compute.scope(async () => {
    const { stack } = (await runModule(stacking, { unit, alignment }, quietContext(compute)))['stacks'] as StackSet;
    const image: ForeignImage = {
      ...images[0]!,
      name: 'stack',
      width: stack.width,
      height: stack.height,
      data: stack.data.slice(),
      variance: stack.variance.slice(),
      mask: stack.mask.slice(),
    };
    return { image, wcs: stack.wcs };
  });
}

function unitFrame(image: ForeignImage, { columns }: FrameMeasurement, wcs: Wcs, compute: Compute): UnitFrame {
  const { width, height, saturation, exposureSec, startedAt } = image;
  const meta = {
    frameId: image.name,
    sourcePath: image.name,
    sha256: '',
    camera: 'SSDSI',
    filter: 'blue',
    type: 'object',
    target: 'M13',
    isAlert: false,
    observer: null,
    observedAt: startedAt,
    midExposureMjdUtc: Date.parse(startedAt) / 86_400_000 + 40_587 + exposureSec / 172_800,
    exposureSec,
    binning: '1',
    readMode: '-',
    softGain: '-',
    pointing: CENTER,
    alert: null,
    airmass: null,
    nightId: '2013-05-04',
  };
  const common = { meta, header: new Map(), width, height, gain: 1, readNoise: 0, saturation, wcs, solved: true };
  return {
    ...common,
    metrics: { ...noMetrics, fwhmPix: settings.fwhmPix, skyRmsElectron: pixelNoise(image) },
    sources: { columns, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null },
    sha256: '',
    load: async () => ({ ...common, ...lend(image, compute) }),
  };
}

const pixelNoise = ({ data, mask }: ForeignImage): number => madSigma(data.filter((v, p) => mask[p] === 0 && Number.isFinite(v)));

const medianSigma = ({ variance, mask }: ForeignImage): number => {
  const good = variance.filter((v, p) => mask[p] === 0 && v > 0).sort();
  return Math.sqrt(good[good.length >> 1]!);
};

/** 400 pixels about a place. */
function about({ width }: ForeignImage, data: Float32Array, [x, y]: readonly [number, number]) {
  const side = 400;
  const [x0, y0] = [Math.round(x) - side / 2, Math.round(y) - side / 2];
  return {
    width: side,
    height: side,
    data: new Float32Array(side * side).map((_, p) => data[(y0 + Math.floor(p / side)) * width + x0 + (p % side)]!),
  };
}
