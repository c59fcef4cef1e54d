import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import type { Wcs } from '@colibri/sky';
import { extractPsf } from '../science/peer-psfex.ts';
import type { ForeignImage } from './foreign-image.ts';

/** Calls `body` with a folder that is gone afterwards. */
async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'colibri-images-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** source-extractor with a PSFEx model, variances as weights. */
export const extractWithPsf = (
  image: ForeignImage,
  options: { readonly threshold: number; readonly order: number; readonly filterFwhmPix: number },
) =>
  inFolder(async (folder) => {
    const shape = [image.width, image.height];
    const path = join(folder, 'planes.fits');
    const plane = (name: string, data: Float32Array | Int32Array) => imageHdu({ data, shape, name });
    writeFileSync(
      path,
      writeFits([plane('SCI', image.data), plane('VAR', image.variance), plane('MASK', Int32Array.from(image.mask))]),
    );
    return extractPsf(path, Number.isFinite(image.saturation) ? image.saturation : 1e9, options);
  });

/** One image and how SWarp shall see it. */
export interface SwarpInput {
  readonly image: ForeignImage;
  readonly wcs: Wcs;
  /** Its light is multiplied by this. */
  readonly scale: number;
}

export interface SwarpGrid {
  readonly width: number;
  readonly height: number;
  readonly center: { readonly raDeg: number; readonly decDeg: number };
  readonly scaleArcsec: number;
}

/** Sky-subtracted LANCZOS3 coadd, weighted by the inverse variance. Bad pixels have no weight. */
export const swarp = (inputs: readonly SwarpInput[], grid: SwarpGrid) =>
  inFolder(async (folder) => {
    const names = inputs.map((_, i) => `in${i}.fits`);
    for (const [i, { image, wcs, scale }] of inputs.entries()) {
      const shape = [image.width, image.height];
      const isBad = (p: number): boolean => image.mask[p] !== 0 || !Number.isFinite(image.data[p]);
      const data = image.data.map((v, p) => (isBad(p) ? 0 : v));
      const weight = image.variance.map((v, p) => (isBad(p) ? 0 : 1 / v));
      writeFileSync(join(folder, names[i]!), writeFits([imageHdu({ data, shape, header: linearHeader(wcs, image, scale) })]));
      writeFileSync(join(folder, `in${i}.weight.fits`), writeFits([imageHdu({ data: weight, shape })]));
    }
    const { raDeg, decDeg } = grid.center;
    const words = [
      '-c /dev/null -IMAGEOUT_NAME out.fits -WEIGHTOUT_NAME out.weight.fits -WEIGHT_TYPE MAP_WEIGHT -COMBINE_TYPE WEIGHTED',
      '-RESAMPLING_TYPE LANCZOS3 -SUBTRACT_BACK Y -BACK_SIZE 64 -PROJECTION_TYPE TAN -CENTER_TYPE MANUAL -PIXELSCALE_TYPE MANUAL',
      `-CENTER ${raDeg},${decDeg} -PIXEL_SCALE ${grid.scaleArcsec} -IMAGE_SIZE ${grid.width},${grid.height}`,
      '-VERBOSE_TYPE QUIET -WRITE_XML N -NTHREADS 1 -DELETE_TMPFILES Y -FSCALASTRO_TYPE FIXED',
    ];
    const { status, stderr } = spawnSync('SWarp', [...names, ...words.join(' ').split(' ')], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`SWarp ended with ${status}: ${stderr}`);
    const read = async (name: string): Promise<Float32Array> => {
      const file = await openFits(new Uint8Array(readFileSync(join(folder, name))), { name: basename(name) });
      return Float32Array.from((await readImage(file.hdus[0]!, { as: 'float32' })).data);
    };
    return { ...grid, data: await read('out.fits'), weight: await read('out.weight.fits') };
  });

/** A TAN WCS that agrees with `wcs` in the middle of a small image: distortion over it is far below a pixel. */
function linearHeader(wcs: Wcs, { width, height }: { width: number; height: number }, scale: number) {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  const [ra, dec] = wcs.pixelToSky(x, y);
  const rad = Math.PI / 180;
  const slope = (dx: number, dy: number): [number, number] => {
    const reach = 50;
    const [r1, d1] = wcs.pixelToSky(x + reach * dx, y + reach * dy);
    const [r0, d0] = wcs.pixelToSky(x - reach * dx, y - reach * dy);
    return [((r1 - r0) * Math.cos(dec * rad)) / (2 * reach), (d1 - d0) / (2 * reach)];
  };
  const [alongX, alongY] = [slope(1, 0), slope(0, 1)];
  return Header.of([
    ['CTYPE1', 'RA---TAN'],
    ['CTYPE2', 'DEC--TAN'],
    ['CRPIX1', x + 1],
    ['CRPIX2', y + 1],
    ['CRVAL1', ra],
    ['CRVAL2', dec],
    ['CD1_1', alongX[0]],
    ['CD2_1', alongX[1]],
    ['CD1_2', alongY[0]],
    ['CD2_2', alongY[1]],
    ['FLXSCALE', scale],
  ]);
}
