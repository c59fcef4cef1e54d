import { seededRandom } from '@colibri/base';
import { noMetrics } from '@colibri/contracts';
import { scalarCompute } from '@colibri/numerics';
import type { Frame, ModuleContext, ReferenceCatalog, ReferenceStars, Unit, UnitFrame } from '@colibri/pipeline';
import { tanSipWcs, type Wcs } from '@colibri/sky';
import { type PlateModel, tanSipOfPlate } from '../astrometry/plate-model.ts';
import { planeToSky } from '../astrometry/tangent-plane.ts';
import { testColumns } from '../astrometry/testing.ts';
import { testMeta } from '../detector/testing.ts';

/** What one frame of a made unit is like; only what a test is about needs saying. */
export interface MadeFrame {
  /** Middle, from the unit's [arcsec]. */
  readonly at?: readonly [number, number];
  /** Turned by half a turn on the sky, as after a meridian flip. */
  readonly flipped?: boolean;
  /** SMTMRO: the mount says so, and reduction turned the frame north up. */
  readonly mountRotationDeg?: number;
  readonly transparency?: number;
  readonly fwhmPix?: number;
  readonly exposureSec?: number;
  readonly solved?: boolean;
  readonly width?: number;
  readonly height?: number;
  /** Error of the frame's own solution [arcsec]: shift and, in a corner, turn. */
  readonly ownError?: number;
  /** Shows another sky. */
  readonly unrelated?: boolean;
  /** Days after the first. */
  readonly daysLater?: number;
  /** true: stars are rendered; not given: there is an image without a pixel; false: nothing may ask for it. */
  readonly pixels?: boolean;
}

export interface UnitSpec {
  readonly seed: number;
  readonly frames: readonly MadeFrame[];
  /** Stars over the field of one frame. */
  readonly stars?: number;
  readonly catalogArcsec?: number;
  /** Centroid error of the brightest stars [pix]; fainter ones have more. */
  readonly centroidPix?: number;
  /** Of the faintest stars [electron/s]. */
  readonly leastFlux?: number;
  /** Share of stars in the catalogue. */
  readonly inCatalog?: number;
  /** [mas/yr] of every star, eastwards; the catalogue is of epoch 2016. */
  readonly pmMasYr?: number;
  /** Share of stars that vary by up to a factor of 2. */
  readonly variables?: number;
  readonly center?: { readonly raDeg: number; readonly decDeg: number };
}

export interface MadeUnit {
  readonly unit: Unit;
  readonly catalog: ReferenceCatalog;
  /** True WCS of each frame. */
  readonly truth: readonly Wcs[];
}

export const SIDE = 1024;
export const SCALE = 0.38;

