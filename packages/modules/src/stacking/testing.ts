import { seededRandom } from '@colibri/base';
import { noMetrics } from '@colibri/contracts';
import type { Compute } from '@colibri/numerics';
import type { AlignedFrame, Frame, FrameMeta, Unit, UnitAlignment, UnitFrame } from '@colibri/pipeline';
import { tanWcs } from '@colibri/sky';

/** A made star: place on the sky from the middle of the field [arcsec], light per second in each frame at transparency 1 [electron/s]. */
export interface MadeStar {
  readonly east: number;
  readonly north: number;
  readonly flux: (frame: number) => number;
}

export interface MadeUnitSpec {
  readonly frames: number;
  readonly side?: number;
  readonly stars?: readonly MadeStar[];
  readonly seed?: number;
  readonly exposureSec?: number;
  readonly skyElectron?: number;
  readonly fwhmPix?: (frame: number) => number;
  readonly transparency?: (frame: number) => number;
  /** Turn of the camera [deg]; 180: a meridian flip. */
  readonly rotationDeg?: (frame: number) => number;
  /** No photon noise, for exact sums. */
  readonly isQuiet?: boolean;
  /** Changes a frame's pixels after all else. */
  readonly spoil?: (
    data: Float32Array,
    mask: Uint16Array,
    frame: number,
    toPixel: (east: number, north: number) => [number, number],
  ) => void;
}

export const SCALE = 0.38;
const CENTER = { raDeg: 215.6, decDeg: 53.1 };

/** A unit of dithered frames with Gaussian stars, and its true alignment. */
export function makeUnit(spec: MadeUnitSpec): { readonly unit: Unit; readonly alignment: UnitAlignment } {
  const { side = 160, stars = [], seed = 1, exposureSec = 30, skyElectron = 200 } = spec;
  const random = seededRandom(seed);
  const made = Array.from({ length: spec.frames }, (_, k) => {
    const fwhm = spec.fwhmPix?.(k) ?? 3.5;
    const transparency = spec.transparency?.(k) ?? 1;
    const angle = ((spec.rotationDeg?.(k) ?? 1.3) * Math.PI) / 180;
    const [c, s] = [(Math.cos(angle) * SCALE) / 3600, (Math.sin(angle) * SCALE) / 3600];
    const middle = (side - 1) / 2;
    const wcs = tanWcs({
      crpix: [middle + 6 * (2 * random.uniform() - 1), middle + 6 * (2 * random.uniform() - 1)],
      crval: [CENTER.raDeg, CENTER.decDeg],
      cd: [-c, s, s, c],
    });
    const toPixel = (east: number, north: number): [number, number] => wcs.skyToPixel(...skyOf(east, north))!;
    const data = new Float32Array(side * side).fill(skyElectron);
    const sigma = fwhm / 2.3548;
    for (const star of stars) {
      const [x0, y0] = toPixel(star.east, star.north);
      const peak = (star.flux(k) * exposureSec * transparency) / (2 * Math.PI * sigma * sigma);
      for (let y = Math.max(0, Math.ceil(y0 - 20)); y <= Math.min(side - 1, y0 + 20); y++) {
        for (let x = Math.max(0, Math.ceil(x0 - 20)); x <= Math.min(side - 1, x0 + 20); x++) {
          data[y * side + x]! += peak * Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * sigma * sigma));
        }
      }
    }
    const variance = data.map((d) => d + 64);
    if (!spec.isQuiet) for (let i = 0; i < data.length; i++) data[i]! += Math.sqrt(variance[i]!) * random.normal();
    const mask = new Uint16Array(side * side);
    spec.spoil?.(data, mask, k, toPixel);
    const observedAt = new Date(Date.UTC(2026, 0, 1, 4, 20, 40 * k)).toISOString();
    const meta = {
      frameId: `f${k}`,
      observedAt,
      exposureSec,
      midExposureMjdUtc: 61041 + (k * 40 + exposureSec / 2) / 86400,
      camera: 'C0',
      filter: 'r',
    } as FrameMeta;
    const frame: Frame = {
      meta,
      header: new Map(),
      width: side,
      height: side,
      data,
      mask,
      variance,
      gain: 6.2,
      readNoise: 8,
      saturation: 90000,
      wcs,
      solved: true,
    };
    const none = new Float64Array(0);
    const empty = { count: 0, x: none, y: none, snrWin: none, fluxAuto: none, fluxAutoErr: none, fwhm: none };
    const unitFrame = {
      ...frame,
      metrics: { ...noMetrics, fwhmPix: fwhm, skyRmsElectron: Math.sqrt(skyElectron + 64) },
      sources: { columns: empty, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null },
      sha256: `sha${k}`,
      load: async () => ({ ...frame, data: data.slice(), mask: mask.slice(), variance: variance.slice() }),
    } as unknown as UnitFrame;
    const aligned: AlignedFrame = {
      frameId: meta.frameId,
      accepted: true,
      reason: null,
      wcs,
      matched: 100,
      rmsArcsec: [0.01, 0.01],
      transparency,
      transparencyErr: 0.001,
    };
    return { unitFrame, aligned };
  });
  const alert = { ...CENTER, radiusDeg: null };
  return {
    unit: {
      name: 'T/C0/r',
      nightId: '2025-12-31',
      target: 'T',
      camera: 'C0',
      filter: 'r',
      alert,
      triggeredAt: null,
      frames: made.map((m) => m.unitFrame),
    },
    alignment: {
      catalog: null,
      distortionOrder: 0,
      rmsArcsec: [0.01, 0.01] as const,
      reference: [],
      frames: made.map((m) => m.aligned),
    },
  };
}

export function skyOf(east: number, north: number): [number, number] {
  return [CENTER.raDeg + east / 3600 / Math.cos((CENTER.decDeg * Math.PI) / 180), CENTER.decDeg + north / 3600];
}

export const contextOf = (compute: Compute, isFinal = true, kept = new Map<string, unknown>()) => {
  const warnings: string[] = [];
  return { compute, isFinal, kept, warnings, info: () => {}, warn: (sentence: string) => warnings.push(sentence) };
};

/** Defaults of a module's parameters. */
export const parametersOf = <P extends Record<string, { readonly default: unknown }>>(module: {
  readonly parameters: P;
}): { [N in keyof P]: P[N]['default'] } =>
  Object.fromEntries(Object.entries(module.parameters).map(([name, spec]) => [name, spec.default])) as {
    [N in keyof P]: P[N]['default'];
  };
