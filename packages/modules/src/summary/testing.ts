import { type Random, seededRandom } from '@colibri/base';
import type { FrameMetrics } from '@colibri/contracts';
import type { SourceColumns } from '@colibri/numerics';
import type {
  Difference,
  DifferenceSources,
  ForcedImage,
  ForcedTable,
  FrameSources,
  MinorPlanetSource,
  ReferenceCatalog,
  ReferenceStars,
  Stack,
  StackSet,
  Unit,
  UnitAlignment,
  UnitFrame,
  UnitOrigin,
  UnitPhotometry,
} from '@colibri/pipeline';
import { isoUtcOfMjd, mjdUtc, separationDeg, tanWcs, type Wcs } from '@colibri/sky';

/** A made unit: what its modules would hand to the summary, with the truth they come from. */
export interface MadeUnitSpec {
  readonly seed: number;
  readonly filter?: string;
  readonly frames?: number;
  readonly side?: number;
  readonly stars?: number;
  /** AB magnitude of the afterglow 100 s after the trigger, and its index (F ∝ t^index). null: there is none. */
  readonly afterglow?: { readonly mag100: number; readonly index: number } | null;
  readonly hasTrigger?: boolean;
  readonly hasDifference?: boolean;
  /** [arcsec/h]; null: there is none. */
  readonly asteroid?: number | null;
}

export interface MadeUnit {
  readonly unit: Unit;
  readonly alignment: UnitAlignment;
  readonly stacks: StackSet;
  readonly photometry: UnitPhotometry;
  readonly difference: Difference | null;
  readonly catalog: ReferenceCatalog;
  readonly stars: ReferenceStars;
  readonly minorPlanets: MinorPlanetSource;
  readonly origin: UnitOrigin;
  readonly truth: {
    /** NUMBER in the stack catalogue. */
    readonly afterglow: number | null;
    readonly variable: number;
    readonly cosmicRay: number;
    readonly steadyNew: number;
    readonly asteroid: { readonly raDeg: number; readonly decDeg: number; readonly rateArcsecH: number } | null;
  };
}

const SCALE = 0.38;
const ZERO_POINT = 26.9;
const CENTER = { raDeg: 215.6, decDeg: 53.11 };
const FWHM = 3.9;
const SKY = 42;
const EXPOSURE = 30;
const CADENCE = 38;
const NIGHT = '2025-12-31';
const MAG_MICRO_JY = 23.9;

interface Thing {
  readonly x: number;
  readonly y: number;
  /** Of the mean over the stack. */
  readonly mag: number;
  readonly kind: 'star' | 'galaxy' | 'afterglow' | 'variable' | 'cosmic ray' | 'trailed';
  readonly inCatalog: boolean;
  /** Flux in frame k over that of `mag` [1]. */
  readonly factor: (k: number) => number;
}

