import type { Provenance } from '@colibri/contracts';
import { Header } from '@colibri/fits';
import type { ModuleConfig } from '../config/module-config.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { AnyModule, MetricSpec } from '../define-module.ts';
import type { MetricCard } from '../engine/run-modules.ts';
import type { UsedInput } from '../engine/witness.ts';
import type { FrameMeta, HeaderValues } from '../frame.ts';
import { canonicalJson, sha256 } from '../hash.ts';

/** One card to be written: keyword, value, comment. */
export type CardLine = readonly [keyword: string, value: string | number | boolean, comment: string];

/** Cards as a header: a later line of a keyword stands; numbers that FITS can't hold are left out. */
export function headerOf(lines: readonly CardLine[]): Header {
  const header = new Header();
  for (const [keyword, value, comment] of lines) {
    if (typeof value === 'number' && !Number.isFinite(value)) continue;
    header.set(keyword, value, comment);
  }
  return header;
}

/** Cards of the raw header that say how its own bytes lie or that the products answer anew: not carried over. */
const left =
  /^(SIMPLE|BITPIX|NAXIS\d*|EXTEND|BSCALE|BZERO|BLANK|BUNIT|XTENSION|PCOUNT|GCOUNT|TFIELDS|EXTNAME|EXTVER|EXTLEVEL|CHECKSUM|DATASUM|INHERIT|Z[A-Z]+\d*|T(TYPE|FORM|UNIT)\d+|END|DATASEC|TRIMSEC|BIASSEC|CCDSEC|DATAMIN|DATAMAX|GAIN|DETGAIN|RDNOISE|SATURATE|SOLVED|SCISTEP|VARSTEP|APERDIAM|AUTO2T(OT|ER)|APER2T(OT|ER)|LIMFLUX5|MP_[A-Z_]+|CONTINUE)$/;
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

/** Keywords that say where a frame's product came from, in order, with their comments. */
const originComments: readonly (readonly [keyword: string, comment: string])[] = [
  ['TIMESYS', 'time scale of the dates'],
  ['FRAMEID', 'raw base name'],
  ['FRAMEREV', 'revision: other bytes under the same name'],
  ['SOFTWARE', 'program that wrote this file'],
  ['NIGHTID', 'night, evening date at the site'],
  ['MJD-MID', '[d] middle of the exposure, UTC'],
  ...(['RAW', 'RED', 'BIAS', 'DARK', 'FLAT', 'CAT'] as const).flatMap((word) => [
    [`IN${word}`, 'name of the input'] as const,
    [`SHA${word}`, ''] as const, // a SHA-256 leaves no room for a comment
  ]),
];

const inputWords: Record<string, string> = {
  raw: 'RAW',
  reduced: 'RED',
  bias: 'BIAS',
  dark: 'DARK',
  flat: 'FLAT',
  catalog: 'CAT',
};

/**
 * The header of a frame's products: what the raw header said, then who made it, with what, from what, and what was found. Nothing in it
 * tells when or in which run it was made (the summary beside it does), and cards that earlier modules wrote stay in their places: modules
 * one by one and the same modules in a chain write the same bytes.
 */
export async function productCards(
  { meta, header }: { readonly meta: FrameMeta; readonly header: HeaderValues },
  { sequence, modules }: Pick<PipelineConfig, 'modules' | 'sequence'>,
  inputs: readonly UsedInput[],
  metrics: readonly MetricCard[],
  run: { readonly software: Provenance['software']; readonly revision: number },
): Promise<CardLine[]> {
  const frameModules = [...sequence.modules, ...modules.map(({ module }) => module)].filter(
    (module, i, all) => module.unitOfWork === 'frame' && all.findIndex(({ name }) => name === module.name) === i,
  );
  const own: (readonly [keyword: string, comment: string])[] = [
    ...originComments,
    ...frameModules.flatMap((module) => [
      [`${module.code}VERS`, `version of module ${module.name}`] as const,
      [`${module.code}CONF`, `configuration of module ${module.name}`] as const,
      ...Object.values(module.metrics as Record<string, MetricSpec>).map((spec) => [spec.card, metricComment(spec)] as const),
    ]),
  ];
  const isOwn = new Set(own.map(([keyword]) => keyword));
  const values = new Map<string, string | number | boolean>();
  for (const [keyword, value] of header) if (isOwn.has(keyword) && value !== null) values.set(keyword, value);
  const said: Record<string, string | number> = {
    TIMESYS: 'UTC',
    FRAMEID: meta.frameId,
    FRAMEREV: run.revision,
    SOFTWARE: `${run.software.name} ${run.software.version}`,
    NIGHTID: meta.nightId,
    'MJD-MID': meta.midExposureMjdUtc,
  };
  for (const [keyword, value] of Object.entries(said)) values.set(keyword, value);
  for (const { role, name, sha256: digest } of inputs) {
    const word = inputWords[role];
    // A reduced frame that says from which raw frame it came is a step on the way, not an origin.
    if (!word || (word === 'RED' && values.has('INRAW'))) continue;
    values.set(`IN${word}`, name);
    if (digest) values.set(`SHA${word}`, digest);
  }
  for (const { module, config } of modules) {
    values.set(`${module.code}VERS`, module.version);
    values.set(`${module.code}CONF`, (await moduleHash(module, config)).slice(0, 16));
  }
  for (const { keyword, value } of metrics) values.set(keyword, Number(value.toPrecision(9)));
  const carried = carriedCards(header).filter(([keyword]) => !isOwn.has(keyword));
  const lines = own.flatMap(([keyword, comment]): CardLine[] => {
    const value = values.get(keyword);
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return [];
    return [[keyword, value, typeof value === 'string' && value.length > 40 ? '' : comment.slice(0, 47)]];
  });
  return [...carried, ...lines];
}

/** SHA-256 of what decides the results of one module beside its inputs, which are named by themselves. */
const moduleHash = ({ name, version }: AnyModule, { parameters }: ModuleConfig): Promise<string> =>
  sha256(canonicalJson({ name, version, parameters }));

export function metricComment({ unit, doc }: Pick<MetricSpec, 'unit' | 'doc'>): string {
  return `${unit && unit !== '1' ? `[${unit}] ` : ''}${doc.replace(/\.$/, '')}`;
}
