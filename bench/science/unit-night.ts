import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openCatalogFolder } from '@colibri/adapters/catalogs';
import { candidateList } from '@colibri/contracts';
import { openFits, readImage } from '@colibri/fits';
import { decodeAlignment, decodeStack } from '@colibri/modules';
import { parseWcs, separationArcsec, type Wcs } from '@colibri/sky';
import { type BenchRow, row } from '../report.ts';
import { scoreAlignment } from './alignment.ts';
import { scoreWcs } from './astrometry.ts';
import { type MeasuredFrame, simNight } from './measured-night.ts';
import { openBenchCompute, openUnits } from './open-unit.ts';
import { scorePhotometry } from './photometry.ts';
import { type StackingTruth, scoreStacking } from './stacking.ts';
import { defaultSubtraction, nightSubtraction, subtractionRows } from './subtraction.ts';

interface NightTruth {
  readonly params: { readonly grb: { readonly ra: number; readonly dec: number; readonly slope: number } };
  readonly variable_star: { readonly ra: number; readonly dec: number };
  readonly frames: readonly {
    readonly name: string;
    readonly exptime: number;
    readonly true_wcs: Record<string, number | string>;
  }[];
}

/** What gp1 made of the frames of the simulated night together, against the truth. */
export async function unitRows(frames: readonly MeasuredFrame[]): Promise<BenchRow[]> {
  const folder = dirname(dirname(frames[0]!.reducedPath));
  if (!existsSync(join(folder, 'summary.json'))) throw new Error(`gp1 made no summary of the unit in ${folder}`);
  const night = JSON.parse(readFileSync(join(simNight, 'truth', 'night.json'), 'utf8')) as NightTruth;
  const compute = await openBenchCompute();
  try {
    const units = await openUnits(folder, '929744/C0/r', compute);
    const unit = units.at(-1)!;
    const alignment = decodeAlignment(readFileSync(join(folder, 'alignment.json'), 'utf8'));
    const catalog = await openCatalogFolder(join(folder, '../../../../catalogs'));
    const transparency = (await scoreAlignment(units, catalog, compute)).filter(({ name }) => name.includes('transparency'));
    const rows = [...astrometryRows(folder, night, frames), ...transparency, ...candidateRows(folder, night)];
    await compute.scope(async () => {
      const read = async (name: string) => decodeStack(new Uint8Array(readFileSync(join(folder, name))), name, compute);
      const stacks = { stack: await read('stack.fits.fz'), halfA: null, halfB: null };
      rows.push(...(await scoreStacking({ unit, alignment, stacks }, await stackingTruth(night), compute)));
    });
    const truth = join(simNight, 'truth');
    const differences = await nightSubtraction(folder, defaultSubtraction, compute);
    const targets = { falsePer: null, falseWorst: '<= 1', stars: '<= 1.03' };
    rows.push(...subtractionRows('difference of one frame and a 120-s frame', differences, targets));
    rows.push(...(await scorePhotometry({ folder, name: unit.name, truth, compute, only: (id) => id.startsWith('2026') })));
    return rows;
  } finally {
    await compute.close();
  }
}

function astrometryRows(folder: string, night: NightTruth, frames: readonly MeasuredFrame[]): BenchRow[] {
  const epochs = ['.', 'epochs/2025-12-25'].map((place) =>
    decodeAlignment(readFileSync(join(folder, place, 'alignment.json'), 'utf8')),
  );
  const scores = epochs.flatMap(({ frames: aligned }) =>
    aligned.flatMap(({ frameId, wcs }) => {
      const entry = night.frames.find(({ name }) => name === frameId);
      const size = frames.find(({ name }) => name === frameId);
      return wcs && entry && size ? [scoreWcs(wcs, trueWcs(entry.true_wcs), size.width, size.height)] : [];
    }),
  );
  const worst = (pick: (score: (typeof scores)[number]) => number): number => Math.max(...scores.map(pick));
  const note = `${scores.length} frames`;
  return [
    row(
      'unit: joint astrometry, worst frame, along RA',
      worst((score) => score.rmsRaArcsec),
      'arcsec rms',
      '<= 0.015',
      { note },
    ),
    row(
      'unit: joint astrometry, worst frame, along Dec',
      worst((score) => score.rmsDecArcsec),
      'arcsec rms',
      '<= 0.015',
      { note },
    ),
  ];
}