/** A small field with stars, galaxies, an afterglow that fades, an asteroid, a variable star, a cosmic ray and a source beyond suspicion. */
export function makeUnit(spec: MadeUnitSpec): MadeUnit {
  const random = seededRandom(spec.seed);
  const { filter = 'r', frames = 12, side = 384, stars = 260, hasTrigger = true, hasDifference = true } = spec;
  const afterglow = spec.afterglow === undefined ? { mag100: 18.6, index: -1 } : spec.afterglow;
  const asteroidRate = spec.asteroid === undefined ? 132 : spec.asteroid;
  const wcs = wcsAt(side, 0, 0);
  const start = mjdUtc('2026-01-01T04:20:01Z');
  const trigger = start - 72 / 86400;
  const mids = Array.from({ length: frames }, (_, k) => start + (k * CADENCE + EXPOSURE / 2) / 86400);
  const since = mids.map((mid) => (mid - trigger) * 86400);
  const transparency = mids.map((_, k) => (k === frames - 2 && frames > 4 ? 0.72 : 1));

  const things: Thing[] = [];
  const constant = () => 1;
  for (let i = 0; i < stars; i++) {
    const mag = 15 + 8.6 * Math.cbrt(random.uniform());
    const x = 12 + (side - 24) * random.uniform();
    const y = 12 + (side - 24) * random.uniform();
    if (things.some((other) => Math.hypot(other.x - x, other.y - y) < 9)) continue;
    const knownShare = 1 / (1 + Math.exp((mag - 22) / 0.22));
    const kind = random.uniform() < 0.15 ? 'galaxy' : 'star';
    things.push({ x, y, mag, kind, inCatalog: random.uniform() < knownShare || mag < 21, factor: constant });
  }
  things.sort((a, b) => a.mag - b.mag);
  const placed = (x: number, y: number) => {
    for (let i = things.length - 1; i >= 0; i--) if (Math.hypot(things[i]!.x - x, things[i]!.y - y) < 12) things.splice(i, 1);
  };
  const add = (thing: Thing): number => things.push(thing);
  const at = (u: number, v: number): [number, number] => [side * u, side * v];
  for (const [u, v] of [
    [0.55, 0.52],
    [0.25, 0.7],
    [0.75, 0.3],
    [0.3, 0.25],
    [0.8, 0.8],
  ] as const)
    placed(...at(u, v));
  const [vx, vy] = at(0.25, 0.7);
  const variable = add({
    x: vx,
    y: vy,
    mag: 17.4,
    kind: 'variable',
    inCatalog: true,
    factor: (k) => 1 + 0.28 * Math.sin((2 * Math.PI * k * CADENCE) / 640),
  });
  const [cx, cy] = at(0.75, 0.3);
  const cosmicRay = add({
    x: cx,
    y: cy,
    mag: 20.2,
    kind: 'cosmic ray',
    inCatalog: false,
    factor: (k) => (k === 3 % frames ? frames : 0),
  });
  const [nx, ny] = at(0.3, 0.25);
  const steadyNew = add({ x: nx, y: ny, mag: 19.4, kind: 'star', inCatalog: false, factor: constant });
  let afterglowNumber: number | null = null;
  if (afterglow) {
    const fluxes = since.map((t) => (t / 100) ** afterglow.index);
    const mean = fluxes.reduce((a, b) => a + b, 0) / frames;
    const [x, y] = at(0.55, 0.52);
    afterglowNumber = add({
      x,
      y,
      mag: afterglow.mag100 - 2.5 * Math.log10(mean),
      kind: 'afterglow',
      inCatalog: false,
      factor: (k) => fluxes[k]! / mean,
    });
  }
  const asteroidPath =
    asteroidRate === null
      ? null
      : (k: number): [number, number] => {
          const path = ((mids[k]! - mids[0]!) * 24 * asteroidRate) / SCALE;
          return [side * 0.72 + path * Math.cos(0.6), side * 0.68 + path * Math.sin(0.6)];
        };
  if (asteroidPath) {
    const [x, y] = asteroidPath(Math.floor(frames / 2));
    add({ x, y, mag: 21.4, kind: 'trailed', inCatalog: false, factor: () => 0.3 });
  }

  const sky = things.map(({ x, y }) => wcs.pixelToSky(x, y));
  const reference = makeReference(things, sky, filter, random);
  const catalog: ReferenceCatalog = {
    name: reference.name,
    cone: async (raDeg, decDeg, radiusDeg, limit) => coneOf(reference, raDeg, decDeg, radiusDeg, limit),
  };
  const columns = makeColumns(things, random);
  const images = makeImages(mids, filter);
  const forced = makeForced(things, sky, images, transparency, random);
  const photometry = makePhotometry(things, sky, columns, reference, forced, filter, random);
  const stack = makeStack(things, wcs, side, mids, transparency, filter, random);
  const unit: Unit = {
    name: `929744/C0/${filter}`,
    nightId: NIGHT,
    target: '929744',
    camera: 'C0',
    filter,
    alert: { ...offsetFrom(wcs, at(0.55, 0.52), 25), radiusDeg: 0.02 },
    triggeredAt: hasTrigger ? isoUtcOfMjd(trigger) : null,
    frames: mids.map((mid, k) =>
      makeFrame({ k, mid, side, filter, things, asteroidPath, transparency: transparency[k]!, random }),
    ),
  };
  const alignment: UnitAlignment = {
    frames: unit.frames.map((frame, k) => ({
      frameId: frame.meta.frameId,
      accepted: k !== frames - 1 || frames < 6,
      reason: k !== frames - 1 || frames < 6 ? null : 'Seeing 2.9″, 2.1 times that of the others.',
      wcs: frame.wcs,
      matched: 180 - k,
      rmsArcsec: [0.012 + 0.001 * random.uniform(), 0.011 + 0.001 * random.uniform()],
      transparency: transparency[k]!,
      transparencyErr: 0.003,
    })),
    catalog: 'refcat',
    distortionOrder: 3,
    rmsArcsec: [0.0124, 0.0118],
    reference: unit.frames.slice(0, 4).map(({ meta }) => meta.frameId),
  };
  const asteroidSky = asteroidPath ? middleOf(wcs, asteroidPath(0), asteroidPath(frames - 1)) : null;
  const difference = hasDifference ? makeDifference(stack, things, wcs, random) : null;
  return {
    unit,
    alignment,
    stacks: { stack, halfA: null, halfB: null },
    photometry,
    difference,
    catalog,
    stars: reference,
    minorPlanets: {
      cone: async () =>
        asteroidSky
          ? [
              {
                name: '(99999) Madeup',
                raDeg: asteroidSky[0],
                decDeg: asteroidSky[1],
                errArcsec: 0.4,
                magV: 18.6,
                ...ratesOf(wcs, asteroidPath!, mids),
              },
            ]
          : [],
    },
    origin: makeOrigin(unit),
    truth: {
      afterglow: afterglowNumber,
      variable,
      cosmicRay,
      steadyNew,
      asteroid: asteroidSky ? { raDeg: asteroidSky[0], decDeg: asteroidSky[1], rateArcsecH: asteroidRate! } : null,
    },
  };
}

