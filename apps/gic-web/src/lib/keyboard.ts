import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface KeyBinding {
  /** `g p` (a sequence), `Shift+D`, `ctrl+k`, `?`, `ArrowLeft`. */
  readonly keys: string;
  readonly label: string;
  readonly group: string;
  run(): void;
}

let bindings: readonly KeyBinding[] = [];
const listeners = new Set<() => void>();
const setBindings = (next: readonly KeyBinding[]) => {
  bindings = next;
  for (const listener of listeners) listener();
};

/** Single keys do nothing while somebody writes. */
const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** The name of a key stroke as bindings write it: letters keep their case, so `Shift+D` is `D`. */
export function strokeName(event: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean }): string {
  const key = event.key === ' ' ? 'Space' : event.key;
  return event.ctrlKey || event.metaKey ? `ctrl+${key.toLowerCase()}` : event.altKey ? `alt+${key}` : key;
}
const normal = (keys: string) => keys.replace(/^Shift\+/, '');

/** Milliseconds within which the second key of a sequence must follow. */
const sequenceMs = 1200;

/** Resolves strokes to bindings; the newest binding of a key wins, so that a page may override the frame. */
export function makeKeyResolver(
  find: () => readonly KeyBinding[],
  clock: () => number,
): (stroke: string) => KeyBinding | 'prefix' | null {
  let prefix: { stroke: string; at: number } | null = null;
  return (stroke) => {
    const all = find();
    const sequence = prefix !== null && clock() - prefix.at < sequenceMs ? `${prefix.stroke} ${stroke}` : null;
    prefix = null;
    const last = (keys: string) => all.findLast((binding) => normal(binding.keys) === keys) ?? null;
    const found = (sequence === null ? null : last(sequence)) ?? last(stroke);
    if (found !== null) return found;
    if (all.some((binding) => binding.keys.startsWith(`${stroke} `))) {
      prefix = { stroke, at: clock() };
      return 'prefix';
    }
    return null;
  };
}

/** Listens to the keyboard for the whole page: called once. */
export function startKeyboard(): () => void {
  const resolve = makeKeyResolver(
    () => bindings,
    () => performance.now(),
  );
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const stroke = strokeName(event);
    if (isWriting(event.target) && !stroke.startsWith('ctrl+')) return;
    if (event.target instanceof HTMLElement && event.target.closest('[role="dialog"]') !== null && stroke !== 'ctrl+k') return;
    const found = resolve(stroke);
    if (found === null) return;
    event.preventDefault();
    if (found !== 'prefix') found.run();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

/** Adds bindings while the component is on screen. `run` may change with every render; keys and labels may not. */
export function useKeys(group: string, wanted: readonly Omit<KeyBinding, 'group'>[]): void {
  const latest = useRef(wanted);
  latest.current = wanted;
  const signature = wanted.map((binding) => binding.keys).join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the bindings, whose functions are read when a key falls
  useEffect(() => {
    const mine = latest.current.map((binding, i) => ({ ...binding, group, run: () => latest.current[i]?.run() }));
    setBindings([...bindings, ...mine]);
    return () => setBindings(bindings.filter((binding) => !mine.includes(binding)));
  }, [group, signature]);
}

export const useAllKeys = (): readonly KeyBinding[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => bindings,
  );