/** A unit from a seed, with its truth. The distortion belongs to the detector: some pixels at the corners. */
export function makeUnit(spec: UnitSpec): MadeUnit {
  const random = seededRandom(spec.seed);
  const {
    stars = 250,
    catalogArcsec = 0.04,
    centroidPix = 0.02,
    inCatalog = 0.8,
    pmMasYr = 0,
    variables = 0,
    leastFlux = 100,
  } = spec;
  const center = spec.center ?? { raDeg: 359.98, decDeg: 53.1 };
  const reach = SIDE * SCALE; // twice the field: dithers stay within
  const field = (n: number) =>
    Array.from({ length: n }, () => ({
      xi: (random.uniform() - 0.5) * 2 * reach,
      eta: (random.uniform() - 0.5) * 2 * reach,
      flux: leastFlux * random.uniform() ** -1.1, // [electron/s]
      isVariable: random.uniform() < variables,
    }));
  const sky = field(4 * stars);
  const other = field(4 * stars);
  const years = 10; // 2026 − 2016
  const entries = sky.filter(() => random.uniform() < inCatalog);
  const at2016 = entries.map((s) =>
    planeToSky(
      center,
      s.xi - (pmMasYr * years) / 1000 + catalogArcsec * random.normal(),
      s.eta + catalogArcsec * random.normal(),
    ),
  );
  const reference: ReferenceStars = {
    name: 'made',
    count: entries.length,
    raDeg: Float64Array.from(at2016, (p) => p[0]),
    decDeg: Float64Array.from(at2016, (p) => p[1]),
    epochJyear: 2016,
    pmRaMasYr: new Float32Array(entries.length).fill(pmMasYr),
    pmDecMasYr: new Float32Array(entries.length),
    isStar: new Uint8Array(entries.length).fill(1),
    bands: new Map([
      [
        'r',
        {
          mag: Float32Array.from(entries, (s) => 25 - 2.5 * Math.log10(s.flux)),
          err: new Float32Array(entries.length).fill(0.02),
        },
      ],
    ]),
  };
  const truth: Wcs[] = [];
  const frames = spec.frames.map((made, index): UnitFrame => {
    const { width = SIDE, height = SIDE, transparency = 1, fwhmPix = 3.5, exposureSec = 30, ownError = 0.05 } = made;
    const isTurned = made.flipped === true && made.mountRotationDeg === undefined;
    const rotationDeg = (isTurned ? 180 : 0) + 0.3 + 0.02 * random.normal();
    const [dx, dy] = made.at ?? [40 * random.normal(), 40 * random.normal()];
    const middle = planeToSky(center, dx, dy);
    const isOnTurnedDetector = made.mountRotationDeg === 180;
    const plateAt = (turn: number, east: number, north: number): PlateModel =>
      madePlate(width, height, { raDeg: middle[0], decDeg: middle[1] }, rotationDeg + turn, [east, north], isOnTurnedDetector);
    const real = wcsOf(plateAt(0, 0, 0), width, height);
    truth.push(real);
    const own = wcsOf(
      plateAt(
        ((ownError / (SIDE * SCALE * 0.7)) * 180 * random.normal()) / Math.PI,
        ownError * random.normal(),
        ownError * random.normal(),
      ),
      width,
      height,
    );
    const seen = (made.unrelated ? other : sky).flatMap((star) => {
      const at = real.skyToPixel(...planeToSky(center, star.xi, star.eta))!;
      if (!(at[0] > 4 && at[0] < width - 5 && at[1] > 4 && at[1] < height - 5)) return [];
      const electron = star.flux * transparency * exposureSec * (star.isVariable ? 1 + random.uniform() : 1);
      const noise = Math.sqrt(electron + 70 * 200);
      if (electron < 6 * noise) return [];
      const sigma = Math.hypot(centroidPix, (0.6 * fwhmPix * noise) / electron);
      return [{ x: at[0] + sigma * random.normal(), y: at[1] + sigma * random.normal(), sigma, flux: electron, noise, at }];
    });
    const share = 0.86; // in FLUX_APER
    const flux = Float64Array.from(seen, (s) => share * (s.flux + s.noise * random.normal()));
    const columns = testColumns(seen.length, {
      x: Float64Array.from(seen, (s) => s.x),
      y: Float64Array.from(seen, (s) => s.y),
      xErr: Float64Array.from(seen, (s) => s.sigma),
      yErr: Float64Array.from(seen, (s) => s.sigma),
      fluxAper: flux,
      fluxAperErr: Float64Array.from(seen, (s) => share * s.noise),
      fluxAuto: Float64Array.from(seen, (s) => 0.9 * s.flux),
      fluxAutoErr: Float64Array.from(seen, (s) => s.noise),
      fwhm: new Float64Array(seen.length).fill(fwhmPix),
    });
    const meta = testMeta({
      frameId: `20260101T04${String(index).padStart(4, '0')}C0o`,
      camera: 'C0',
      exposureSec,
      midExposureMjdUtc: 61041.18 + index * 0.0004 + (made.daysLater ?? 0),
      pointing: { raDeg: middle[0], decDeg: middle[1] },
    });
    return {
      meta,
      header: new Map(made.mountRotationDeg === undefined ? [] : [['SMTMRO', made.mountRotationDeg]]),
      width,
      height,
      gain: 2,
      readNoise: 8,
      saturation: 1e6,
      wcs: made.solved === false ? null : own,
      solved: made.solved !== false,
      metrics: { ...noMetrics, fwhmPix, matchedCount: seen.length, wcsRmsArcsec: 0.06 },
      sources: { columns, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null },
      sha256: `sum ${index}`,
      load: async () => {
        if (made.pixels === false) throw new Error('nobody was to read pixels');
        return render(meta, seen, made.pixels ? width : 0, made.pixels ? height : 0, fwhmPix, spec.seed + index);
      },
    };
  });
  return {
    unit: {
      name: 'T/C0/r',
      nightId: '2025-12-31',
      target: 'T',
      camera: 'C0',
      filter: 'r',
      alert: null,
      triggeredAt: null,
      frames,
    },
    catalog: { name: 'made', cone: async () => reference },
    truth,
  };
}

