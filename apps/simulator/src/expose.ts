import { seededRandom } from '@colibri/base';
import { Header, imageHdu, writeFits } from '@colibri/fits';
import type { Wcs } from '@colibri/sky';
import type { DetectorModel } from './detector.ts';
import { frameName, rawCards } from './header.ts';
import type { Night } from './night.ts';
import { trueWcs } from './optics.ts';
import { airmassAt, type Exposure } from './plan.ts';
import { type Conditions, readOut, renderSky, type TrueSource } from './render.ts';

/** One simulated exposure: the file as the camera writes it, and what is true about it. */
export interface SimulatedFrame {
  readonly name: string;
  /** `.fits.fz`, Rice-compressed 16-bit. */
  readonly bytes: Uint8Array;
  readonly truth: FrameTruth | null;
}

/** Truth of a science frame. Pixels 0-based in the raw data area. */
export interface FrameTruth {
  readonly name: string;
  readonly conditions: Conditions;
  /** AB magnitude of 1 electron/s at flat = 1 [mag]. */
  readonly zeroPointMag: number;
  readonly skyElectron: number;
  readonly wcs: { readonly keyword: string; readonly value: number | string; readonly comment: string }[];
  readonly afterglow: {
    readonly raDeg: number;
    readonly decDeg: number;
    readonly x: number;
    readonly y: number;
    readonly mag: number;
    readonly fluxElectron: number;
  } | null;
  readonly sources: readonly TrueSource[];
}

/** Takes exposure number `index` of the night. The same night and index give the same bytes. */
export function expose(night: Night, index: number, detector: DetectorModel): SimulatedFrame {
  const exposure = night.plan.exposures[index]!;
  const random = seededRandom(night.seed * 7919 + index);
  const pairSeed = seededRandom(night.seed * 31 + Math.floor(exposure.startUnix)); // both arms look through the same air
  const conditions: Conditions = {
    seeingArcsec: 1.05 + 0.35 * pairSeed.uniform() + 0.15 * Math.sin(exposure.startUnix / 1500),
    transparency: 0.97 - 0.04 * pairSeed.uniform() - (Math.floor(exposure.startUnix / 39) % 17 === 5 ? 0.25 : 0),
    airmass: 1,
    skyBrighteningMag: 0.1 * Math.cos(exposure.startUnix / 4000),
  };
  if (!exposure.field) {
    const light = exposure.type === 'flat' ? twilight(night, exposure, detector) : null;
    return {
      name: frameName(exposure),
      truth: null,
      bytes: encode(
        readOut(detector, light, exposure.exposureSec, night.seed + 13 * index),
        detector,
        rawCards(exposure, detector, null, conditions, night.transients),
      ),
    };
  }
  const field = exposure.field === 'alert' ? night.alert : night.survey;
  const cosDec = Math.cos((field.decDeg * Math.PI) / 180);
  const asked = { raDeg: field.raDeg + exposure.dither[0] / 3600 / cosDec, decDeg: field.decDeg + exposure.dither[1] / 3600 };
  // Pointing error: 8″ rms per axis, common to both arms but for 2″.
  const pointed = {
    raDeg: asked.raDeg + (8 * pairSeed.normal() + 2 * random.normal()) / 3600 / cosDec,
    decDeg: asked.decDeg + (8 * pairSeed.normal() + 2 * random.normal()) / 3600,
  };
  const middleUnix = exposure.startUnix + exposure.exposureSec / 2;
  const seen = { ...conditions, airmass: airmassAt(asked.raDeg, asked.decDeg, middleUnix) };
  const wcs: Wcs = trueWcs({
    ...pointed,
    size: detector.size,
    camera: exposure.camera,
    mountRotationDeg: exposure.mountRotationDeg,
    rollDeg: 0.35,
  });
  const sky = renderSky({
    field,
    wcs,
    filter: exposure.filter,
    exposureSec: exposure.exposureSec,
    middleUnix,
    conditions: seen,
    size: detector.size,
    transients: exposure.field === 'alert' ? night.transients : null,
  });
  const glow = sky.sources.find((source) => source.kind === 'afterglow');
  return {
    name: frameName(exposure),
    bytes: encode(
      readOut(detector, sky.electrons, exposure.exposureSec, night.seed + 13 * index),
      detector,
      rawCards(exposure, detector, asked, seen, night.transients),
    ),
    truth: {
      name: frameName(exposure),
      conditions: seen,
      zeroPointMag: sky.zeroPointMag,
      skyElectron: sky.skyElectron,
      wcs: wcs.toCards(),
      afterglow: glow
        ? { raDeg: glow.raDeg, decDeg: glow.decDeg, x: glow.x, y: glow.y, mag: glow.mag, fluxElectron: glow.fluxElectron }
        : null,
      sources: sky.sources,
    },
  };
}

/** Twilight of 8,000 to 25,000 adu with the brighter stars of the survey field shining through. */
function twilight(night: Night, exposure: Exposure, detector: DetectorModel): Float32Array {
  const level = (9000 + 16000 * seededRandom(night.seed + Math.floor(exposure.startUnix)).uniform()) * detector.gain;
  const pointing = {
    raDeg: night.survey.raDeg + exposure.dither[0] / 3600,
    decDeg: night.survey.decDeg + exposure.dither[1] / 3600,
  };
  const wcs = trueWcs({ ...pointing, size: detector.size, camera: exposure.camera, mountRotationDeg: 0, rollDeg: 0.35 });
  const bright = { ...night.survey, objects: night.survey.objects.filter((o) => o.mags.r < 17) };
  const sky = renderSky({
    field: bright,
    wcs,
    filter: exposure.filter,
    exposureSec: exposure.exposureSec,
    middleUnix: exposure.startUnix,
    conditions: { seeingArcsec: 1.4, transparency: 1, airmass: 1, skyBrighteningMag: 0 },
    size: detector.size,
    transients: null,
  });
  for (let i = 0; i < sky.electrons.length; i++) sky.electrons[i]! += level - sky.skyElectron;
  return sky.electrons;
}

function encode(counts: Uint16Array, detector: DetectorModel, cards: ReturnType<typeof rawCards>): Uint8Array {
  const header = new Header();
  for (const [keyword, value, comment] of cards) header.set(keyword, value, comment);
  return writeFits([
    imageHdu({
      data: counts,
      shape: [detector.size + 2 * detector.overscan, detector.size],
      header,
      compress: { algorithm: 'RICE_1' },
    }),
  ]);
}
