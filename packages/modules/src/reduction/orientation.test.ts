import { scalarCompute } from '@colibri/numerics';
import { describe, expect, it } from 'vitest';
import { orientationCode, turnPlane, turnPoint } from './orientation.ts';

describe('orientation', () => {
  const N = 5;
  /** pipeline.md §5, step 7: new (x', y') of old (x, y) on an N × N frame. */
  const table: ((x: number, y: number) => [number, number])[] = [
    (x, y) => [x, y],
    (x, y) => [N - 1 - y, x],
    (x, y) => [N - 1 - x, N - 1 - y],
    (x, y) => [y, N - 1 - x],
    (x, y) => [x, N - 1 - y],
    (x, y) => [y, x],
    (x, y) => [N - 1 - x, y],
    (x, y) => [N - 1 - y, N - 1 - x],
  ];

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('code %i moves every pixel where the telescope says', (code) => {
    const turn = orientationCode(90 * (code % 4), code >= 4);
    expect(turn.code).toBe(code);
    const plane = Float32Array.from({ length: N * N }, (_, i) => i);
    const turned = turnPlane(scalarCompute(), turn, plane, N, N);
    for (let y = 0; y < N; y++) {
      for (let x = 0; x < N; x++) {
        const [tx, ty] = table[code]!(x, y);
        expect(turnPoint(turn, x, y, N, N)).toEqual([tx, ty]);
        expect(turned[ty * N + tx]).toBe(plane[y * N + x]);
      }
    }
  });

  it('turns a frame that is not square without losing a pixel', () => {
    const plane = Uint16Array.from({ length: 6 * 4 }, (_, i) => i);
    for (const degrees of [0, 90, 180, 270]) {
      const turned = turnPlane(scalarCompute(), orientationCode(degrees, true), plane, 6, 4);
      expect([...turned].sort((a, b) => a - b)).toEqual([...plane]);
    }
  });

  it('takes -90° for 270°', () => {
    expect(orientationCode(-90, false)).toEqual(orientationCode(270, false));
  });
});
