import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { readImage, readTable } from '@colibri/fits';
import { readFitsFile } from '@colibri/fits/node';
import { detectSources, MaskPlane, madSigma, measureSources, medianOf, scalarCompute } from '@colibri/numerics';
import { parseWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { mapPlate, plainPlate, plateOfWcs, plateToPlane } from './plate-model.ts';
import { plateSources } from './plate-sources.ts';
import { type SolveOutcome, solvePlate } from './solve-plate.ts';
import { julianYear, planeToSky, skyToPlane } from './tangent-plane.ts';

const images = resolve(import.meta.dirname, '../../../../../shared/data/images');
const here = existsSync(images);

/** Sources of a foreign image: noise from pixel differences; stripes of a poor camera taken out row by row, column by column. */
async function sourcesOf(path: string, { stripes = false, meshPix = 64 } = {}) {
  const file = await readFitsFile(path);
  const hdu = file.hdus.find((candidate) => candidate.kind !== 'bintable' && (candidate.header.number('NAXIS') ?? 0) === 2)!;
  const image = await readImage(hdu, { as: 'float32' });
  const [width, height] = image.shape as [number, number];
  const data = image.data.slice();
  if (stripes) {
    for (let y = 0; y < height; y++) {
      const level = medianOf(data.subarray(y * width, (y + 1) * width));
      for (let x = 0; x < width; x++) data[y * width + x]! -= level;
    }
    for (let x = 0; x < width; x++) {
      const level = medianOf(new Float32Array(height).map((_, y) => data[y * width + x]!));
      for (let y = 0; y < height; y++) data[y * width + x]! -= level;
    }
  }
  const noise = madSigma(new Float32Array(data.length - 2).map((_, i) => (data[i + 2]! - data[i]!) / Math.SQRT2));
  const variance = new Float32Array(data.length).fill(noise * noise);
  const mask = new Uint16Array(data.length).map((_, i) => (Number.isFinite(data[i]!) ? 0 : MaskPlane.NO_DATA));
  const compute = scalarCompute();
  const detection = await detectSources(data, variance, mask, { width, height, meshPix }, compute);
  const { columns } = await measureSources(detection, {}, compute);
  return { file, hdu, width, height, sources: plateSources(columns) };
}

async function gaia() {
  const folder = resolve(images, 'decam-multiepoch/gaia');
  const rows: number[][] = [];
  for (const name of readdirSync(folder)) {
    const file = await readFitsFile(resolve(folder, name));
    const table = await readTable(file.hdus[1]!);
    const column = (key: string) => table.columns.find((c) => c.name.toLowerCase() === key)!.data as ArrayLike<number>;
    for (let i = 0; i < table.rowCount; i++) {
      rows.push(['ra', 'dec', 'phot_g_mean_mag', 'pmra', 'pmdec'].map((key) => column(key)[i]!));
    }
  }
  return {
    count: rows.length,
    raDeg: Float64Array.from(rows, (r) => r[0]!),
    decDeg: Float64Array.from(rows, (r) => r[1]!),
    mag: Float64Array.from(rows, (r) => r[2]!),
    pmRaMasYr: Float32Array.from(rows, (r) => r[3]! || 0),
    pmDecMasYr: Float32Array.from(rows, (r) => r[4]! || 0),
    isStar: new Uint8Array(rows.length).fill(1),
    epochJyear: 2015.5,
  };
}

function solvedOf(outcome: SolveOutcome) {
  if (!outcome.solved) throw new Error(outcome.reason);
  return outcome;
}

describe.skipIf(!here)('real frames (skipped where ../shared/data/images is absent)', () => {
  const decam = here
    ? readdirSync(resolve(images, 'decam-multiepoch')).filter((name) => /_ooi_._ls9\.N\d\.fits$/.test(name))
    : [];
  it.each(decam)('finds the three Gaia stars of the cut-out %s from 6″ off, proper motions applied', async (name) => {
    const { file, hdu, width, height, sources } = await sourcesOf(resolve(images, 'decam-multiepoch', name));
    const wcs = parseWcs(hdu.header);
    const start = mapPlate(plateOfWcs(wcs, width, height)!, { a: 1, b: 0, c: 4, d: 0, e: 1, f: -4.5 });
    const epochJyear = julianYear(file.hdus[0]!.header.number('MJD-OBS')!);
    const { plate } = solvedOf(
      solvePlate({ model: start, searchRadiusArcsec: 30, scaleTolerance: 0.02, rotationToleranceDeg: 8 }, sources, await gaia(), {
        maxOrder: 4,
        epochJyear,
        coverageArcsec: 300,
        maxFalseAlarm: 1e-7,
      }),
    );
    expect(plate.kind).toBe('shift');
    expect(plate.matches.source.length).toBe(3);
    const x = width / 2;
    const y = height / 2;
    const truth = wcs.pixelToSky(x, y);
    const found = planeToSky(plate.model.center, ...plateToPlane(plate.model, x, y));
    // the header was solved on Pan-STARRS or Gaia DR1 to a few hundredths; three stars give 0.01–0.03″
    expect(Math.hypot(...skyToPlane({ raDeg: truth[0], decDeg: truth[1] }, ...found))).toBeLessThan(0.1);
  });

  it('solves the frames of M13 on each other: raw, striped, a globular cluster in the noise', async () => {
    const frames = [];
    for (const i of [1, 2, 3]) {
      frames.push(await sourcesOf(resolve(images, 'm13-ssdsi', `M13_blue_000${i}.fits`), { stripes: true, meshPix: 32 }));
    }
    for (const [frame, other] of [
      [2, 1],
      [3, 1],
      [3, 2],
    ] as const) {
      const a = frames[other - 1]!;
      // the header knows neither scale nor place: any will do for a relative solution
      const model = plainPlate(a.width, a.height, { raDeg: 250.42, decDeg: 36.46 }, 1.8);
      const sky = Array.from(a.sources.x, (x, i) => planeToSky(model.center, ...plateToPlane(model, x, a.sources.y[i]!)));
      const none = new Float32Array(sky.length);
      const reference = {
        count: sky.length,
        raDeg: Float64Array.from(sky, (p) => p[0]),
        decDeg: Float64Array.from(sky, (p) => p[1]),
        mag: a.sources.instrumentalMag,
        pmRaMasYr: none,
        pmDecMasYr: none,
        isStar: new Uint8Array(sky.length).fill(1),
        epochJyear: 2000,
      };
      const start = { model, searchRadiusArcsec: 120, scaleTolerance: 0.03, rotationToleranceDeg: 8 };
      const options = { maxOrder: 3, epochJyear: null, coverageArcsec: 1800, maxFalseAlarm: 1e-7 };
      const { plate } = solvedOf(solvePlate(start, frames[frame - 1]!.sources, reference, options));
      expect(plate.matches.source.length).toBeGreaterThanOrEqual(6);
      // seen by eye: each frame follows the last by 10–14 pixels in x and −1 to −5 in y; centroids scatter by 2 pixels
      const [xi, eta] = skyToPlane(model.center, ...planeToSky(plate.model.center, ...plateToPlane(plate.model, 640, 500)));
      const home = plateToPlane(model, 640, 500);
      const stepX = (xi - home[0]) / 1.8 / (frame - other);
      expect(stepX).toBeGreaterThan(8);
      expect(stepX).toBeLessThan(15);
      expect(Math.abs(eta - home[1]) / 1.8).toBeLessThan(9);
    }
  });
});
