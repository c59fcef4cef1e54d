import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { openMemoryLedger } from '@colibri/adapters/memory';
import { asObservatoryError, systemClock } from '@colibri/base';
import {
  type FrameMetaOptions,
  frameIdOf,
  type MasterKey,
  masterKeyFor,
  readFrameHead,
  siteLongitudeEastDeg,
} from '@colibri/pipeline';
import { openLog } from '../console-log.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { isCalibration } from '../online/route.ts';
import { dataArea, openWorld } from '../world/engine-world.ts';
import { inputFiles } from './inputs.ts';
import { consoleOutput, type Output } from './shared.ts';

/** `gp1 masters --input … --output DIR`: every master that the calibration frames of the input make. */
export async function mastersCommand(
  options: { input: readonly string[]; output: string },
  output: Output = consoleOutput,
): Promise<ExitCode> {
  const log = openLog({ write: output.out });
  const ledger = openMemoryLedger();
  const meta = (): FrameMetaOptions => ({
    nowMs: systemClock.now(),
    longitudeEastDeg: siteLongitudeEastDeg,
    alertRules: [],
    lenient: false,
  });
  const folder = resolve(options.output);
  const wanted = new Map<string, { key: MasterKey; nightId: string }>();
  let failed = 0;
  for (const path of await inputFiles(options.input, 'raw')) {
    try {
      const bytes = await readFile(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const head = await readFrameHead(bytes, path, sha256, meta());
      const { type, nightId, observedAt, frameId } = head.meta;
      if (!isCalibration(type)) continue;
      const raw = { ...head, data: new Uint16Array(0) };
      const key = masterKeyFor(type as MasterKey['type'], raw, dataArea(raw));
      await ledger.recordCalibration({ key, frameId, path, sha256, nightId, observedAt });
      wanted.set(JSON.stringify([key, nightId]), { key, nightId });
    } catch (thrown) {
      failed++;
      const { message, code } = asObservatoryError(thrown, frameIdOf(path));
      log.log('ERROR', 'GP1', `${message}`, { code });
    }
  }
  const world = await openWorld({
    log,
    threads: availableParallelism(),
    mastersDir: folder,
    catalogDir: null,
    calibrations: (key) => ledger.calibrations(key),
    meta,
  });
  try {
    const order = ['bias', 'dark', 'flat'];
    for (const { key, nightId } of [...wanted.values()].sort((a, b) => order.indexOf(a.key.type) - order.indexOf(b.key.type))) {
      const words = `${key.type} ${key.camera}${key.type === 'flat' ? ` ${key.filter}` : ''}${key.exposureSec === null ? '' : ` ${key.exposureSec} s`} ${nightId}`;
      try {
        const master = await world.ports.masters.master(key, nightId);
        if (master) log.log('INFO', 'GP1', `${words}: ${master.name}${master.note ? ` (${master.note})` : ''}`);
        else {
          failed++;
          log.log('WARNING', 'GP1', `${words}: too few frames`);
        }
      } catch (thrown) {
        failed++;
        const { message, hint, code } = asObservatoryError(thrown, words);
        log.log('ERROR', 'GP1', `${message}. ${hint}`, { code });
      }
    }
  } finally {
    await world.close();
    await log.close();
  }
  return failed > 0 ? exitCodes.someFailed : exitCodes.done;
}
