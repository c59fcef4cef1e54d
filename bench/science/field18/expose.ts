import { imageNoise } from '../../../apps/simulator/src/noise.ts';
import { detector, type Field, type FieldFrame, trueElectronPerSec } from './field.ts';
import { addExponential, addGaussian, addMoffat } from './profiles.ts';

/** What was put into one frame. */
export interface Exposed {
  /** Counts of the upright data area, row-major from the lower left [adu]. */
  readonly counts: Uint16Array;
  /** Pixels that a cosmic ray or the satellite fell on: 1 ray, 2 trail. */
  readonly touched: Uint8Array;
}

/** Noise-free light of one frame, sky and dark left out [electron]. */
export function renderLight({ options, sources }: Field, frame: FieldFrame): Float32Array {
  const { size, exposureSec, moffatBeta, skyAduPerSec } = options;
  const light = new Float32Array(size * size);
  const noise = Math.sqrt(detector.gain * (skyAduPerSec + detector.darkAduPerSec) * exposureSec + detector.readNoise ** 2);
  for (const source of sources) {
    const flux = trueElectronPerSec(options, source.mag) * source.light(frame.index) * frame.transparency * exposureSec;
    const at = frame.wcs.skyToPixel(source.raDeg, source.decDeg);
    if (!at || !(flux > 0) || at[0] < -60 || at[1] < -60 || at[0] > size + 60 || at[1] > size + 60) continue;
    if (source.shape) addExponential(light, size, at, flux, source.shape, frame.fwhmPix);
    else if (moffatBeta === null) addGaussian(light, size, at, flux, frame.fwhmPix);
    else addMoffat(light, size, at, flux, frame.fwhmPix, moffatBeta, 0.002 * noise);
  }
  return light;
}

/** Takes one frame: Poisson and read noise, cosmic rays, the satellite. The same field and frame give the same counts. */
export function exposeFrame(field: Field, frame: FieldFrame): Exposed {
  const { options } = field;
  const { size, exposureSec } = options;
  const light = renderLight(field, frame);
  const touched = new Uint8Array(size * size);
  const random = imageNoise(options.seed * 104_729 + 31 * frame.index + 5);
  const sky = detector.gain * (options.skyAduPerSec + detector.darkAduPerSec) * exposureSec;
  const { gain, readNoise, level } = detector;
  if (frame.index === options.trailFrame) addTrail(light, touched, size, options.trailElectron, random.uniform, frame.fwhmPix);
  for (let i = 0; i < light.length; i++) light[i] = random.poisson(light[i]! + sky);
  for (let n = 0; n < options.cosmicRays; n++) addRay(light, touched, size, random.uniform);
  const counts = new Uint16Array(light.length);
  for (let i = 0; i < light.length; i++) {
    const adu = level + light[i]! / gain + (readNoise / gain) * random.normal();
    counts[i] = Math.max(0, Math.min(65_535, Math.round(adu)));
  }
  return { counts, touched };
}

/** A short straight track of some hundred to some thousand electrons a pixel. */
function addRay(light: Float32Array, touched: Uint8Array, size: number, uniform: () => number): void {
  const length = 1 + 8 * uniform() ** 3,
    angle = 2 * Math.PI * uniform(),
    perPixel = 300 + 2500 * uniform() ** 2;
  const x0 = uniform() * size,
    y0 = uniform() * size;
  for (let s = 0; s < length; s += 0.5) {
    const x = Math.floor(x0 + s * Math.cos(angle)),
      y = Math.floor(y0 + s * Math.sin(angle));
    if (x < 0 || y < 0 || x >= size || y >= size) continue;
    light[y * size + x]! += perPixel * (0.35 + 0.3 * uniform());
    touched[y * size + x]! |= 1;
  }
}

/** A straight line across the whole frame, as wide as a star. */
function addTrail(
  light: Float32Array,
  touched: Uint8Array,
  size: number,
  peak: number,
  uniform: () => number,
  fwhmPix: number,
): void {
  const angle = Math.PI * (0.1 + 0.8 * uniform()),
    offset = 0.25 * size * (2 * uniform() - 1);
  const sigma = fwhmPix / 2.3548;
  const [nx, ny] = [Math.sin(angle), -Math.cos(angle)];
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const distance = (x - size / 2) * nx + (y - size / 2) * ny - offset;
      if (Math.abs(distance) > 5 * sigma) continue;
      light[i]! += peak * Math.exp(-0.5 * (distance / sigma) ** 2);
      if (Math.abs(distance) < 2 * sigma) touched[i]! |= 2;
    }
  }
}
