import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { inModes, inShapes, kernelModes } from './kernel-modes.ts';
import type { MatchStamp } from './match-stamp.ts';
import { stampChi2, stampNormals, weightsAt } from './matching-equations.ts';
import { termCount } from './matching-kernel.ts';

const shapes = 7;
const random = seededRandom(12);

/** A stamp of forty pixels whose shapes are mixtures of `seen` images, and hardly anything else. */
function stamp(index: number, seen: number): MatchStamp {
  const pixels = 40;
  const images = Array.from({ length: seen }, () => Array.from({ length: pixels }, () => random.normal()));
  const shape = Array.from({ length: shapes }, (_, k) =>
    Array.from({ length: pixels }, (_, p) =>
      images.reduce((sum, image, m) => sum + Math.cos((k + 1) * (m + 1)) * image[p]!, 1e-6 * random.normal()),
    ),
  );
  const target = Array.from({ length: pixels }, () => random.normal());
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  return {
    index,
    x: 100 * random.uniform(),
    y: 100 * random.uniform(),
    a: Float64Array.from({ length: shapes * shapes }, (_, i) => dot(shape[Math.floor(i / shapes)]!, shape[i % shapes]!)),
    b: Float64Array.from(shape, (s) => dot(s, target)),
    c: dot(target, target),
    own: Float64Array.from({ length: shapes * shapes }, (_, i) => (i % (shapes + 1) === 0 ? 1e-3 : 0)),
    freedom: pixels - 1,
  };
}

describe('kernelModes', () => {
  it('keeps as many mixtures as stars can tell apart, besides the flux scale', () => {
    const modes = kernelModes(Array.from({ length: 5 }, (_, i) => stamp(i, 3)));
    // The scale takes one of the three.
    expect(modes.count - 1).toBeGreaterThanOrEqual(2);
    expect(modes.count - 1).toBeLessThanOrEqual(3);
  });

  it('says of a stamp in mixtures what it says in shapes, whatever the coefficients and their variation', () => {
    const stamps = Array.from({ length: 4 }, (_, i) => stamp(i, 4));
    const modes = kernelModes(stamps);
    const place = { scaleOrder: 1, shapeOrder: 2, originX: 50, originY: 50, scaleX: 50, scaleY: 50 };
    const [scaleTerms, terms] = [termCount(1), termCount(2)];
    const coefficients = Float64Array.from({ length: scaleTerms + (modes.count - 1) * terms }, () => random.normal());
    const written = inShapes(coefficients, modes, scaleTerms, terms);
    for (const one of stamps) {
      const inMixtures = stampChi2(inModes(one, modes), weightsAt({ ...place, count: modes.count }, coefficients, one.x, one.y));
      const asShapes = stampChi2(one, weightsAt({ ...place, count: shapes }, written, one.x, one.y));
      expect(inMixtures / asShapes).toBeCloseTo(1, 9);
    }
  });

  it('sums the equations of stamps term by term', () => {
    const one = stamp(0, 4);
    const model = { count: shapes, scaleOrder: 0, shapeOrder: 0, originX: 50, originY: 50, scaleX: 50, scaleY: 50 };
    const { a, b } = stampNormals([one, one], model);
    for (let k = 0; k < shapes; k++) {
      expect(b[k]).toBeCloseTo(2 * one.b[k]!, 12);
      for (let l = 0; l <= k; l++) expect(a[k * shapes + l]).toBeCloseTo(2 * one.a[k * shapes + l]!, 10);
    }
  });
});
