import { seededRandom } from '@colibri/base';
import type {
  Difference,
  MinorPlanetSource,
  ReferenceCatalog,
  ReferenceStars,
  StackSet,
  Unit,
  UnitAlignment,
  UnitOrigin,
  UnitPhotometry,
} from '@colibri/pipeline';
import { isoUtcOfMjd, mjdUtc } from '@colibri/sky';
import { coneOf, makeReference } from './made-catalog.ts';
import { makeDifference, makeFrame, makeStack } from './made-images.ts';
import { makeColumns, makeForced, makeImages, makePhotometry } from './made-photometry.ts';
import { CADENCE, EXPOSURE, middleOf, NIGHT, offsetFrom, ratesOf, SCALE, type Thing, wcsAt } from './made-sky.ts';

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
