import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { normalEquations, solveNormal, weightedLeastSquares } from './least-squares.ts';
import { qrLeastSquares } from './qr.ts';
import { robustLinearFit } from './robust.ts';

/** Longley's data (JASA 62, 819, 1967): deflator, GNP, unemployed, armed forces, population, year → employed. Nearly collinear. */
const longley = [
  [83.0, 234289, 2356, 1590, 107608, 1947, 60323],
  [88.5, 259426, 2325, 1456, 108632, 1948, 61122],
  [88.2, 258054, 3682, 1616, 109773, 1949, 60171],
  [89.5, 284599, 3351, 1650, 110929, 1950, 61187],
  [96.2, 328975, 2099, 3099, 112075, 1951, 63221],
  [98.1, 346999, 1932, 3594, 113270, 1952, 63639],
  [99.0, 365385, 1870, 3547, 115094, 1953, 64989],
  [100.0, 363112, 3578, 3350, 116219, 1954, 63761],
  [101.2, 397469, 2904, 3048, 117388, 1955, 66019],
  [104.6, 419180, 2822, 2857, 118734, 1956, 67857],
  [108.4, 442769, 2936, 2798, 120445, 1957, 68169],
  [110.8, 444546, 4681, 2637, 121950, 1958, 66513],
  [112.6, 482704, 3813, 2552, 123366, 1959, 68655],
  [114.2, 502601, 3931, 2514, 125368, 1960, 69564],
  [115.7, 518173, 4806, 2572, 127852, 1961, 69331],
  [116.9, 554894, 4007, 2827, 130081, 1962, 70551],
] as const;
/** NIST Statistical Reference Datasets, Longley: certified. */
const certified = [
  -3482258.63459582, 15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359, -0.0511041056535807,
  1829.15146461355,
];

describe('qrLeastSquares', () => {
  it("reproduces NIST's certified coefficients of Longley's nearly collinear data", () => {
    const design = Float64Array.from(longley.flatMap((row) => [1, ...row.slice(0, 6)]));
    const values = Float64Array.from(longley, (row) => row[6]);
    const fit = qrLeastSquares(design, values, 7)!;
    // condition number 5e9: 16 − 10 digits at worst, better by column scaling of the reflections
    certified.forEach((value, k) => {
      expect(fit.coefficients[k]! / value).toBeCloseTo(1, 7);
    });
    expect(fit.residual2).toBeCloseTo(836424.055505915, 1); // certified residual sum of squares
    // certified standard deviation of the year's coefficient
    expect(Math.sqrt((fit.covariance[6 * 7 + 6]! * fit.residual2) / 9)).toBeCloseTo(455.478499142212, 4);
  });

  it('gives nothing for dependent columns or too few rows', () => {
    expect(qrLeastSquares(Float64Array.of(1, 2, 2, 4, 3, 6), Float64Array.of(1, 2, 3), 2)).toBeNull();
    expect(qrLeastSquares(Float64Array.of(1, 2), Float64Array.of(1), 2)).toBeNull();
  });
});

describe('weightedLeastSquares', () => {
  const random = seededRandom(3);
  const rows = 60;
  const design = Float64Array.from({ length: rows * 4 }, () => random.normal());
  const sigma = Float64Array.from({ length: rows }, () => 0.5 + random.uniform());
  const truth = [3, -2, 0.5, 10];
  const model = (i: number): number => truth.reduce((sum, c, j) => sum + c * design[4 * i + j]!, 0);

  it('agrees with QR on rows divided by their errors', () => {
    const values = Float64Array.from({ length: rows }, (_, i) => model(i) + sigma[i]! * random.normal());
    const fit = weightedLeastSquares(
      design,
      4,
      values,
      sigma.map((s) => 1 / s ** 2),
    )!;
    const scaled = qrLeastSquares(
      design.map((d, k) => d / sigma[Math.floor(k / 4)]!),
      values.map((v, i) => v / sigma[i]!),
      4,
    )!;
    for (let j = 0; j < 4; j++) expect(fit.coefficients[j]).toBeCloseTo(scaled.coefficients[j]!, 10);
    for (let k = 0; k < 16; k++) expect(fit.covariance[k]).toBeCloseTo(scaled.covariance[k]!, 12);
    expect(fit.chi2).toBeCloseTo(scaled.residual2, 8);
  });

  it('states a covariance that repeated noise bears out', () => {
    const trials = 400;
    const pulls = [0, 0, 0, 0];
    for (let t = 0; t < trials; t++) {
      const values = Float64Array.from({ length: rows }, (_, i) => model(i) + sigma[i]! * random.normal());
      const fit = weightedLeastSquares(
        design,
        4,
        values,
        sigma.map((s) => 1 / s ** 2),
      )!;
      for (let j = 0; j < 4; j++) pulls[j]! += (fit.coefficients[j]! - truth[j]!) ** 2 / fit.covariance[5 * j]! / trials;
    }
    for (const pull of pulls) expect(Math.abs(pull - 1)).toBeLessThan(0.25); // 3.5 sigma of χ² with 400
  });

  it('leaves rows of weight 0 out, and is singular without rows', () => {
    const values = Float64Array.from({ length: rows }, (_, i) => (i === 7 ? 1e9 : model(i)));
    const weights = new Float64Array(rows).fill(1);
    weights[7] = 0;
    expect(weightedLeastSquares(design, 4, values, weights)!.coefficients[3]).toBeCloseTo(10, 10);
    expect(weightedLeastSquares(design, 4, values, new Float64Array(rows))).toBeNull();
  });

  it('shrinks towards a prior as the algebra of two measurements says', () => {
    const one = normalEquations(Float64Array.of(1), 1, [Float64Array.of(4)], Float64Array.of(1));
    const fit = solveNormal(one, Float64Array.of(3))!;
    expect(fit.coefficients[0]![0]).toBeCloseTo(1, 12); // (1·4 + 3·0)/4
    expect(fit.covariance[0]).toBeCloseTo(0.25, 12);
  });
});

describe('robustLinearFit', () => {
  it('keeps a straight line with a quarter of the points far off it', () => {
    const random = seededRandom(5);
    const rows = 80;
    const design = Float64Array.from({ length: 2 * rows }, (_, k) => (k % 2 === 0 ? 1 : Math.floor(k / 2) / rows));
    const values = Float64Array.from(
      { length: rows },
      (_, i) => 2 + (3 * i) / rows + 0.1 * random.normal() + (i % 4 === 0 ? 5 : 0),
    );
    const fit = robustLinearFit(design, 2, values, new Float64Array(rows).fill(0.1))!;
    for (const [j, truth] of [2, 3].entries()) {
      expect(Math.abs(fit.coefficients[j]! - truth)).toBeLessThan(3.5 * Math.sqrt(fit.covariance[3 * j]!));
    }
    expect(fit.scale).toBeGreaterThan(0.7);
    expect(fit.scale).toBeLessThan(1.7); // 1.44: the median residual of the lot is the 0.67 quantile of the good ones
    expect(fit.weights[0]).toBe(0);
  });
});
