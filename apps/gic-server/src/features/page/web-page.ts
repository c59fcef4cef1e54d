import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { resolveInside } from '../frames/products.ts';

/** One file of the built page, ready to be sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Brotli, where that is shorter. */
  readonly packed: Buffer | null;
  readonly etag: string;
  /** The name holds a hash of the content: it never changes. */
  readonly isImmutable: boolean;
  /** CSP source words of the scripts inside an HTML file: `'sha256-…'`. */
  readonly scriptHashes: readonly string[];
}

/** The built page: files by path, and `index.html` for every route of the page itself. */
export interface WebPage {
  readonly folder: string;
  file(path: string): Promise<PageFile | null>;
  index(): Promise<PageFile | null>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** Serves a folder that vite built; a file is read and packed once, and again when it changed. */
export function webPage(folder: string): WebPage {
  const kept = new Map<string, { readonly stamp: string; readonly file: PageFile }>();
  const file = async (path: string): Promise<PageFile | null> => {
    const type = types[extname(path)];
    const place = type === undefined ? null : await resolveInside(folder, path);
    if (!type || !place) return null;
    const stamp = `${place.sizeBytes} ${place.modifiedMs}`;
    const known = kept.get(place.path);
    if (known?.stamp === stamp) return known.file;
    const made = pack(type, path, await readFile(place.path));
    kept.set(place.path, { stamp, file: made });
    return made;
  };
  return { folder, file, index: () => file('index.html') };
}

function pack(type: string, path: string, bytes: Buffer): PageFile {
  const brotli = /^(text|application)\/|svg/.test(type)
    ? brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
    : null;
  return {
    type,
    bytes,
    packed: brotli && brotli.length < bytes.length ? brotli : null,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    isImmutable: /^assets\/.*-[\w-]{8,}\.\w+$/.test(path),
    scriptHashes: type.startsWith('text/html') ? inlineScriptHashes(bytes.toString('utf8')) : [],
  };
}

/** Hashes of scripts written into the page itself (the one that sets the theme before the first paint). */
export function inlineScriptHashes(html: string): string[] {
  return [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
}
