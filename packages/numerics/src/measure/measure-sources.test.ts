import { describe, expect, it } from 'vitest';
import { detectSources } from '../detect/detect-sources.ts';
import { circularMoffat } from '../detect/moffat.ts';
import { READ_NOISE, starGrid, type TestSky, testSky } from '../detect/testing.ts';
import { MaskPlane } from '../mask-plane.ts';
import { scalarCompute } from '../scalar-compute.ts';
import { SourceFlag } from '../source-columns.ts';
import { measureSources } from './measure-sources.ts';

const compute = scalarCompute();

async function measure(sky: ReturnType<typeof testSky>, { width, height }: TestSky) {
  const detection = await detectSources(sky.image, sky.variance, sky.mask, { width, height }, compute);
  return measureSources(detection, {}, compute);
}

const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
const mean = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0) / values.length;

describe('measureSources on stars whose light and places are known', async () => {
  const shape = { width: 640, height: 640 };
  const stars = starGrid(640, 40, 1500, 1.5e5);
  const sky = testSky({ ...shape, stars, profile: circularMoffat(3.4, 3) });
  const { columns: c, aperture, limitFluxElectron5Sigma, blankNoise } = await measure(sky, shape);
  const pairs = stars.flatMap((star) => {
    const i = Array.from(c.x.keys()).find((k) => Math.hypot(c.x[k]! - star.x, c.y[k]! - star.y) < 2);
    return i === undefined ? [] : [{ star, i }];
  });

  it('finds them', () => {
    expect(pairs.length).toBeGreaterThan(0.98 * stars.length);
  });

  it('puts both apertures on the scale of total light within 1 %', () => {
    const bright = pairs.filter(({ star }) => star.flux > 3e4);
    expect(bright.length).toBeGreaterThan(40);
    // Mean of some 80 stars of S/N above 80 each: 0.15 %. The wing of a β = 3 Moffat is not r^(−11/3): 0.5 %.
    expect(Math.abs(mean(bright.map(({ star, i }) => (c.fluxAuto[i]! * aperture.autoToTotal) / star.flux)) - 1)).toBeLessThan(
      0.01,
    );
    expect(Math.abs(mean(bright.map(({ star, i }) => (c.fluxAper[i]! * aperture.aperToTotal) / star.flux)) - 1)).toBeLessThan(
      0.01,
    );
    expect(aperture.aperToTotalErr).toBeLessThan(0.01);
  });

  it('has errors that describe the scatter: pulls of width one', () => {
    for (const [flux, error, scale] of [
      [c.fluxAper, c.fluxAperErr, aperture.aperToTotal],
      [c.fluxAuto, c.fluxAutoErr, aperture.autoToTotal],
    ] as const) {
      const faint = pairs.filter(({ star }) => star.flux < 2e4);
      const pulls = faint.map(({ star, i }) => (flux[i]! * scale - star.flux) / (error[i]! * scale));
      expect(pulls.length).toBeGreaterThan(100);
      // 3 sigma of the width of 130 pulls is 0.19; of their mean 0.27.
      expect(rms(pulls)).toBeGreaterThan(0.81);
      expect(rms(pulls)).toBeLessThan(1.22);
      expect(Math.abs(mean(pulls))).toBeLessThan(0.3);
    }
  });

  it('finds places to within 15 % of the Cramér–Rao bound, and says how well', () => {
    const picked = pairs.filter(({ star }) => star.flux > 5000);
    const pulls = picked.flatMap(({ star, i }) => [(c.x[i]! - star.x) / c.xErr[i]!, (c.y[i]! - star.y) / c.yErr[i]!]);
    expect(rms(pulls)).toBeGreaterThan(0.88);
    expect(rms(pulls)).toBeLessThan(1.14);
    const ratios = picked.map(({ star, i }) => c.xErr[i]! / cramerRao(star.flux, 3.4, 3));
    expect(mean(ratios)).toBeGreaterThan(0.95); // quoted errors, not scatter: the window of a Gaussian on a Moffat star
    expect(mean(ratios)).toBeLessThan(1.15);
  });

  it('gives stars the width and roundness they have', () => {
    const bright = pairs.filter(({ star }) => star.flux > 3e4);
    expect(mean(bright.map(({ i }) => c.fwhm[i]!))).toBeCloseTo(3.4, 1);
    expect(mean(bright.map(({ i }) => c.a[i]! / c.b[i]!))).toBeLessThan(1.05);
    expect(bright.every(({ i }) => c.flags[i] === 0)).toBe(true);
  });

  it('tells the depth: a star of the limiting flux has S/N 5', () => {
    const alpha = 3.4 / (2 * Math.sqrt(2 ** (1 / 3) - 1));
    const truth = 5 * Math.sqrt((200 + READ_NOISE ** 2) * Math.PI * alpha * alpha * (5 / 4));
    expect(limitFluxElectron5Sigma / truth).toBeGreaterThan(0.95);
    expect(limitFluxElectron5Sigma / truth).toBeLessThan(1.08);
  });

  it('finds white noise white', () => {
    const area = Math.PI * (aperture.diameterPix / 2) ** 2;
    expect(blankNoise.base + blankNoise.slope * area).toBeLessThan(1.25);
  });
});

/** Best possible error of x [pix] for a Moffat star of this flux on the test sky: 1/σ² = Σ (∂m/∂x)² / variance. */
function cramerRao(flux: number, fwhm: number, beta: number): number {
  const { xx } = circularMoffat(fwhm, beta);
  const unit = ((beta - 1) * xx) / Math.PI;
  let information = 0;
  for (let y = -20; y <= 20; y++) {
    for (let x = -20; x <= 20; x++) {
      const base = 1 + xx * (x * x + y * y);
      const model = flux * unit * base ** -beta;
      information += ((2 * beta * xx * x * model) / base) ** 2 / (200 + READ_NOISE ** 2 + model);
    }
  }
  return 1 / Math.sqrt(information);
}

