import type { Random } from '@colibri/base';
import type { SourceColumns } from '@colibri/numerics';
import type { ForcedImage, ForcedTable, ReferenceStars, UnitPhotometry } from '@colibri/pipeline';
import { isoUtcOfMjd } from '@colibri/sky';
import { EXPOSURE, errOf, FWHM, fluxOf, frameIdOf, MAG_MICRO_JY, SCALE, type Thing, ZERO_POINT } from './made-sky.ts';

/** Columns of sources with nothing measured but what is given. */
export function columnsWith(count: number, given: Partial<Omit<SourceColumns, 'count'>>): SourceColumns {
  const doubles = () => new Float64Array(count);
  const integers = () => new Int32Array(count);
  return {
    count,
    x: doubles(),
    y: doubles(),
    xErr: doubles(),
    yErr: doubles(),
    fluxAuto: doubles(),
    fluxAutoErr: doubles(),
    fluxAper: doubles(),
    fluxAperErr: doubles(),
    snrWin: doubles(),
    peak: doubles(),
    background: doubles(),
    fwhm: doubles(),
    a: doubles(),
    b: doubles(),
    thetaDeg: doubles(),
    kronRadius: doubles(),
    areaPix: integers(),
    flags: integers(),
    maskFlags: integers(),
    ...given,
  };
}

export function makeColumns(things: readonly Thing[], random: Random): SourceColumns {
  const err = things.map(({ mag }) => Math.max(0.005, (0.6 * FWHM * errOf(fluxOf(mag), 330)) / fluxOf(mag)));
  return columnsWith(things.length, {
    x: Float64Array.from(things, ({ x }, i) => x + err[i]! * random.normal()),
    y: Float64Array.from(things, ({ y }, i) => y + err[i]! * random.normal()),
    xErr: Float64Array.from(err),
    yErr: Float64Array.from(err),
    fwhm: Float64Array.from(
      things,
      ({ kind }) => FWHM * (kind === 'cosmic ray' ? 0.4 : kind === 'galaxy' ? 1.5 : 1) * (1 + 0.02 * random.normal()),
    ),
  });
}

export function makeImages(mids: readonly number[], filter: string): ForcedImage[] {
  const frame = (mid: number, k: number): ForcedImage => ({
    name: frameIdOf(mid, filter),
    kind: 'frame',
    startedAt: isoUtcOfMjd(mid - EXPOSURE / 2 / 86400),
    exposureSec: EXPOSURE,
    midMjdUtc: mid,
    scaleErr: 0.002,
    limitMag3Sigma: 23.4 - 0.02 * k,
    limitMag5Sigma: 22.85 - 0.02 * k,
    fwhmPix: FWHM,
  });
  const middle = (mids[0]! + mids.at(-1)!) / 2;
  return [
    ...mids.map(frame),
    {
      ...frame(middle, 0),
      name: 'stack',
      kind: 'stack',
      exposureSec: EXPOSURE * mids.length,
      limitMag3Sigma: 24.75,
      limitMag5Sigma: 24.2,
    },
  ];
}

export function makeForced(
  things: readonly Thing[],
  sky: readonly [number, number][],
  images: readonly ForcedImage[],
  transparency: readonly number[],
  random: Random,
): ForcedTable {
  const count = things.length * images.length;
  const table = {
    count,
    source: new Int32Array(count),
    raDeg: new Float64Array(count),
    decDeg: new Float64Array(count),
    image: new Int32Array(count),
    fluxMicroJy: new Float64Array(count),
    fluxErrMicroJy: new Float64Array(count),
    chi2: new Float64Array(count).fill(1),
    flags: new Int32Array(count),
    images,
  };
  const toMicroJy = 10 ** (-0.4 * (ZERO_POINT - MAG_MICRO_JY));
  const scale = images.map(({ scaleErr }) => 1 + scaleErr * random.normal());
  let row = 0;
  things.forEach((thing, i) => {
    images.forEach((image, k) => {
      const flux = fluxOf(thing.mag) * (image.kind === 'frame' ? thing.factor(k) : 1);
      const err = errOf(flux, image.exposureSec * (image.kind === 'frame' ? transparency[k]! ** 2 : 1));
      table.source[row] = i + 1;
      table.raDeg[row] = sky[i]![0];
      table.decDeg[row] = sky[i]![1];
      table.image[row] = k;
      table.fluxMicroJy[row] = (flux * scale[k]! + err * random.normal()) * toMicroJy;
      table.fluxErrMicroJy[row] = err * toMicroJy;
      row++;
    });
  });
  return table;
}

