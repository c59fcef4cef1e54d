import { type Ini, type IniSection, iniName, nearestName, type ObservatoryError, parseIni } from '@colibri/base';
import type { ParameterSpec } from '../define-module.ts';
import { configMissingKey, configUnknownSection, configValue } from '../errors.ts';
import { type IniReader, iniReader } from './reader.ts';
import { readServices, type ServicesConfig } from './services-config.ts';
import { type Given, parseNumber } from './values.ts';

/** One section of gp1.cfg: which frames go where. */
export interface Gp1Pipeline {
  readonly name: string;
  readonly strategy: string;
  /** All must match, without case. */
  readonly identifiers: readonly { readonly header: string; readonly value: string }[];
  readonly configurationDir: string;
  readonly workspaceDir: string;
  /** `gp1.cfg:12`. */
  readonly at: string;
}

/** When a frame counts as an alert's: any of these rules. `never` and an empty list: no frame does. */
export type AlertRule = 'trigger' | 'project' | 'never' | 'always';

export interface Gp1Config {
  readonly input: string;
  readonly logPath: string;
  readonly stateDir: string;
  readonly catalog: string;
  readonly mastersDir: string;
  readonly quarantineDir: string;
  /** Reduced frames are handed over here for the data transfer; null: they are not. */
  readonly transferDir: string | null;
  /** `embedded`, `memory` or a postgres URL. */
  readonly database: string;
  /** Folder of the embedded database. */
  readonly databaseDir: string;
  readonly workers: number;
  readonly threads: number;
  readonly alertRules: readonly AlertRule[];
  /** [deg], east positive: decides where a night begins. */
  readonly longitudeEastDeg: number;
  /** A file rested when size and time of change stood still this long [s]. */
  readonly restSec: number;
  /** Period of the full listing [s]. */
  readonly rescanSec: number;
  /** An incomplete file that does not grow for this long is set aside [s]. */
  readonly giveUpSec: number;
  /** A frame that takes longer than this has lost its worker [s]. */
  readonly frameTimeoutSec: number;
  /** Waits before the second and later tries [s]. */
  readonly retrySec: readonly number[];
  /** No new frame for so long: the products of a unit are made anew from all of them [s]. */
  readonly unitSettleSec: number;
  /** Frames that may wait in memory; beyond it the intake waits. */
  readonly queueLimit: number;
  /** Below this share of free space the intake pauses [percent]; it goes on at twice the share. */
  readonly minFreePercent: number;
  readonly services: ServicesConfig;
  readonly pipelines: readonly Gp1Pipeline[];
}

/** Longitude of San Pedro Mártir [deg]. */
export const siteLongitudeEastDeg = -115.464;

const numbers = {
  workers: { doc: 'Frames worked on at once.', unit: '', default: 1, atLeast: 1, atMost: 64 },
  threads: { doc: 'Compute threads of each worker.', unit: '', default: 2, atLeast: 1, atMost: 64 },
  longitude: {
    doc: 'Longitude of the site, east positive.',
    unit: 'deg',
    default: siteLongitudeEastDeg,
    atLeast: -180,
    atMost: 360,
  },
  rest_seconds: { doc: 'How long a file must rest before it is read.', unit: 's', default: 2, atLeast: 0 },
  rescan_seconds: { doc: 'Period of the full listing of the input.', unit: 's', default: 30, above: 0 },
  give_up_seconds: { doc: 'After how long an incomplete file is set aside.', unit: 's', default: 600, above: 0 },
  frame_timeout: { doc: 'After how long a frame has lost its worker.', unit: 's', default: 300, above: 0 },
  unit_settle_seconds: {
    doc: 'No new frame for so long: the stack and what follows are made anew from all frames.',
    unit: 's',
    default: 120,
    atLeast: 0,
  },
  queue_limit: { doc: 'Frames that may wait in memory.', unit: '', default: 20_000, atLeast: 1 },
  min_free_percent: { doc: 'Free space below which the intake pauses.', unit: '%', default: 5, atLeast: 0, atMost: 50 },
} as const;