const wcsAt = (side: number, dx: number, dy: number): Wcs =>
  tanWcs({
    crpix: [side / 2 + dx, side / 2 + dy],
    crval: [CENTER.raDeg, CENTER.decDeg],
    cd: [-SCALE / 3600, 0, 0, SCALE / 3600],
  });

const fluxOf = (mag: number): number => 10 ** (-0.4 * (mag - ZERO_POINT));
/** Pixels of noise under a PSF: 4π σ². */
const NOISE_PIX = 4 * Math.PI * (FWHM / 2.355) ** 2;
const errOf = (flux: number, exposureSec: number): number => Math.sqrt((Math.max(0, flux) + NOISE_PIX * SKY) / exposureSec);

function offsetFrom(wcs: Wcs, [x, y]: [number, number], arcsec: number) {
  const [raDeg, decDeg] = wcs.pixelToSky(x + arcsec / SCALE / Math.SQRT2, y + arcsec / SCALE / Math.SQRT2);
  return { raDeg, decDeg };
}

const middleOf = (wcs: Wcs, [x0, y0]: [number, number], [x1, y1]: [number, number]): [number, number] =>
  wcs.pixelToSky((x0 + x1) / 2, (y0 + y1) / 2);

function ratesOf(wcs: Wcs, path: (k: number) => [number, number], mids: readonly number[]) {
  const [ra0, dec0] = wcs.pixelToSky(...path(0));
  const [ra1, dec1] = wcs.pixelToSky(...path(mids.length - 1));
  const hours = (mids.at(-1)! - mids[0]!) * 24;
  return {
    raRateArcsecH: ((ra1 - ra0) * 3600 * Math.cos((dec0 * Math.PI) / 180)) / hours,
    decRateArcsecH: ((dec1 - dec0) * 3600) / hours,
  };
}

