import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeFiles, writeAtomically } from '@colibri/base/node';
import { type DetectorModel, makeDetector } from './detector.ts';
import { expose } from './expose.ts';
import { referenceCsv } from './field.ts';
import { frameName } from './header.ts';
import type { Night } from './night.ts';

export interface PlayOptions {
  /** Folder of the raw frames: what gp1 watches. */
  readonly output: string;
  /** Folder of truth tables, state and the status file `simulation.json`. */
  readonly stateDir: string;
  /** Simulated seconds per real second, 1 to 600. */
  readonly rate: number;
  /** First exposures written without waiting: calibrations are there before the night starts. */
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

/** The reference catalogue of the night's fields, as CSV. */
export const nightCatalogCsv = (night: Night): string => {
  const [survey, alert] = [referenceCsv(night.survey, 22.3, night.seed + 5), referenceCsv(night.alert, 22.3, night.seed + 6)];
  return survey + alert.slice(alert.indexOf('\n') + 1);
};

/**
 * Plays the night: writes each frame when the simulated clock has read it out. Calibrations come first, without waiting; then the
 * clock jumps over the hours without exposures. A player that starts again goes on after the last frame it wrote.
 */
export async function playNight(night: Night, options: PlayOptions): Promise<void> {
  const { output, stateDir, rate, signal, say } = options;
  mkdirSync(output, { recursive: true });
  mkdirSync(join(stateDir, 'truth'), { recursive: true });
  const { exposures } = night.plan;
  const statePath = join(stateDir, `played-${night.nightId}-${night.seed}-${night.size}.json`);
  let next = existsSync(statePath) ? (JSON.parse(readFileSync(statePath, 'utf8')) as { next: number }).next : 0;
  if (next > 0) say(`Going on after ${next} of ${exposures.length} frames.`);
  const detectors = new Map<string, DetectorModel>();
  const detectorOf = (camera: 'C1' | 'C2'): DetectorModel => {
    let detector = detectors.get(camera);
    if (!detector) detectors.set(camera, (detector = makeDetector(camera, night.size, night.seed)));
    return detector;
  };
  let anchorReal = performance.now(),
    anchorSim = Number.NaN;
  for (; next < exposures.length && !signal.aborted; next++) {
    const exposure = exposures[next]!;
    const end = exposure.startUnix + exposure.exposureSec + 4; // 4 s of read-out
    const frame = expose(night, next, detectorOf(exposure.camera));
    if (exposure.field !== null) {
      const clock = anchorSim + ((performance.now() - anchorReal) / 1000) * rate;
      if (!(exposure.startUnix - clock < 120)) {
        // first science frame, or idle for more than two minutes: jump
        anchorReal = performance.now();
        anchorSim = exposure.startUnix;
      }
      await waitUntil(
        () => anchorSim + ((performance.now() - anchorReal) / 1000) * rate,
        end,
        rate,
        signal,
        (at) => writeStatus(stateDir, at, rate),
      );
      if (signal.aborted) return;
    }
    if (frame.truth) await writeAtomically(nodeFiles, join(stateDir, 'truth', `${frame.name}.json`), text(frame.truth));
    const path = join(output, `${frame.name}.fits.fz`);
    if (!existsSync(path)) await writeAtomically(nodeFiles, path, frame.bytes);
    await writeStatus(stateDir, end, rate);
    await writeAtomically(nodeFiles, statePath, text({ next: next + 1 }));
    say(
      `${frameName(exposure)}: ${exposure.type} ${exposure.filter}, ${exposure.exposureSec} s (${next + 1} of ${exposures.length})`,
    );
  }
  if (!signal.aborted) say('The night is over.');
}

async function waitUntil(
  clock: () => number,
  end: number,
  rate: number,
  signal: AbortSignal,
  tick: (at: number) => Promise<void>,
): Promise<void> {
  for (let left = end - clock(); left > 0 && !signal.aborted; left = end - clock()) {
    await sleep(Math.min(1000, (left / rate) * 1000 + 5), undefined, { signal }).catch(() => {});
    if (!signal.aborted) await tick(Math.min(end, clock()));
  }
}

const text = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

/** Says on every page that this is a simulation, and what its clock shows. */
async function writeStatus(stateDir: string, atUnix: number, rate: number): Promise<void> {
  await writeAtomically(
    nodeFiles,
    join(stateDir, 'simulation.json'),
    text({ at: new Date(atUnix * 1000).toISOString(), rate, updatedAt: new Date().toISOString() }),
  );
}