function candidateRows(folder: string, night: NightTruth): BenchRow[] {
  const { candidates } = candidateList.parse(JSON.parse(readFileSync(join(folder, 'candidates.json'), 'utf8')));
  const { grb } = night.params;
  const near = (raDeg: number, decDeg: number) =>
    candidates.filter((one) => separationArcsec(one.raDeg, one.decDeg, raDeg, decDeg) < 2);
  const [afterglow] = near(grb.ra, grb.dec);
  const light = afterglow?.variability?.powerLaw ?? null;
  const variable = near(night.variable_star.ra, night.variable_star.dec)[0];
  const nan = Number.NaN;
  return [
    row('unit: rank of the afterglow', afterglow?.rank ?? nan, '', '<= 1'),
    row(
      'unit: afterglow from its true place',
      afterglow ? separationArcsec(afterglow.raDeg, afterglow.decDeg, grb.ra, grb.dec) : nan,
      'arcsec',
      '<= 0.1',
    ),
    row('unit: decay index from the truth', light ? Math.abs(light.index + grb.slope) / light.indexErr : nan, 'σ', '<= 2', {
      note: light ? `${light.index.toFixed(3)} ± ${light.indexErr.toFixed(3)}` : 'not fitted',
    }),
    row('unit: variable star recognised', variable?.class === 'variable star' ? 1 : 0, '', '>= 1'),
    row('unit: asteroid recognised by its motion', candidates.some((one) => one.class === 'moving source') ? 1 : 0, '', '>= 1'),
    row(
      'unit: new sources that are called afterglow candidates',
      candidates.filter((one) => one.class === 'afterglow candidate').length,
      '',
      '<= 1',
    ),
  ];
}

async function stackingTruth(night: NightTruth): Promise<StackingTruth> {
  const truth = join(simNight, 'truth');
  const [, ...lines] = gunzipSync(readFileSync(join(truth, 'sources.csv.gz')))
    .toString('utf8')
    .trim()
    .split('\n');
  const stars = lines
    .map((line) => line.split(','))
    .filter((words) => words[1] === 'star' && Number(words[5]) < 20 && words[6] === '0')
    .map((words) => ({ raDeg: Number(words[3]), decDeg: Number(words[4]), mag: Number(words[5]) }));
  const hits = new Map<string, [number, number][]>();
  for (const frame of night.frames.filter(({ exptime }) => exptime === 30)) {
    const path = join(truth, 'frames', `${frame.name}.mask.fits.fz`);
    const file = await openFits(new Uint8Array(readFileSync(path)), { name: frame.name });
    const image = await readImage(file.hdus.find((hdu) => hdu.shape.length === 2)!);
    const wcs = trueWcs(frame.true_wcs);
    const bits = image.data as ArrayLike<number>;
    const width = image.shape[0]!;
    const list: [number, number][] = [];
    for (let i = 0; i < bits.length; i++) if ((bits[i]! & 1) !== 0) list.push(wcs.pixelToSky(i % width, Math.floor(i / width)));
    hits.set(frame.name, list);
  }
  const { grb } = night.params;
  const { ra, dec } = night.variable_star;
  const changing = [
    { name: 'afterglow', raDeg: grb.ra, decDeg: grb.dec },
    { name: 'variable star', raDeg: ra, decDeg: dec },
  ];
  return { stars, changing, hits };
}

const trueWcs = (cards: Record<string, number | string>): Wcs => parseWcs({ get: (keyword) => cards[keyword] });
