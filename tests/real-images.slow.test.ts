import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFits, readImage } from '@colibri/fits';
import { useZlib } from '@colibri/fits/node';
import { detectSources, MaskPlane, measureSources, scalarCompute } from '@colibri/numerics';
import { describe, expect, it } from 'vitest';

const folder = resolve(dirname(dirname(fileURLToPath(import.meta.url))), '../shared/data/images');
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (path) => /\.fits(\.fz|\.gz)?$/.test(path) && statSync(join(folder, path)).isFile(),
    )
  : [];

/** Tables, planes of quality and weight, and stamps too small for a background: read, but nothing to detect in them. */
const isNoSky = (path: string): boolean => /platesolve|catalogs|gaia\/|_oo[dw]_|psfex|ztf-alert|rawflat/.test(path);

/** The galactic centre is all stars: against its own confusion noise nothing stands out yet (photometry with a PSF is a later module). */
const isConfused = (path: string): boolean => path.endsWith('gc_2mass_k.fits');

/** Real frames from eleven instruments through the same detection and photometry as ours. */
describe.skipIf(files.length === 0)('real images (skipped where ../shared/data/images is absent)', () => {
  useZlib();

  it('are all there', () => expect(files.length).toBeGreaterThan(30));

  it.each(files)('%s is read, and measured where it shows the sky', async (path) => {
    const file = await openFits(new Uint8Array(readFileSync(join(folder, path))), { name: path });
    expect(file.hdus.length).toBeGreaterThan(0);
    if (isNoSky(path)) return;
    const hdu = file.hdus.find((candidate) => candidate.kind.includes('image') && candidate.shape.length === 2);
    expect(hdu, relative(folder, path)).toBeDefined();
    const { data, shape } = await readImage(hdu!, { as: 'float32' });
    const image = Float32Array.from(data as Float32Array);
    const [width, height] = shape as [number, number];
    const mask = Uint16Array.from(image, (value) => (Number.isFinite(value) ? 0 : MaskPlane.NO_DATA));
    const compute = scalarCompute();
    const background = await compute.measureBackground(image, mask, { width, height });
    const variance = new Float32Array(image.length).fill(background.globalRms ** 2);
    const detection = await detectSources(image, variance, mask, { width, height }, compute);
    const { columns } = await measureSources(detection, {}, compute);
    if (isConfused(path)) return;
    expect(columns.count, 'sources').toBeGreaterThan(0);
    for (let i = 0; i < columns.count; i++) {
      expect(columns.x[i]).toBeGreaterThan(-1);
      expect(columns.x[i]).toBeLessThan(width);
      expect(columns.y[i]).toBeGreaterThan(-1);
      expect(columns.y[i]).toBeLessThan(height);
    }
    const fluxes = columns.fluxAper.filter(Number.isFinite);
    expect(fluxes.length / columns.count, 'share with a flux').toBeGreaterThan(0.8);
  });
});
