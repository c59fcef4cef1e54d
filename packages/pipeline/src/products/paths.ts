import type { FrameMeta, HeaderValues } from '../frame.ts';
import { identifierValue } from '../frame-meta.ts';

/**
 * A word of a header as one folder or file name. Headers are untrusted: what is no letter, digit or `. _ + - =` becomes `_`; names
 * that begin with a dot, are reserved by some system, empty or endless cannot result.
 */
export function safeName(text: string | undefined, otherwise = 'unknown'): string {
  const clean = (text ?? '')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9._+=-]+/g, '_')
    .replace(/^[._]+|[._]+$/g, '')
    .slice(0, 64);
  if (clean === '') return otherwise;
  return /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i.test(clean) ? `${clean}_` : clean;
}

/** Where the products of one frame lie, relative to the workspace. A revision never has the name of another. */
export interface ProductPaths {
  readonly folder: string;
  readonly stem: string;
  readonly reduced: string;
  readonly catalog: string;
  readonly summary: string;
}

/** `<TRGID>/<INSTRUME>/<FILTER>/…` by the headers that the workspace is folded by. */
export function productPaths(
  meta: FrameMeta,
  header: HeaderValues,
  folderHeaders: readonly string[],
  revision: number,
): ProductPaths {
  const folder = folderHeaders.map((word) => safeName(folderWord(word, meta, header))).join('/');
  const stem = `${safeName(meta.frameId, 'frame')}${revision > 0 ? `_r${revision}` : ''}`;
  const below = folder === '' ? '' : `${folder}/`;
  return {
    folder,
    stem,
    reduced: `${below}reduced/${stem}.fits.fz`,
    catalog: `${below}catalogs/${stem}.cat.fits`,
    summary: `${below}catalogs/${stem}.json`,
  };
}

function folderWord(word: string, meta: FrameMeta, header: HeaderValues): string | undefined {
  const said = identifierValue(header, word);
  if (said !== undefined) return said;
  const mapped: Record<string, string> = {
    TRGID: meta.target,
    INSTRUME: meta.camera,
    CCD_NAME: meta.camera,
    FILTER: meta.filter,
  };
  return mapped[word];
}
