import { evaluateLegendre } from '@colibri/numerics';
import { describe, expect, it } from 'vitest';
import { plainPlate } from '../astrometry/plate-model.ts';
import { testMeta } from '../detector/testing.ts';
import { orientationCode, turnPoint } from '../reduction/orientation.ts';
import { type DetectorGrid, detectorGrid, turnLegendre } from './detector-grid.ts';
import { toDetector } from './joint-frame.ts';

const [width, height] = [300, 200]; // as read out
const northUp = (w: number, h: number) => {
  const plate = plainPlate(w, h, { raDeg: 10, decDeg: 20 }, 0.4);
  return { ...plate, xi: plate.xi.map((v) => -v) }; // east left
};
const gridOf = (rotation: number | null, camera: string, w: number, h: number): DetectorGrid =>
  detectorGrid({ header: new Map(rotation === null ? [] : [['SMTMRO', rotation]]), meta: testMeta({ camera }) }, northUp(w, h));

describe('detectorGrid', () => {
  it.each([0, 90, 180, 270])('finds a pixel where it was read out before reduction turned it by %d°', (rotation) => {
    for (const camera of ['C0', 'C1', 'C2']) {
      const { isMirrored, code } = codeOf(rotation, camera);
      const turned = code.transposed ? [height, width] : [width, height];
      const grid = gridOf(rotation, camera, turned[0]!, turned[1]!);
      expect([grid.width, grid.height], `${camera} ${isMirrored}`).toEqual([width, height]);
      for (const [x, y] of [
        [0, 0],
        [299, 0],
        [17, 150],
      ] as const) {
        const [tx, ty] = turnPoint(code, x, y, width, height);
        const [u, v] = toDetector(grid, turned[0]!, turned[1]!, tx, ty);
        expect(u).toBeCloseTo((x - 149.5) / 150, 12);
        expect(v).toBeCloseTo((y - 99.5) / 100, 12);
      }
    }
  });

  it('does not share between sides of the mount that no header tells apart, nor turn what was left as read out', () => {
    const flipped = { ...northUp(300, 200), xi: Float64Array.of(0, 60, 0), eta: Float64Array.of(0, 0, -40) };
    const silent = { header: new Map(), meta: testMeta({ camera: 'C0' }) };
    expect(detectorGrid(silent, northUp(300, 200)).key).not.toBe(detectorGrid(silent, flipped).key);
    const told = { ...silent, header: new Map([['SMTMRO', 180]]) };
    expect(detectorGrid(told, flipped)).toMatchObject({ turn: [1, 0, 0, 1], key: gridOf(0, 'C0', 300, 200).key });
  });
});

function codeOf(rotation: number, camera: string) {
  const mirrored = gridOf(rotation, camera, 300, 200).turn;
  const isMirrored = mirrored[0] * mirrored[3] - mirrored[1] * mirrored[2] < 0;
  return { isMirrored, code: orientationCode(rotation, isMirrored) };
}

describe('turnLegendre', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('gives the same field on the turned grid, and back (code %d)', (code) => {
    const turns = [
      [1, 0, 0, 1],
      [0, 1, -1, 0],
      [-1, 0, 0, -1],
      [0, -1, 1, 0],
      [1, 0, 0, -1],
      [0, 1, 1, 0],
      [-1, 0, 0, 1],
      [0, -1, -1, 0],
    ] as const;
    const grid: DetectorGrid = { key: '', width, height, turn: turns[code]! };
    const onDetector = Float64Array.from({ length: 15 }, (_, k) => Math.sin(k + 1));
    const onFrame = turnLegendre(onDetector, 4, grid);
    const [a, b, c, d] = grid.turn;
    for (const [u, v] of [
      [0.3, -0.7],
      [-1, 0.2],
    ] as const)
      expect(evaluateLegendre(4, onFrame, u, v)).toBeCloseTo(evaluateLegendre(4, onDetector, a * u + b * v, c * u + d * v), 12);
    expect(turnLegendre(onFrame, 4, grid, { inverse: true })).toEqual(onDetector);
  });
});
