import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { candidateList, eventSummary, frameSummary, unitSummary } from '@colibri/contracts';
import { openFits, readTable } from '@colibri/fits';
import { expose, type FrameTruth, makeDetector, makeNight, nightCatalogCsv } from '@colibri/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const gp1 = join(root, 'apps/gp1/bin/gp1.mjs');
const built = existsSync(join(root, 'apps/gp1/dist/main.js'));

/**
 * A short night of the simulator through the real gp1: calibrations of two cameras, then the alert before and after the meridian flip,
 * two bands; one frame cut short, one of another sky. Everything is judged against the simulator's truth.
 */
describe.skipIf(!built)('a simulated night through gp1 (skipped before npm run build)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'colibri-night-'));
  const truths: FrameTruth[] = [];
  let output = '';

  beforeAll(async () => {
    const night = makeNight({ size: 1024 });
    const detectors = { C1: makeDetector('C1', 1024, night.seed), C2: makeDetector('C2', 1024, night.seed) };
    mkdirSync(join(folder, 'raw'));
    mkdirSync(join(folder, 'pipeline'));
    const chosen = night.plan.exposures.flatMap((exposure, index) => {
      const isWanted =
        exposure.type === 'bias' ||
        (exposure.type === 'dark' && exposure.exposureSec === 30) ||
        (exposure.type === 'flat' && 'rz'.includes(exposure.filter) && exposure.filter !== 'zy');
      return isWanted ? [index] : [];
    });
    const alerts = night.plan.exposures.flatMap((e, i) =>
      e.field === 'alert' && e.exposureSec === 30 && (e.filter === 'r' || e.filter === 'z') ? [i] : [],
    );
    const flipped = alerts.filter((i) => night.plan.exposures[i]!.mountRotationDeg === 180);
    const science = [...alerts.slice(0, 3), ...flipped.slice(0, 3)];
    for (const index of [...chosen, ...science]) {
      const exposure = night.plan.exposures[index]!;
      const frame = expose(night, index, detectors[exposure.camera]);
      if (frame.truth) truths.push(frame.truth);
      writeFileSync(join(folder, 'raw', `${frame.name}.fits.fz`), frame.bytes);
      if (index === science[0]) {
        writeFileSync(
          join(folder, 'raw', '20261121T060000C1o.fits.fz'),
          frame.bytes.subarray(0, Math.floor(frame.bytes.length / 2)),
        );
        writeFileSync(join(folder, 'raw', 'copy-of-the-same.fits.fz'), frame.bytes);
      }
    }
    writeFileSync(join(folder, 'raw', 'notes.fits'), 'this is no FITS file');
    writeFileSync(join(folder, 'refcat.csv'), nightCatalogCsv(night));
    writeFileSync(
      join(folder, 'gp1.cfg'),
      `[General]\ninput = raw\nlog_path = log\ncatalog = catalogs\ndatabase = memory\ngive_up_seconds = 1\n\n[alerts]\nprocessing_strategy = standard\n` +
        `identifier_header = EXPTYPE,OBSERVER\nidentifier_value = object,svom\nconfiguration_path_dir = pipeline\nworkspace_dir = workspace\n`,
    );
    writeFileSync(
      join(folder, 'pipeline', 'pipeline.cfg'),
      '[Workspace]\nheaders = TRGID,INSTRUME,FILTER\n\n[Input and Output]\ninput = ../raw\noutput = ../workspace\n\n[Structure of pipeline]\nreduction = yes\nfindstars = yes\n\n[Strategy processing]\nmode = standard\n',
    );
    const command = (...args: string[]): string => {
      const { stdout, stderr } = spawnSync(process.execPath, [gp1, ...args], { cwd: folder, encoding: 'utf8' });
      return stdout + stderr;
    };
    output = command('catalog', 'import', 'refcat.csv', '--name', 'refcat', '--catalog', 'catalogs');
    output += command('--config', 'gp1.cfg', '--once');
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const productsOf = (name: string, ending: string): string => {
    const all = existsSync(join(folder, 'workspace'))
      ? readdirSync(join(folder, 'workspace'), { recursive: true, encoding: 'utf8' })
      : [];
    const found = all.find((path) => path.endsWith(`${name}${ending}`) && !path.includes('quarantine'));
    expect(found, `${name}${ending}\n${output.split('\n').slice(-25).join('\n')}`).toBeDefined();
    return join(folder, 'workspace', found!);
  };

  it('publishes every alert frame, solved, north up, in the folder of its trigger, camera and filter', () => {
    expect(truths).toHaveLength(6);
    for (const { name } of truths) {
      const path = productsOf(name, '.json');
      expect(path).toMatch(/26112101\/C[12]\/[rz]\/catalogs\//);
      const summary = frameSummary.parse(JSON.parse(readFileSync(path, 'utf8')));
      expect(summary.astrometry.solved).toBe(true);
      expect(summary.astrometry.parity, 'the mirrored camera is turned by reduction').toBe(
        frameSummary.parse(JSON.parse(readFileSync(productsOf(truths[0]!.name, '.json'), 'utf8'))).astrometry.parity,
      );
      expect(Math.abs(summary.astrometry.rotationDeg!), 'rotation left after the mount was accounted for').toBeLessThan(1);
    }
  });

  it('finds the afterglow at its true place, at its true brightness', async () => {
    for (const { name, afterglow } of truths) {
      const file = await openFits(new Uint8Array(readFileSync(productsOf(name, '.cat.fits'))), { name });
      const table = await readTable(file.hdu('CATALOG'));
      const column = (title: string) => table.column(title).data as Float64Array;
      const cos = Math.cos((afterglow!.decDeg * Math.PI) / 180);
      const distances = Array.from(
        column('ALPHA_J2000'),
        (ra, i) => Math.hypot((ra - afterglow!.raDeg) * cos, column('DELTA_J2000')[i]! - afterglow!.decDeg) * 3600,
      );
      const nearest = distances.indexOf(Math.min(...distances));
      expect(distances[nearest], `${name} [arcsec]`).toBeLessThan(0.3);
      const error = column('MAGERR_AUTO')[nearest]!;
      // The broad-band colour term of the simulator is absent in r and z to 0.01 mag; 4 sigma of the source and 0.02 for the zero point.
      expect(Math.abs(column('MAG_AUTO')[nearest]! - afterglow!.mag), `${name} [mag]`).toBeLessThan(4 * error + 0.03);
    }
  });

  it('recovers the zero point of the simulated telescope', () => {
    for (const { name, zeroPointMag } of truths) {
      const { metrics } = frameSummary.parse(JSON.parse(readFileSync(productsOf(name, '.json'), 'utf8')));
      expect(Math.abs(metrics.zeroPointMag! - zeroPointMag), name).toBeLessThan(0.03); // catalogue errors, and the flat's median at 1024²
    }
  });

  it('sets the cut and the foreign file aside with their reasons, and counts the copy once', () => {
    expect(output).toMatch(
      /20261121T060000C1o.*FITS_TRUNCATED|FITS_TRUNCATED.*20261121T060000C1o|20261121T060000C1o[^\n]*(ends after|truncated|incomplete)/i,
    );
    expect(output).toMatch(/notes/);
    expect(output).toMatch(/copy-of-the-same/);
    expect(output).toMatch(/alerts: \d+ offered: 6 published/);
  });

  describe('the frames of a target, camera and filter together', () => {
    const units = () => ['C1/r', 'C2/z'].map((name) => join(folder, 'workspace', '26112101', name));
    const hashes = (unit: string): Map<string, string> => {
      const files = readdirSync(unit, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const paths = files.map((entry) => relative(unit, join(entry.parentPath, entry.name)));
      // A frame's summary tells how long the work took.
      const same = paths.filter((path) => !/^catalogs\/.*\.json$/.test(path)).sort();
      return new Map(
        same.map((path) => [
          path,
          createHash('sha256')
            .update(readFileSync(join(unit, path)))
            .digest('hex'),
        ]),
      );
    };

    it('give one stack across the meridian flip, and a page whose first candidate is the afterglow', () => {
      for (const unit of units()) {
        const summary = unitSummary.parse(JSON.parse(readFileSync(join(unit, 'summary.json'), 'utf8')));
        const mine = truths.filter(({ name }) => existsSync(join(unit, 'reduced', `${name}.fits.fz`)));
        expect([unit.slice(-4), summary.stack.frames]).toEqual([unit.slice(-4), mine.length]);
        const { candidates } = candidateList.parse(JSON.parse(readFileSync(join(unit, 'candidates.json'), 'utf8')));
        const { raDeg, decDeg } = mine[0]!.afterglow!;
        const cos = Math.cos((decDeg * Math.PI) / 180);
        const distance = Math.hypot((candidates[0]!.raDeg - raDeg) * cos, candidates[0]!.decDeg - decDeg) * 3600;
        expect(distance, `${unit.slice(-4)} [arcsec]`).toBeLessThan(0.2);
        const brightness = mine.map(({ afterglow }) => afterglow!.mag);
        expect(candidates[0]!.mag!, unit.slice(-4)).toBeGreaterThan(Math.min(...brightness) - 0.1);
        expect(candidates[0]!.mag!, unit.slice(-4)).toBeLessThan(Math.max(...brightness) + 0.1);
        expect(readFileSync(join(unit, 'summary.html'), 'utf8')).toContain(candidates[0]!.name);
      }
    });

    it('are joined over cameras and filters, with links from page to page', () => {
      const place = join(folder, 'workspace', '26112101');
      const event = eventSummary.parse(JSON.parse(readFileSync(join(place, 'event.json'), 'utf8')));
      expect(event.units.map(({ unit }) => unit)).toEqual(['26112101/C1/r', '26112101/C2/z']);
      const [best] = event.candidates;
      expect(Object.keys(best!.names)).toEqual(['r', 'z']);
      const { raDeg, decDeg } = truths[0]!.afterglow!;
      const off = Math.hypot((best!.raDeg - raDeg) * Math.cos((decDeg * Math.PI) / 180), best!.decDeg - decDeg) * 3600;
      expect(off, 'arcsec').toBeLessThan(0.2);
      for (const { unit, sha256 } of event.units)
        expect(
          createHash('sha256')
            .update(readFileSync(join(folder, 'workspace', unit, 'summary.json')))
            .digest('hex'),
        ).toBe(sha256);
      const hrefs = (page: string) => [...readFileSync(page, 'utf8').matchAll(/href="([^"#]+\.html)"/g)].map(([, href]) => href!);
      const down = hrefs(join(place, 'summary.html')).map((href) => join(place, href));
      expect(down).toHaveLength(2);
      for (const page of down) expect(hrefs(page).map((href) => join(page, '..', href))).toEqual([join(place, 'summary.html')]);
    });

    it('give the same bytes from modules one by one as in the chain', () => {
      const [unit] = units() as [string];
      for (const name of ['alignment', 'stacking', 'photometry', 'subtraction', 'summary']) {
        // Each finds what the ones before it made in the output.
        const args = ['-s', unit, '-r', join(folder, 'alone'), '--catalog', join(folder, 'catalogs')];
        const { status, stdout, stderr } = spawnSync(process.execPath, [gp1.replace('gp1.mjs', `${name}.mjs`), ...args], {
          encoding: 'utf8',
        });
        expect(status, stdout + stderr).toBe(0);
      }
      const chain = hashes(unit);
      const alone = hashes(join(folder, 'alone', '26112101', 'C1', 'r'));
      expect([...alone.keys()].filter((path) => path.startsWith('stack')).length).toBeGreaterThan(1);
      for (const [path, hash] of alone) expect([path, hash]).toEqual([path, chain.get(path)]);
    });

    it('give the same bytes when the night was killed and started again', async () => {
      writeFileSync(
        join(folder, 'killed.cfg'),
        readFileSync(join(folder, 'gp1.cfg'), 'utf8')
          .replace('log_path = log', 'log_path = log2\nmasters_dir = log/state/masters')
          .replace('workspace_dir = workspace', 'workspace_dir = killed'),
      );
      const run = () => spawn(process.execPath, [gp1, '--config', 'killed.cfg', '--once'], { cwd: folder, stdio: 'ignore' });
      const done = (child: ReturnType<typeof run>) => new Promise<number | null>((resolve) => child.once('exit', resolve));
      const reduced = (): number =>
        existsSync(join(folder, 'killed'))
          ? readdirSync(join(folder, 'killed'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.fits.fz'))
              .length
          : 0;
      const until = async (isReached: () => boolean): Promise<void> => {
        for (let i = 0; i < 600 && !isReached(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
        expect(isReached()).toBe(true);
      };
      // Once among the frames, once among the products of the units.
      for (const isReached of [() => reduced() >= 3, () => reduced() >= 7]) {
        const child = run();
        await until(isReached);
        child.kill('SIGKILL');
        await done(child);
      }
      expect(await done(run())).toBe(0);
      for (const unit of units()) {
        const killed = hashes(unit.replace('/workspace/', '/killed/'));
        expect([...killed]).toEqual([...hashes(unit)]);
      }
      for (const name of ['event.json', 'summary.html']) {
        const [killed, wanted] = ['killed', 'workspace'].map((place) =>
          readFileSync(join(folder, place, '26112101', name), 'utf8'),
        );
        expect(killed === wanted, name).toBe(true);
      }
    });
  });
});
