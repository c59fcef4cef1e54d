import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryCatalog } from '@colibri/adapters/catalogs';
import { openFits, tableHdu, writeFits } from '@colibri/fits';
import { plainPlate, plateSources, solvePlate, tanSipOfPlate } from '@colibri/modules';
import { type Compute, detectSources, measureSources, type SourceColumns } from '@colibri/numerics';
import type { ReferenceStars } from '@colibri/pipeline';
import { parseWcs, tanSipWcs, type Wcs } from '@colibri/sky';
import { lend } from '../held-image.ts';
import type { BenchRow } from '../report.ts';
import { referenceStars } from '../science/field18/catalog.ts';
import { compete, isInstalled, type Spent, spend, spendOn } from './contest.ts';
import type { Ground } from './ground.ts';
import { type Scene, scene, sceneField } from './scene.ts';

const SCALE = 0.38;

/** From a list of sources and a pointing that is 20″ off to a WCS with distortion. */
export async function astrometryRows({ folder, one, all }: Ground): Promise<BenchRow[]> {
  const sky = scene(sceneField({ size: 2048, frames: 1, stars: 1400, distortion: true }));
  const columns = await sourcesOf(sky, one);
  const reference = memoryCatalog(referenceStars(sky.field));
  const { raDeg, decDeg } = sky.field;
  const hint = { raDeg: raDeg + 15 / 3600, decDeg: decDeg - 13 / 3600 };
  let wcs: Wcs | null = null;
  const ours = async (): Promise<Spent> =>
    spend(async () => {
      const stars = await reference.cone(hint.raDeg, hint.decDeg, 0.25, 20_000);
      const outcome = solvePlate(
        {
          model: plainPlate(sky.width, sky.height, hint, SCALE),
          searchRadiusArcsec: 360,
          scaleTolerance: 0.03,
          rotationToleranceDeg: 8,
        },
        plateSources(columns),
        { ...stars, mag: Float64Array.from(stars.bands.get('r')!.mag) },
        { maxOrder: 4, epochJyear: 2026, coverageArcsec: 900, maxFalseAlarm: 1e-7 },
      );
      if (!outcome.solved) throw new Error(outcome.reason);
      wcs = tanSipWcs(tanSipOfPlate(outcome.plate.model), { width: sky.width, height: sky.height });
    });
  const solver =
    isInstalled('solve-field') && isInstalled('build-astrometry-index') ? solveField(sky, columns, hint, folder) : null;
  const accuracy = async (): Promise<string> =>
    [
      `ours ${gridError(sky, wcs!).toFixed(3)}″ rms`,
      solver ? `solve-field ${gridError(sky, await solver.wcs()).toFixed(3)}″ rms` : '',
    ]
      .filter(Boolean)
      .join(' / ');
  const rows = await compete({
    name: 'astrometric solution with a hint, 2048²',
    one: ours,
    all: ours,
    peer: solver?.run ?? null,
    peerName: 'solve-field',
    cpuRatio: 20,
    wallRatio: 20,
    rounds: 5,
  });
  const note = await accuracy();
  void all;
  return rows.map((r) => ({ ...r, note }));
}

function sourcesOf(sky: Scene, compute: Compute): Promise<SourceColumns> {
  return compute.scope(async () => {
    const { data, variance, mask, width, height } = lend(sky, compute);
    const detection = await detectSources(data, variance, mask, { width, height }, compute);
    return (await measureSources(detection, {}, compute)).columns;
  });
}

/** Of a 15 × 15 grid against the truth, per axis [arcsec rms]. */
function gridError({ frame, width, height }: Scene, wcs: Wcs): number {
  let sum = 0;
  for (let j = 0; j < 15; j++)
    for (let i = 0; i < 15; i++) {
      const [x, y] = [((width - 1) * i) / 14, ((height - 1) * j) / 14];
      const at = wcs.skyToPixel(...frame.wcs.pixelToSky(x, y));
      sum += at ? (at[0] - x) ** 2 + (at[1] - y) ** 2 : Number.NaN;
    }
  return SCALE * Math.sqrt(sum / (2 * 225));
}

/** An index of the same catalogue, made before; the same list of sources; a position and a scale as hints. */
function solveField(sky: Scene, columns: SourceColumns, hint: { raDeg: number; decDeg: number }, folder: string) {
  writeIndex(referenceStars(sky.field), folder);
  const column = (name: string, data: Float64Array) => ({ name, data });
  const order = Array.from(columns.fluxAuto.keys()).sort((a, b) => columns.fluxAuto[b]! - columns.fluxAuto[a]!);
  const sorted = (values: Float64Array, offset: number) => Float64Array.from(order, (i) => values[i]! + offset);
  writeFileSync(
    join(folder, 'sources.xyls'),
    writeFits([
      tableHdu({
        name: 'SOURCES',
        columns: [
          column('X', sorted(columns.x, 1)),
          column('Y', sorted(columns.y, 1)),
          column('FLUX', sorted(columns.fluxAuto, 0)),
        ],
      }),
    ]),
  );
  const words =
    `solve-field --config backend.cfg --width ${sky.width} --height ${sky.height} --x-column X --y-column Y --sort-column FLUX ` +
    `--ra ${hint.raDeg} --dec ${hint.decDeg} --radius 0.3 --scale-units arcsecperpix --scale-low 0.37 --scale-high 0.39 ` +
    '--no-plots --overwrite --tweak-order 3 --new-fits none --crpix-center sources.xyls';
  return {
    run: async () => spendOn(folder, [words.split(' ')]),
    wcs: async () => {
      const file = await openFits(new Uint8Array(readFileSync(join(folder, 'sources.wcs'))), { name: 'sources.wcs' });
      return parseWcs(file.hdus[0]!.header);
    },
  };
}

/** An index of astrometry.net over a catalogue, and `backend.cfg` that names it. */
export function writeIndex(stars: ReferenceStars, folder: string): void {
  const column = (name: string, data: Float64Array) => ({ name, data });
  const magnitudes = Float64Array.from(stars.bands.get('r')!.mag);
  const columns = [column('RA', stars.raDeg), column('DEC', stars.decDeg), column('MAG', magnitudes)];
  writeFileSync(join(folder, 'catalog.fits'), writeFits([tableHdu({ name: 'CATALOG', columns })]));
  for (const preset of [0, 2])
    spendOn(folder, [
      `build-astrometry-index -i catalog.fits -o index-${preset}.fits -P ${preset} -S MAG -n 60 -j 0.05 -E -I ${900 + preset}`.split(
        ' ',
      ),
    ]);
  writeFileSync(join(folder, 'backend.cfg'), `inparallel\nadd_path ${folder}\nindex index-0\nindex index-2\n`);
}
