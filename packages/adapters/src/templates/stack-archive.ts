import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { openFits } from '@colibri/fits';
import { openFileSource } from '@colibri/fits/node';
import { type HeaderValues, headerValues, type Stack, type TemplateSource } from '@colibri/pipeline';
import { parseWcs, type Wcs } from '@colibri/sky';

export interface StackArchiveOptions {
  /** Stacks lie anywhere below it as `stack.fits.fz`. */
  readonly folder: string;
  /** Reads the planes of one, into the memory of whoever asks. */
  readonly decode: (bytes: Uint8Array, path: string) => Promise<Stack>;
  /** Least share of the query's circle that a template must cover [1]; default 0.6. */
  readonly leastShare?: number;
}

/** What the header of a stack says, without its pixels. */
interface Entry {
  readonly path: string;
  readonly unit: string;
  readonly nightId: string;
  readonly filter: string;
  readonly exposureSec: number;
  readonly fwhmPix: number;
  readonly wcs: Wcs;
  readonly width: number;
  readonly height: number;
}

type Query = Parameters<TemplateSource['find']>[0];

const NAME = 'stack.fits.fz';
const DEEPEST = 7;
/** Folders that hold frames, not stacks. */
const SKIPPED = new Set(['reduced', 'catalogs', 'quarantine', 'candidates']);
const LEAST_SHARE = 0.6;

/**
 * Our own stacks as templates. Of those in the same filter that cover most of the place, and are not of the night that asks
 * (`<unit>@<night>`), the one whose depth on stars is best: exposure over squared FWHM, weighted with the share that it covers. The first
 * night of the same unit is called `first-epoch`. Headers are read once for each state of a file.
 */
export function stackArchive(options: StackArchiveOptions): TemplateSource {
  const known = new Map<string, { readonly state: string; readonly entry: Entry | null }>();
  const entryOf = async (path: string): Promise<Entry | null> => {
    const { mtimeMs, size } = await stat(path);
    const state = `${mtimeMs} ${size}`;
    const before = known.get(path);
    if (before?.state === state) return before.entry;
    // A file that is being written, or that is none of ours, is no template.
    const entry = await readEntry(path).catch(() => null);
    known.set(path, { state, entry });
    return entry;
  };
  return {
    async find(query) {
      let best: { entry: Entry; worth: number } | null = null;
      const nights: string[] = [];
      for (const path of await stacksBelow(options.folder)) {
        const entry = await entryOf(path).catch(() => null);
        if (entry === null || entry.filter !== query.filter || `${entry.unit}@${entry.nightId}` === query.unit) continue;
        const share = shareOf(entry, query);
        if (share < (options.leastShare ?? LEAST_SHARE)) continue;
        if (query.unit.startsWith(`${entry.unit}@`)) nights.push(entry.nightId);
        const worth = share ** 2 * (entry.exposureSec / entry.fwhmPix ** 2);
        if (best === null || worth > best.worth) best = { entry, worth };
      }
      if (best === null) return null;
      const { entry } = best;
      const bytes = new Uint8Array(await readFile(entry.path));
      const stack = await options.decode(bytes, entry.path);
      const isFirst = query.unit.startsWith(`${entry.unit}@`) && nights.every((night) => night >= entry.nightId);
      const { width, height, data, variance, mask, wcs, filter, midMjdUtc, covarianceFactor } = stack;
      return {
        width,
        height,
        data,
        variance,
        mask,
        wcs,
        filter,
        midMjdUtc,
        covarianceFactor,
        name: relative(options.folder, entry.path),
        origin: isFirst ? 'first-epoch' : 'archive',
        zeroPointMag: null,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      };
    },
  };
}

/** In order of name, so that equal templates give the same choice everywhere. */
async function stacksBelow(folder: string, depth = 0): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile() && entry.name === NAME) found.push(path);
    else if (entry.isDirectory() && depth < DEEPEST && !SKIPPED.has(entry.name))
      found.push(...(await stacksBelow(path, depth + 1)));
  }
  return found;
}

async function readEntry(path: string): Promise<Entry> {
  const source = await openFileSource(path);
  try {
    const file = await openFits(source, { name: path });
    const sci = file.hdu('SCI');
    const header: HeaderValues = headerValues(file, sci);
    const text = (keyword: string): string => String(header.get(keyword) ?? '').trim();
    const number = (keyword: string): number => Number(header.get(keyword) ?? Number.NaN);
    const entry = {
      path,
      unit: text('UNIT'),
      nightId: text('NIGHTID'),
      filter: text('FILTER'),
      exposureSec: number('EXPTIME'),
      fwhmPix: number('STFWHMP'),
      wcs: parseWcs(header),
      width: sci.shape[0]!,
      height: sci.shape[1]!,
    };
    if (!(entry.exposureSec > 0 && entry.fwhmPix > 0)) throw new RangeError('not a stack');
    return entry;
  } finally {
    await source.close();
  }
}

/** Share of 17 points of the circle (its middle, and rings at half and nine tenths) that lie on the stack. */
function shareOf({ wcs, width, height }: Entry, { raDeg, decDeg, radiusDeg }: Query): number {
  let inside = 0;
  for (let k = 0; k < 17; k++) {
    const radius = k === 0 ? 0 : (k <= 8 ? 0.5 : 0.9) * radiusDeg * 0.7;
    const angle = (k * Math.PI) / 4;
    const dec = decDeg + radius * Math.sin(angle);
    const at = wcs.skyToPixel(raDeg + (radius * Math.cos(angle)) / Math.cos((dec * Math.PI) / 180), dec);
    if (at && at[0] >= 0 && at[1] >= 0 && at[0] < width && at[1] < height) inside++;
  }
  return inside / 17;
}
