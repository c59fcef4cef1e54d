import type { FrameRow } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { heartbeat } from '../../test/night-double.ts';
import { alertChip, gp1Chip } from './chips.ts';

const at = Date.parse('2026-01-01T04:00:00.000Z');
const beat = (ageSec: number, change: Parameters<typeof heartbeat>[0] = {}) =>
  heartbeat({ heartbeatAt: new Date(at - ageSec * 1000).toISOString(), ...change });

describe('gp1Chip', () => {
  it.each([
    ['nothing ever reported', [], 'unknown', 'unknown'],
    ['all is calm', [beat(2), beat(3, { name: 'test' })], 'ok', 'running'],
    ['frames wait', [beat(2, { queueDepth: 3, oldestWaitingSec: 12.4 }), beat(1, { queueDepth: 1 })], 'ok', '4 waiting'],
    [
      'a frame waits longer than the first result may take',
      [beat(2, { queueDepth: 1, oldestWaitingSec: 301 })],
      'watch',
      '1 waiting',
    ],
    ['one of two is silent', [beat(2), beat(26, { name: 'test' })], 'unknown', 'silent'],
    ['a clock runs ahead', [beat(-6)], 'unknown', 'silent'],
    ['one drains', [beat(2, { state: 'draining' })], 'watch', 'draining'],
    ['all were stopped on purpose, long ago', [beat(9000, { state: 'stopped' })], 'info', 'stopped'],
    ['one was stopped, one runs', [beat(9000, { state: 'stopped' }), beat(1, { name: 'test' })], 'ok', 'running'],
  ] as const)('when %s', (_, instances, state, word) => {
    expect(gp1Chip(instances, at)).toMatchObject({ state, word });
  });

  it('names who is silent, and dates itself by the newest sign of life', () => {
    expect(gp1Chip([beat(2), beat(26, { name: 'guests' })], at)).toMatchObject({
      detail: 'No sign of life from guests.',
      asOf: '2026-01-01T03:59:58.000Z',
    });
  });
});

describe('alertChip', () => {
  const row = (state: FrameRow['state'], target = '929744'): FrameRow =>
    ({ state, target, receivedAt: '2026-01-01T03:00:00.000Z' }) as FrameRow;

  it('knows nothing without frames, and does not call that good', () => {
    expect(alertChip([])).toMatchObject({ state: 'unknown', asOf: null });
  });

  it.each([
    [[row('published'), row('queued')], 'info', '2 frames, 1 measured.'],
    [[row('published'), row('failed')], 'watch', '2 frames, 1 measured, 1 failed.'],
    [[row('quarantined')], 'fail', '1 frame, 0 measured, 1 failed.'],
    [[row('published'), row('failed', 'an older alert')], 'info', '1 frame, 1 measured.'],
  ] as const)('counts the frames of the newest alert', (frames, state, detail) => {
    expect(alertChip(frames)).toMatchObject({ state, word: '929744', detail });
  });
});
