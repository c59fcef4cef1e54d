import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageHdu, writeFits } from '@colibri/fits';
import { measureForSubtraction, subtractTemplate } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import { lend } from '../held-image.ts';
import type { BenchRow } from '../report.ts';
import { compete, isInstalled, spend, spendOn } from './contest.ts';
import type { Ground } from './ground.ts';
import { type Scene, scene, sceneField } from './scene.ts';

/** A frame of poorer seeing less a template of better seeing, both measured before; on the same pixels, for hotpants cannot resample. */
export async function subtractionRows({ folder, one, all }: Ground): Promise<BenchRow[]> {
  const field = sceneField({
    size: 2048,
    frames: 2,
    stars: 1400,
    galaxies: 60,
    ditherPix: 0,
    fwhmPix: (k) => (k === 0 ? 3 : 4),
  });
  const frozen = { ...field, frames: field.frames.map((frame) => ({ ...frame, wcs: field.frames[0]!.wcs })) };
  const [template, science] = [scene(frozen, 0), scene(frozen, 1)];
  let said = '';
  const run = (compute: Compute) => () =>
    compute.scope(async () => {
      const measure = (sky: Scene) =>
        measureForSubtraction(
          {
            ...lend(sky, compute),
            lightVariance: 1,
            saturation: sky.saturation,
            covarianceFactor: 1,
            fwhmPix: sky.frame.fwhmPix,
          },
          sky.frame.wcs,
          64,
          compute,
        );
      const [reference, image] = [await measure(template), await measure(science)];
      return spend(async () => {
        const parameters = { threshold: 5, minScore: 0.5, method: 'optimal', kernelOrder: 2, meshPix: 128 } as const;
        const result = await subtractTemplate(image, reference, parameters, compute);
        if (result === null) throw new Error('The images were not matched.');
        const { residualAtStars, residualOnSky } = result.subtraction;
        said = `ours: residual at stars ${residualAtStars.toFixed(2)} σ, on the sky ${residualOnSky.toFixed(2)} σ, ${result.sources.count} changes where there is none`;
      });
    });
  for (const [name, sky] of [
    ['template', template],
    ['science', science],
  ] as const)
    writeFileSync(join(folder, `${name}.fits`), writeFits([imageHdu({ data: sky.data, shape: [sky.width, sky.height] })]));
  const hotpants =
    'hotpants -inim science.fits -tmplim template.fits -outim out.fits -tu 140000 -iu 140000 -tl -100 -il -100 -ko 2 -bgo 1 -r 10 -nsx 10 -nsy 10 -n i -c t';
  return compete({
    name: 'PSF-matched subtraction, 2048²',
    one: run(one),
    all: run(all),
    peer: isInstalled('hotpants') ? async () => spendOn(folder, [hotpants.split(' ')]) : null,
    peerName: 'hotpants',
    cpuRatio: 5,
    wallRatio: 8,
    rounds: 2,
    accuracy: () => said,
    ...(isInstalled('hotpants') ? {} : { note: 'hotpants is not on PATH (no Debian package)' }),
  });
}
