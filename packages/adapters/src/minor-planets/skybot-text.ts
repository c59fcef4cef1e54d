/** An answer without a body in it, as a table of no rows. */
const EMPTY = 'Num,Name,RA,DEC,VMag,posErr,RArate,DECrate\n';

/**
 * What SkyBoT answers, as a table that our reader knows: its plain text (`# Num | Name | …`, fields split by bars) becomes CSV, and
 * its sentence that no body was found becomes an empty table; all else, VOTable and errors, goes on as it is.
 */
export async function normaliseSkybot(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const text = await response.text();
  const { status, statusText } = response;
  const as = (body: string) => new Response(body, { status, statusText });
  if (/no solar system object (?:was|were) found/i.test(text)) return as(EMPTY);
  if (!/^\s*#/.test(text) || !text.includes('|')) return as(text);
  const lines = text.split(/\r?\n/);
  // A last line without its end was cut short: the reader shall see that.
  const isWhole = lines.at(-1) === '';
  const header = lines.find((line) => line.startsWith('#') && /\bname\b/i.test(line) && line.includes('|'));
  if (header === undefined) return as(text);
  const cells = (line: string) => line.split('|').map((cell) => cell.trim());
  const quoted = (row: readonly string[]) =>
    row.map((cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => quoted(cells(line)));
  return as([quoted(cells(header.replace(/^#\s*/, ''))), ...rows].join('\n') + (isWhole ? '\n' : ''));
}
