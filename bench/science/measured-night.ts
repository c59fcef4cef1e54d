import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type FrameSummary, frameSummary } from '@colibri/contracts';
import { openFits, readTable } from '@colibri/fits';
import { useZlib } from '@colibri/fits/node';
import { parseWcs, type Wcs } from '@colibri/sky';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const simNight = resolve(root, '../shared/data/sim-night');

/** One true source of one frame; pixels 0-based, electrons before vignetting. */
export interface TrueSource {
  readonly id: string;
  readonly kind: string;
  readonly inReference: boolean;
  readonly x: number;
  readonly y: number;
  readonly mag: number;
  readonly fluxElectron: number;
}

/** What gp1 made of one frame, beside what is true of it. */
export interface MeasuredFrame {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly summary: FrameSummary;
  /** Columns of CATALOG by name; positions as in the file, 1-based. */
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly wcs: Wcs | null;
  readonly truth: {
    readonly wcs: Wcs;
    readonly sources: readonly TrueSource[];
    readonly exposureSec: number;
    readonly seeingArcsec: number;
    readonly skyElectron: number;
    /** AB magnitude of 1 adu/s with the flat normalised to unit mean. */
    readonly zeroPointAdu: number;
    readonly flatMean: number;
    readonly gain: number;
    readonly readNoise: number;
    readonly grbMag: number | null;
  };
  readonly reducedPath: string;
}

interface NightJson {
  readonly params: { readonly gain: number; readonly rn: number; readonly grb: { readonly ra: number; readonly dec: number } };
  readonly flat_mean?: number;
  readonly frames: readonly {
    readonly name: string;
    readonly exptime: number;
    readonly true_wcs: Record<string, number | string>;
    readonly seeing_fwhm_arcsec: number;
    readonly sky_e_per_pix: number;
    readonly zp_1adu_per_s_flat_unit_mean: number;
    readonly grb_mag?: number | null;
  }[];
}

/** Runs `gp1 --once` over raw frames of the simulated night with its catalogue, exactly as a user would, in a folder of its own. */
export async function measureNight({
  raw = join(simNight, 'raw'),
  truth = join(simNight, 'truth'),
  masters = true,
  keep,
}: {
  raw?: string;
  truth?: string;
  masters?: boolean;
  keep?: string;
} = {}): Promise<{
  frames: MeasuredFrame[];
  grb: { raDeg: number; decDeg: number } /** Removes the products; `reducedPath` leads nowhere after it. */;
  dispose(): void;
}> {
  useZlib();
  const folder = keep ?? mkdtempSync(join(tmpdir(), 'colibri-science-'));
  mkdirSync(folder, { recursive: true });
  const dispose = (): void => {
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    writeConfiguration(folder, raw, masters);
    gp1(folder, 'catalog', 'import', join(simNight, 'refcat.csv.gz'), '--name', 'refcat', '--catalog', join(folder, 'catalogs'));
    gp1(folder, '--config', join(folder, 'gp1.cfg'), '--once');
    const night = JSON.parse(readFileSync(join(truth, 'night.json'), 'utf8')) as NightJson;
    const frames: MeasuredFrame[] = [];
    for (const entry of night.frames) frames.push(await readMeasured(folder, truth, night, entry));
    return { frames, grb: { raDeg: night.params.grb.ra, decDeg: night.params.grb.dec }, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function gp1(folder: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'apps/gp1/bin/gp1.mjs'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  writeFileSync(join(folder, `gp1-${args[0]!.replace(/\W/g, '')}.log`), stdout + stderr);
  if (status !== 0)
    throw new Error(`gp1 ${args.join(' ')} ended with code ${status}:\n${(stdout + stderr).split('\n').slice(-15).join('\n')}`);
}

function writeConfiguration(folder: string, raw: string, masters: boolean): void {
  const input = join(folder, 'raw'),
    config = join(folder, 'pipeline');
  mkdirSync(config, { recursive: true });
  if (!existsSync(input)) {
    mkdirSync(input);
    for (const name of readdirSync(raw)) symlinkSync(join(raw, name), join(input, name));
  }
  writeFileSync(
    join(folder, 'gp1.cfg'),
    `[General]
input = ${input}
log_path = ${join(folder, 'log')}
catalog = ${join(folder, 'catalogs')}
database = memory

[science]
processing_strategy = standard
identifier_header = EXPTYPE,OBSERVER
identifier_value = object,svom
configuration_path_dir = ${config}
workspace_dir = ${join(folder, 'workspace')}
`,
  );
  writeFileSync(
    join(config, 'pipeline.cfg'),
    `[Workspace]
headers = TRGID,INSTRUME,FILTER

[Input and Output]
input = ${input}
output = ${join(folder, 'workspace')}

[Structure of pipeline]
reduction = yes
findstars = yes
astrometry = yes
alignment = yes
stacking = yes
Photometry = yes
Image subtraction = yes
Summary = yes

[Strategy processing]
mode = standard
`,
  );
  if (!masters) writeFileSync(join(config, 'reduction.cfg'), '[Calibration]\nbias = none\ndark = none\nflat = none\n');
}

async function readMeasured(
  folder: string,
  truth: string,
  night: NightJson,
  entry: NightJson['frames'][number],
): Promise<MeasuredFrame> {
  const header = [...readdirSync(join(folder, 'workspace'), { recursive: true, encoding: 'utf8' })];
  const find = (ending: string): string => {
    const found = header.find((path) => path.endsWith(`${entry.name}${ending}`));
    if (!found) throw new Error(`gp1 made no ${entry.name}${ending}`);
    return join(folder, 'workspace', found);
  };
  const catalog = await openFits(new Uint8Array(readFileSync(find('.cat.fits'))), { name: entry.name });
  const table = await readTable(catalog.hdu('CATALOG'));
  const columns = new Map(table.columns.map((column) => [column.name, Float64Array.from(column.data as Float64Array)]));
  const reducedPath = find('.fits.fz');
  const reduced = await openFits(new Uint8Array(readFileSync(reducedPath)), { name: entry.name });
  const sci = reduced.hdu('SCI');
  return {
    name: entry.name,
    width: sci.shape[0]!,
    height: sci.shape[1]!,
    columns,
    reducedPath,
    summary: frameSummary.parse(JSON.parse(readFileSync(find('.json'), 'utf8'))),
    wcs: sci.header.has('CTYPE1') ? parseWcs(sci.header) : null,
    truth: {
      wcs: parseWcs({ get: (keyword) => entry.true_wcs[keyword] }),
      sources: readTruth(join(truth, 'frames', `${entry.name}.csv.gz`)),
      exposureSec: entry.exptime,
      seeingArcsec: entry.seeing_fwhm_arcsec,
      skyElectron: entry.sky_e_per_pix,
      zeroPointAdu: entry.zp_1adu_per_s_flat_unit_mean,
      flatMean: night.flat_mean ?? 1,
      gain: night.params.gain,
      readNoise: night.params.rn,
      grbMag: entry.grb_mag ?? null,
    },
  };
}

function readTruth(path: string): TrueSource[] {
  const [, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  return lines.map((line) => {
    const [id, kind, inReference, x, y, mag, flux] = line.split(',');
    return {
      id: id!,
      kind: kind!,
      inReference: inReference === '1',
      x: Number(x) - 1,
      y: Number(y) - 1,
      mag: Number(mag),
      fluxElectron: Number(flux),
    };
  });
}
