import { isErrorOf } from '@colibri/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeMemoryFull, computeNotOwned } from '../errors.ts';
import { Arena } from './arena.ts';

describe('Arena', () => {
  it('never hands out the same byte twice, keeps blocks aligned, and is whole again when all are released', () => {
    const steps = fc.array(fc.record({ release: fc.boolean(), bytes: fc.integer({ min: 0, max: 300_000 }), pick: fc.nat() }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const arena = new Arena(4096, 1 << 22);
        const live: { offset: number; bytes: number }[] = [];
        for (const { release, bytes, pick } of list) {
          if (release && live.length > 0) arena.release(live.splice(pick % live.length, 1)[0]!.offset);
          else {
            try {
              live.push({ offset: arena.allocate(bytes), bytes });
            } catch (error) {
              if (!isErrorOf(computeMemoryFull, error)) throw error;
            }
          }
          const sorted = [...live].sort((a, b) => a.offset - b.offset);
          sorted.forEach((block, i) => {
            expect(block.offset % 64).toBe(0);
            const next = sorted[i + 1]?.offset ?? 1 << 22;
            expect(block.offset + block.bytes + 64).toBeLessThanOrEqual(next);
          });
        }
        for (const { offset } of live) arena.release(offset);
        expect(arena.usedBytes).toBe(0);
        expect(arena.blocks).toBe(0);
        // one piece again: nearly everything fits in one block
        expect(() => arena.allocate((1 << 22) - 4096 - 8192)).not.toThrow();
      }),
      { numRuns: 50 },
    );
  });

  it('keeps equal planes off the same cache sets', () => {
    const arena = new Arena(0, 1 << 30);
    const offsets = Array.from({ length: 8 }, () => arena.allocate(4 * 2048 * 2048));
    expect(new Set(offsets.map((o) => o % 4096)).size).toBe(8);
  });

  it('says how much was asked for and how much is left when it is full', () => {
    const arena = new Arena(0, 1 << 20);
    arena.allocate(900_000);
    expect(() => arena.allocate(500_000)).toThrow(/500000 bytes.*of 1048576/);
  });

  it('refuses to release what it does not hold', () => {
    const arena = new Arena(0, 1 << 20);
    const offset = arena.allocate(10);
    arena.release(offset);
    for (const wrong of [offset, 12345]) {
      try {
        arena.release(wrong);
        expect.fail('released twice');
      } catch (error) {
        expect(isErrorOf(computeNotOwned, error)).toBe(true);
      }
    }
  });
});
