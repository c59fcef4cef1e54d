import { seededRandom } from '@colibri/base';
import { noMetrics } from '@colibri/contracts';
import type { Frame, ReferenceCatalog, ReferenceStars, Stack, StackSet, Unit, UnitAlignment, UnitFrame } from '@colibri/pipeline';
import { tanWcs, type Wcs } from '@colibri/sky';
import { testMeta } from '../detector/testing.ts';

/** A star: AB magnitude in each frame, or one for all; place in the stack. */
export interface MadeStar {
  readonly x: number;
  readonly y: number;
  readonly mag: number;
  /** Brighter in frame k by so many magnitudes. */
  readonly brighter?: readonly number[];
  readonly isKnown?: boolean;
}

export const ZERO_POINT = 25;
export const EXPOSURE = 30;
const SCALE = 0.38 / 3600;
const SKY = 200;
const READ_NOISE = 8;

/** Frames of transparency 1, 0.6, 1 … of the same stars, dithered, and a stack as ideal as if their light had been added. */
export function madeSky(
  stars: readonly MadeStar[],
  {
    size = 320,
    seed = 1,
    fwhmPix = 3.4,
    transparencies = [1, 0.6, 1],
  }: { size?: number; seed?: number; fwhmPix?: number; transparencies?: readonly number[] } = {},
): { unit: Unit; alignment: UnitAlignment; stacks: StackSet; catalog: ReferenceCatalog } {
  const random = seededRandom(seed);
  const wcsAt = (dx: number, dy: number): Wcs =>
    tanWcs({ crpix: [size / 2 + dx, size / 2 + dy], crval: [150, 20], cd: [-SCALE, 0, 0, SCALE] });
  const wcs = wcsAt(0, 0);
  const fluxOf = (star: MadeStar, k: number): number => 10 ** (-0.4 * (star.mag - (star.brighter?.[k] ?? 0) - ZERO_POINT));
  /** Electrons of an exposure. */
  const render = (light: (star: MadeStar) => number, dx: number, dy: number, sky: number, reads: number) => {
    const expected = new Float64Array(size * size).fill(sky);
    const beta = 3;
    const alpha2 = (fwhmPix / (2 * Math.sqrt(2 ** (1 / beta) - 1))) ** 2;
    for (const star of stars) {
      const electrons = light(star);
      const x = star.x + dx;
      const y = star.y + dy;
      for (let py = Math.max(0, Math.round(y) - 25); py <= Math.min(size - 1, Math.round(y) + 25); py++) {
        for (let px = Math.max(0, Math.round(x) - 25); px <= Math.min(size - 1, Math.round(x) + 25); px++) {
          const q = ((px - x) ** 2 + (py - y) ** 2) / alpha2;
          expected[py * size + px]! += ((electrons * (beta - 1)) / (Math.PI * alpha2)) * (1 + q) ** -beta;
        }
      }
    }
    const data = Float32Array.from(expected, (e) => random.poisson(e) + READ_NOISE * Math.sqrt(reads) * random.normal());
    return { data, variance: data.map((d) => Math.max(d, 1) + reads * READ_NOISE ** 2), mask: new Uint16Array(size * size) };
  };
  const frames = transparencies.map((transparency, k): UnitFrame => {
    const [dx, dy] = [3.3 * k, -2.7 * k];
    const planes = render((star) => fluxOf(star, k) * EXPOSURE * transparency, dx, dy, SKY, 1);
    const meta = testMeta({ frameId: `frame-${k}`, exposureSec: EXPOSURE, midExposureMjdUtc: 61041.18 + k / 1440, camera: 'C1' });
    const frame: Frame = {
      meta,
      header: new Map(),
      width: size,
      height: size,
      ...planes,
      gain: 1,
      readNoise: READ_NOISE,
      saturation: 9e4,
      wcs: wcsAt(dx, dy),
      solved: true,
    };
    return {
      ...frame,
      metrics: { ...noMetrics, fwhmPix },
      sources: { columns: { count: 0 } as never, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null },
      sha256: `sha-${k}`,
      load: () => Promise.resolve({ ...frame, mask: planes.mask.slice() }),
    };
  });
  const total = transparencies.length * EXPOSURE;
  const sum = render(
    (star) => transparencies.reduce((s, _, k) => s + fluxOf(star, k) * EXPOSURE, 0),
    0,
    0,
    SKY * transparencies.length,
    transparencies.length,
  );
  const stack: Stack = {
    width: size,
    height: size,
    data: sum.data.map((d) => (d - SKY * transparencies.length) / total),
    variance: sum.variance.map((v) => v / total ** 2),
    mask: sum.mask,
    header: new Map(),
    wcs,
    camera: 'C1',
    filter: 'r',
    coverageSec: new Float32Array(size * size).fill(total),
    exposureSec: total,
    startedAt: '2026-01-01T04:20:01.000Z',
    endedAt: '2026-01-01T04:23:01.000Z',
    midMjdUtc: 61041.18,
    fwhmPix,
    gainSec: total,
    saturation: 9e4 / EXPOSURE,
    covarianceFactor: 1,
    inputs: frames.map((f, k) => ({
      frameId: f.meta.frameId,
      observedAt: f.meta.observedAt,
      exposureSec: EXPOSURE,
      weight: 1 / frames.length,
      transparency: transparencies[k]!,
      fwhmPix,
      rejectedPixels: 0,
    })),
  };
  const unit: Unit = {
    name: 'T1/C1/r',
    nightId: '2025-12-31',
    target: 'T1',
    camera: 'C1',
    filter: 'r',
    alert: null,
    triggeredAt: null,
    frames,
  };
  const alignment: UnitAlignment = {
    frames: frames.map((f, k) => ({
      frameId: f.meta.frameId,
      accepted: true,
      reason: null,
      wcs: f.wcs,
      matched: stars.length,
      rmsArcsec: [0.01, 0.01],
      transparency: transparencies[k]!,
      transparencyErr: 0.01,
    })),
    catalog: 'made',
    distortionOrder: 0,
    rmsArcsec: [0.01, 0.01],
    reference: [],
  };
  const known = stars.filter((s) => s.isKnown !== false);
  const places = known.map((s) => wcs.pixelToSky(s.x, s.y));
  const band = (offset: number) => ({
    mag: Float32Array.from(known, (s) => s.mag + offset),
    err: new Float32Array(known.length).fill(0.005),
  });
  const entries: ReferenceStars = {
    name: 'made',
    count: known.length,
    raDeg: Float64Array.from(places, (p) => p[0]),
    decDeg: Float64Array.from(places, (p) => p[1]),
    epochJyear: 2016,
    pmRaMasYr: new Float32Array(known.length),
    pmDecMasYr: new Float32Array(known.length),
    isStar: new Uint8Array(known.length).fill(1),
    bands: new Map([['r', band(0)]]),
  };
  return {
    unit,
    alignment,
    stacks: { stack, halfA: null, halfB: null },
    catalog: { name: 'made', cone: () => Promise.resolve(entries) },
  };
}
