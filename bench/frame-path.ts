import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Header, imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { type BenchRow, row } from './report.ts';
import { root, simNight } from './science/measured-night.ts';
import { extractorVersion } from './science/peer-extractor.ts';

interface FramePath {
  readonly latencySec: number[];
  /** Until the catalogue is durable and the row has its figures; the planes are packed after that. */
  readonly measuredSec: number[];
  readonly timings: Record<string, number>[];
  readonly peakMiB: number;
}

/** Feeds frames one by one to a warm `gp1` with its built-in database, by rename, as a careful camera does. */
async function feed(folder: string, frames: readonly string[], warm: number): Promise<FramePath> {
  const gp1 = join(root, 'apps/gp1/bin/gp1.mjs');
  spawnSync(
    process.execPath,
    [gp1, 'catalog', 'import', join(simNight, 'refcat.csv.gz'), '--name', 'refcat', '--catalog', 'catalogs'],
    { cwd: folder },
  );
  const child: ChildProcess = spawn(process.execPath, [gp1, '--config', 'gp1.cfg'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const until = async (pattern: RegExp, seconds: number): Promise<RegExpExecArray> => {
    const limit = Date.now() + seconds * 1000;
    for (;;) {
      const match = pattern.exec(output);
      if (match) return match;
      if (Date.now() > limit || child.exitCode !== null)
        throw new Error(`gp1 did not say ${pattern} within ${seconds} s:\n${output.split('\n').slice(-12).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const latencySec: number[] = [];
  try {
    await until(/Watching|Taking|watch/i, 60);
    for (const [n, frame] of frames.entries()) {
      const name = frame.split('/').at(-1)!;
      const part = join(folder, 'raw', `.${name}.part`);
      copyFileSync(frame, part);
      await new Promise((resolve) => setTimeout(resolve, 60)); // closed, then renamed: a step of the file system's clock later
      renameSync(part, join(folder, 'raw', name));
      const stem = name.replace(/\.fits.*$/, '');
      const match = await until(new RegExp(`${stem}/r\\d+ (published in ([\\d.]+) s|quarantined.*|failed.*)`), 120);
      if (match[2] === undefined) throw new Error(match[0]);
      if (n >= warm) latencySec.push(Number(match[2]));
    }
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const told = readFileSync(join(folder, 'log', 'gp1.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { timingsSec?: Record<string, number>; measuredSec?: number })
      .filter((line) => line.timingsSec !== undefined)
      .slice(warm);
    const timings = told.map((line) => line.timingsSec!);
    const measuredSec = told.map((line) => line.measuredSec ?? Number.NaN);
    return { latencySec, measuredSec, timings, peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024 };
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
  }
}

function prepare(folder: string, withMasters: boolean): void {
  for (const name of ['raw', 'pipeline']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(
    join(folder, 'gp1.cfg'),
    `[General]\ninput = raw\nlog_path = log\ncatalog = catalogs\ndatabase = embedded\n\n[bench]\nprocessing_strategy = standard\nidentifier_header = EXPTYPE\nidentifier_value = object\nconfiguration_path_dir = pipeline\nworkspace_dir = workspace\n`,
  );
  writeFileSync(
    join(folder, 'pipeline', 'pipeline.cfg'),
    '[Workspace]\nheaders = TRGID,INSTRUME,FILTER\n\n[Input and Output]\ninput = ../raw\noutput = ../workspace\n\n[Structure of pipeline]\nreduction = yes\nfindstars = yes\nastrometry = yes\nalignment = no\nstacking = no\nPhotometry = no\nImage subtraction = no\nSummary = no\n\n[Strategy processing]\nmode = standard\n',
  );
  if (!withMasters)
    writeFileSync(join(folder, 'pipeline', 'reduction.cfg'), '[Calibration]\nbias = none\ndark = none\nflat = none\n');
}

/** Copies of one frame that differ in their start of exposure, packed as the original. */
async function variants(path: string, count: number, folder: string): Promise<string[]> {
  const file = await openFits(new Uint8Array(readFileSync(path)), { name: path });
  const hdu = file.hdus.find((candidate) => candidate.shape.length === 2)!;
  const image = await readImage(hdu, { as: 'physical' });
  return Array.from({ length: count }, (_, n) => {
    const header = new Header();
    for (const keyword of hdu.header.keywords()) {
      const value = hdu.header.get(keyword);
      if (
        value !== undefined &&
        !/^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|EXTEND|BSCALE|BZERO|CHECKSUM|DATASUM|Z.*|COMMENT|HISTORY|)$/.test(
          keyword,
        )
      )
        header.set(keyword, value);
    }
    const second = String(10 + n).padStart(2, '0');
    header.set('DATE-OBS', `2026-01-01T05:20:${second}.000`);
    const name = join(folder, `20260101T0520${second}C9o.fits.fz`);
    writeFileSync(
      name,
      writeFits([
        imageHdu({ data: image.data as Uint16Array, shape: [...image.shape], header, compress: { algorithm: 'RICE_1' } }),
      ]),
    );
    return name;
  });
}

/** funpack and source-extractor on one raw frame, as separate programs: wall seconds, median of five. */
function peerSeconds(frame: string): number | null {
  if (extractorVersion() === null || spawnSync('funpack', ['-V']).error) return null;
  const folder = mkdtempSync(join(tmpdir(), 'colibri-peer-'));
  try {
    writeFileSync(
      join(folder, 'p.param'),
      'X_IMAGE\nY_IMAGE\nXWIN_IMAGE\nYWIN_IMAGE\nFLUX_AUTO\nFLUXERR_AUTO\nFLUX_APER(1)\nFLUXERR_APER(1)\nFWHM_IMAGE\nELONGATION\nFLAGS\n',
    );
    writeFileSync(join(folder, 'f.conv'), 'CONV NORM\n1 2 1\n2 4 2\n1 2 1\n');
    copyFileSync(frame, join(folder, 'packed.fits.fz'));
    const seconds = Array.from({ length: 5 }, () => {
      const began = performance.now();
      spawnSync('funpack', ['-O', 'in.fits', 'packed.fits.fz'], { cwd: folder }); // never on the original: some of its options delete their input
      spawnSync(
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
          'o.cat',
          '-VERBOSE_TYPE',
          'QUIET',
        ],
        { cwd: folder },
      );
      rmSync(join(folder, 'in.fits'), { force: true });
      return (performance.now() - began) / 1000;
    });
    return median(seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** File closed → catalogue and WCS in the database, and the memory it takes. */
export async function benchFramePath(): Promise<BenchRow[]> {
  if (!existsSync(simNight))
    return [row('frame path', null, 's', null, { note: 'needs the simulated night in ../shared, which is absent' })];
  const rows: BenchRow[] = [];
  for (const size of [2048, 4096] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'colibri-bench-'));
    try {
      prepare(folder, size === 2048);
      let frames: string[];
      if (size === 2048) {
        const raw = join(simNight, 'raw');
        const all = readdirSync(raw).sort();
        for (const name of all) if (/C0[bdf]\./.test(name)) symlinkSync(join(raw, name), join(folder, 'raw', name));
        frames = all.filter((name) => /^20260101.*C0o\./.test(name)).map((name) => join(raw, name));
      } else {
        mkdirSync(join(folder, 'made'));
        frames = await variants(join(simNight, 'wide4096/raw/20260101T042001C9o.fits.fz'), 9, join(folder, 'made'));
      }
      const peer = peerSeconds(frames[0]!);
      const { latencySec, measuredSec, timings, peakMiB } = await feed(folder, frames, 3);
      const ours = median(measuredSec);
      rows.push(
        row(
          `${size}²: file closed to catalogue and WCS in the database, median of ${measuredSec.length}`,
          ours,
          's',
          size === 2048 ? '<= 0.7' : '<= 2',
          peer === null
            ? { note: 'funpack and source-extractor are not installed' }
            : { peer: 'funpack + source-extractor', peerValue: peer, ratio: peer / ours },
        ),
      );
      rows.push(row(`${size}²: file closed to published, planes packed too`, median(latencySec), 's'));
      for (const stage of ['read', 'reduction', 'findstars', 'astrometry', 'write'])
        rows.push(row(`${size}²: ${stage}`, median(timings.map((t) => t[stage] ?? Number.NaN)), 's'));
      rows.push(row(`${size}²: peak memory of gp1`, peakMiB, 'MiB', size === 4096 ? '<= 1229' : null));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return rows;
}
