import type { FrameRow } from '@colibri/contracts';

/**
 * Simple filter expressions over frames: `filter=r fwhm>2 type=object`. Terms are separated by spaces and all must hold; `a,b` means either;
 * a bare word is looked for in the file name, target and state. A frame whose value is unknown never satisfies a comparison.
 */
export interface FrameFilter {
  readonly terms: readonly Term[];
  /** What is wrong with the expression, as sentences; wrong terms are left out. */
  readonly problems: readonly string[];
  matches(row: FrameRow): boolean;
}

type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=';
interface Term {
  readonly key: string | null;
  readonly operator: Operator;
  readonly values: readonly string[];
}

type Reader = (row: FrameRow) => string | number | null;

export const filterKeys: Readonly<Record<string, { readonly read: Reader; readonly help: string }>> = {
  filter: { read: (row) => row.filter, help: 'r' },
  camera: { read: (row) => row.camera, help: 'C1' },
  type: { read: (row) => row.type, help: 'object, flat, bias, dark' },
  target: { read: (row) => row.target, help: 'target or alert name' },
  pipeline: { read: (row) => row.pipeline, help: 'pipeline instance' },
  state: { read: (row) => row.state, help: 'published, failed, …' },
  code: { read: (row) => row.failure?.code ?? null, help: 'code of the failure' },
  alert: { read: (row) => (row.isAlert ? 'yes' : 'no'), help: 'yes or no' },
  frame: { read: (row) => row.frameId, help: 'file name' },
  exp: { read: (row) => row.exposureSec, help: 'exposure [s]' },
  fwhm: { read: (row) => row.metrics?.fwhmArcsec ?? null, help: 'FWHM [″]' },
  stars: { read: (row) => row.metrics?.sourceCount ?? null, help: 'sources found' },
  matched: { read: (row) => row.metrics?.matchedCount ?? null, help: 'stars matched' },
  rms: { read: (row) => row.metrics?.wcsRmsArcsec ?? null, help: 'WCS rms [″]' },
  zp: { read: (row) => row.metrics?.zeroPointMag ?? null, help: 'zero point [mag]' },
  limit: { read: (row) => row.metrics?.limitMag5Sigma ?? null, help: '5σ limit [mag]' },
  sky: { read: (row) => row.metrics?.skyElectronPerPixel ?? null, help: 'sky [e⁻/px]' },
  latency: { read: (row) => row.latencySec, help: 'latency [s]' },
};

const termPattern = /(?:([A-Za-z]+)\s*(!=|>=|<=|=|>|<|:)\s*)?("[^"]*"|\S+)/g;

export function parseFrameFilter(expression: string): FrameFilter {
  const terms: Term[] = [];
  const problems: string[] = [];
  for (const [, key, rawOperator, rawValue] of expression.matchAll(termPattern)) {
    const value = rawValue!.replaceAll('"', '');
    const operator = (rawOperator === ':' ? '=' : (rawOperator ?? '=')) as Operator;
    const values = value.split(',').filter((v) => v !== '');
    if (key === undefined) {
      if (/^(!=|>=|<=|=|>|<|:)/.test(value) || /[=<>]$/.test(value))
        problems.push(`“${value}” needs a name before and a value after the comparison.`);
      else terms.push({ key: null, operator: '=', values });
      continue;
    }
    const name = key.toLowerCase();
    if (!(name in filterKeys)) problems.push(`“${key}” is not a column; known: ${Object.keys(filterKeys).join(', ')}.`);
    else if (operator !== '=' && operator !== '!=' && values.some((v) => !Number.isFinite(Number(v))))
      problems.push(`“${key}${operator}${value}” compares with something that is not a number.`);
    else terms.push({ key: name, operator, values });
  }
  return { terms, problems, matches: (row) => terms.every((term) => holds(term, row)) };
}

function holds(term: Term, row: FrameRow): boolean {
  if (term.key === null) {
    const text = `${row.frameId} ${row.target ?? ''} ${row.state} ${row.camera ?? ''} ${row.failure?.code ?? ''}`.toLowerCase();
    return term.values.some((value) => text.includes(value.toLowerCase()));
  }
  const actual = filterKeys[term.key]!.read(row);
  if (actual === null) return term.operator === '!=';
  const equal = (value: string) =>
    typeof actual === 'number' ? actual === Number(value) : actual.toLowerCase() === value.toLowerCase();
  if (term.operator === '=') return term.values.some(equal);
  if (term.operator === '!=') return !term.values.some(equal);
  const limit = Number(term.values[0]);
  const number = Number(actual);
  if (!Number.isFinite(number)) return false;
  if (term.operator === '>') return number > limit;
  if (term.operator === '>=') return number >= limit;
  return term.operator === '<' ? number < limit : number <= limit;
}

/** Puts `key=value` into an expression, in place of what it said about that key; takes it out when it is there already. */
export function toggleTerm(expression: string, key: string, value: string): string {
  const wanted = `${key}=${/\s/.test(value) ? `"${value}"` : value}`;
  const parts = [...expression.matchAll(termPattern)].map((match) => match[0].trim());
  const others = parts.filter((part) => !new RegExp(`^${key}\\s*(=|:)`, 'i').test(part));
  return parts.includes(wanted) ? others.join(' ') : [...others, wanted].join(' ');
}
