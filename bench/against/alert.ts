import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchRow } from '../report.ts';
import { row } from '../report.ts';
import { everyModule, gp1Path, runGp1, writeGp1Config } from '../science/beat-it/run-gp1.ts';
import { referenceStars } from '../science/field18/catalog.ts';
import type { Field } from '../science/field18/field.ts';
import { writeField } from '../science/field18/write-field.ts';
import { writeIndex } from './astrometry.ts';
import { isInstalled, type Spent, spendOn } from './contest.ts';
import type { Ground } from './ground.ts';
import { sceneField } from './scene.ts';

const FRAMES = 20;
const SIZE = 2048;

/**
 * Twenty raw frames of an alert to stack, photometry, difference of the halves and page, by one command of ours with its start-up; and to a
 * stack with PSF photometry by the chain of tools, which stops there.
 */
export async function alertRows({ folder }: Ground): Promise<BenchRow[]> {
  const field = sceneField({ size: SIZE, frames: FRAMES, stars: 1400, cosmicRays: 60, newStars: true });
  writeField(field, folder);
  runGp1(folder, 'catalog', 'import', 'refcat.csv', '--name', 'refcat', '--catalog', 'catalogs');
  const ours = await byGp1(folder);
  const theirs = byTools(field, folder);
  const title = `alert of ${FRAMES} frames of ${SIZE}²`;
  const line = (what: 'CPU' | 'wall', mine: number, other: number | null): BenchRow => ({
    ...row(`${title}, raw to page: ${what}`, mine, 's'),
    target: 'peer/ours >= 10',
    pass: other === null ? null : other / mine >= 10,
    ...(other === null
      ? { note: 'the tools are not installed' }
      : { peer: 'funpack, numpy, source-extractor, solve-field, SWarp, PSFEx', peerValue: other, ratio: other / mine }),
  });
  return [line('CPU', ours.cpuSec, theirs?.cpuSec ?? null), line('wall', ours.wallSec, theirs?.wallSec ?? null)];
}

async function byGp1(folder: string): Promise<Spent> {
  const run = mkdtempSync(join(folder, 'run-'));
  const config = writeGp1Config(folder, everyModule, { run });
  return spendOn(folder, [[process.execPath, gp1Path, '--config', config, '--once']]);
}

/** What an observer's script does with the same files: per frame unpack, reduce, find, solve; then stack, PSF, PSF fluxes. */
function byTools(field: Field, folder: string): Spent | null {
  const tools = ['funpack', 'source-extractor', 'solve-field', 'build-astrometry-index', 'SWarp', 'psfex'];
  const hasAstropy = spawnSync('/usr/bin/python3', ['-c', 'import astropy.io.fits']).status === 0;
  if (!hasAstropy || !tools.every(isInstalled)) return null;
  const work = join(folder, 'tools');
  mkdirSync(work);
  writeIndex(referenceStars(field), work);
  const write = (name: string, text: string): void => writeFileSync(join(work, name), text);
  write('f.conv', 'CONV NORM\n1 2 1\n2 4 2\n1 2 1\n');
  write('list.param', 'X_IMAGE\nY_IMAGE\nFLUX_AUTO\nFLUXERR_AUTO\nFLAGS\n');
  write('psf.param', 'X_IMAGE\nY_IMAGE\nFLUX_RADIUS\nSNR_WIN\nFLUX_APER(1)\nFLUXERR_APER(1)\nELONGATION\nFLAGS\nVIGNET(25,25)\n');
  write('fit.param', 'X_IMAGE\nY_IMAGE\nFLUX_PSF\nFLUXERR_PSF\nFLAGS\n');
  write('reduce.py', reducePy);
  write('join.py', joinPy);
  const raw = join(folder, 'raw');
  const files = (letter: string): string[] =>
    readdirSync(raw)
      .filter((name) => name.endsWith(`${letter}.fits.fz`))
      .map((name) => join(raw, name));
  const words = (line: string): string[] => line.split(' ');
  const masters = spendOn(work, [
    ['/usr/bin/python3', 'reduce.py', 'masters', ...files('b'), '+', ...files('d'), '+', ...files('f')],
  ]);
  const frames = files('o');
  const each = frames.flatMap((path, i) => [
    ['funpack', '-O', `raw${i}.fits`, path],
    ['/usr/bin/python3', 'reduce.py', 'frame', `raw${i}.fits`, `f${i}.fits`],
    words(
      `source-extractor f${i}.fits -c /dev/null -PARAMETERS_NAME list.param -FILTER_NAME f.conv -CATALOG_NAME f${i}.cat -CATALOG_TYPE FITS_1.0 -WEIGHT_TYPE MAP_VAR -WEIGHT_IMAGE f${i}.var.fits -VERBOSE_TYPE QUIET`,
    ),
    words(
      `solve-field --config backend.cfg --width ${SIZE} --height ${SIZE} --x-column X_IMAGE --y-column Y_IMAGE --sort-column FLUX_AUTO --ra ${field.raDeg} --dec ${field.decDeg} --radius 0.3 --scale-units arcsecperpix --scale-low 0.37 --scale-high 0.39 --no-plots --overwrite --tweak-order 2 --new-fits none f${i}.cat`,
    ),
    ['/usr/bin/python3', 'join.py', `f${i}.fits`, `f${i}.wcs`, `f${i}.weight.fits`],
  ]);
  const swarp = words(
    `SWarp ${frames.map((_, i) => `f${i}.fits`).join(' ')} -c /dev/null -IMAGEOUT_NAME stack.fits -WEIGHTOUT_NAME stack.weight.fits -WEIGHT_TYPE MAP_WEIGHT -COMBINE_TYPE CLIPPED -RESAMPLING_TYPE LANCZOS3 -SUBTRACT_BACK Y -NTHREADS 2 -VERBOSE_TYPE QUIET -WRITE_XML N -DELETE_TMPFILES Y`,
  );
  const extract =
    '-c /dev/null -FILTER_NAME f.conv -DETECT_THRESH 1.5 -ANALYSIS_THRESH 1.5 -PHOT_APERTURES 9 -WEIGHT_TYPE MAP_WEIGHT -WEIGHT_IMAGE stack.weight.fits -VERBOSE_TYPE QUIET';
  const photometry = [
    words(`source-extractor stack.fits ${extract} -PARAMETERS_NAME psf.param -CATALOG_NAME psf.cat -CATALOG_TYPE FITS_LDAC`),
    words(
      'psfex psf.cat -c /dev/null -PSFVAR_DEGREES 2 -PSF_SIZE 25,25 -CHECKIMAGE_TYPE NONE -CHECKPLOT_TYPE NONE -CHECKPLOT_DEV NULL -WRITE_XML N -VERBOSE_TYPE QUIET',
    ),
    words(`source-extractor stack.fits ${extract} -PARAMETERS_NAME fit.param -CATALOG_NAME fit.cat -PSF_NAME psf.psf`),
  ];
  const rest = spendOn(work, [...each, swarp, ...photometry]);
  if (readFileSync(join(work, 'fit.cat'), 'utf8').split('\n').length < 100) throw new Error('The chain of tools lost the stars.');
  return { wallSec: masters.wallSec + rest.wallSec, cpuSec: masters.cpuSec + rest.cpuSec };
}

