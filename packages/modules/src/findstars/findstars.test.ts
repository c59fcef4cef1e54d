import { MaskPlane, scalarCompute } from '@colibri/numerics';
import type { Frame, FrameMeta, ModuleContext } from '@colibri/pipeline';
import { tanSipWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { findstars } from './findstars.ts';

const size = 256;
const defaults = {
  detect_thresh: 4.75,
  isophote_thresh: 2.5,
  detect_minarea: 3,
  back_size: 64,
  deblend_mincont: 0.0005,
  aperture: null,
  fwhm_guess: 3.5,
};

function context(): ModuleContext & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return {
    compute: scalarCompute(),
    info: () => {},
    warn: (sentence) => warnings.push(sentence),
    kept: new Map(),
    isFinal: true,
    warnings,
  };
}

/** Gaussian stars of FWHM 3.6 on a noisy sky of 200 electron; noise from a fixed low-discrepancy sequence through Box–Muller. */
function frameOf(stars: readonly { x: number; y: number; flux: number }[], trail = false): Frame {
  const data = new Float32Array(size * size);
  const sigma = 3.6 / 2.3548;
  for (let i = 0; i < data.length; i++) {
    const u = ((i * 0.7548776662466927 + 0.31) % 1) * 0.999 + 0.0005;
    const v = (i * 0.5698402909980532 + ((i * i) % 7919) * 0.013) % 1;
    data[i] = 200 + 16.2 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    const x = i % size;
    const y = Math.floor(i / size);
    for (const s of stars) {
      const d2 = (x - s.x) ** 2 + (y - s.y) ** 2;
      if (d2 < 400) data[i]! += (s.flux / (2 * Math.PI * sigma * sigma)) * Math.exp((-0.5 * d2) / (sigma * sigma));
    }
    if (trail) data[i]! += 400 * Math.exp(-0.5 * ((y - 20 - 0.8 * x) / 2.2) ** 2);
  }
  return {
    meta: { frameId: 'test' } as FrameMeta,
    header: new Map(),
    width: size,
    height: size,
    data,
    mask: new Uint16Array(size * size),
    variance: data.map((d) => Math.max(d, 0) + 64),
    gain: 1,
    readNoise: 8,
    saturation: 1e5,
    wcs: tanSipWcs(
      {
        crval: [10, 20],
        crpix: [128, 128],
        cd: [-0.38 / 3600, 0, 0, 0.38 / 3600],
      } as never,
      { width: size, height: size },
    ),
    solved: false,
  };
}

const stars = Array.from({ length: 25 }, (_, k) => ({
  x: 30.3 + 48 * (k % 5),
  y: 31.7 + 48 * Math.floor(k / 5),
  flux: 2e4 + 1500 * k,
}));

describe('findstars', () => {
  it('finds the stars of a frame and says how sharp, how deep and how dark it is', async () => {
    const given = context();
    const { outputs, metrics } = await findstars.run({ frame: frameOf(stars) }, defaults, given);
    expect(outputs.sources.columns.count).toBe(25);
    expect(metrics.count).toBe(25);
    expect(metrics.sky).toBeCloseTo(200, -1);
    expect(metrics.rms! / 16.2).toBeCloseTo(1, 1);
    expect(metrics.fwhmPix! / 3.6).toBeCloseTo(1, 1);
    expect(metrics.fwhm! / (3.6 * 0.38)).toBeCloseTo(1, 1);
    expect(outputs.sources.aperture!.autoToTotal).toBeGreaterThan(1);
    expect(outputs.sources.limitFluxElectron5Sigma! / 1e3).toBeLessThan(0.7);
    expect(outputs.frame.mask.every((bits) => bits === 0)).toBe(true);
    expect(given.warnings).toEqual([]);
  });

  it('hands on a mask with the trail in it, the old one untouched', async () => {
    const given = context();
    const frame = frameOf(stars, true);
    const { outputs } = await findstars.run({ frame }, defaults, given);
    expect(outputs.frame.mask.some((bits) => (bits & MaskPlane.TRAIL) !== 0)).toBe(true);
    expect(frame.mask.every((bits) => bits === 0)).toBe(true);
    expect(given.warnings.join()).toContain('trail');
  });

  it('gives an empty list, and no invented figure, for an empty sky', async () => {
    const given = context();
    const { outputs, metrics } = await findstars.run({ frame: { ...frameOf([]), wcs: null } }, defaults, given);
    expect(outputs.sources.columns.count).toBeLessThanOrEqual(1);
    expect(metrics.fwhmPix).toBeNull();
    expect(metrics.fwhm).toBeNull();
    expect(outputs.sources.aperture).toBeUndefined();
    expect(given.warnings.join()).toContain('Too few stars');
  });
});
