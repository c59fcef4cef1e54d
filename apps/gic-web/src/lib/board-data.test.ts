import type { Board, FrameRow, LiveEvent } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { applyEvents } from './board-data.ts';

const t = '2026-11-23T05:00:00.000Z';
const row = (key: string, state: FrameRow['state'], nightId = '2026-11-22') => ({ key, state, nightId }) as FrameRow;
const frame = (seq: number, body: FrameRow): LiveEvent => ({ seq, t, topic: 'frame', body });
const board = {
  seq: 10,
  serverTime: t,
  nightId: '2026-11-22',
  nights: ['2026-11-22'],
  modules: [],
  instances: [],
  units: [],
  rows: [row('a', 'queued'), row('b', 'queued')],
} as Board;

describe('applyEvents', () => {
  it('replaces a row by key, adds a new one and keeps the others identical', () => {
    const next = applyEvents(board, [
      frame(11, row('a', 'reducing')),
      frame(12, row('c', 'arriving')),
      frame(13, row('a', 'published')),
    ]);
    expect(next.rows.map(({ key, state }) => `${key} ${state}`)).toEqual(['a published', 'b queued', 'c arriving']);
    expect(next.rows[1]).toBe(board.rows[1]);
    expect(next.seq).toBe(13);
  });

  it('ignores events that the snapshot already contains', () => {
    expect(applyEvents(board, [frame(10, row('a', 'failed'))])).toBe(board);
  });

  it('keeps rows of another night out of this board, but knows that the night exists', () => {
    const next = applyEvents(board, [frame(11, row('z', 'queued', '2026-11-23'))]);
    expect(next.rows).toBe(board.rows);
    expect(next.nights).toEqual(['2026-11-22', '2026-11-23']);
    expect(next.seq).toBe(11);
  });

  it('updates an instance by name', () => {
    const event = { seq: 11, t, topic: 'instance', body: { name: 'svom', queueDepth: 3 } } as LiveEvent;
    expect(applyEvents(board, [event]).instances).toMatchObject([{ name: 'svom', queueDepth: 3 }]);
  });
});
