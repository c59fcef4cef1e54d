import { describe, expect, it } from 'vitest';
import { levenbergMarquardt } from './levenberg-marquardt.ts';

describe('levenbergMarquardt', () => {
  it("reaches NIST's certified minimum of Misra1a from the far start", () => {
    // y = b1 (1 − exp(−b2 x)); NIST StRD nonlinear regression, Misra1a
    const y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78];
    const x = [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760];
    const fit = levenbergMarquardt(
      Float64Array.of(500, 0.0001),
      14,
      (b, residuals, jacobian) => {
        for (let i = 0; i < 14; i++) {
          const e = Math.exp(-b[1]! * x[i]!);
          residuals[i] = b[0]! * (1 - e) - y[i]!;
          jacobian[2 * i] = 1 - e;
          jacobian[2 * i + 1] = b[0]! * x[i]! * e;
        }
      },
      { maxIterations: 200, tolerance: 1e-10 },
    );
    expect(fit.converged).toBe(true);
    expect(fit.parameters[0]! / 238.94212918).toBeCloseTo(1, 8);
    expect(fit.parameters[1]! / 5.5015643181e-4).toBeCloseTo(1, 8);
    expect(fit.chi2 / 0.12455138894).toBeCloseTo(1, 8);
    // certified standard deviation of b1, from s² = χ²/12
    expect(Math.sqrt((fit.covariance![0]! * fit.chi2) / 12)).toBeCloseTo(2.7070075241, 6);
  });

  it('stays where it is at an exact minimum, and says that a useless parameter has no error', () => {
    const fit = levenbergMarquardt(Float64Array.of(3, 1), 2, (b, residuals, jacobian) => {
      residuals[0] = b[0]! - 3;
      residuals[1] = 2 * (b[0]! - 3);
      jacobian.set([1, 0, 2, 0]);
    });
    expect(fit.parameters[0]).toBe(3);
    expect(fit.chi2).toBe(0);
    expect(fit.covariance).toBeNull();
  });
});
