import { describe, expect, it } from 'vitest';
import { unitQueue } from './unit-queue.ts';

function queueAt() {
  let now = 0;
  const queue = unitQueue({ settleSec: 30, patienceSec: 10, thoroughSec: 25 }, { monotonic: () => now });
  return {
    queue,
    at: (sec: number) => {
      now = sec * 1000;
    },
    next: (options = {}) => queue.next(now, options),
  };
}
const unit = { pipeline: 'svom', folder: '929744/C0/r', isAlert: true, closedMs: 1 };

describe('unitQueue', () => {
  it('gives a live look for each burst of frames, one at a time', () => {
    const { queue, next } = queueAt();
    queue.touch(unit);
    queue.touch({ ...unit, closedMs: 2 });
    const task = next();
    expect(task).toEqual({
      key: 'svom/929744/C0/r',
      pipeline: 'svom',
      folder: '929744/C0/r',
      isFinal: false,
      isThorough: false,
      closedMs: 2,
    });
    queue.touch({ ...unit, closedMs: 3 });
    expect(next()).toBeNull();
    queue.done(task!);
    expect(next()).toMatchObject({ isFinal: false, closedMs: 3 });
  });

  it('looks thoroughly now and then while frames go on arriving', () => {
    const { queue, at, next } = queueAt();
    const looks = [0, 10, 20, 30, 40, 50].map((sec) => {
      at(sec);
      queue.touch(unit);
      const task = next()!;
      queue.done(task);
      return task.isThorough;
    });
    expect(looks).toEqual([false, false, false, true, false, false]);
  });

  it('makes the final products once when frames cease, and forgets the unit', () => {
    const { queue, at, next } = queueAt();
    queue.touch(unit);
    queue.done(next()!);
    at(29);
    expect(next()).toBeNull();
    expect(queue.nextSettle()).toBe(30_000);
    at(30);
    const task = next()!;
    expect(task.isFinal).toBe(true);
    queue.done(task);
    expect([queue.size, next()]).toEqual([0, null]);
  });

  it('begins again when a frame comes during the final run', () => {
    const { queue, next } = queueAt();
    queue.touch(unit);
    const task = next({ isDraining: true })!;
    expect(task.isFinal).toBe(true);
    queue.touch(unit);
    queue.done(task);
    expect(queue.size).toBe(1);
    expect(next({ isDraining: true })).toMatchObject({ isFinal: true });
  });

  it('serves alerts first, and says what must not wait longer', () => {
    const { queue, at, next } = queueAt();
    queue.touch({ ...unit, folder: 'survey/C0/r', isAlert: false });
    at(5);
    queue.touch(unit);
    expect(next({ isPressing: true })).toBeNull();
    at(12);
    expect(next({ isPressing: true })?.folder).toBe('survey/C0/r');
    expect(next()?.folder).toBe('929744/C0/r');
  });
});
