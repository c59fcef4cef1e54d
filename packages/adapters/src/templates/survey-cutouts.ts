import { createHash } from 'node:crypto';
import { mkdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Files, nodeFiles, storageError, writeAtomically } from '@colibri/base/node';
import type { Template, TemplateSource } from '@colibri/pipeline';
import { defaultPatience, type Patience } from '../catalogs/vizier/ask.ts';
import { surveyUnreachable } from './errors.ts';

export interface SurveyOptions {
  /** Answers are kept here for ever: a data release does not change. */
  readonly cacheDir: string;
  /** Where the service answers; for tests and mirrors. */
  readonly baseUrl?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly patience?: Patience;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly files?: Files;
  /** Image and its variance or weight as a template; see `decodePs1` and `decodeLegacy` of the modules. */
  readonly decode: (answer: SurveyAnswer) => Promise<Template>;
}

/** What a survey sent. */
export interface SurveyAnswer {
  readonly image: Uint8Array;
  /** The weights, where they come as another file. */
  readonly weight: Uint8Array | null;
  readonly filter: string;
  readonly name: string;
  readonly sha256: string;
}

/** Bands of a survey by our filters; a filter that is not in it has no template there: no band stands in for another unsaid. */
type Bands = Readonly<Record<string, string>>;
const PS1_BANDS: Bands = { g: 'g', r: 'r', i: 'i', z: 'z', y: 'y' };
const LEGACY_BANDS: Bands = { g: 'g', r: 'r', i: 'i', z: 'z' };
/** South of it Pan-STARRS saw nothing [deg]. */
const PS1_SOUTH = -30.5;
const PS1_PIX_ARCSEC = 0.25;
const LEGACY_PIX_ARCSEC = 0.262;
const MOST_PIX = 6000;

/** Pan-STARRS 1 stacks (3π, DR2): file names at a place, then cut-outs of the image and of its variance. */
export function ps1Cutouts(options: SurveyOptions): TemplateSource {
  const base = options.baseUrl ?? 'https://ps1images.stsci.edu/cgi-bin';
  const service = 'Pan-STARRS 1 images';
  return {
    async find({ raDeg, decDeg, radiusDeg, filter }) {
      const band = PS1_BANDS[filter];
      if (band === undefined || decDeg < PS1_SOUTH) return null;
      const place = `ra=${raDeg.toFixed(5)}&dec=${decDeg.toFixed(5)}`;
      const ask = (url: string) => asked(url, service, options);
      const list = await ask(`${base}/ps1filenames.py?${place}&filters=${band}&type=stack,stack.wt`);
      if (list === null) return null;
      const names = namesOf(new TextDecoder().decode(list));
      const [image, weight] = [names.get('stack'), names.get('stack.wt')];
      if (image === undefined) return null;
      const size = Math.min(MOST_PIX, Math.ceil((2 * radiusDeg * 3600) / PS1_PIX_ARCSEC));
      const cut = (name: string) => ask(`${base}/fitscut.cgi?${place}&size=${size}&format=fits&red=${encodeURIComponent(name)}`);
      const pixels = await cut(image);
      if (pixels === null) return null;
      return decoded(options, {
        image: pixels,
        weight: weight === undefined ? null : await cut(weight),
        filter,
        name: `PS1 ${image.slice(image.lastIndexOf('/') + 1)}`,
      });
    },
  };
}

/** Coadds of the DESI Legacy Imaging Surveys, image and inverse variance in one file. */
export function legacyCutouts(options: SurveyOptions & { readonly layer?: string }): TemplateSource {
  const base = options.baseUrl ?? 'https://www.legacysurvey.org/viewer';
  const layer = options.layer ?? 'ls-dr10';
  return {
    async find({ raDeg, decDeg, radiusDeg, filter }) {
      const band = LEGACY_BANDS[filter];
      if (band === undefined) return null;
      const size = Math.min(MOST_PIX, Math.ceil((2 * radiusDeg * 3600) / LEGACY_PIX_ARCSEC));
      const url = `${base}/cutout.fits?ra=${raDeg.toFixed(5)}&dec=${decDeg.toFixed(5)}&layer=${layer}&pixscale=${LEGACY_PIX_ARCSEC}&bands=${band}&size=${size}&invvar`;
      const image = await asked(url, 'Legacy Surveys images', options);
      return image === null
        ? null
        : decoded(options, {
            image,
            weight: null,
            filter,
            name: `${layer} ${band} ${raDeg.toFixed(4)} ${decDeg.toFixed(4)}`,
          });
    },
  };
}

const decoded = (options: SurveyOptions, answer: Omit<SurveyAnswer, 'sha256'>): Promise<Template> =>
  options.decode({ ...answer, sha256: createHash('sha256').update(answer.image).digest('hex') });

/** Type → file name, from the table with a header line that PS1 answers. */
function namesOf(text: string): Map<string, string> {
  const [head, ...rows] = text.trim().split(/\r?\n/);
  const columns = (head ?? '').trim().split(/\s+/);
  const [type, name] = [columns.indexOf('type'), columns.indexOf('filename')];
  const found = new Map<string, string>();
  for (const row of rows) {
    const cells = row.trim().split(/\s+/);
    if (type >= 0 && name >= 0 && cells[name]) found.set(cells[type]!, cells[name]!);
  }
  return found;
}

/** From the disk, or from the service with growing pauses. null: the service says that there is nothing (404, 400). */
async function asked(url: string, service: string, options: SurveyOptions): Promise<Uint8Array | null> {
  const { fetch = globalThis.fetch, patience = defaultPatience, files = nodeFiles } = options;
  const { sleep = (ms: number) => new Promise((done) => setTimeout(done, ms)) } = options;
  const hash = createHash('sha256').update(url).digest('hex');
  const path = join(options.cacheDir, hash.slice(0, 2), hash.slice(2, 34));
  const kept = await readFile(path).catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') return null;
    throw storageError(path, error);
  });
  if (kept !== null && isWhole(kept)) return new Uint8Array(kept);
  if (kept !== null) await unlink(path).catch(() => {});
  let what = '';
  for (let attempt = 0; attempt < patience.attempts; attempt++) {
    if (attempt > 0) await sleep(patience.backOffMs * 2 ** (attempt - 1));
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(patience.timeoutMs) });
      if (response.status === 404 || response.status === 400) return null;
      if (!response.ok) {
        what = `it answers ${response.status} ${response.statusText}.`;
        continue;
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (!isWhole(bytes)) {
        what = 'the answer is neither a table of names nor a whole FITS file.';
        continue;
      }
      await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => Promise.reject(storageError(path, cause)));
      await writeAtomically(files, path, bytes);
      return bytes;
    } catch (error) {
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('STORAGE')) throw error;
      const cause = (error as { cause?: { code?: string; message?: string } }).cause;
      what = `${cause?.code ?? cause?.message ?? (error as Error).message}.`;
    }
  }
  throw surveyUnreachable({ service, what, attempts: patience.attempts });
}

/** FITS files are whole blocks; a table of names begins with its columns. */
function isWhole(bytes: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 400));
  if (head.startsWith('SIMPLE  =')) return bytes.length % 2880 === 0;
  return head.includes('filename') && head.includes('type') && bytes.at(-1) === 10;
}
