import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Arrival } from '@colibri/adapters/filesystem';
import { asObservatoryError, isoUtc, type ObservatoryError } from '@colibri/base';
import type { Failure, ModuleCell } from '@colibri/contracts';
import { openFileSource } from '@colibri/fits/node';
import { type FrameHead, frameIdOf, masterKeyFor, type OfferedFrame, type OfferOutcome, readFrameHead } from '@colibri/pipeline';
import { nightId } from '@colibri/sky';
import { frameConflict, frameDuplicate } from '../errors.ts';
import { dataArea } from '../world/engine-world.ts';
import type { LoadedPipeline } from '../world/load-config.ts';
import { software } from '../world/software.ts';
import { nobody, type OnlineContext } from './context.ts';
import type { QueuedFrame } from './dispatch.ts';
import { isCalibration, routesOf, whyNot } from './route.ts';

/** What the intake hands on. */
export interface IntakeTargets {
  enqueue(frame: QueuedFrame): void;
  /** True while the key waits, runs or waits for its next try. */
  isActive(key: string): boolean;
  /** A calibration frame was recorded: masters that were missing may be there now. */
  onCalibration(): void;
}

export interface Intake {
  /** A whole file: recorded, routed, offered and queued. */
  take(arrival: Arrival): Promise<void>;
  /** A file that is not whole and no longer grows. */
  stuck(path: string, error: ObservatoryError): Promise<void>;
}

