import { imageNoise } from './noise.ts';

/** The fixed imperfections of one pretend detector: drawn from the seed, the same in every frame. */
export interface DetectorModel {
  readonly camera: string;
  readonly size: number;
  /** Overscan columns on each side. */
  readonly overscan: number;
  /** [electron/adu], [electron rms], [electron], [adu] */
  readonly gain: number;
  readonly readNoise: number;
  readonly fullWell: number;
  readonly saturationAdu: number;
  /** Offset of the four amplifiers [adu]: lower left, lower right, upper left, upper right. */
  readonly levels: readonly [number, number, number, number];
  /** Structure on top of the level [adu]. */
  readonly biasStructure: Float32Array;
  /** Dark current [electron/s], hot pixels included. */
  readonly dark: Float32Array;
  /** Relative response for the sky: vignetting, dust, pixels; median about 1. */
  readonly flat: Float32Array;
}

export function makeDetector(camera: 'C1' | 'C2', size: number, seed: number): DetectorModel {
  const random = imageNoise(seed ^ (camera === 'C1' ? 0x1111 : 0x2222));
  const count = size * size;
  const biasStructure = new Float32Array(count),
    dark = new Float32Array(count),
    flat = new Float32Array(count);
  const columns = Float32Array.from({ length: size }, () => 0.8 * random.normal());
  const dust = Array.from({ length: 9 }, () => ({
    x: random.uniform() * size,
    y: random.uniform() * size,
    r: 12 + 25 * random.uniform(),
    depth: 0.02 + 0.05 * random.uniform(),
  }));
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const u = (2 * x) / size - 1,
        v = (2 * y) / size - 1;
      biasStructure[i] = columns[x]! + 1.5 * v + 0.3 * random.normal();
      dark[i] = 0.01 + 0.05 * Math.exp(-(((1 - u) ** 2 + (1 - v) ** 2) / 0.05)); // 0.05 e/s: amplifier glow in one corner
      flat[i] = (1 - 0.11 * (u * u + v * v)) * (1 + 0.008 * random.normal());
    }
  }
  for (const { x, y, r, depth } of dust) ring(flat, size, x, y, r, depth);
  for (let n = Math.round(count * 4e-4); n > 0; n--) dark[Math.floor(random.uniform() * count)] = 1 + 40 * random.uniform() ** 4;
  const deadColumn = Math.floor(random.uniform() * size),
    deadFrom = Math.floor(random.uniform() * size);
  for (let y = deadFrom; y < size; y++) flat[y * size + deadColumn]! *= 0.05;
  const middle = Float32Array.from(flat).sort()[count >> 1]!;
  for (let i = 0; i < count; i++) flat[i]! /= middle;
  const base = camera === 'C1' ? 500 : 612;
  return {
    camera,
    size,
    overscan: 48,
    gain: camera === 'C1' ? 2.2 : 2.1,
    readNoise: camera === 'C1' ? 6.8 : 7.0,
    fullWell: 135_000,
    saturationAdu: 65_000,
    levels: [base, base - 5, base + 8, base + 3],
    biasStructure,
    dark,
    flat,
  };
}

/** The shadow of a grain of dust: a ring of radius r, `depth` of the light. */
function ring(flat: Float32Array, size: number, cx: number, cy: number, r: number, depth: number): void {
  for (let y = Math.max(0, Math.floor(cy - r - 6)); y < Math.min(size, cy + r + 6); y++) {
    for (let x = Math.max(0, Math.floor(cx - r - 6)); x < Math.min(size, cx + r + 6); x++) {
      flat[y * size + x]! *= 1 - depth * Math.exp(-(((Math.hypot(x - cx, y - cy) - 0.7 * r) / (0.25 * r)) ** 2));
    }
  }
}
