import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { affineShape, fitAffine, fitSimilarity, invertAffine, similarity } from './affine.ts';
import { matchPattern, type PatternProblem } from './pattern-match.ts';
import { buildPointGrid, countInGrid, nearestInGrid } from './point-grid.ts';
import { listTriangles } from './triangles.ts';

const anything = { rotation: null, parity: null };

/** Two lists of one sky, in arcsec; the image half of the reference's disc. */
function problem(seed: number, rotationDeg: number, parity: 1 | -1, related = true): PatternProblem {
  const random = seededRandom(seed);
  const coverage = 700;
  const draw = (n: number) =>
    Array.from({ length: n }, () => {
      const r = coverage * Math.sqrt(random.uniform());
      const angle = 2 * Math.PI * random.uniform();
      return [r * Math.cos(angle), r * Math.sin(angle)] as const;
    });
  const reference = draw(120);
  const map = similarity(1.01, rotationDeg, parity, 0, 0, 30, -20);
  const back = invertAffine(map);
  const image = (related ? reference : draw(120))
    .map(([X, Y]) => [
      back.a * X + back.b * Y + back.c + 0.1 * random.normal(),
      back.d * X + back.e * Y + back.f + 0.1 * random.normal(),
    ])
    .filter(([x, y]) => Math.abs(x!) < 380 && Math.abs(y!) < 380 && random.uniform() < 0.8);
  return {
    imageX: Float64Array.from(image, (p) => p[0]!),
    imageY: Float64Array.from(image, (p) => p[1]!),
    halfWidth: 380,
    halfHeight: 380,
    referenceX: Float64Array.from(reference, (p) => p[0]),
    referenceY: Float64Array.from(reference, (p) => p[1]),
    coverage,
    searchRadius: 120,
    scaleTolerance: 0.02,
    beliefs: [anything],
    position: 0.4,
    maxFalseAlarm: 1e-7,
  };
}

describe('matchPattern', () => {
  it.each([-180, -91, -5, 0, 45, 90, 179])('finds a turn of %d°, mirrored or not', (rotationDeg) => {
    for (const parity of [1, -1] as const) {
      const solution = matchPattern(problem(rotationDeg + 500, rotationDeg, parity))!;
      const shape = affineShape(solution.map);
      expect(shape.parity).toBe(parity);
      expect(Math.abs(((shape.rotationDeg - rotationDeg + 540) % 360) - 180)).toBeLessThan(0.05); // 0.1″ over 300″ on ~30 stars
      expect(shape.scale).toBeCloseTo(1.01, 3);
      expect(Math.hypot(solution.map.c - 30, solution.map.f + 20)).toBeLessThan(0.3);
      expect(solution.evidence).toBeGreaterThan(16); // ln 1e7
    }
  });

  it('needs no more than the four brightest when those are all there is and the catalogue is as bare', () => {
    const p = problem(7, 30, 1);
    const four = { ...p, imageX: p.imageX.slice(0, 3), imageY: p.imageY.slice(0, 3) };
    expect(matchPattern(four)).toBeNull(); // three points prove nothing in a blind search
  });

  it('finds nothing between unrelated lists', () => {
    for (let seed = 1; seed <= 10; seed++) expect(matchPattern(problem(seed, 0, 1, false))).toBeNull();
  }, 30_000);
});

describe('affine maps', () => {
  const map = similarity(1.3, 40, -1, 5, 6, 7, 8);

  it('are undone by their inverse', () => {
    const back = invertAffine(map);
    const X = map.a * 11 + map.b * 12 + map.c;
    const Y = map.d * 11 + map.e * 12 + map.f;
    expect(back.a * X + back.b * Y + back.c).toBeCloseTo(11, 12);
    expect(back.d * X + back.e * Y + back.f).toBeCloseTo(12, 12);
  });

  it('tell their scale, turn, mirror and squareness', () => {
    expect(affineShape(map)).toMatchObject({ parity: -1 });
    expect(affineShape(map).scale).toBeCloseTo(1.3, 12);
    expect(affineShape(map).rotationDeg).toBeCloseTo(40, 10);
    expect(affineShape(map).distortion).toBeCloseTo(0, 6);
    expect(affineShape({ ...map, a: 0, b: 1, d: 2, e: 0 }).distortion).toBeCloseTo(1, 10);
  });

  it('are found from exact pairs', () => {
    const x = [0, 10, 3, -7];
    const y = [0, 2, 9, 4];
    const X = x.map((v, k) => map.a * v + map.b * y[k]! + map.c);
    const Y = x.map((v, k) => map.d * v + map.e * y[k]! + map.f);
    const weights = [1, 2, 1, 0.5];
    for (const fit of [fitSimilarity(x, y, X, Y, weights, -1)!, fitAffine(x, y, X, Y, weights)!]) {
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f'] as const) expect(fit[key]).toBeCloseTo(map[key], 10);
    }
    expect(fitSimilarity([1, 1], [2, 2], [0, 0], [0, 0], [1, 1], 1)).toBeNull();
    expect(fitAffine([0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [1, 1, 1])).toBeNull(); // in line
  });
});

describe('listTriangles', () => {
  it('lists each triangle once, whichever vertex met it first', () => {
    const random = seededRandom(4);
    const x = Float64Array.from({ length: 12 }, () => 1000 * random.uniform());
    const y = Float64Array.from({ length: 12 }, () => 1000 * random.uniform());
    const { count, first, second, third } = listTriangles(x, y, 12, 11, 0);
    const names = new Set(
      Array.from({ length: count }, (_, t) => [first[t]!, second[t]!, third[t]!].sort((p, q) => p - q).join()),
    );
    expect(names.size).toBe(count);
    expect(count).toBeGreaterThan(150); // of 220; nearly straight ones are left out
    expect(count).toBeLessThanOrEqual(220);
  });
});

describe('point grids', () => {
  const random = seededRandom(9);
  const x = Float64Array.from({ length: 500 }, (_, i) => (i === 17 ? NaN : 100 * random.uniform()));
  const y = Float64Array.from({ length: 500 }, () => 40 * random.uniform());
  const grid = buildPointGrid(x, y, 3);

  it('agree with looking at every point', () => {
    for (let k = 0; k < 200; k++) {
      const px = 120 * random.uniform() - 10;
      const py = 60 * random.uniform() - 10;
      const distances = Array.from(x, (v, i) => Math.hypot(v - px, y[i]! - py)).map((d) => (Number.isNaN(d) ? Infinity : d));
      const nearest = Math.min(...distances);
      expect(nearestInGrid(grid, px, py, 5)).toBe(nearest <= 5 ? distances.indexOf(nearest) : -1);
      expect(countInGrid(grid, px, py, 5)).toBe(distances.filter((d) => d <= 5).length);
    }
  });

  it('hold no points, one point, and points of one place', () => {
    expect(nearestInGrid(buildPointGrid(new Float64Array(0), new Float64Array(0), 1), 0, 0, 10)).toBe(-1);
    expect(nearestInGrid(buildPointGrid(Float64Array.of(3), Float64Array.of(4), 1), 0, 0, 5)).toBe(0);
    expect(countInGrid(buildPointGrid(Float64Array.of(3, 3), Float64Array.of(4, 4), 1), 3, 4, 0.1)).toBe(2);
  });
});
