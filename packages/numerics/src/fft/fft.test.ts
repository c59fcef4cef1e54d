import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { fft2 } from './fft.ts';

function noise(length: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length }, () => random.normal());
}

describe('fft2', () => {
  it('agrees with the sum that defines it', () => {
    const n = 8;
    const re = noise(n * n, 1);
    const im = noise(n * n, 2);
    const [fr, fi] = [re.slice(), im.slice()];
    fft2(n).forward(fr, fi);
    for (const [kx, ky] of [
      [0, 0],
      [1, 0],
      [3, 5],
      [7, 2],
    ] as const) {
      let sr = 0;
      let si = 0;
      for (let y = 0; y < n; y++) {
        for (let x = 0; x < n; x++) {
          const a = (-2 * Math.PI * (kx * x + ky * y)) / n;
          sr += re[y * n + x]! * Math.cos(a) - im[y * n + x]! * Math.sin(a);
          si += re[y * n + x]! * Math.sin(a) + im[y * n + x]! * Math.cos(a);
        }
      }
      expect(fr[ky * n + kx]).toBeCloseTo(sr, 10);
      expect(fi[ky * n + kx]).toBeCloseTo(si, 10);
    }
  });

  it('comes back to where it began', () => {
    const re = noise(64 * 64, 3);
    const im = noise(64 * 64, 4);
    const [fr, fi] = [re.slice(), im.slice()];
    const fft = fft2(64);
    fft.forward(fr, fi);
    fft.inverse(fr, fi);
    for (let i = 0; i < re.length; i++) expect(Math.abs(fr[i]! - re[i]!) + Math.abs(fi[i]! - im[i]!)).toBeLessThan(1e-12);
  });

  it('refuses a side that is not a power of two', () => {
    expect(() => fft2(48)).toThrow(/power of two/);
  });
});
