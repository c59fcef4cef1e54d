import type { Wcs } from '@colibri/sky';
import { bandOf } from './bands.ts';
import type { DetectorModel } from './detector.ts';
import { type Field, magThrough, type SkyObject } from './field.ts';
import { imageNoise, type Noise } from './noise.ts';
import { plateScaleDeg } from './optics.ts';
import { addGalaxy, addPoint, psfAt } from './psf.ts';
import { afterglowMags, asteroidAt, type Transients, variableOffset } from './transients.ts';

/** Conditions of one exposure. */
export interface Conditions {
  readonly seeingArcsec: number;
  readonly transparency: number;
  readonly airmass: number;
  /** Sky brighter than dark by [mag]. */
  readonly skyBrighteningMag: number;
}

/** What truly fell on the data area: pixel 0-based of the raw data area, electrons before vignetting. */
export interface TrueSource {
  readonly id: string;
  readonly kind: 'star' | 'galaxy' | 'afterglow' | 'asteroid';
  readonly raDeg: number;
  readonly decDeg: number;
  readonly x: number;
  readonly y: number;
  readonly mag: number;
  readonly fluxElectron: number;
}

/** Noise-free sky of one exposure [electron], and the list of what is in it. */
export function renderSky({
  field,
  wcs,
  filter,
  exposureSec,
  middleUnix,
  conditions,
  size,
  transients,
}: {
  field: Field;
  wcs: Wcs;
  filter: string;
  exposureSec: number;
  middleUnix: number;
  conditions: Conditions;
  size: number;
  transients: Transients | null;
}): { electrons: Float32Array; sources: TrueSource[]; skyElectron: number; zeroPointMag: number } {
  const band = bandOf(filter);
  const zeroPointMag = band.zeroPointMag - band.extinction * (conditions.airmass - 1) + 2.5 * Math.log10(conditions.transparency);
  const scaleArcsec = plateScaleDeg * 3600;
  const skyElectron =
    10 ** (-0.4 * (band.skyMag - conditions.skyBrighteningMag - band.zeroPointMag)) * scaleArcsec ** 2 * exposureSec;
  const fwhmPix = (conditions.seeingArcsec * conditions.airmass ** 0.6 * (band.wavelengthNm / 617) ** -0.2) / scaleArcsec;
  const electrons = new Float32Array(size * size);
  const gradient = 0.02;
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++)
      electrons[i] = skyElectron * (1 + gradient * (x / size - 0.5) - 0.5 * gradient * (y / size - 0.5));
  const floor = 0.02 * Math.sqrt(skyElectron + 40);
  const sources: TrueSource[] = [];
  const place = (
    id: string,
    kind: TrueSource['kind'],
    raDeg: number,
    decDeg: number,
    mag: number,
    object: SkyObject | null,
  ): void => {
    const at = wcs.skyToPixel(raDeg, decDeg);
    if (!at || at[0] < -20 || at[1] < -20 || at[0] > size + 19 || at[1] > size + 19) return;
    const [x, y] = at;
    const fluxElectron = 10 ** (-0.4 * (mag - zeroPointMag)) * exposureSec;
    const psf = psfAt(fwhmPix, (2 * x) / size - 1, (2 * y) / size - 1);
    if (object?.kind === 'galaxy') {
      const north = wcs.skyToPixel(raDeg, decDeg + 1 / 3600) ?? at;
      const angle = Math.atan2(north[1] - y, north[0] - x) + (object.angleDeg * Math.PI) / 180;
      addGalaxy(
        electrons,
        size,
        size,
        x,
        y,
        fluxElectron,
        { radiusPix: object.radiusArcsec / scaleArcsec, axisRatio: object.axisRatio, angle },
        psf,
        floor,
      );
    } else addPoint(electrons, size, size, x, y, fluxElectron, psf, floor);
    sources.push({ id, kind, raDeg, decDeg, x, y, mag, fluxElectron });
  };
  for (const object of field.objects) {
    const offset = transients?.variable.id === object.id ? variableOffset(transients, middleUnix) : 0;
    place(object.id, object.kind, object.raDeg, object.decDeg, magThrough(object.mags, filter) + offset, object);
  }
  if (transients) {
    const glow = afterglowMags(transients, middleUnix);
    if (glow) place('GRB', 'afterglow', transients.afterglow.raDeg, transients.afterglow.decDeg, magThrough(glow, filter), null);
    const asteroid = asteroidAt(transients, middleUnix);
    place('ASTEROID', 'asteroid', asteroid.raDeg, asteroid.decDeg, magThrough(asteroid.mags, filter), null);
  }
  return { electrons, sources, skyElectron, zeroPointMag };
}

