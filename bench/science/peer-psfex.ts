import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { asciiRows, convolutionFile } from './extractor-files.ts';

/** Version of Debian's PSFEx; null when it or source-extractor is not installed. */
export function psfexVersion(): string | null {
  const { status, stdout, stderr } = spawnSync('psfex', ['--version'], { encoding: 'utf8' });
  if (status !== 0 || spawnSync('source-extractor', ['--version']).status !== 0) return null;
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}

/** PSF fluxes of source-extractor with a PSFEx model of order 2, on the SCI plane of a reduced frame with its VAR as weights. */
export async function extractPsf(
  reducedPath: string,
  saturation: number,
  { threshold = 1.5, order = 2, filterFwhmPix = 2 } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'colibri-psfex-'));
  try {
    const reduced = await openFits(new Uint8Array(readFileSync(reducedPath)), { name: reducedPath });
    const plane = async (name: string) => {
      const image = await readImage(reduced.hdu(name));
      return { data: Float32Array.from(image.data as ArrayLike<number>), shape: [...image.shape] };
    };
    const [sci, variance, mask] = [await plane('SCI'), await plane('VAR'), await plane('MASK')];
    for (let i = 0; i < sci.data.length; i++) {
      // Saturated pixels are source-extractor's own to judge; all other bits hide a pixel.
      if ((mask.data[i]! & ~2) !== 0 || Number.isNaN(sci.data[i]) || !(variance.data[i]! > 0)) {
        variance.data[i] = 1e30;
        if (Number.isNaN(sci.data[i])) sci.data[i] = 0;
      }
    }
    writeFileSync(join(folder, 'in.fits'), writeFits([imageHdu(sci)]));
    writeFileSync(join(folder, 'var.fits'), writeFits([imageHdu(variance)]));
    writeFileSync(join(folder, 'f.conv'), convolutionFile(filterFwhmPix));
    const common = ['X_IMAGE', 'Y_IMAGE', 'FLUX_RADIUS', 'SNR_WIN', 'FLUX_APER(1)', 'FLUXERR_APER(1)', 'ELONGATION', 'FLAGS'];
    writeFileSync(join(folder, 'psf.param'), `${[...common, 'VIGNET(35,35)'].join('\n')}\n`);
    writeFileSync(join(folder, 'fit.param'), 'X_IMAGE\nY_IMAGE\nFLUX_PSF\nFLUXERR_PSF\nFLAGS\nFLAGS_WEIGHT\n');
    const run = (tool: string, args: readonly string[]): void => {
      const { status, stderr } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stderr}`);
    };
    const settings = [
      'in.fits -c /dev/null -FILTER_NAME f.conv -GAIN 1 -PHOT_APERTURES 10',
      `-DETECT_THRESH ${threshold} -ANALYSIS_THRESH ${threshold}`,
      '-WEIGHT_TYPE MAP_VAR -WEIGHT_IMAGE var.fits -RESCALE_WEIGHTS N -VERBOSE_TYPE QUIET',
      `-SATUR_LEVEL ${saturation}`,
    ];
    const words = settings.join(' ').split(' ');
    run('source-extractor', [
      ...words,
      '-PARAMETERS_NAME',
      'psf.param',
      '-CATALOG_NAME',
      'psf.cat',
      '-CATALOG_TYPE',
      'FITS_LDAC',
    ]);
    run(
      'psfex',
      `psf.cat -c /dev/null -PSFVAR_DEGREES ${order} -PSF_SIZE 31,31 -PSF_SAMPLING 0 -CHECKIMAGE_TYPE NONE -CHECKPLOT_TYPE NONE -CHECKPLOT_DEV NULL -WRITE_XML N -VERBOSE_TYPE QUIET`.split(
        ' ',
      ),
    );
    run('source-extractor', [
      ...words,
      '-PARAMETERS_NAME',
      'fit.param',
      '-CATALOG_NAME',
      'out.cat',
      '-CATALOG_TYPE',
      'ASCII',
      '-PSF_NAME',
      'psf.psf',
      '-CHECKIMAGE_TYPE',
      'PSFS,-BACKGROUND',
      '-CHECKIMAGE_NAME',
      'models.fits,sky.fits',
    ]);
    const image = async (name: string): Promise<Float32Array> => {
      const file = await openFits(new Uint8Array(readFileSync(join(folder, name))), { name });
      return Float32Array.from((await readImage(file.hdus[0]!)).data as ArrayLike<number>);
    };
    const [models, withoutSky] = [await image('models.fits'), await image('sky.fits')];
    const rows = asciiRows(join(folder, 'out.cat'));
    const column = (k: number, offset = 0): Float64Array => Float64Array.from(rows, (r) => r[k]! + offset);
    return {
      x: column(0, -1),
      y: column(1, -1),
      flux: column(2),
      fluxErr: column(3),
      flags: Int32Array.from(rows, (r) => r[4]! & ~3),
      /** The image without its sky and its stars. */
      residual: withoutSky.map((v, i) => v - models[i]!),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
