import type { FrameRow } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { isForMasters, stateWord } from './frame-words.ts';

const cell = (module: string, state: 'done' | 'skipped', reason: string) =>
  ({ module, state, startedAt: null, seconds: null, reason }) as const;
const failure = { code: 'FRAME_DUPLICATE', message: 'm', hint: 'h', module: null, quarantinePath: null };
const frame = (change: Partial<FrameRow>): FrameRow => ({ state: 'skipped', failure: null, cells: [], ...change }) as FrameRow;

describe('the word of a row', () => {
  it('tells calibration frames that were kept from frames that nobody wants', () => {
    const kept = frame({ cells: [cell('calibration', 'done', 'bias frame, kept for masters')] });
    const unwanted = frame({ cells: [cell('routing', 'skipped', 'no pipeline asks for it')] });
    expect([stateWord(kept), stateWord(unwanted)]).toEqual(['for masters', 'skipped']);
  });

  it('calls a copy of a calibration frame what it is', () => {
    expect(isForMasters(frame({ cells: [cell('calibration', 'done', 'flat frame')], failure }))).toBe(false);
  });

  it('leaves the other states alone', () => {
    expect(stateWord(frame({ state: 'published' }))).toBe('published');
  });
});