/**
 * Reads the detector out: response, dark current, Poisson noise, cosmic rays, full well with bleeding along columns, amplifier levels,
 * read noise, 16-bit converter, overscan on both sides.
 *
 * @param light - electrons that would be collected at response 1; null: closed shutter
 * @returns counts [adu] of (size + 2 · overscan) × size pixels
 */
export function readOut(detector: DetectorModel, light: Float32Array | null, exposureSec: number, seed: number): Uint16Array {
  const { size, overscan, gain, readNoise, fullWell } = detector;
  const random = imageNoise(seed);
  const charge = new Float32Array(size * size);
  for (let i = 0; i < charge.length; i++) {
    const mean = (light ? light[i]! * detector.flat[i]! : 0) + detector.dark[i]! * exposureSec;
    charge[i] = mean > 0 ? random.poisson(mean) : 0;
  }
  addCosmicRays(charge, size, exposureSec, random);
  bleed(charge, size, fullWell);
  const width = size + 2 * overscan;
  const counts = new Uint16Array(width * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < width; x++) {
      const column = x - overscan,
        inside = column >= 0 && column < size;
      const level = detector.levels[(y < size / 2 ? 0 : 2) + (column < size / 2 ? 0 : 1)]!;
      const i = y * size + column;
      const adu = level + (inside ? detector.biasStructure[i]! + charge[i]! / gain : 0) + (readNoise / gain) * random.normal();
      counts[y * width + x] = Math.max(0, Math.min(65535, Math.round(adu)));
    }
  }
  return counts;
}

/** Muons at 1 per cm² and minute on a detector of 15 µm pixels: short straight tracks of some thousand electrons. */
function addCosmicRays(charge: Float32Array, size: number, exposureSec: number, random: Noise): void {
  const areaCm2 = (size * 15e-4) ** 2;
  for (let n = random.poisson((areaCm2 * (exposureSec + 5)) / 60); n > 0; n--) {
    const length = 1 + 12 * random.uniform() ** 3,
      angle = 2 * Math.PI * random.uniform();
    const x0 = random.uniform() * size,
      y0 = random.uniform() * size,
      perPixel = 400 + 2500 * random.uniform() ** 2;
    for (let s = 0; s < length; s += 0.5) {
      const x = Math.floor(x0 + s * Math.cos(angle)),
        y = Math.floor(y0 + s * Math.sin(angle));
      if (x >= 0 && y >= 0 && x < size && y < size) charge[y * size + x]! += perPixel * 0.5 * (0.7 + 0.6 * random.uniform());
    }
  }
}

/** Charge above the full well runs along the column, half each way. */
function bleed(charge: Float32Array, size: number, fullWell: number): void {
  for (let x = 0; x < size; x++) {
    for (const [from, step] of [
      [0, 1],
      [size - 1, -1],
    ] as const) {
      let carried = 0;
      for (let y = from; y >= 0 && y < size; y += step) {
        const i = y * size + x;
        const total = charge[i]! + carried;
        const excess = Math.max(0, total - fullWell);
        carried = step === 1 ? excess / 2 : excess;
        charge[i] = step === 1 ? total - carried : total - excess;
      }
    }
  }
}
