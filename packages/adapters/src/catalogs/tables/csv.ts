import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { ObservatoryError } from '@colibri/base';
import { storageError } from '@colibri/base/node';
import { catalogTable } from '../errors.ts';

/** One row of a table of text, with the number of its line in the file. */
export interface TextRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Rows of a text table, streamed: comma, semicolon, tab, bar or blanks between fields, quotes where needed, `#` comments.
 * The first row is the header (which may itself start with `#`). A file that ends in .gz is unpacked on the way.
 */
export async function* readTextTable(path: string): AsyncGenerator<TextRow> {
  let line = 0;
  let separator: string | undefined;
  try {
    for await (const text of textLines(path)) {
      line++;
      if (text.trim() === '') continue;
      if (text.startsWith('#') && (separator !== undefined || !looksLikeHeader(text))) continue;
      separator ??= separatorOf(text);
      const fields = splitFields(separator === ' ' ? text.trim() : text, separator);
      if (fields === null) throw catalogTable({ file: path, line, what: 'a quotation mark is not closed.' });
      yield { line, fields };
    }
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code?.startsWith('Z_')) throw catalogTable({ file: path, line, what: 'the packed file is damaged or cut short.' }, error);
    throw code === undefined || error instanceof ObservatoryError ? error : storageError(path, error);
  }
}

/** Lines without their ends. The last line of a packed file that is cut short is never given: the error comes first. */
async function* textLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => input.destroy(error));
  const decoder = new TextDecoder(); // takes a byte order mark away
  let rest = '';
  try {
    for await (const chunk of input as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    file.destroy();
    input.destroy();
  }
}

const looksLikeHeader = (text: string): boolean =>
  /(^|[^a-z])(ra|raj2000|ra_icrs|alpha_j2000)([^a-z]|$)/i.test(text) && /de(c|j|_)/i.test(text);

function separatorOf(header: string): string {
  const counts = [',', '\t', ';', '|'].map((mark) => [mark, header.split(mark).length] as const);
  const [mark, count] = counts.reduce((most, next) => (next[1] > most[1] ? next : most));
  return count > 1 ? mark : ' ';
}

/** Fields of one line; null where a quotation mark is left open. */
export function splitFields(line: string, separator: string): string[] | null {
  if (!line.includes('"')) {
    const parts = separator === ' ' ? line.split(/\s+/) : line.split(separator);
    return parts.map((part) => part.trim());
  }
  const fields: string[] = [];
  let field = '',
    isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (isQuoted) {
      if (c !== '"') field += c;
      else if (line[i + 1] === '"') {
        field += '"';
        i++;
      } else isQuoted = false;
    } else if (c === '"') isQuoted = true;
    else if (c === separator) {
      fields.push(field.trim());
      field = '';
    } else field += c;
  }
  if (isQuoted) return null;
  fields.push(field.trim());
  return fields;
}
