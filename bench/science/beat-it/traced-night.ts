import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { frameSummary, unitSummary } from '@colibri/contracts';
import { openFits } from '@colibri/fits';
import type { ModuleRecord, UsedInput } from '@colibri/pipeline';
import { type BenchRow, row } from '../../report.ts';
import { everyModule, runGp1, writeGp1Config } from './run-gp1.ts';
import { seededNight } from './seeded-night.ts';

/**
 * Row 12: from the summary of a unit back to the raw files. Each input that a product names must be there with the hash it names: reduced
 * frames by the records of unit modules, raw frames and masters by the summary of the frame, raw calibrations by the header of the master,
 * the catalogue by making the product again. And `gp1 replay` must make each product again with the same bytes.
 */
export async function tracedNightRows(): Promise<BenchRow[]> {
  const night = seededNight({ seed: 1212, size: 384, frames: 3, stars: 110, ditherPix: 10 });
  try {
    const { folder } = night;
    const config = writeGp1Config(folder, everyModule);
    runGp1(folder, '--config', config, '--once');
    const unit = join(folder, 'workspace', '929744', 'C1', night.field.options.filter);
    const masters = join(folder, 'log', 'state', 'masters');
    const kept = hashesBelow([join(folder, 'raw'), masters, join(unit, 'reduced')]);

    const chain: { readonly what: string; readonly isFound: boolean }[] = [];
    const check = (of: string, { role, name, sha256 }: UsedInput): void => {
      // What a catalogue answered is no file: that it answers the same again is seen by the replay, whose record has its hash.
      const isFound = role === 'catalog' ? sha256 !== null : sha256 !== null && kept.has(sha256);
      chain.push({ what: `${of}: ${role} ${name}`, isFound });
    };
    const records = readdirSync(join(unit, 'provenance')).map(
      (name) => JSON.parse(readFileSync(join(unit, 'provenance', name), 'utf8')) as ModuleRecord,
    );
    for (const record of records) for (const used of record.inputs) check(record.module, used);
    const document = unitSummary.parse(JSON.parse(readFileSync(join(unit, 'summary.json'), 'utf8')));
    for (const used of document.provenance.inputs) check('summary.json', used);
    const frames = readdirSync(join(unit, 'reduced')).sort();
    for (const name of frames) {
      const path = join(unit, 'catalogs', `${basename(name, '.fits.fz')}.json`);
      for (const used of frameSummary.parse(JSON.parse(readFileSync(path, 'utf8'))).provenance.inputs) check(name, used);
    }
    for (const name of readdirSync(masters).filter((file) => file.endsWith('.fits')))
      for (const used of await inputsOfMaster(join(masters, name))) check(name, used);

    const told = [unit, ...frames.map((name) => join(unit, 'reduced', name))].map((product) =>
      runGp1(folder, 'explain', product),
    );
    const named = [...records.map(({ module }) => module), 'reduction', 'findstars', 'astrometry'];
    const untold = named.filter((module) => !told.some((text) => new RegExp(`\\b${module} \\d`).test(text)));

    const again = [unit, ...frames.map((name) => join(unit, 'reduced', name))].map((product) => {
      const text = replay(folder, product, [
        '--catalog',
        join(folder, 'catalogs'),
        ...(product === unit ? [] : ['--masters', masters]),
      ]);
      return { all: text.match(/^ {4}(same|DIFFERENT|was not there) /gm) ?? [], same: text.match(/^ {4}same /gm) ?? [] };
    });
    const files = again.reduce((sum, { all }) => sum + all.length, 0);
    const same = again.reduce((sum, one) => sum + one.same.length, 0);
    const lost = chain.filter(({ isFound }) => !isFound).map(({ what }) => what);
    const products = readdirSync(unit, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && !/catalogs\/?$/.test(entry.parentPath) && !entry.parentPath.endsWith('reduced'),
    ).length;
    return [
      row(
        'beat-it 12: inputs that are found by the hash a product names',
        records.length > 4 ? (chain.length - lost.length) / chain.length : Number.NaN,
        '',
        '>= 1',
        {
          note: `${chain.length} links of ${records.length} modules, ${frames.length} frames and their masters${lost.length > 0 ? `; lost: ${lost.slice(0, 4).join(', ')}` : ''}`,
        },
      ),
      row(
        'beat-it 12: products that gp1 replay makes again with the same bytes',
        files >= products ? same / files : Number.NaN,
        '',
        '>= 1',
        {
          note: `${same} of ${files} files`,
        },
      ),
      row('beat-it 12: modules that gp1 explain does not tell of', untold.length, '', '<= 0', { note: untold.join(', ') }),
    ];
  } finally {
    night.dispose();
  }
}

/** Replays a unit or a frame; that bytes differ is in the text, and is no reason to stop. */
function replay(folder: string, product: string, places: readonly string[]): string {
  try {
    return runGp1(folder, 'replay', product, ...places);
  } catch (error) {
    return (error as Error).message.replaceAll(' / ', '\n');
  }
}

/** The raw frames and the helping masters that the header of a master names. */
async function inputsOfMaster(path: string): Promise<UsedInput[]> {
  const file = await openFits(new Uint8Array(readFileSync(path)), { name: path });
  const { header } = file.hdu('SCI');
  const numbered = (word: string, digits: number): string[] => {
    const found: string[] = [];
    for (let k = 1; header.has(`${word}${String(k).padStart(digits, '0')}`); k++)
      found.push(header.text(`${word}${String(k).padStart(digits, '0')}`)!);
    return found;
  };
  const hashes = numbered('IMSHA', 3);
  const raws = numbered('IMCMB', 3).map((name, k) => ({ role: 'raw', name, sha256: hashes[k] ?? null }));
  const helpers = numbered('MHELP', 1).map((name) => {
    const text = readFileSync(join(path, '..', `${name}.fits.sha256`), 'utf8');
    return { role: 'master', name, sha256: text.split(/\s/)[0] ?? null };
  });
  return [...raws, ...helpers];
}

function hashesBelow(folders: readonly string[]): Set<string> {
  return new Set(
    folders.flatMap((folder) =>
      readdirSync(folder).map((name) =>
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ),
    ),
  );
}