const reducePy = `
import sys
import numpy as np
from astropy.io import fits
f = np.float32
def area(h, d):
    x0, x1 = [int(v) for v in h['DATASEC'].strip('[]').split(',')[0].split(':')]
    over = np.concatenate([d[:, :x0 - 1], d[:, x1:]], axis=1)
    return d[:, x0 - 1:x1].astype(f) - np.median(over, axis=1).astype(f)[:, None]
def load(path):
    with fits.open(path) as hdus:
        hdu = [h for h in hdus if h.header.get('NAXIS') == 2 or h.header.get('ZNAXIS') == 2][0]
        return hdu.header, area(hdu.header, hdu.data)
if sys.argv[1] == 'masters':
    text = ' '.join(sys.argv[2:]).split(' + ')
    stack = lambda names: np.array([load(n)[1] for n in names.split()])
    bias = np.median(stack(text[0]), axis=0)
    darks = text[1].split(); t = load(darks[0])[0]['EXPTIME']
    dark = (np.median(stack(text[1]), axis=0) - bias) / f(t)
    flats = stack(text[2]) - bias
    flat = np.median(flats / np.median(flats, axis=(1, 2))[:, None, None], axis=0)
    for name, data in (('bias', bias), ('dark', dark), ('flat', flat)):
        fits.writeto(name + '.fits', data.astype(f), overwrite=True)
else:
    h, d = load(sys.argv[2])
    bias, dark, flat = (fits.getdata(n + '.fits').astype(f) for n in ('bias', 'dark', 'flat'))
    g, rn = f(2.2), f(6.8)
    charge = g * (d - bias)
    light = (charge - g * dark * f(h['EXPTIME'])) / flat
    var = (np.maximum(charge, 0) + rn ** 2) / flat ** 2
    fits.writeto(sys.argv[3], light, overwrite=True)
    fits.writeto(sys.argv[3].replace('.fits', '.var.fits'), var, overwrite=True)
`;

/** The solution goes into the image, the variance into a weight. */
const joinPy = `
import sys
import numpy as np
from astropy.io import fits
image, wcs, weight = sys.argv[1:]
with fits.open(image, mode='update') as hdus:
    for card in fits.getheader(wcs).cards:
        if card.keyword not in ('SIMPLE', 'BITPIX', 'NAXIS', 'EXTEND', 'END', 'IMAGEW', 'IMAGEH', 'COMMENT', 'HISTORY', ''):
            hdus[0].header[card.keyword] = card.value
fits.writeto(weight, (1 / fits.getdata(image.replace('.fits', '.var.fits'))).astype(np.float32), overwrite=True)
`;
