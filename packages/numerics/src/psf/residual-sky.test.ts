import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { scalarCompute } from '../scalar-compute.ts';
import { subtractResidualSky } from './residual-sky.ts';

const compute = scalarCompute();
const size = 512;
const nothing = { x: new Float64Array(0), y: new Float64Array(0), radius: new Float64Array(0) };

/** Unit noise about a sky. */
function residualOf(sky: (x: number, y: number) => number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size * size }, (_, p) => sky(p % size, Math.floor(p / size)) + random.normal());
}
const planesOf = (image: Float32Array) => ({
  width: size,
  height: size,
  image,
  variance: new Float32Array(size * size).fill(1),
  mask: new Uint16Array(size * size),
  lightVariance: 1,
});
const rms = (level: Float32Array, truth: (cell: number) => number): number =>
  Math.sqrt(level.reduce((sum, v, c) => sum + (v - truth(c)) ** 2, 0) / level.length);

describe('subtractResidualSky', () => {
  it('takes out a constant to a fraction of the noise of a cell where there is no structure', async () => {
    const residual = residualOf(() => 0.1, 2);
    const { level } = await subtractResidualSky(residual, planesOf(residual), nothing, compute);
    // A cell of 64² pixels is known to 1/64; drawn to 25 of them, to a third of that.
    expect(rms(level, () => 0.1)).toBeLessThan(0.6 / 64);
  });

  it('follows the mistakes of a mesh that are larger than the noise of a cell', async () => {
    const wave = (x: number, y: number): number => 0.1 * Math.sin((2 * Math.PI * x) / 256) * Math.cos((2 * Math.PI * y) / 300);
    const residual = residualOf(wave, 3);
    await subtractResidualSky(residual, planesOf(residual), nothing, compute);
    let left = 0;
    for (let r = 0; r < 8; r++) {
      for (let c = 0; c < 8; c++) {
        let sum = 0;
        for (let y = 0; y < 64; y++) for (let x = 0; x < 64; x++) sum += residual[(r * 64 + y) * size + c * 64 + x]!;
        left += (sum / 4096) ** 2 / 64;
      }
    }
    // The wave has 0.05 rms.
    expect(Math.sqrt(left)).toBeLessThan(0.02);
  });

  it('does not take the light of a galaxy for sky', async () => {
    const galaxy = (x: number, y: number): number => 4 * Math.exp(-Math.hypot(x - 224, y - 224) / 12);
    const residual = residualOf(galaxy, 4);
    const { level } = await subtractResidualSky(residual, planesOf(residual), nothing, compute);
    expect(Math.max(...level)).toBeLessThan(0.12); // the mean of that cell is 0.8
  });

  it('leaves an image without a usable pixel as it is', async () => {
    const residual = residualOf(() => 5, 5);
    const planes = planesOf(residual);
    planes.mask.fill(1);
    const before = residual.slice();
    await subtractResidualSky(residual, planes, nothing, compute);
    expect(residual.every((v, p) => v === before[p])).toBe(true);
  });
});
