import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { separationArcsec } from '../coords/separation.ts';
import { matchCatalogs } from './match-catalogs.ts';
import { SphereIndex } from './sphere-index.ts';

/** Points uniform on the sphere, thickened at the poles and at 0°/360°, where searches go wrong. */
function points(count: number, seed: number): { ra: Float64Array; dec: Float64Array } {
  const random = seededRandom(seed);
  const ra = new Float64Array(count),
    dec = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const kind = i % 4;
    ra[i] = kind === 1 ? (random.normal() * 0.05 + 360) % 360 : 360 * random.uniform();
    dec[i] =
      kind === 2
        ? 90 - Math.abs(random.normal()) * 0.05
        : kind === 3
          ? -90 + Math.abs(random.normal()) * 0.05
          : Math.asin(2 * random.uniform() - 1) * (180 / Math.PI);
  }
  return { ra, dec };
}

describe('SphereIndex', () => {
  it('finds exactly what a search of every row finds, at the poles and at 0°/360° too', () => {
    const { ra, dec } = points(1500, 1);
    const index = new SphereIndex(ra, dec);
    const queries = points(60, 2);
    for (let q = 0; q < queries.ra.length; q++) {
      for (const radius of [5, 120, 3600, 40_000]) {
        const truth = Array.from(ra, (r, i) => ({ i, s: separationArcsec(queries.ra[q]!, queries.dec[q]!, r, dec[i]!) }))
          .filter(({ s }) => s <= radius)
          .sort((a, b) => a.s - b.s);
        const found = index.within(queries.ra[q]!, queries.dec[q]!, radius);
        expect(found.map((f) => f.index)).toEqual(truth.map((t) => t.i));
        const nearest = index.nearest(queries.ra[q]!, queries.dec[q]!, radius);
        expect(nearest?.index).toBe(truth[0]?.i);
        if (nearest !== null) expect(Math.abs(nearest.separationArcsec - truth[0]!.s)).toBeLessThan(1e-7); // rounding of unit vectors
      }
    }
  });

  it('finds a point at its own place with distance 0, and includes the border', () => {
    const index = new SphereIndex([0, 359.9999, 10], [0, 0, 0]);
    expect(index.nearest(0, 0, 0)).toEqual({ index: 0, separationArcsec: 0 });
    expect(index.nearest(360, 0, 0)?.separationArcsec).toBeLessThan(1e-10);
    expect(index.within(0, 0, 0.36).map((n) => n.index)).toEqual([0, 1]);
    expect(index.within(0, 0, 0.35999).map((n) => n.index)).toEqual([0]);
    expect(index.within(0, 0, 180 * 3600)).toHaveLength(3);
  });

  it('copes with no rows, one row, equal rows and rows without coordinates', () => {
    expect(new SphereIndex([], []).nearest(1, 1, 1e6)).toBeNull();
    expect(new SphereIndex([5], [5]).nearest(5, 5, 1)?.index).toBe(0);
    const same = new SphereIndex(new Float64Array(100).fill(7), new Float64Array(100).fill(7));
    expect(same.nearest(7, 7, 1)?.index).toBe(0);
    expect(same.within(7, 7, 1)).toHaveLength(100);
    const holes = new SphereIndex([Number.NaN, 3, 4], [0, Number.NaN, 0]);
    expect(holes.count).toBe(1);
    expect(holes.within(3.5, 0, 1e5).map((n) => n.index)).toEqual([2]);
    expect(holes.nearest(Number.NaN, 0, 1e5)).toBeNull();
    expect(() => new SphereIndex([1, 2], [1])).toThrow(expect.objectContaining({ code: 'SKY_COLUMN_LENGTHS' }));
  });

  it('matches 100 000 rows with 100 000 others in seconds', () => {
    const a = points(100_000, 3),
      b = points(100_000, 4);
    const started = performance.now();
    matchCatalogs(a.ra, a.dec, b.ra, b.dec, 10);
    expect(performance.now() - started).toBeLessThan(20_000); // 0.4 s alone on this machine; 10 minutes if it were quadratic
  });
});

describe('matchCatalogs', () => {
  const ra1 = [10, 10.0002, 20, 359.99999],
    dec1 = [0, 0, 5, -89];
  const ra2 = [10.0001, 20, 0.00001, 50],
    dec2 = [0, 5.0001, -89, 50];

  it('mutual: gives no row away twice', () => {
    const match = matchCatalogs(ra1, dec1, ra2, dec2, 1);
    expect([...match.first]).toEqual([0, 2, 3]);
    expect([...match.second]).toEqual([0, 1, 2]);
    expect(match.separationArcsec[1]).toBeCloseTo(0.36, 6);
  });

  it('nearest: every row of the first table speaks for itself', () => {
    expect([...matchCatalogs(ra1, dec1, ra2, dec2, 1, 'nearest').second]).toEqual([0, 0, 1, 2]);
  });

  it('all: every pair within the radius', () => {
    expect(matchCatalogs(ra1, dec1, ra2, dec2, 1, 'all').count).toBe(4);
    expect(matchCatalogs(ra1, dec1, ra2, dec2, 0.3, 'all').count).toBe(1);
  });
});
