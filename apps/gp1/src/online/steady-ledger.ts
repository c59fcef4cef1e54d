import { type Log, ObservatoryError } from '@colibri/base';
import type { Ledger } from '@colibri/pipeline';

/**
 * A ledger whose trouble passes: while the database is away each call waits and tries again, so that no fate is lost; a line in the
 * log says so once, and again when it is back.
 */
export function steadyLedger(ledger: Ledger, log: Log, options: { readonly waitMs: number; isStopping(): boolean }): Ledger {
  let isAway = false;
  const steady =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      for (;;) {
        try {
          const answer = await call(...args);
          if (isAway) log.log('INFO', 'GP1', 'The database answers again.');
          isAway = false;
          return answer;
        } catch (error) {
          if (!(error instanceof ObservatoryError) || error.retry !== 'later' || options.isStopping()) throw error;
          if (!isAway) log.log('CRITICAL', 'GP1', `${error.message} ${error.hint} Frames wait.`, { code: error.code });
          isAway = true;
          await new Promise((resolve) => setTimeout(resolve, options.waitMs));
        }
      }
    };
  return {
    offer: steady((frame) => ledger.offer(frame)),
    claim: steady((key, host) => ledger.claim(key, host)),
    update: steady((key, change) => ledger.update(key, change)),
    row: steady((key) => ledger.row(key)),
    unfinished: steady((pipeline) => ledger.unfinished(pipeline)),
    putUnit: steady((row) => ledger.putUnit(row)),
    units: steady((pipeline) => ledger.units(pipeline)),
    counts: steady((pipeline) => ledger.counts(pipeline)),
    recordCalibration: steady((raw) => ledger.recordCalibration(raw)),
    calibrations: steady((key) => ledger.calibrations(key)),
    heartbeat: (status) => ledger.heartbeat(status), // the next one comes in 5 s
    close: () => ledger.close(),
  };
}
