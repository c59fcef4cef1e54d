import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectedAreas } from './components.ts';

/** The same by flooding from every pixel. */
function slowly(heights: Float32Array, width: number, level: number, least: number): string[] {
  const height = heights.length / width;
  const seen = new Set<number>();
  const areas: string[] = [];
  for (let p = 0; p < heights.length; p++) {
    if (!(heights[p]! > level) || seen.has(p)) continue;
    const area = [p];
    seen.add(p);
    for (let k = 0; k < area.length; k++) {
      const x = area[k]! % width;
      const y = Math.floor(area[k]! / width);
      for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, height - 1); j++) {
        for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, width - 1); i++) {
          const q = j * width + i;
          if (heights[q]! > level && !seen.has(q)) {
            seen.add(q);
            area.push(q);
          }
        }
      }
    }
    if (area.some((q) => heights[q]! >= least)) areas.push(area.sort((a, b) => a - b).join());
  }
  return areas;
}

describe('connectedAreas', () => {
  it('finds the same areas as flooding does, in any picture', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 9, maxLength: 150 }),
        (width, values) => {
          const height = Math.floor(values.length / width);
          const heights = Float32Array.from(values.slice(0, width * height));
          const candidates = Int32Array.from(heights.keys()).filter((p) => heights[p]! > 2);
          const { pixels, starts } = connectedAreas(heights, candidates, { width, height }, 4);
          const found = Array.from({ length: starts.length - 1 }, (_, a) =>
            [...pixels.subarray(starts[a]!, starts[a + 1]!)].join(),
          );
          expect(found).toEqual(slowly(heights, width, 2, 4));
        },
      ),
      { numRuns: 500 },
    );
  });
});
