import { describe, expect, it } from 'vitest';
import { domeCap, rampTable } from './ramps.ts';

const luminance = (table: Uint8Array, i: number) =>
  0.2126 * table[4 * i]! + 0.7152 * table[4 * i + 1]! + 0.0722 * table[4 * i + 2]!;

describe('image ramps', () => {
  it.each(['grey', 'inverted', 'cividis'] as const)('shows %s in the dome in red alone, capped', (ramp) => {
    const table = rampTable(ramp, 'dome');
    let most = 0;
    for (let i = 0; i < 256; i++) {
      expect([table[4 * i + 1], table[4 * i + 2], table[4 * i + 3]]).toEqual([0, 0, 255]);
      most = Math.max(most, table[4 * i]!);
    }
    expect(most).toBe(domeCap);
  });

  it.each([
    ['grey', 1],
    ['cividis', 1],
    ['inverted', -1],
  ] as const)('%s grows steadily in lightness, so that fainter never looks brighter', (ramp, sign) => {
    const table = rampTable(ramp, 'dark');
    for (let i = 1; i < 256; i++) expect(sign * (luminance(table, i) - luminance(table, i - 1))).toBeGreaterThanOrEqual(-0.35); // bytes round
  });
});
