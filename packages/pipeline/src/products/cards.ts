import type { Provenance } from '@colibri/contracts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { MetricCard, UsedInput } from '../engine/run-modules.ts';
import type { FrameMeta, HeaderValues } from '../frame.ts';

/** One card to be written: keyword, value, comment. */
export type CardLine = readonly [keyword: string, value: string | number | boolean, comment: string];

/** Cards of the raw header that say how its own bytes lie or that the products answer anew: not carried over. */
const left =
  /^(SIMPLE|BITPIX|NAXIS\d*|EXTEND|BSCALE|BZERO|BLANK|BUNIT|XTENSION|PCOUNT|GCOUNT|TFIELDS|EXTNAME|EXTVER|EXTLEVEL|CHECKSUM|DATASUM|INHERIT|Z[A-Z]+\d*|T(TYPE|FORM|UNIT)\d+|END|DATASEC|TRIMSEC|BIASSEC|CCDSEC|DATAMIN|DATAMAX|GAIN|RDNOISE|SATURATE|TIMESYS|CONTINUE)$/;
/** World coordinates of the raw frame are no longer true after trimming and turning; ours are written instead. */
const wcs =
  /^(WCSAXES|WCSNAME|C(TYPE|RVAL|RPIX|DELT|ROTA|UNIT|RDER|SYER)\d|CD\d_\d|PC\d_\d|P[VS]\d_\d+|LONPOLE|LATPOLE|RADESYS|RADECSYS|EQUINOX|[AB]P?_(ORDER|DMAX|\d+_\d+)|EPOCH)[A-Z]?$/;

/** The raw header as the products carry it on. */
export function carriedCards(header: HeaderValues): CardLine[] {
  const lines: CardLine[] = [];
  for (const [keyword, value] of header) {
    if (value === null || keyword === '' || left.test(keyword) || wcs.test(keyword) || /^(HISTORY|COMMENT)$/.test(keyword))
      continue;
    if (typeof value === 'number' && !Number.isFinite(value)) continue;
    lines.push([keyword, value, '']);
  }
  return lines;
}

/** What everyone asks of a product: who made it, with what, from what, and what was found. */
export function provenanceCards(
  meta: FrameMeta,
  config: Pick<PipelineConfig, 'hash' | 'modules'>,
  inputs: readonly UsedInput[],
  metrics: readonly MetricCard[],
  run: { readonly pipeline: string; readonly software: Provenance['software']; readonly revision: number; readonly date: string },
): CardLine[] {
  const lines: CardLine[] = [
    ['DATE', run.date.slice(0, 19), 'UTC when this file was written'],
    ['TIMESYS', 'UTC', 'time scale of the dates'],
    ['FRAMEID', meta.frameId, 'raw base name'],
    ['FRAMEREV', run.revision, 'revision: other bytes under the same name'],
    ['PIPELINE', run.pipeline, 'pipeline instance'],
    ['SOFTWARE', `${run.software.name} ${run.software.version}`, 'program that wrote this file'],
    ['PLCONF', config.hash, ''], // a SHA-256 leaves no room for a comment
    ['NIGHTID', meta.nightId, 'night, evening date at the site'],
    ['MJD-MID', meta.midExposureMjdUtc, '[d] middle of the exposure, UTC'],
  ];
  for (const { module } of config.modules) {
    lines.push([`${module.code}VERS`, module.version, `version of module ${module.name}`]);
    lines.push([`${module.code}CONF`, config.hash.slice(0, 16), `configuration of module ${module.name}`]);
  }
  const words: Record<string, string> = { raw: 'RAW', reduced: 'RED', bias: 'BIAS', dark: 'DARK', flat: 'FLAT', catalog: 'CAT' };
  for (const input of inputs) {
    const word = words[input.role];
    if (!word) continue;
    lines.push([`IN${word}`, input.name, input.name.length <= 40 ? `input: ${input.role}` : '']);
    if (input.sha256) lines.push([`SHA${word}`, input.sha256, '']);
  }
  for (const { keyword, value, comment } of metrics) lines.push([keyword, Number(value.toPrecision(9)), comment.slice(0, 47)]);
  return lines;
}