describe('measureSources where something is in the way', () => {
  const shape = { width: 256, height: 256 };
  const field = starGrid(256, 60, 3e4, 6e4);

  it('measures both of two overlapping stars to a few percent, and flags them', async () => {
    const pair = [
      { x: 128.3, y: 100.2, flux: 4e4 },
      { x: 136.1, y: 100.8, flux: 2e4 },
    ];
    const { columns: c, aperture } = await measure(
      testSky({ ...shape, stars: [...pair, ...field.filter((s) => Math.hypot(s.x - 132, s.y - 100) > 30)] }),
      shape,
    );
    for (const star of pair) {
      const i = Array.from(c.x.keys()).find((k) => Math.hypot(c.x[k]! - star.x, c.y[k]! - star.y) < 1)!;
      // Mirrored pixels leave some of the neighbour's light: 6 % at 2.3 FWHM.
      expect(Math.abs((c.fluxAper[i]! * aperture.aperToTotal) / star.flux - 1)).toBeLessThan(0.06);
      expect(c.flags[i]! & SourceFlag.BLENDED).toBe(SourceFlag.BLENDED);
    }
  });

  it('replaces a hidden pixel by its mirror image, and says so', async () => {
    const star = { x: 128.2, y: 128.4, flux: 5e4 };
    const sky = testSky({ ...shape, stars: [star, ...field.filter((s) => Math.hypot(s.x - 128, s.y - 128) > 30)] });
    const at = (columns: { x: Float64Array; y: Float64Array }): number =>
      Array.from(columns.x.keys()).find((k) => Math.hypot(columns.x[k]! - star.x, columns.y[k]! - star.y) < 0.1)!;
    const { columns: clean } = await measure(sky, shape);
    sky.mask[127 * 256 + 130] = MaskPlane.COSMIC;
    sky.image[127 * 256 + 130] = 1e5;
    const { columns: c } = await measure(sky, shape);
    const i = at(c);
    // The pixel held 3 % of the light; its mirror image lies 0.5 pix off.
    expect(Math.abs(c.fluxAper[i]! / clean.fluxAper[at(clean)]! - 1)).toBeLessThan(0.02);
    expect(c.flags[i]! & SourceFlag.APERTURE_INCOMPLETE).toBe(SourceFlag.APERTURE_INCOMPLETE);
    expect(c.maskFlags[i]).toBe(MaskPlane.COSMIC);
  });

  it('flags what is cut by the border and what is saturated', async () => {
    const sky = testSky({
      ...shape,
      stars: [
        { x: 1.2, y: 60, flux: 5e4 },
        { x: 128, y: 128, flux: 3e6 },
        ...field.filter((s) => Math.hypot(s.x - 128, s.y - 128) > 30),
      ],
    });
    for (let i = 0; i < sky.image.length; i++) if (sky.image[i]! > 9e4) sky.mask[i] = MaskPlane.SATURATED;
    const { columns: c } = await measure(sky, shape);
    const near = (x: number, y: number): number => Array.from(c.x.keys()).find((k) => Math.hypot(c.x[k]! - x, c.y[k]! - y) < 2)!;
    expect(c.flags[near(1.2, 60)]! & SourceFlag.TRUNCATED).toBe(SourceFlag.TRUNCATED);
    expect(c.flags[near(1.2, 60)]! & SourceFlag.APERTURE_INCOMPLETE).toBe(SourceFlag.APERTURE_INCOMPLETE);
    expect(c.flags[near(128, 128)]! & SourceFlag.SATURATED).toBe(SourceFlag.SATURATED);
  });

  it('measures a galaxy by its own ellipse: AUTO holds 90 % and more of its light', async () => {
    // A Moffat of β = 2.5 and FWHM 9 × 6 pix, at 45°.
    const round = circularMoffat(7.35, 2.5);
    const q = 1.5;
    const major = round.xx / q;
    const minor = round.xx * q;
    const tilted = { xx: (major + minor) / 2, yy: (major + minor) / 2, xy: (major - minor) / 2, beta: 2.5 };
    const galaxy = testSky({ ...shape, stars: [{ x: 128, y: 128, flux: 1.5e5 }], sky: 0.001, profile: tilted, seed: 3 });
    const sky = testSky({ ...shape, stars: field.filter((s) => Math.hypot(s.x - 128, s.y - 128) > 45) });
    for (let i = 0; i < sky.image.length; i++) {
      sky.image[i]! += galaxy.image[i]!;
      sky.variance[i]! += galaxy.variance[i]!;
    }
    const { columns: c } = await measure(sky, shape);
    const i = Array.from(c.x.keys()).find((k) => Math.hypot(c.x[k]! - 128, c.y[k]! - 128) < 1)!;
    expect(c.fluxAuto[i]! / 1.5e5).toBeGreaterThan(0.9);
    expect(c.fluxAuto[i]! / 1.5e5).toBeLessThan(1.02);
    expect(c.a[i]! / c.b[i]!).toBeCloseTo(1.5, 0);
    expect(c.thetaDeg[i]).toBeCloseTo(45, -1);
  });

  it('has nothing to say of a frame without sources, and does not fail', async () => {
    const { columns, aperture } = await measure(testSky({ width: 64, height: 64 }), { width: 64, height: 64 });
    expect(columns.count).toBe(0);
    expect(columns.x).toHaveLength(0);
    expect(aperture.autoToTotal).toBeNaN();
  });
});
