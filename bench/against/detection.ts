import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageHdu, openFits, writeFits } from '@colibri/fits';
import { openFileSource } from '@colibri/fits/node';
import { type Compute, detectSources, measureSources, type SourceColumns } from '@colibri/numerics';
import { encodeCatalog, readPixels } from '@colibri/pipeline';
import type { BenchRow } from '../report.ts';
import { asciiRows, convolutionFile } from '../science/extractor-files.ts';
import { compete, isInstalled, spend, spendOn } from './contest.ts';
import type { Ground } from './ground.ts';
import { type Scene, sayScore, scene, sceneField, scoreOf } from './scene.ts';

/** S/N of the filtered image that both ask for, and the contrast of blends. */
const THRESHOLD = 4.75;
const CONTRAST = 0.0005;

/** Detection, AUTO and aperture fluxes and windowed centroids of a frame on disk, to a catalogue on disk. */
export async function detectionRows(ground: Ground): Promise<BenchRow[]> {
  const plain = scene(sceneField({ size: 4096, frames: 1, stars: 5600 }));
  const crowded = scene(sceneField({ size: 4096, frames: 1, stars: 52_000, seed: 5 }));
  return [
    ...(await detect('detection 4096²', plain, ground, { cpu: 2, wall: 3.5 })),
    ...(await detect(`detection 4096², crowded (${crowded.truth.length} stars)`, crowded, ground, { cpu: 1.5, wall: 2.5 })),
  ];
}

async function detect(name: string, sky: Scene, ground: Ground, least: { cpu: number; wall: number }): Promise<BenchRow[]> {
  const { folder, one, all } = ground;
  writePlanes(sky, folder);
  const [ours, theirs] = [ourDetection(sky, folder), theirDetection(sky, folder)];
  const hasPeer = isInstalled('source-extractor');
  const contest = (title: string, peer: (() => Promise<ReturnType<typeof spendOn>>) | null, ratios: typeof least | null) =>
    compete({
      name: title,
      one: ours.run(one),
      all: ours.run(all),
      peer,
      peerName: 'source-extractor',
      cpuRatio: ratios?.cpu ?? null,
      wallRatio: ratios?.wall ?? null,
      accuracy: () => [ours.say(), peer ? theirs.say() : ''].filter(Boolean).join(' / '),
    });
  return [
    ...(await contest(`${name}, weights, filter and deblending alike`, hasPeer ? theirs.alike : null, least)),
    ...(await contest(`${name}, its default settings`, hasPeer ? theirs.byDefault : null, null)),
  ];
}

/** SCI and VAR as plain float images. */
export function writePlanes({ data, variance, width, height }: Scene, folder: string): void {
  const shape = [width, height];
  writeFileSync(join(folder, 'sci.fits'), writeFits([imageHdu({ data, shape })]));
  writeFileSync(join(folder, 'var.fits'), writeFits([imageHdu({ data: variance, shape })]));
}

async function readPlane(path: string, compute: Compute): Promise<Float32Array> {
  const source = await openFileSource(path);
  const pixels = (await readPixels((await openFits(source)).hdus[0]!, compute)) as Float32Array;
  await source.close();
  return pixels;
}

function ourDetection(sky: Scene, folder: string) {
  let found: Pick<SourceColumns, 'x' | 'y'> = { x: new Float64Array(0), y: new Float64Array(0) };
  const run = (compute: Compute) => () =>
    compute.scope(async () => {
      const mask = compute.uint16(sky.mask.length);
      mask.set(sky.mask);
      return spend(async () => {
        const [data, variance] = await Promise.all([
          readPlane(join(folder, 'sci.fits'), compute),
          readPlane(join(folder, 'var.fits'), compute),
        ]);
        const { width, height } = sky;
        const options = { width, height, threshold: THRESHOLD, deblendContrast: CONTRAST };
        const detection = await detectSources(data, variance, mask, options, compute);
        const { columns, aperture } = await measureSources(detection, {}, compute);
        const sources = { columns, raDeg: null, decDeg: null, magAuto: null, magAutoErr: null, aperture };
        writeFileSync(join(folder, 'ours.fits'), encodeCatalog(sources, []));
        found = { x: columns.x.slice(), y: columns.y.slice() };
      });
    });
  return { run, say: () => sayScore('ours', found.x.length, scoreOf(sky, found.x, found.y)) };
}

function theirDetection(sky: Scene, folder: string) {
  const columns =
    'NUMBER X_IMAGE Y_IMAGE XWIN_IMAGE YWIN_IMAGE ERRAWIN_IMAGE FLUX_AUTO FLUXERR_AUTO FLUX_APER(1) FLUXERR_APER(1) BACKGROUND FWHM_IMAGE A_IMAGE B_IMAGE THETA_IMAGE KRON_RADIUS ISOAREA_IMAGE FLUX_MAX SNR_WIN FLAGS';
  writeFileSync(join(folder, 'p.param'), `${columns.split(' ').join('\n')}\n`);
  writeFileSync(join(folder, 'small.conv'), convolutionFile(2));
  const fwhm = 3.5;
  writeFileSync(join(folder, 'wide.conv'), convolutionFile(fwhm, 3));
  const words = (line: string): string[] => line.split(' ');
  const common = `-c /dev/null -PARAMETERS_NAME p.param -PHOT_APERTURES 9 -GAIN 1 -SATUR_LEVEL ${sky.saturation} -VERBOSE_TYPE QUIET -CATALOG_NAME theirs.cat -MEMORY_PIXSTACK 3000000 -MEMORY_OBJSTACK 60000`;
  // its threshold counts in sigmas of the unfiltered pixels
  const level = (THRESHOLD * 0.664) / fwhm;
  const alike = words(
    `source-extractor sci.fits ${common} -FILTER_NAME wide.conv -DETECT_THRESH ${level} -ANALYSIS_THRESH ${level} -DETECT_MINAREA 3 -DEBLEND_MINCONT ${CONTRAST} -WEIGHT_TYPE MAP_VAR -WEIGHT_IMAGE var.fits`,
  );
  const byDefault = words(`source-extractor sci.fits ${common} -FILTER_NAME small.conv`);
  return {
    alike: async () => spendOn(folder, [alike]),
    byDefault: async () => spendOn(folder, [byDefault]),
    say: () => {
      const rows = asciiRows(join(folder, 'theirs.cat'));
      const column = (k: number): Float64Array => Float64Array.from(rows, (r) => r[k]! - 1);
      return sayScore('source-extractor', rows.length, scoreOf(sky, column(3), column(4)));
    },
  };
}
