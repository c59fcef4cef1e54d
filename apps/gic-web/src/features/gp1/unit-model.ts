import type { ChipState, UnitRow } from '@colibri/contracts';
import { duration } from '../../lib/format.ts';

export function unitSymbol({ state, failure }: Pick<UnitRow, 'state' | 'failure'>): ChipState {
  if (failure !== null || state === 'failed') return 'fail';
  return state === 'final' ? 'ok' : 'info';
}

/** The state in words that say how much to trust the numbers. */
export function unitWord({ state, cells }: Pick<UnitRow, 'state' | 'cells'>): string {
  if (state === 'working') {
    const running = cells.find((cell) => cell.state === 'running');
    return running ? `working: ${running.module}` : 'working';
  }
  if (state === 'live') return 'live: refined with every frame';
  if (state === 'final') return 'final: made anew from all frames';
  return 'failed';
}

/** `4 m 52 s after the event` for the newest frame's start; empty when no header says when the event was. */
export function sinceTrigger({ triggeredAt, lastObservedAt }: Pick<UnitRow, 'triggeredAt' | 'lastObservedAt'>): string {
  if (triggeredAt === null) return '';
  const seconds = (Date.parse(lastObservedAt) - Date.parse(triggeredAt)) / 1000;
  return seconds < 0 ? 'before the event' : `${duration(seconds)} after the event ·`;
}