/** Reads gp1.cfg. `resolve` turns a path of the file into an absolute one. */
export function readGp1Config(
  text: string,
  file: string,
  resolve: (value: string) => string,
): { readonly config: Gp1Config; readonly problems: readonly ObservatoryError[] } {
  const parsed = parseIni(text, file);
  const problems: ObservatoryError[] = [...parsed.problems];
  const reader = iniReader(parsed.ini, problems);
  const general = (key: string): Given | undefined => reader.take('General', key);
  const path = (key: string, otherwise: string): string => (general(key)?.value ? resolve(general(key)!.value) : otherwise);
  const figure = (key: keyof typeof numbers): number => {
    const spec: Extract<ParameterSpec, { kind: 'number' }> = { kind: 'number', ...numbers[key] };
    const said = general(key);
    return said
      ? (reader.keep<number | null>(parseNumber(said, spec), spec.default) ?? numbers[key].default)
      : numbers[key].default;
  };

  const input = reader.need('General', 'input');
  const logPath = reader.need('General', 'log_path');
  const log = logPath ? resolve(logPath.value) : '';
  const stateDir = path('state_dir', `${log}/state`);
  const pipelines = [...parsed.ini.sections.values()]
    .filter((section) => !['general', 'default'].includes(iniName(section.name)))
    .flatMap((section) => readPipelineSection(section, reader, parsed.ini, resolve));
  const config: Gp1Config = {
    input: input ? resolve(input.value) : '',
    logPath: log,
    stateDir,
    catalog: path('catalog', `${stateDir}/catalogs`),
    mastersDir: path('masters_dir', `${stateDir}/masters`),
    quarantineDir: path('quarantine_dir', `${stateDir}/quarantine`),
    transferDir: path('transfer_dir', '') || null,
    database: readDatabase(general('database'), problems),
    databaseDir: path('database_dir', `${stateDir}/database`),
    workers: figure('workers'),
    threads: figure('threads'),
    alertRules: readAlertRules(general('alert_rule'), problems),
    longitudeEastDeg: figure('longitude'),
    restSec: figure('rest_seconds'),
    rescanSec: figure('rescan_seconds'),
    giveUpSec: figure('give_up_seconds'),
    frameTimeoutSec: figure('frame_timeout'),
    retrySec: readRetries(general('retry_seconds'), problems),
    unitSettleSec: figure('unit_settle_seconds'),
    queueLimit: figure('queue_limit'),
    minFreePercent: figure('min_free_percent'),
    services: readServices(general, path, stateDir, problems),
    pipelines,
  };
  if (pipelines.length === 0) {
    problems.push(configMissingKey({ at: file, key: '[name of a pipeline]', section: 'one section per pipeline' }));
  }
  for (const key of ['workers', 'threads', 'queue_limit'] as const) {
    const said = general(key);
    if (said && !Number.isInteger(figure(key))) problems.push(configValue({ ...said, wanted: 'must be a whole number' }));
  }
  checkWorkspaces(config, problems);
  reader.refuseRest((section) => looksLikeGeneral(section, parsed.ini));
  return { config, problems };
}

const looksLikeGeneral = (section: IniSection, ini: Ini): boolean =>
  !ini.sections.has('general') && nearestName(section.name, ['General']) === 'General' && section.entries.has('input');

function readPipelineSection(
  section: IniSection,
  reader: IniReader,
  ini: Ini,
  resolve: (value: string) => string,
): Gp1Pipeline[] {
  const at = `${ini.file}:${section.line}`;
  const { name } = section;
  if (looksLikeGeneral(section, ini)) {
    reader.problems.push(configUnknownSection({ at, section: name, near: 'General' }));
    return [];
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,62}$/.test(name) || iniName(name) === 'gp1') {
    const wanted = 'cannot name a pipeline: letters, digits, blanks and . _ + - only, and not gp1';
    reader.problems.push(configValue({ at, key: 'section', value: name, wanted }));
  }
  const strategy = reader.need(name, 'processing_strategy');
  if (strategy && strategy.value.toLowerCase() !== 'standard') {
    reader.problems.push(configValue({ ...strategy, wanted: 'is no strategy of this version; the only one is "standard"' }));
  }
  const headers = reader.need(name, 'identifier_header');
  const values = reader.need(name, 'identifier_value');
  const configurationDir = reader.need(name, 'configuration_path_dir');
  const workspaceDir = reader.need(name, 'workspace_dir');
  return [
    {
      name,
      at,
      strategy: 'standard',
      identifiers: headers && values ? readIdentifiers(headers, values, reader.problems) : [],
      configurationDir: configurationDir ? resolve(configurationDir.value) : '',
      workspaceDir: workspaceDir ? resolve(workspaceDir.value) : '',
    },
  ];
}

