import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { asObservatoryError, type Log, systemClock } from '@colibri/base';
import {
  type AnyModule,
  type CalibrationFrame,
  type CalibrationSetup,
  type FrameMetaOptions,
  frameIdOf,
  type InputSpec,
  type Master,
  type MasterKey,
  type ModuleConfig,
  type ModuleContext,
  masterKeyFor,
  readFrameHead,
  readRawFrame,
  siteLongitudeEastDeg,
} from '@colibri/pipeline';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { dataArea, openWorld } from '../world/engine-world.ts';
import { masterAt, masterFolder } from '../world/master-folder.ts';
import { inputFiles } from './inputs.ts';

const meta: FrameMetaOptions = {
  nowMs: systemClock.now(),
  longitudeEastDeg: siteLongitudeEastDeg,
  alertRules: [],
  lenient: true,
};

/**
 * `bias`, `dark`, `flat --input … --output DIR`: one master for each setup of a detector among the frames of that type in the input.
 * Helpers are those that the configuration names; `auto`: what an earlier command left in the output.
 */
export async function setupModuleCommand(
  module: AnyModule,
  { config, input, output, log }: { config: ModuleConfig; input: readonly string[]; output: string; log: Log },
): Promise<ExitCode> {
  const type = module.name as MasterKey['type'];
  let failed = 0;
  const { setups, unreadable, others } = await readSetups(await inputFiles(input, 'raw'), type);
  for (const { path, error } of unreadable) {
    failed++;
    const { message, code } = asObservatoryError(error, frameIdOf(path));
    log.log('ERROR', module.title, message, { code });
  }
  if (others > 0) log.log('INFO', module.title, `${others} frames of other types are passed over.`);
  if (setups.length === 0) log.log('WARNING', module.title, `No ${type} frames in the input.`);
  const world = await openWorld({
    log,
    threads: availableParallelism(),
    mastersDir: output,
    catalogDir: null,
    calibrations: async () => [],
    meta: () => meta,
  });
  const store = masterFolder({ folder: output, calibrations: async () => [], meta: () => meta });
  const { compute } = world.ports;
  try {
    for (const setup of setups) {
      const words = setupWords(setup.key);
      const context: ModuleContext = {
        compute,
        info: (message) => log.log('INFO', module.title, message),
        warn: (sentence) => log.log('WARNING', module.title, `${words}: ${sentence}`),
        kept: new Map(),
        isFinal: true,
      };
      try {
        const helpers = await readHelpers(module, setup, config, output);
        await compute.scope(async () => {
          const { outputs } = await module.run({ setup, ...helpers } as never, config.parameters as never, context);
          const master = outputs['master'] as Master | null;
          if (!master) {
            failed++;
            return;
          }
          const sha256 = await store.save(master);
          const path = join(output, `${master.name}.fits`);
          log.log('INFO', module.title, `The new ${type} file is now ${path} (${master.inputs.length} frames)`, { sha256 });
        });
      } catch (thrown) {
        failed++;
        const { message, hint, code } = asObservatoryError(thrown, words);
        log.log('ERROR', module.title, `${words}: ${message} ${hint}`, { code });
      }
    }
  } finally {
    await world.close();
  }
  return failed > 0 || setups.length === 0 ? exitCodes.someFailed : exitCodes.done;
}

/** The frames of one type by setup, each in order of time. Pixels are read later, when a master is made of them. */
async function readSetups(
  files: readonly string[],
  type: MasterKey['type'],
): Promise<{ setups: CalibrationSetup[]; unreadable: { path: string; error: unknown }[]; others: number }> {
  const setups = new Map<string, { key: MasterKey; frames: CalibrationFrame[] }>();
  const unreadable: { path: string; error: unknown }[] = [];
  const seen = new Set<string>();
  let others = 0;
  for (const path of files) {
    try {
      const bytes = await readFile(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const head = await readFrameHead(bytes, path, sha256, meta);
      if (head.meta.type !== type) {
        others++;
        continue;
      }
      if (seen.has(sha256)) continue; // a copy would count twice
      seen.add(sha256);
      const raw = { ...head, data: new Uint16Array(0) };
      const key: MasterKey = { ...masterKeyFor(type, raw, dataArea(raw)), exposureSec: null };
      const id = JSON.stringify(key);
      const setup = setups.get(id) ?? { key, frames: [] };
      setups.set(id, setup);
      const load = async () => (await readRawFrame(await readFile(path), path, sha256, meta)).raw;
      setup.frames.push({ meta: head.meta, header: head.header, sha256, load });
    } catch (error) {
      unreadable.push({ path, error });
    }
  }
  const ordered = [...setups.values()].map(({ key, frames }) => ({
    key,
    frames: frames.sort((a, b) => compare(a.meta.observedAt, b.meta.observedAt) || compare(a.sha256, b.sha256)),
  }));
  return { setups: ordered.sort((a, b) => compare(setupWords(a.key), setupWords(b.key))), unreadable, others };
}

async function readHelpers(
  module: AnyModule,
  setup: CalibrationSetup,
  config: ModuleConfig,
  output: string,
): Promise<Record<string, Master | null>> {
  const kinds = Object.values(module.inputs as Record<string, InputSpec>).map(({ kind }) => kind);
  const helpers: Record<string, Master | null> = {};
  for (const kind of ['bias', 'dark'] as const) {
    if (!kinds.includes(kind)) continue;
    const choice = config.calibration[kind] ?? 'auto';
    const exposureSec = kind === 'dark' ? (setup.frames[0]?.meta.exposureSec ?? null) : null;
    const key: MasterKey = { ...setup.key, type: kind, filter: '-', exposureSec };
    helpers[kind] =
      choice === 'none'
        ? null
        : choice !== 'auto'
          ? await masterAt(choice.path, key)
          : existsSync(output)
            ? await masterAt(output, key).catch(() => null)
            : null;
  }
  return helpers;
}

const setupWords = ({ camera, filter, binning, readMode, softGain, width, height }: MasterKey): string =>
  [
    camera,
    ...(filter === '-' ? [] : [filter]),
    `binning ${binning}`,
    `read mode ${readMode}`,
    `soft gain ${softGain}`,
    `${width} × ${height}`,
  ].join(', ');

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
