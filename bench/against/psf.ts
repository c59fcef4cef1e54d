import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureImage } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import { lend } from '../held-image.ts';
import type { BenchRow } from '../report.ts';
import { asciiRows } from '../science/extractor-files.ts';
import { compete, isInstalled, median, spend, spendOn } from './contest.ts';
import { writePlanes } from './detection.ts';
import type { Ground } from './ground.ts';
import { type Scene, scene, sceneField } from './scene.ts';

interface Fluxes {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly flux: Float64Array;
}

/** Detection, a PSF that varies over the field, and PSF fluxes of all sources. */
export async function psfRows({ folder, one, all }: Ground): Promise<BenchRow[]> {
  const sky = scene(sceneField({ size: 4096, frames: 1, stars: 5600 }));
  writePlanes(sky, folder);
  let found: Fluxes | null = null;
  const run = (compute: Compute) => () =>
    compute.scope(async () => {
      const planes = lend(sky, compute);
      const image = { ...planes, lightVariance: 1, saturation: sky.saturation, covarianceFactor: 1, fwhmPix: 3.5 };
      const options = { threshold: 4.75, meshPix: 64, deblendContrast: 0.0005 };
      return spend(async () => {
        const { fluxes } = await measureImage(image, options, { isFinal: true }, compute);
        found = { x: fluxes.x.slice(), y: fluxes.y.slice(), flux: fluxes.flux.slice() };
      });
    });
  const peer = isInstalled('psfex') && isInstalled('source-extractor') ? psfexChain(sky, folder) : null;
  return compete({
    name: 'PSF model and PSF photometry, 4096²',
    one: run(one),
    all: run(all),
    peer: peer?.run ?? null,
    peerName: 'source-extractor, PSFEx, source-extractor',
    cpuRatio: 2,
    wallRatio: 3.5,
    rounds: 2,
    accuracy: () =>
      [`ours ${scatter(sky, found!)}`, peer ? `PSFEx ${scatter(sky, peer.fluxes())}` : ''].filter(Boolean).join(' / '),
  });
}

function psfexChain(sky: Scene, folder: string) {
  const write = (name: string, lines: readonly string[]): void => writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  write('f.conv', ['CONV NORM', '1 2 1', '2 4 2', '1 2 1']);
  write('psf.param', [
    'X_IMAGE',
    'Y_IMAGE',
    'FLUX_RADIUS',
    'SNR_WIN',
    'FLUX_APER(1)',
    'FLUXERR_APER(1)',
    'ELONGATION',
    'FLAGS',
    'VIGNET(25,25)',
  ]);
  write('fit.param', ['X_IMAGE', 'Y_IMAGE', 'FLUX_PSF', 'FLUXERR_PSF', 'FLAGS']);
  const common = `source-extractor sci.fits -c /dev/null -FILTER_NAME f.conv -DETECT_THRESH 1.5 -ANALYSIS_THRESH 1.5 -GAIN 1 -PHOT_APERTURES 9 -WEIGHT_TYPE MAP_VAR -WEIGHT_IMAGE var.fits -VERBOSE_TYPE QUIET -SATUR_LEVEL ${sky.saturation} -MEMORY_PIXSTACK 3000000`;
  const words = (line: string): string[] => line.split(' ');
  const commands = [
    words(`${common} -PARAMETERS_NAME psf.param -CATALOG_NAME psf.cat -CATALOG_TYPE FITS_LDAC`),
    words(
      'psfex psf.cat -c /dev/null -PSFVAR_DEGREES 2 -PSF_SIZE 25,25 -PSF_SAMPLING 0 -CHECKIMAGE_TYPE NONE -CHECKPLOT_TYPE NONE -CHECKPLOT_DEV NULL -WRITE_XML N -VERBOSE_TYPE QUIET -NTHREADS 1',
    ),
    words(`${common} -PARAMETERS_NAME fit.param -CATALOG_NAME fit.cat -PSF_NAME psf.psf`),
  ];
  return {
    run: async () => spendOn(folder, commands),
    fluxes: (): Fluxes => {
      const rows = asciiRows(join(folder, 'fit.cat'));
      const column = (k: number, offset = 0): Float64Array => Float64Array.from(rows, (r) => r[k]! + offset);
      return { x: column(0, -1), y: column(1, -1), flux: column(2) };
    },
  };
}

/** Scatter of magnitudes over the photon limit of isolated stars between S/N 20 and 100. */
function scatter({ truth, variance }: Scene, { x, y, flux }: Fluxes): string {
  const pixel = variance.slice(0, 1001).sort()[500]!;
  const area = 2.27 * 3.6 ** 2; // noise pixels of a Moffat profile of FWHM 3.6, β 3
  const pairs: { mine: number; true_: number; sigma: number }[] = [];
  for (const star of truth) {
    const sigma = Math.sqrt(pixel * area * 1.4 + star.flux);
    if (star.flux < 20 * sigma || star.flux > 100 * sigma) continue;
    if (truth.some((o) => o !== star && Math.abs(o.x - star.x) < 15 && Math.abs(o.y - star.y) < 15)) continue;
    let best = -1;
    for (let i = 0; i < x.length; i++) if (Math.abs(x[i]! - star.x) < 1 && Math.abs(y[i]! - star.y) < 1) best = i;
    if (best >= 0 && flux[best]! > 0) pairs.push({ mine: flux[best]!, true_: star.flux, sigma });
  }
  // what share of the light a profile holds is the zero point's business
  const scale = median(pairs.map((p) => p.true_ / p.mine));
  const pulls = pairs.map((p) => (p.mine * scale - p.true_) / p.sigma).sort((a, b) => a - b);
  const q = (p: number): number => pulls[Math.floor(p * (pulls.length - 1))]!;
  return `${pulls.length} stars, scatter ${((q(0.84) - q(0.16)) / 2).toFixed(2)} of the photon limit`;
}
