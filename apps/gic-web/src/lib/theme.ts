import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark' | 'dome';
export const themes: readonly Theme[] = ['light', 'dark', 'dome'];
const storageKey = 'gic.theme';

const listeners = new Set<() => void>();

function currentTheme(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dome' ? theme : 'dark';
}

/** Applies and remembers a theme. The inline script of index.html reads the same key before the first paint. */
export function setTheme(theme: Theme): void {
  const root = document.documentElement;
  root.dataset['theme'] = theme;
  root.dataset['mantineColorScheme'] = theme === 'light' ? 'light' : 'dark';
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // storage refused: the choice lasts for this page
  }
  for (const listener of listeners) listener();
}

/** `Shift+D`: into the dome and back to what was before. */
let beforeDome: Theme = 'dark';
export function toggleDome(): void {
  const theme = currentTheme();
  if (theme === 'dome') {
    setTheme(beforeDome);
  } else {
    beforeDome = theme;
    setTheme('dome');
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme);
}
