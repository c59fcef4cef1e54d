import { describe, expect, it } from 'vitest';
import { type KeyBinding, makeKeyResolver, strokeName } from './keyboard.ts';

const binding = (keys: string, label = keys): KeyBinding => ({ keys, label, group: 'test', run() {} });
const stroke = (key: string, over: Partial<KeyboardEvent> = {}) =>
  strokeName({ key, ctrlKey: false, metaKey: false, altKey: false, ...over });

describe('keys', () => {
  it('tells d from Shift+D, and takes Ctrl and ⌘ alike', () => {
    expect(stroke('D')).toBe('D');
    expect(stroke('k', { ctrlKey: true })).toBe('ctrl+k');
    expect(stroke('k', { metaKey: true })).toBe('ctrl+k');
  });

  it('follows a sequence, but only when the second key comes in time', () => {
    let now = 0;
    const goTo = binding('g g');
    const resolve = makeKeyResolver(
      () => [goTo],
      () => now,
    );
    expect(resolve('g')).toBe('prefix');
    expect(resolve('g')).toBe(goTo);
    expect(resolve('g')).toBe('prefix');
    now = 2000;
    expect(resolve('g')).toBe('prefix');
    expect(resolve('x')).toBeNull();
  });

  it('lets the page override the frame', () => {
    const frame = binding('b', 'frame');
    const page = binding('b', 'page');
    const resolve = makeKeyResolver(
      () => [frame, page],
      () => 0,
    );
    expect(resolve('b')).toBe(page);
  });

  it('reads Shift+D as the capital letter', () => {
    const dome = binding('Shift+D');
    const resolve = makeKeyResolver(
      () => [dome],
      () => 0,
    );
    expect(resolve('D')).toBe(dome);
    expect(resolve('d')).toBeNull();
  });
});
