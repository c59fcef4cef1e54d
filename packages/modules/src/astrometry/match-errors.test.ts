import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { estimateErrors, estimateFewErrors } from './match-errors.ts';

function residuals(count: number, factor: number, floor: number, wild = 0) {
  const random = seededRandom(8);
  const centroid = Float64Array.from({ length: count }, () => 0.005 * 40 ** random.uniform());
  const squared = centroid.map((c, k) => {
    const sigma = Math.hypot(factor * c, floor);
    return k < wild ? 9 : sigma * sigma * (random.normal() ** 2 + random.normal() ** 2);
  });
  return { squared, centroid, extended: new Uint8Array(count) };
}

describe('estimateErrors', () => {
  it('finds by how much centroid errors are understated, and the floor, with a tenth of wrong matches among them', () => {
    const { stars } = estimateErrors(residuals(2000, 1.7, 0.04, 200), 0, 0.38);
    // medians of 1000: 3 %, and wrong matches push them up by a tenth of a rank
    expect(stars.factor / 1.7).toBeGreaterThan(0.93);
    expect(stars.factor / 1.7).toBeLessThan(1.15);
    expect(stars.floor / 0.04).toBeGreaterThan(0.9);
    expect(stars.floor / 0.04).toBeLessThan(1.15);
  });

  it('never believes centroids to be better than they say', () => {
    const { stars } = estimateErrors(residuals(500, 0.5, 0), 0, 0.38);
    expect(stars.factor).toBe(1);
    expect(stars.floor).toBeLessThan(0.01);
  });

  it('keeps a floor of a twentieth of a pixel with three matches', () => {
    const three = { squared: Float64Array.of(0, 0, 0), centroid: Float64Array.of(0.01, 0.01, 0.01) };
    expect(estimateFewErrors({ ...three, extended: new Uint8Array(3) }, 1, 0.38).stars.floor).toBeCloseTo(0.019, 6);
  });
});