function readIdentifiers(headers: Given, values: Given, problems: ObservatoryError[]): { header: string; value: string }[] {
  const list = (from: Given): string[] => from.value.split(/[,\n]/).map((word) => word.trim());
  const [names, wanted] = [list(headers), list(values)];
  if (names.length !== wanted.length) {
    const text = `has ${count(wanted.length, 'value')} for ${count(names.length, 'header')} of identifier_header: they pair up one by one`;
    problems.push(configValue({ ...values, wanted: text }));
  }
  const odd = names.find((name) => !/^[A-Za-z0-9_-]{1,8}$/.test(name));
  if (odd !== undefined) problems.push(configValue({ ...headers, wanted: `has "${odd}", which is no header word` }));
  if (wanted.includes('')) problems.push(configValue({ ...values, wanted: 'has an empty value' }));
  return names.slice(0, wanted.length).map((header, i) => ({ header: header.toUpperCase(), value: wanted[i]! }));
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

function readDatabase(said: Given | undefined, problems: ObservatoryError[]): string {
  const value = said?.value || 'embedded';
  if (said && !/^(embedded|memory|postgres(ql)?:\/\/\S+)$/i.test(value)) {
    problems.push(configValue({ ...said, wanted: 'is neither embedded, memory nor postgres://user@host/name' }));
  }
  return value;
}

function readAlertRules(said: Given | undefined, problems: ObservatoryError[]): AlertRule[] {
  const rules: readonly string[] = ['trigger', 'project', 'never', 'always'];
  const words = (said?.value ?? 'trigger, project')
    .toLowerCase()
    .split(/[,\s]+/)
    .filter(Boolean);
  const odd = words.find((word) => !rules.includes(word));
  if (said && odd) problems.push(configValue({ ...said, wanted: `has "${odd}", which is none of ${rules.join(', ')}` }));
  return words.filter((word): word is AlertRule => rules.includes(word));
}

function readRetries(said: Given | undefined, problems: ObservatoryError[]): number[] {
  const waits = (said?.value ?? '5, 60, 600')
    .split(/[,\s]+/)
    .filter(Boolean)
    .map(Number);
  if (said && waits.some((wait) => !(wait >= 0)))
    problems.push(configValue({ ...said, wanted: 'is not a list of waits in seconds, like 5, 60, 600' }));
  return waits.filter((wait) => wait >= 0);
}

/** Two pipelines in one workspace would write over each other; products inside the input would be taken for raw frames. */
function checkWorkspaces({ input, pipelines }: Gp1Config, problems: ObservatoryError[]): void {
  const folder = (path: string): string => `${path.replace(/\/+$/, '')}/`;
  pipelines.forEach((pipeline, i) => {
    if (!pipeline.workspaceDir) return;
    const twin = pipelines
      .slice(0, i)
      .find((other) => other.workspaceDir && folder(other.workspaceDir) === folder(pipeline.workspaceDir));
    const value = pipeline.workspaceDir;
    const at = pipeline.at;
    if (twin)
      problems.push(
        configValue({
          at,
          key: 'workspace_dir',
          value,
          wanted: `is also that of [${twin.name}]: they would write over each other`,
        }),
      );
    if (input && folder(value).startsWith(folder(input))) {
      problems.push(
        configValue({
          at,
          key: 'workspace_dir',
          value,
          wanted: 'lies in the input folder: products would be taken for raw frames',
        }),
      );
    }
  });
}