export function makePhotometry(
  things: readonly Thing[],
  sky: readonly [number, number][],
  columns: SourceColumns,
  reference: ReferenceStars,
  forced: ForcedTable,
  filter: string,
  random: Random,
): UnitPhotometry {
  const flux = things.map(({ mag }) => fluxOf(mag));
  const err = flux.map((f) => errOf(f, 330));
  const column = (value: (i: number) => number) => Float64Array.from(things, (_, i) => value(i));
  const measured = column((i) => flux[i]! + err[i]! * random.normal());
  const entry: number[] = [];
  let next = 0;
  for (const { inCatalog } of things) entry.push(inCatalog ? next++ : -1);
  const magErr = column((i) => Math.hypot((1.0857 * err[i]!) / flux[i]!, 0.004));
  const mag = measured.map((f) => ZERO_POINT - 2.5 * Math.log10(f));
  const bandMag = reference.bands.get(filter)!.mag;
  return {
    sources: {
      columns,
      raDeg: column((i) => sky[i]![0] + (columns.xErr[i]! * SCALE * random.normal()) / 3600 / 0.6),
      decDeg: column((i) => sky[i]![1] + (columns.yErr[i]! * SCALE * random.normal()) / 3600),
      fluxPsf: measured,
      fluxPsfErr: Float64Array.from(err),
      magPsf: mag,
      magPsfErr: magErr,
      magAuto: mag.slice(),
      magAutoErr: magErr.map((e) => 1.2 * e),
      spreadModel: column(
        (i) => (things[i]!.kind === 'galaxy' ? 0.01 : things[i]!.kind === 'cosmic ray' ? -0.02 : 0) + 0.001 * random.normal(),
      ),
      spreadModelErr: column(() => 0.001),
      chi2Psf: column((i) => (things[i]!.kind === 'trailed' ? 8 : 1 + 0.05 * random.normal())),
      nFrames: Int32Array.from(things, () => 11),
      catalogIndex: Int32Array.from(entry),
      catalogArcsec: column((i) => (entry[i]! < 0 ? NaN : 0.03)),
      catalogMag: column((i) => (entry[i]! < 0 ? NaN : bandMag[entry[i]!]!)),
      catalogIsStar: Uint8Array.from(things, ({ kind }) => (kind === 'galaxy' ? 0 : 1)),
    },
    calibration: {
      zeroPointMag: ZERO_POINT,
      zeroPointErrMag: 0.004,
      colourTerm: 0.021,
      colourTermErr: 0.006,
      colour: 'g-r',
      defaultColourMag: 0.62,
      spatial: [0, 0.003, -0.002],
      spatialOrder: 1,
      covariance: [1.6e-5],
      intrinsicScatterMag: 0.006,
      stars: 121,
      heldOut: { offsetMag: 0.001, scatterMag: 0.012, stars: 30 },
      band: filter,
      catalog: 'refcat',
      transformation: `${filter} of refcat`,
      note: null,
    },
    psf: {
      kind: 'moffat',
      fwhmPix: FWHM,
      stepPix: 0.5,
      size: 3,
      order: 0,
      originX: 0,
      originY: 0,
      scaleX: 1,
      scaleY: 1,
      planes: new Float32Array(9).fill(1 / 9),
      stars: 80,
      chi2: 1.04,
      relativeErr: 0.004,
      radiusPix: 12,
    },
    forced,
    limitMap: {
      columns: 8,
      rows: 8,
      mag5Sigma: Float32Array.from({ length: 64 }, (_, k) => 24.2 - 0.03 * Math.hypot((k % 8) - 3.5, (k >> 3) - 3.5) ** 1.2),
    },
    completeness: Array.from({ length: 12 }, (_, k) => {
      const m = 21.5 + 0.3 * k;
      return { mag: m, injected: 200, recovered: Math.round(196 / (1 + Math.exp((m - 24.1) / 0.18))) };
    }),
  };
}
