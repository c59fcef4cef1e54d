import { type Random, seededRandom } from '@colibri/base';
import { type Affine, type SourceColumns, similarity } from '@colibri/numerics';
import type { PlateReference, PlateSources } from './fit-plate.ts';
import { planeToSky, type TangentPoint } from './tangent-plane.ts';

/** A made field: what the catalogue says of it, what an image of it shows, and the truth between them. */
export interface FieldSpec {
  readonly seed: number;
  /** Side of the square image [pix]. */
  readonly side?: number;
  /** True stars per image area. */
  readonly stars?: number;
  /** Share of the stars that the catalogue and the image know. */
  readonly inCatalog?: number;
  readonly inImage?: number;
  /** False detections, as bright as stars. */
  readonly spurious?: number;
  /** Fainter entries that the image does not reach, relative to `stars`. */
  readonly deeper?: number;
  /** The middle of the image lies up to this from the pointing [arcsec]. */
  readonly shift?: number;
  /** Turn and mirror of the image; random when not given. */
  readonly rotationDeg?: number;
  readonly parity?: 1 | -1;
  readonly center?: TangentPoint;
  /** Radial distortion at the corner [pix]. */
  readonly distortion?: number;
  /** The image shows another sky. */
  readonly unrelated?: boolean;
}

export interface MadeField {
  readonly center: TangentPoint;
  readonly side: number;
  readonly scale: number;
  readonly coverage: number;
  readonly sources: PlateSources;
  readonly reference: PlateReference;
  /** True position of a pixel on the plane about `center` [arcsec]. */
  readonly truth: (x: number, y: number) => [number, number];
}

/** Centroid and catalogue errors of the made fields. */
export const CENTROID_PIX = 0.1;
export const CATALOG_ARCSEC = 0.04;

export function makeField(spec: FieldSpec): MadeField {
  const random = seededRandom(spec.seed);
  const { side = 2048, stars = 300, inCatalog = 0.85, inImage = 0.85, spurious = 10, deeper = 1, shift = 60 } = spec;
  const scale = 0.38;
  const half = (side * scale) / 2;
  const coverage = half * Math.SQRT2 * 1.03 + Math.max(60, shift);
  const center = spec.center ?? {
    raDeg: 360 * random.uniform(),
    decDeg: (Math.asin(2 * random.uniform() - 1) * 180) / Math.PI,
  };
  const offset = disc(random, shift);
  const rotation = spec.rotationDeg ?? 360 * random.uniform();
  const parity = spec.parity ?? (random.uniform() < 0.5 ? 1 : -1);
  const map = similarity(1 + 0.02 * (2 * random.uniform() - 1), rotation, parity, 0, 0, offset[0], offset[1]);
  const count = Math.round((stars * Math.PI * coverage ** 2) / (4 * half * half));
  const draw = (n: number): Star[] =>
    Array.from({ length: n }, () => ({ at: disc(random, coverage), mag: 21 + Math.log10(random.uniform()) / 0.35 }));
  const sky = draw(count);
  const seen = spec.unrelated ? draw(count) : sky;
  const catalog = [
    ...sky.filter(() => random.uniform() < inCatalog),
    ...draw(Math.round(count * deeper)).map((star) => ({ ...star, mag: 21 + 1.5 * random.uniform() })),
  ];
  const corner = (side / 2) * Math.SQRT2;
  const bend = (spec.distortion ?? 3) / corner ** 3; // pix⁻²
  const middle = (side - 1) / 2;
  const image: { x: number; y: number; mag: number }[] = [];
  for (const star of seen) {
    if (random.uniform() > inImage) continue;
    const [u, v] = inverse(map, star.at[0], star.at[1]);
    const shrink = 1 - bend * ((u * u + v * v) / scale ** 2);
    const x = (u / scale) * shrink + middle + CENTROID_PIX * random.normal();
    const y = (v / scale) * shrink + middle + CENTROID_PIX * random.normal();
    if (x > 0 && x < side - 1 && y > 0 && y < side - 1) image.push({ x, y, mag: star.mag + 0.1 * random.normal() });
  }
  for (let i = 0; i < spurious; i++) {
    image.push({ x: side * random.uniform(), y: side * random.uniform(), mag: 15 + 5 * random.uniform() });
  }
  const positions = catalog.map((star) =>
    planeToSky(center, star.at[0] + CATALOG_ARCSEC * random.normal(), star.at[1] + CATALOG_ARCSEC * random.normal()),
  );
  return {
    center,
    side,
    scale,
    coverage,
    sources: {
      x: Float64Array.from(image, (s) => s.x),
      y: Float64Array.from(image, (s) => s.y),
      sigma: new Float64Array(image.length).fill(CENTROID_PIX),
      instrumentalMag: Float64Array.from(image, (s) => s.mag),
    },
    reference: {
      count: catalog.length,
      raDeg: Float64Array.from(positions, (p) => p[0]),
      decDeg: Float64Array.from(positions, (p) => p[1]),
      epochJyear: 2016,
      pmRaMasYr: new Float32Array(catalog.length),
      pmDecMasYr: new Float32Array(catalog.length),
      isStar: new Uint8Array(catalog.length).fill(1),
      mag: Float64Array.from(catalog, (star) => star.mag),
    },
    truth: (x, y) => {
      // undo the shrinking by fixed point: it is a few pixels at most
      let u = (x - middle) * scale;
      let v = (y - middle) * scale;
      for (let k = 0; k < 30; k++) {
        const shrink = 1 - bend * ((u * u + v * v) / scale ** 2);
        u = ((x - middle) * scale) / shrink;
        v = ((y - middle) * scale) / shrink;
      }
      return [map.a * u + map.b * v + map.c, map.d * u + map.e * v + map.f];
    },
  };
}

interface Star {
  readonly at: readonly [number, number];
  readonly mag: number;
}

function disc(random: Random, radius: number): [number, number] {
  const r = radius * Math.sqrt(random.uniform());
  const angle = 2 * Math.PI * random.uniform();
  return [r * Math.cos(angle), r * Math.sin(angle)];
}

function inverse({ a, b, c, d, e, f }: Affine, X: number, Y: number): [number, number] {
  const det = a * e - b * d;
  return [(e * (X - c) - b * (Y - f)) / det, (a * (Y - f) - d * (X - c)) / det];
}

/** Columns of clean point sources; only what a test is about needs saying. */
export function testColumns(count: number, values: Partial<SourceColumns> = {}): SourceColumns {
  const filled = (value: number): Float64Array => new Float64Array(count).fill(value);
  return {
    count,
    x: filled(0),
    y: filled(0),
    xErr: filled(0.05),
    yErr: filled(0.05),
    fluxAuto: filled(1e4),
    fluxAutoErr: filled(100),
    fluxAper: filled(1e4),
    fluxAperErr: filled(100),
    snrWin: filled(100),
    peak: filled(1000),
    background: filled(100),
    fwhm: filled(3.5),
    a: filled(1.5),
    b: filled(1.4),
    thetaDeg: filled(0),
    kronRadius: filled(3.5),
    areaPix: new Int32Array(count).fill(30),
    flags: new Int32Array(count),
    maskFlags: new Int32Array(count),
    ...values,
  };
}
