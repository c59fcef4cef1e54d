import { splitFields } from '../tables/csv.ts';

/** A table as text, by column names in the order of the answer. */
export interface AnswerTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What an answer turned out to be. */
export type ParsedAnswer =
  | { readonly kind: 'table'; readonly table: AnswerTable }
  /** The service says why it does not answer. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Not what was asked for, or cut short. */
  | { readonly kind: 'malformed'; readonly why: string };

/** Reads a VOTable (TABLEDATA) or CSV answer, by what it starts with. */
export function parseAnswer(text: string): ParsedAnswer {
  const start = text.slice(0, 400).trimStart();
  if (/^<\?xml|^<VOTABLE/i.test(start)) return parseVotable(text);
  if (start.startsWith('<')) return { kind: 'malformed', why: 'it is a web page, not a table' };
  return parseCsv(text);
}

/**
 * VOTable 1.x with TABLEDATA, without namespaces' prefixes or with. A table that is not closed was cut short; QUERY_STATUS
 * ERROR is the service's no.
 */
function parseVotable(text: string): ParsedAnswer {
  const status = /<(?:\w+:)?INFO\b([^>]*\bname="QUERY_STATUS"[^>]*)(?:\/>|>([\s\S]*?)<\/)/i.exec(text);
  if (status !== null && /value="ERROR"/i.test(status[1]!))
    return { kind: 'refused', why: unescapeXml(status[2]?.trim() || 'no reason given') };
  // The cone search says it so (Simple Cone Search 1.03 §2.3).
  const error = /<(?:\w+:)?(?:INFO|PARAM)\b[^>]*\b(?:name|ID)="Error"[^>]*\bvalue="([^"]*)"/i.exec(text);
  if (error !== null) return { kind: 'refused', why: unescapeXml(error[1]!) };
  if (!/<\/(?:\w+:)?VOTABLE\s*>\s*$/i.test(text)) return { kind: 'malformed', why: 'the VOTable is cut short' };
  const table = /<(?:\w+:)?TABLE\b[\s\S]*?<\/(?:\w+:)?TABLE\s*>/i.exec(text)?.[0];
  if (table === undefined) return { kind: 'malformed', why: 'the VOTable holds no table' };
  const columns = [...table.matchAll(/<(?:\w+:)?FIELD\b([^>]*)>/gi)].map((field) =>
    unescapeXml(/\bname="([^"]*)"/i.exec(field[1]!)?.[1] ?? ''),
  );
  if (columns.length === 0) return { kind: 'malformed', why: 'the VOTable has no fields' };
  if (/<(?:\w+:)?(BINARY2?|FITS)\b/i.test(table)) return { kind: 'malformed', why: 'the VOTable is not in the form TABLEDATA' };
  const rows: string[][] = [];
  for (const row of table.matchAll(/<(?:\w+:)?TR\b[^>]*>([\s\S]*?)<\/(?:\w+:)?TR\s*>/gi)) {
    const cells = [...row[1]!.matchAll(/<(?:\w+:)?TD\b[^>]*?(?:\/>|>([\s\S]*?)<\/(?:\w+:)?TD\s*>)/gi)].map((cell) =>
      unescapeXml((cell[1] ?? '').trim()),
    );
    if (cells.length !== columns.length) {
      return { kind: 'malformed', why: `row ${rows.length + 1} has ${cells.length} cells; there are ${columns.length} fields` };
    }
    rows.push(cells);
  }
  return { kind: 'table', table: { columns, rows } };
}

/** CSV with a header; a last line without its end, or with too few fields, was cut short. */
function parseCsv(text: string): ParsedAnswer {
  const lines = text.split(/\r?\n/);
  if (lines.pop() !== '') return { kind: 'malformed', why: 'its last line is cut short' };
  const [header, ...body] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const columns = header === undefined ? null : splitFields(header, ',');
  if (columns === null || columns.length < 2) return { kind: 'malformed', why: `it is not a table but '${text.slice(0, 80)}'` };
  const rows: string[][] = [];
  for (const line of body) {
    const cells = splitFields(line, ',');
    if (cells?.length !== columns.length) {
      return {
        kind: 'malformed',
        why: `row ${rows.length + 1} has ${cells?.length ?? 'unclosed'} fields; the header has ${columns.length}`,
      };
    }
    rows.push(cells);
  }
  return { kind: 'table', table: { columns, rows } };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, '$1').replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return ENTITIES[name] ?? whole;
  });
}
