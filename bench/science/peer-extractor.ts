import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import type { DetectionCatalog } from './detection.ts';
import { asciiRows } from './extractor-files.ts';

/** Version of Debian's source-extractor; null when it is not installed. */
export function extractorVersion(): string | null {
  const { status, stdout, stderr } = spawnSync('source-extractor', ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown') : null;
}

/** Runs source-extractor as its default configuration does (3 × 3 filter, 64-pixel mesh) on the SCI plane of a reduced frame. */
export async function extract(
  reducedPath: string,
  {
    thresholdSigma,
    gain,
    aperturePix,
    saturation,
  }: { thresholdSigma: number; gain: number; aperturePix: number; saturation: number },
): Promise<DetectionCatalog> {
  const folder = mkdtempSync(join(tmpdir(), 'colibri-peer-'));
  try {
    const reduced = await openFits(new Uint8Array(readFileSync(reducedPath)), { name: reducedPath });
    const image = await readImage(reduced.hdu('SCI'));
    const data = Float32Array.from(image.data as Float32Array);
    const good = data.filter((v) => !Number.isNaN(v)).sort();
    const sky = good[good.length >> 1] ?? 0;
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) data[i] = sky;
    writeFileSync(join(folder, 'in.fits'), writeFits([imageHdu({ data, shape: [...image.shape] })]));
    const columns = ['X_IMAGE', 'Y_IMAGE', 'FLUX_APER(1)', 'FLUXERR_APER(1)', 'FLUX_AUTO', 'FLUXERR_AUTO', 'FLAGS'];
    writeFileSync(join(folder, 'p.param'), `${columns.join('\n')}\n`);
    writeFileSync(join(folder, 'f.conv'), 'CONV NORM\n1 2 1\n2 4 2\n1 2 1\n');
    const { status, stderr } = spawnSync(
      'source-extractor',
      [
        'in.fits',
        '-c',
        '/dev/null',
        '-PARAMETERS_NAME',
        'p.param',
        '-FILTER_NAME',
        'f.conv',
        '-CATALOG_NAME',
        'out.cat',
        '-CATALOG_TYPE',
        'ASCII',
        '-DETECT_THRESH',
        String(thresholdSigma),
        '-ANALYSIS_THRESH',
        String(thresholdSigma),
        '-GAIN',
        String(gain),
        '-PHOT_APERTURES',
        String(aperturePix),
        '-SATUR_LEVEL',
        String(saturation),
        '-VERBOSE_TYPE',
        'QUIET',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`source-extractor ended with ${status}: ${stderr}`);
    const rows = asciiRows(join(folder, 'out.cat'));
    const column = (k: number, offset = 0): Float64Array => Float64Array.from(rows, (r) => r[k]! + offset);
    return {
      count: rows.length,
      x: column(0, -1),
      y: column(1, -1),
      fluxAper: column(2),
      fluxAperErr: column(3),
      fluxAuto: column(4),
      fluxAutoErr: column(5),
      flags: Int32Array.from(rows, (r) => r[6]!),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