function makeReference(
  things: readonly Thing[],
  sky: readonly [number, number][],
  filter: string,
  random: Random,
): ReferenceStars {
  const kept = things.map((thing, i) => ({ thing, i })).filter(({ thing }) => thing.inCatalog);
  const column = (value: (k: number) => number) => Float32Array.from(kept, (_, k) => value(k));
  const err = column((k) => 0.01 + 0.05 * 10 ** (0.4 * (kept[k]!.thing.mag - 22)));
  const scatter = kept.map(({ thing }, k) => (thing.kind === 'variable' ? 0 : err[k]! * random.normal()));
  return {
    name: 'refcat',
    count: kept.length,
    raDeg: Float64Array.from(kept, ({ i }) => sky[i]![0] + (0.02 * random.normal()) / 3600 / 0.6),
    decDeg: Float64Array.from(kept, ({ i }) => sky[i]![1] + (0.02 * random.normal()) / 3600),
    epochJyear: 2016,
    pmRaMasYr: column(() => 0),
    pmDecMasYr: column(() => 0),
    isStar: Uint8Array.from(kept, ({ thing }) => (thing.kind === 'galaxy' ? 0 : 1)),
    bands: new Map([[filter, { mag: column((k) => kept[k]!.thing.mag + scatter[k]!), err }]]),
  };
}

function coneOf(stars: ReferenceStars, raDeg: number, decDeg: number, radiusDeg: number, limit: number): ReferenceStars {
  const rows = Array.from({ length: stars.count }, (_, i) => i)
    .filter((i) => separationDeg(raDeg, decDeg, stars.raDeg[i]!, stars.decDeg[i]!) <= radiusDeg)
    .slice(0, limit);
  const pick = <T extends Float64Array | Float32Array | Uint8Array>(column: T): T =>
    (column as Float64Array).constructor === Float64Array
      ? (Float64Array.from(rows, (i) => column[i]!) as T)
      : column instanceof Uint8Array
        ? (Uint8Array.from(rows, (i) => column[i]!) as T)
        : (Float32Array.from(rows, (i) => column[i]!) as T);
  return {
    ...stars,
    count: rows.length,
    raDeg: pick(stars.raDeg),
    decDeg: pick(stars.decDeg),
    pmRaMasYr: pick(stars.pmRaMasYr),
    pmDecMasYr: pick(stars.pmDecMasYr),
    isStar: pick(stars.isStar),
    bands: new Map([...stars.bands].map(([name, { mag, err }]) => [name, { mag: pick(mag), err: pick(err) }])),
  };
}

/** Columns of sources with nothing measured but what is given. */
export function columnsWith(count: number, given: Partial<Omit<SourceColumns, 'count'>>): SourceColumns {
  const doubles = () => new Float64Array(count);
  const integers = () => new Int32Array(count);
  return {
    count,
    x: doubles(),
    y: doubles(),
    xErr: doubles(),
    yErr: doubles(),
    fluxAuto: doubles(),
    fluxAutoErr: doubles(),
    fluxAper: doubles(),
    fluxAperErr: doubles(),
    snrWin: doubles(),
    peak: doubles(),
    background: doubles(),
    fwhm: doubles(),
    a: doubles(),
    b: doubles(),
    thetaDeg: doubles(),
    kronRadius: doubles(),
    areaPix: integers(),
    flags: integers(),
    maskFlags: integers(),
    ...given,
  };
}

function makeColumns(things: readonly Thing[], random: Random): SourceColumns {
  const err = things.map(({ mag }) => Math.max(0.005, (0.6 * FWHM * errOf(fluxOf(mag), 330)) / fluxOf(mag)));
  return columnsWith(things.length, {
    x: Float64Array.from(things, ({ x }, i) => x + err[i]! * random.normal()),
    y: Float64Array.from(things, ({ y }, i) => y + err[i]! * random.normal()),
    xErr: Float64Array.from(err),
    yErr: Float64Array.from(err),
    fwhm: Float64Array.from(
      things,
      ({ kind }) => FWHM * (kind === 'cosmic ray' ? 0.4 : kind === 'galaxy' ? 1.5 : 1) * (1 + 0.02 * random.normal()),
    ),
  });
}

