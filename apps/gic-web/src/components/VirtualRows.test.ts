import { describe, expect, it } from 'vitest';
import { visibleRange } from './VirtualRows.tsx';

describe('the rows in view', () => {
  it('are those between the edges, with a few to spare', () => {
    expect(visibleRange(2700, 540, 0, 27, 10_000, 8)).toEqual([92, 128]);
  });

  it('count from where the list begins, and never leave it', () => {
    expect(visibleRange(0, 540, 200, 27, 10_000, 0)).toEqual([0, 13]);
    expect(visibleRange(999_999, 540, 0, 27, 100, 8)).toEqual([100, 100]);
    expect(visibleRange(0, 540, 0, 27, 0, 8)).toEqual([0, 0]);
  });
});
