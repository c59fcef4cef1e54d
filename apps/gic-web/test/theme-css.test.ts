import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backgrounds, stateTokens } from '../src/lib/tokens.ts';

const css = readFileSync(join(import.meta.dirname, '../src/styles/theme.css'), 'utf8');

const block = (theme: string) => {
  const start = css.indexOf(`html[data-theme='${theme}'] {`);
  return css.slice(start, css.indexOf('\n}', start));
};
const variable = (theme: string, name: string) =>
  new RegExp(`--${name}:\\s*(#[0-9a-f]+)`, 'i').exec(block(theme))?.[1]?.toLowerCase();

describe('the style sheet', () => {
  it.each(['dark', 'light'] as const)('uses the tokens of states in the %s theme', (theme) => {
    for (const [state, token] of Object.entries(stateTokens))
      expect(variable(theme, state), state).toBe(token[theme].toLowerCase());
  });

  it('has the dark background that contrast is judged on', () =>
    expect(variable('dark', 'bg')).toBe(backgrounds.dark.toLowerCase()));

  it('names no colour with green or blue in the dome, text up to #C00000, areas up to #480000', () => {
    const colours = [...block('dome').matchAll(/--([\w-]+):\s*#([0-9a-f]{6})\b/gi)];
    expect(colours.length).toBeGreaterThan(25);
    for (const [, name, hex] of colours) {
      expect(hex!.slice(2), name).toBe('0000');
      const areas = [
        'bg',
        'panel',
        'panel-2',
        'raised',
        'select',
        'accent-fill',
        'alert-fill',
        'running',
        'late',
        'sky-day',
        'sky-civil',
        'sky-nautical',
        'sky-astronomical',
        'sky-dark',
      ];
      expect(Number.parseInt(hex!.slice(0, 2), 16), name).toBeLessThanOrEqual(areas.includes(name!) ? 0x48 : 0xc0);
    }
  });
});