function makeImages(mids: readonly number[], filter: string): ForcedImage[] {
  const frame = (mid: number, k: number): ForcedImage => ({
    name: frameIdOf(mid, filter),
    kind: 'frame',
    startedAt: isoUtcOfMjd(mid - EXPOSURE / 2 / 86400),
    exposureSec: EXPOSURE,
    midMjdUtc: mid,
    scaleErr: 0.002,
    limitMag3Sigma: 23.4 - 0.02 * k,
    limitMag5Sigma: 22.85 - 0.02 * k,
    fwhmPix: FWHM,
  });
  const middle = (mids[0]! + mids.at(-1)!) / 2;
  return [
    ...mids.map(frame),
    {
      ...frame(middle, 0),
      name: 'stack',
      kind: 'stack',
      exposureSec: EXPOSURE * mids.length,
      limitMag3Sigma: 24.75,
      limitMag5Sigma: 24.2,
    },
  ];
}

const frameIdOf = (mid: number, filter: string): string =>
  `${isoUtcOfMjd(mid - EXPOSURE / 2 / 86400, 0).replace(/[-:Z]/g, '')}${filter === 'r' ? 'C0' : 'C1'}o`;

function makeForced(
  things: readonly Thing[],
  sky: readonly [number, number][],
  images: readonly ForcedImage[],
  transparency: readonly number[],
  random: Random,
): ForcedTable {
  const count = things.length * images.length;
  const table = {
    count,
    source: new Int32Array(count),
    raDeg: new Float64Array(count),
    decDeg: new Float64Array(count),
    image: new Int32Array(count),
    fluxMicroJy: new Float64Array(count),
    fluxErrMicroJy: new Float64Array(count),
    chi2: new Float64Array(count).fill(1),
    flags: new Int32Array(count),
    images,
  };
  const toMicroJy = 10 ** (-0.4 * (ZERO_POINT - MAG_MICRO_JY));
  const scale = images.map(({ scaleErr }) => 1 + scaleErr * random.normal());
  let row = 0;
  things.forEach((thing, i) => {
    images.forEach((image, k) => {
      const flux = fluxOf(thing.mag) * (image.kind === 'frame' ? thing.factor(k) : 1);
      const err = errOf(flux, image.exposureSec * (image.kind === 'frame' ? transparency[k]! ** 2 : 1));
      table.source[row] = i + 1;
      table.raDeg[row] = sky[i]![0];
      table.decDeg[row] = sky[i]![1];
      table.image[row] = k;
      table.fluxMicroJy[row] = (flux * scale[k]! + err * random.normal()) * toMicroJy;
      table.fluxErrMicroJy[row] = err * toMicroJy;
      row++;
    });
  });
  return table;
}