/** Cubic distortion of 2 to 3 pixels in the corners, on the detector; `turned`: the frame was turned by 180° after read-out. */
function madePlate(
  width: number,
  height: number,
  center: { raDeg: number; decDeg: number },
  rotationDeg: number,
  [east, north]: readonly [number, number],
  turned: boolean,
): PlateModel {
  const angle = (rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle) * SCALE, Math.sin(angle) * SCALE];
  const [hx, hy] = [width / 2, height / 2];
  const odd = turned ? -1 : 1; // terms of even degree change sign when u and v do
  const dx = [0, 0, 0, 0.5 * odd, 0.3 * odd, 0, 0.6, 0, 0.2, 0];
  const dy = [0, 0, 0, 0.2 * odd, 0, -0.4 * odd, 0, 0.25, 0, 0.5];
  const axis = (t: number, a: number, b: number): Float64Array => {
    const out = Float64Array.from({ length: 10 }, (_, k) => a * dx[k]! + b * dy[k]!); // [pix] × [arcsec/pix]
    out[0]! += t;
    out[1]! += a * hx;
    out[2]! += b * hy;
    return out;
  };
  // east to the left
  return { width, height, center, order: 3, xi: axis(east, -cos, -sin), eta: axis(north, -sin, cos) };
}

const wcsOf = (plate: PlateModel, width: number, height: number): Wcs => tanSipWcs(tanSipOfPlate(plate), { width, height });

/** Gaussian stars on a flat sky with their noise. */
function render(
  meta: Frame['meta'],
  stars: readonly { readonly at: readonly [number, number]; readonly flux: number }[],
  width: number,
  height: number,
  fwhmPix: number,
  seed: number,
): Frame {
  const random = seededRandom(seed);
  const sky = 200;
  const data = new Float32Array(width * height).fill(sky);
  const s = fwhmPix / 2.3548;
  for (const { at, flux } of stars) {
    const r = Math.ceil(6 * s);
    for (let y = Math.max(0, Math.round(at[1]) - r); y <= Math.min(height - 1, Math.round(at[1]) + r); y++)
      for (let x = Math.max(0, Math.round(at[0]) - r); x <= Math.min(width - 1, Math.round(at[0]) + r); x++)
        data[y * width + x]! +=
          (flux / (2 * Math.PI * s * s)) * Math.exp((-0.5 * ((x - at[0]) ** 2 + (y - at[1]) ** 2)) / (s * s));
  }
  const variance = Float32Array.from(data);
  for (let i = 0; i < data.length; i++) data[i]! += Math.sqrt(variance[i]!) * random.normal();
  const mask = new Uint16Array(width * height);
  return {
    meta,
    header: new Map(),
    width,
    height,
    data,
    mask,
    variance,
    gain: 2,
    readNoise: 8,
    saturation: 1e6,
    wcs: null,
    solved: false,
  };
}

/** A context that remembers what was said. */
export function testContext(isFinal = true) {
  const said: string[] = [];
  const warned: string[] = [];
  const context: ModuleContext = {
    compute: scalarCompute(),
    info: (message) => void said.push(message),
    warn: (sentence) => void warned.push(sentence),
    kept: new Map(),
    isFinal,
  };
  return { context, said, warned };
}

/** Rms between two WCS over 9 × 9 pixels, along RA and Dec [arcsec]. */
export function wcsDistance(found: Wcs, truth: Wcs, width: number, height: number): [number, number] {
  let east = 0;
  let north = 0;
  for (let k = 0; k < 81; k++) {
    const x = ((k % 9) / 8) * (width - 1);
    const y = (Math.floor(k / 9) / 8) * (height - 1);
    const [a, d] = found.pixelToSky(x, y);
    const [a0, d0] = truth.pixelToSky(x, y);
    east += ((((a - a0 + 540) % 360) - 180) * Math.cos((d0 * Math.PI) / 180) * 3600) ** 2 / 81;
    north += ((d - d0) * 3600) ** 2 / 81;
  }
  return [Math.sqrt(east), Math.sqrt(north)];
}
