import { separationDeg } from '@colibri/sky';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, tileOf, tilesOfCone } from './tile-grid.ts';

const ra = fc.double({ min: 0, max: 360, noNaN: true }),
  dec = fc.double({ min: -90, max: 90, noNaN: true });

describe('the grid of tiles', () => {
  it('finds the tile of every point of every cone', () => {
    fc.assert(
      fc.property(
        ra,
        dec,
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ra,
        (r, d, radius, share, turn) => {
          const point = pointAt(r, d, radius * share, turn);
          if (separationDeg(r, d, ...point) > radius) return; // rounding at the border
          expect(tilesOfCone(r, d, radius)).toContain(tileOf(...point));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('cuts the sky into about 41 253 tiles of a square degree', () => {
    let tiles = 0;
    for (let strip = 0; strip < 180; strip++) tiles += cellsOf(strip);
    expect(tiles).toBeGreaterThan(41_253);
    expect(tiles).toBeLessThan(42_000);
  });

  it('names no tile twice, and few for a small cone', () => {
    for (const [r, d, radius] of [
      [0, 0, 0.1],
      [0, 90, 0.1],
      [359.95, 45, 0.2],
      [10, -89.99, 0.5],
    ] as const) {
      const names = tilesOfCone(r, d, radius);
      expect(new Set(names).size).toBe(names.length);
      expect(names.length).toBeLessThan(20);
    }
    expect(tilesOfCone(0, 0, 180).length).toBeGreaterThan(41_253);
  });
});

/** The point at a distance and a position angle from another [deg]. */
function pointAt(lon: number, lat: number, distance: number, angle: number): [number, number] {
  const rad = Math.PI / 180;
  const sinB =
    Math.sin(lat * rad) * Math.cos(distance * rad) + Math.cos(lat * rad) * Math.sin(distance * rad) * Math.cos(angle * rad);
  const b = Math.asin(Math.max(-1, Math.min(1, sinB)));
  const y = Math.sin(angle * rad) * Math.sin(distance * rad) * Math.cos(lat * rad),
    x = Math.cos(distance * rad) - Math.sin(lat * rad) * sinB;
  return [lon + Math.atan2(y, x) / rad, b / rad];
}