function makePhotometry(
  things: readonly Thing[],
  sky: readonly [number, number][],
  columns: SourceColumns,
  reference: ReferenceStars,
  forced: ForcedTable,
  filter: string,
  random: Random,
): UnitPhotometry {
  const flux = things.map(({ mag }) => fluxOf(mag));
  const err = flux.map((f) => errOf(f, 330));
  const column = (value: (i: number) => number) => Float64Array.from(things, (_, i) => value(i));
  const measured = column((i) => flux[i]! + err[i]! * random.normal());
  const entry: number[] = [];
  let next = 0;
  for (const { inCatalog } of things) entry.push(inCatalog ? next++ : -1);
  const magErr = column((i) => Math.hypot((1.0857 * err[i]!) / flux[i]!, 0.004));
  const mag = measured.map((f) => ZERO_POINT - 2.5 * Math.log10(f));
  const bandMag = reference.bands.get(filter)!.mag;
  return {
    sources: {
      columns,
      raDeg: column((i) => sky[i]![0] + (columns.xErr[i]! * SCALE * random.normal()) / 3600 / 0.6),
      decDeg: column((i) => sky[i]![1] + (columns.yErr[i]! * SCALE * random.normal()) / 3600),
      fluxPsf: measured,
      fluxPsfErr: Float64Array.from(err),
      magPsf: mag,
      magPsfErr: magErr,
      magAuto: mag.slice(),
      magAutoErr: magErr.map((e) => 1.2 * e),
      spreadModel: column(
        (i) => (things[i]!.kind === 'galaxy' ? 0.01 : things[i]!.kind === 'cosmic ray' ? -0.02 : 0) + 0.001 * random.normal(),
      ),
      spreadModelErr: column(() => 0.001),
      chi2Psf: column((i) => (things[i]!.kind === 'trailed' ? 8 : 1 + 0.05 * random.normal())),
      nFrames: Int32Array.from(things, () => 11),
      catalogIndex: Int32Array.from(entry),
      catalogArcsec: column((i) => (entry[i]! < 0 ? NaN : 0.03)),
      catalogMag: column((i) => (entry[i]! < 0 ? NaN : bandMag[entry[i]!]!)),
      catalogIsStar: Uint8Array.from(things, ({ kind }) => (kind === 'galaxy' ? 0 : 1)),
    },
    calibration: {
      zeroPointMag: ZERO_POINT,
      zeroPointErrMag: 0.004,
      colourTerm: 0.021,
      colourTermErr: 0.006,
      colour: 'g-r',
      defaultColourMag: 0.62,
      spatial: [0, 0.003, -0.002],
      spatialOrder: 1,
      covariance: [1.6e-5],
      intrinsicScatterMag: 0.006,
      stars: 121,
      heldOut: { offsetMag: 0.001, scatterMag: 0.012, stars: 30 },
      band: filter,
      catalog: 'refcat',
      transformation: `${filter} of refcat`,
      note: null,
    },
    psf: {
      kind: 'moffat',
      fwhmPix: FWHM,
      stepPix: 0.5,
      size: 3,
      order: 0,
      originX: 0,
      originY: 0,
      scaleX: 1,
      scaleY: 1,
      planes: new Float32Array(9).fill(1 / 9),
      stars: 80,
      chi2: 1.04,
      relativeErr: 0.004,
      radiusPix: 12,
    },
    forced,
    limitMap: {
      columns: 8,
      rows: 8,
      mag5Sigma: Float32Array.from({ length: 64 }, (_, k) => 24.2 - 0.03 * Math.hypot((k % 8) - 3.5, (k >> 3) - 3.5) ** 1.2),
    },
    completeness: Array.from({ length: 12 }, (_, k) => {
      const m = 21.5 + 0.3 * k;
      return { mag: m, injected: 200, recovered: Math.round(196 / (1 + Math.exp((m - 24.1) / 0.18))) };
    }),
  };
}

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

function makeStack(
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

function makeDifference(stack: Stack, things: readonly Thing[], wcs: Wcs, random: Random): Difference {
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

function makeFrame({ k, mid, side, filter, things, asteroidPath, transparency, random }: FrameSpec): UnitFrame {
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

function makeOrigin(unit: Unit): UnitOrigin {
  return {
    software: { name: 'gp1', version: '0.2.0' },
    pipeline: 'standard',
    modules: {
      reduction: '1.0.0',
      findstars: '1.0.0',
      astrometry: '1.0.0',
      alignment: '1.0.0',
      stacking: '1.0.0',
      photometry: '1.0.0',
      subtraction: '1.0.0',
    },
    configHash: `${'c0ffee'.repeat(10)}c0ff`,
    parameters: { stacking: { method: 'optimal', clip: 4 }, photometry: { order: 2 } },
    inputs: [
      ...unit.frames.map(({ meta, sha256 }) => ({ role: 'frame', name: meta.frameId, sha256 })),
      { role: 'catalog', name: 'refcat', sha256: null },
      { role: 'template', name: '2025-12-25/929744/C0/r', sha256: 'b'.repeat(64) },
    ],
    replay: `gp1 replay ${unit.name} --night ${unit.nightId} --config c0ffee`,
    latencySec: 7.4,
    warnings: ['One frame was taken through cirrus: 28 % of the light was lost.'],
  };
}
