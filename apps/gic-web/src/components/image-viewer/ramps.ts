import type { Theme } from '../../lib/theme.ts';
import type { Ramp } from './levels.ts';

// 19 evenly spaced anchors after cividis (Nuñez, Anderton & Renslow, PLoS ONE 13 (2018) e0199239), linear between them.
const cividis: readonly (readonly [number, number, number])[] = [
  [0, 34, 78],
  [0, 42, 100],
  [10, 50, 112],
  [36, 59, 110],
  [53, 69, 108],
  [66, 78, 108],
  [79, 87, 108],
  [91, 97, 110],
  [102, 106, 113],
  [114, 116, 118],
  [127, 125, 120],
  [141, 136, 120],
  [155, 147, 119],
  [170, 158, 115],
  [186, 169, 109],
  [202, 182, 101],
  [219, 195, 90],
  [237, 208, 75],
  [254, 232, 56],
];

/** Brightest red of an image in the dome. */
export const domeCap = 0x90;

/** 256 colours as RGBA bytes. In the dome every ramp is red alone, capped; inverted stays inverted. */
export function rampTable(ramp: Ramp, theme: Theme): Uint8Array {
  const table = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const [r, g, b] = colour(ramp, i / 255, theme);
    table.set([r, g, b, 255], 4 * i);
  }
  return table;
}

function colour(ramp: Ramp, t: number, theme: Theme): readonly [number, number, number] {
  const grey = Math.round(255 * (ramp === 'inverted' ? 1 - t : t));
  if (theme === 'dome') return [Math.round((grey * domeCap) / 255), 0, 0];
  if (ramp !== 'cividis') return [grey, grey, grey];
  const at = t * (cividis.length - 1);
  const below = Math.min(cividis.length - 2, Math.floor(at));
  const [p, q] = [cividis[below]!, cividis[below + 1]!];
  return [0, 1, 2].map((k) => Math.round(p[k]! + (at - below) * (q[k]! - p[k]!))) as unknown as [number, number, number];
}