/** Gives every file its fate or its place in the queue (reliability.md §4). */
export function openIntake(context: OnlineContext, targets: IntakeTargets): Intake {
  const { ledger, log, clock, pipelines } = context;
  const stuckRows = new Map<string, string>(); // path → key
  const retried = new Set<string>();

  async function take({ path, bytes, closedMs }: Arrival): Promise<void> {
    const frameId = frameIdOf(path);
    const receivedMs = closedMs >= context.startedMs ? closedMs : clock.now();
    let sha256 = '';
    let head: FrameHead;
    try {
      sha256 = await digestOf(path);
      head = await readHead(path, sha256);
    } catch (thrown) {
      if (isGone(thrown)) return; // removed meanwhile: it was never offered
      await setAside(
        path,
        sha256 || (await textDigest(`${path}:${bytes}`)),
        asObservatoryError(thrown, `Reading ${frameId}`),
        receivedMs,
      );
      return;
    }
    await tellStuck(path);
    const { meta, header, warnings } = head;
    if (isCalibration(meta.type)) await recordCalibration(head, receivedMs);
    const routes = routesOf(header, meta.type, pipelines);
    if (routes.length === 0 && !isCalibration(meta.type)) await skip(head, receivedMs);
    for (const pipeline of routes) {
      const offered = offerOf(head, pipeline.name, receivedMs, pipeline.config.hash, pipeline.config.cells);
      await place(head, pipeline, await ledger.offer(offered), receivedMs, warnings);
    }
  }

  async function readHead(path: string, sha256: string): Promise<FrameHead> {
    const source = await openFileSource(path);
    try {
      return await readFrameHead(source, path, sha256, context.meta());
    } finally {
      await source.close();
    }
  }

  function offerOf(
    { meta }: FrameHead,
    pipeline: string,
    receivedMs: number,
    configHash: string,
    cells: readonly ModuleCell[],
  ): OfferedFrame {
    const { frameId, sha256, sourcePath, camera, filter, type, target, isAlert, exposureSec, observedAt } = meta;
    const told = { camera, filter, type, target, isAlert, exposureSec, observedAt, nightId: meta.nightId };
    return { frameId, pipeline, sha256, sourcePath, configHash, cells, receivedAt: isoUtc(receivedMs), ...told };
  }

  /** What an offer's outcome means for the queue. */
  async function place(
    head: FrameHead,
    pipeline: LoadedPipeline,
    outcome: OfferOutcome,
    receivedMs: number,
    warnings: readonly string[],
  ): Promise<void> {
    const { meta } = head;
    const { key } = outcome;
    const queued: QueuedFrame = {
      key,
      pipeline: pipeline.name,
      path: meta.sourcePath,
      sha256: meta.sha256,
      revision: 'revision' in outcome ? outcome.revision : revisionOf(key),
      isAlert: meta.isAlert,
      sinceMs: clock.now(),
      closedMs: receivedMs,
    };
    switch (outcome.kind) {
      case 'new':
        log.log(
          'INFO',
          pipeline.name,
          `${meta.frameId} received: ${meta.type}, ${meta.camera}, ${meta.filter}, ${meta.exposureSec} s, ${meta.target}${meta.isAlert ? ', alert' : ''}`,
          { frameId: meta.frameId, key },
        );
        for (const sentence of warnings)
          log.log('WARNING', pipeline.name, `${meta.frameId}: ${sentence}`, { frameId: meta.frameId });
        return targets.enqueue(queued);
      case 'resume':
        if (targets.isActive(key)) return;
        log.log('INFO', pipeline.name, `${meta.frameId} was left unfinished: taken up again.`, { frameId: meta.frameId, key });
        return targets.enqueue(queued);
      case 'revision':
        if (await isConflict(head, pipeline, queued)) return;
        return targets.enqueue(queued);
      case 'duplicate':
        if (outcome.state === 'failed' && !retried.has(key) && !targets.isActive(key)) {
          retried.add(key); // trouble of an earlier run: once more at each start
          await ledger.update(key, { state: 'queued' });
          log.log('INFO', pipeline.name, `${meta.frameId} failed in an earlier run: tried again.`, {
            frameId: meta.frameId,
            key,
          });
          return targets.enqueue(queued);
        }
        await noteDuplicate(head, key, receivedMs);
    }
  }

  /** Other bytes under a known name: a revision, unless camera or night contradict the first. */
  async function isConflict({ meta }: FrameHead, pipeline: LoadedPipeline, queued: QueuedFrame): Promise<boolean> {
    const firstKey = `${pipeline.name}/${meta.frameId}/r0`;
    const first = await ledger.row(firstKey);
    const differs = first && (first.camera !== meta.camera ? 'camera' : first.nightId !== meta.nightId ? 'night' : null);
    const other = `Other bytes arrived under this name (revision ${queued.revision}${differs ? `, of another ${differs}` : ''}).`;
    log.log('WARNING', pipeline.name, `${meta.frameId}: other bytes under a known name: revision ${queued.revision}.`, {
      frameId: meta.frameId,
      key: queued.key,
    });
    if (first) await ledger.update(firstKey, { warnings: [...first.warnings, other] });
    if (!first || !differs) return false;
    const what = `${differs} ${differs === 'camera' ? meta.camera : meta.nightId} here, ${differs === 'camera' ? first.camera : first.nightId} in ${firstKey}`;
    const error = frameConflict({ frame: meta.frameId, what });
    await quarantineRow(queued.key, pipeline.name, meta.frameId, meta.sourcePath, meta.sha256, error);
    return true;
  }

  /** A copy under another name has its own line on the board; the same file looked at again has none. */
  async function noteDuplicate({ meta }: FrameHead, firstKey: string, receivedMs: number): Promise<void> {
    const first = await ledger.row(firstKey);
    if (!first || first.frameId === meta.frameId) {
      log.log('DEBUG', nobody, `${meta.frameId} was seen before: ${firstKey}.`, { frameId: meta.frameId });
      return;
    }
    const error = frameDuplicate({ frame: meta.frameId, first: firstKey });
    const sha256 = await textDigest(`duplicate ${meta.sourcePath} ${meta.sha256}`); // the copy's own line in the ledger
    const head = { ...meta, sha256 };
    const outcome = await ledger.offer(offerOf({ meta: head } as FrameHead, nobody, receivedMs, '-', []));
    if (outcome.kind !== 'new' && outcome.kind !== 'revision') return;
    log.log('WARNING', 'GP1', `${error.message}.`, { frameId: meta.frameId, code: error.code });
    await ledger.update(outcome.key, { state: 'skipped', failure: failureOf(error, null) });
  }

  async function recordCalibration(head: FrameHead, receivedMs: number): Promise<void> {
    const { meta, header, width, height } = head;
    const type = meta.type as 'bias' | 'dark' | 'flat';
    const raw = { meta, header, width, height, data: new Uint16Array(0) };
    const outcome = await ledger.offer(offerOf(head, nobody, receivedMs, '-', [calibrationCell('waiting', null)]));
    const { frameId, sha256, nightId: night, observedAt, sourcePath } = meta;
    const key = masterKeyFor(type, raw, dataArea(raw));
    // A dark without exposure and the like were refused with the header; recording twice changes nothing.
    await ledger.recordCalibration({ key, frameId, path: sourcePath, sha256, nightId: night, observedAt });
    if (outcome.kind === 'duplicate') return noteDuplicate(head, outcome.key, receivedMs);
    log.log(
      'INFO',
      'GP1',
      `${frameId} recorded: ${type}, ${meta.camera}${type === 'flat' ? `, ${meta.filter}` : type === 'dark' ? `, ${meta.exposureSec} s` : ''}`,
      { frameId },
    );
    await ledger.update(outcome.key, { state: 'skipped', cells: [calibrationCell('done', `${type} frame, kept for masters`)] });
    targets.onCalibration();
  }

  async function skip(head: FrameHead, receivedMs: number): Promise<void> {
    const { meta, header } = head;
    const outcome = await ledger.offer(offerOf(head, nobody, receivedMs, '-', []));
    if (outcome.kind === 'duplicate') return noteDuplicate(head, outcome.key, receivedMs);
    const reasons = pipelines.map((pipeline) => `${pipeline.name}: ${whyNot(header, meta.type, pipeline)}`).join('; ');
    log.log('INFO', 'GP1', `${meta.frameId} belongs to no pipeline (${reasons}).`, { frameId: meta.frameId });
    const cells: ModuleCell[] = [
      { module: 'routing', state: 'skipped', startedAt: null, seconds: null, reason: `no pipeline asks for it: ${reasons}` },
    ];
    await ledger.update(outcome.key, { state: 'skipped', cells });
  }

  /** A file that cannot be a frame: its row says why, the file is kept in quarantine. */
  async function setAside(path: string, sha256: string, error: ObservatoryError, receivedMs: number): Promise<string> {
    const frameId = frameIdOf(path);
    const now = isoUtc(receivedMs);
    const nothing = { observedAt: null, camera: null, filter: null, type: null, target: null, isAlert: false, exposureSec: null };
    const night = nightId(now, context.config.longitudeEastDeg);
    const outcome = await ledger.offer({
      frameId,
      pipeline: nobody,
      sha256,
      configHash: '-',
      sourcePath: path,
      nightId: night,
      receivedAt: now,
      cells: [],
      ...nothing,
    });
    if (outcome.kind === 'duplicate') return outcome.key;
    await quarantineRow(outcome.key, nobody, frameId, path, sha256, error);
    return outcome.key;
  }

  async function quarantineRow(
    key: string,
    pipeline: string,
    frameId: string,
    path: string,
    sha256: string,
    error: ObservatoryError,
  ): Promise<void> {
    log.log('ERROR', pipeline === nobody ? 'GP1' : pipeline, `${frameId}: ${error.message}. ${error.hint}`, {
      frameId,
      key,
      code: error.code,
    });
    const folder = await context
      .quarantine(pipeline)
      .keep({
        error,
        frameId,
        key,
        module: null,
        sourcePath: path,
        sha256,
        attempts: 0,
        quarantinedAt: isoUtc(clock.now()),
        software: `${software.name} ${software.version}`,
        replay: `gp1 inspect ${path}`,
      })
      .catch((cause: unknown) => {
        log.log('ERROR', 'GP1', `${frameId} could not be copied to quarantine: ${(cause as Error).message}`, { frameId });
        return null;
      });
    await ledger.update(key, {
      state: 'quarantined',
      failure: failureOf(error, folder),
      evidence: { host: context.host, facts: error.facts },
    });
  }

  async function tellStuck(path: string): Promise<void> {
    const key = stuckRows.get(path);
    if (key === undefined) return;
    stuckRows.delete(path);
    const row = await ledger.row(key);
    if (row) await ledger.update(key, { warnings: [...row.warnings, 'A complete version arrived later and was taken up.'] });
  }

  return {
    take,
    async stuck(path, error) {
      const sha256 = await digestOf(path).catch(() => '');
      // Empty files are all alike by their bytes: their path tells them apart.
      const id = sha256 === '' || sha256 === emptyDigest ? await textDigest(`incomplete ${path}`) : sha256;
      stuckRows.set(path, await setAside(path, id, error, clock.now()));
    },
  };
}

export const failureOf = (error: ObservatoryError, quarantinePath: string | null, module: string | null = null): Failure => ({
  code: error.code,
  message: error.message,
  hint: error.hint,
  module,
  quarantinePath,
});

const calibrationCell = (state: ModuleCell['state'], reason: string | null): ModuleCell => ({
  module: 'calibration',
  state,
  startedAt: null,
  seconds: null,
  reason,
});
const revisionOf = (key: string): number => Number(/\/r(\d+)$/.exec(key)?.[1] ?? 0);
const isGone = (error: unknown): boolean => {
  const cause = (error as { cause?: unknown }).cause;
  return [error, cause].some((candidate) => (candidate as NodeJS.ErrnoException | undefined)?.code === 'ENOENT');
};

const textDigest = async (text: string): Promise<string> => createHash('sha256').update(text).digest('hex');
const emptyDigest = createHash('sha256').digest('hex');

/** SHA-256 of a file, read in pieces. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
