import { describe, expect, it } from 'vitest';
import { plainPlate, plateToPlane } from './plate-model.ts';
import { solvePlate } from './solve-plate.ts';
import { planeToSky, skyToPlane } from './tangent-plane.ts';
import { type FieldSpec, type MadeField, makeField } from './testing.ts';

const options = (field: MadeField) => ({ maxOrder: 4, epochJyear: 2016, coverageArcsec: field.coverage, maxFalseAlarm: 1e-7 });

function solve(field: MadeField, rotationToleranceDeg: number | null, searchRadiusArcsec = 300) {
  const model = plainPlate(field.side, field.side, field.center, field.scale);
  const start = { model, searchRadiusArcsec, scaleTolerance: 0.03, rotationToleranceDeg };
  return solvePlate(start, field.sources, field.reference, options(field));
}

/** Distance of the solution from the truth at a pixel [arcsec], and the offset itself. */
function offsetAt(field: MadeField, outcome: ReturnType<typeof solve>, x: number, y: number): [number, number] {
  if (!outcome.solved) throw new Error(outcome.reason);
  const { model } = outcome.plate;
  const found = skyToPlane(field.center, ...planeToSky(model.center, ...plateToPlane(model, x, y)));
  const truth = field.truth(x, y);
  return [found[0] - truth[0], found[1] - truth[1]];
}

function worstCorner(field: MadeField, outcome: ReturnType<typeof solve>): number {
  const last = field.side - 1;
  return Math.max(...[0, last].flatMap((x) => [0, last].map((y) => Math.hypot(...offsetAt(field, outcome, x, y)))));
}

describe('solvePlate', () => {
  const everywhere: [string, Partial<FieldSpec>][] = [
    ['at the north pole', { center: { raDeg: 120, decDeg: 89.97 } }],
    ['at the south pole', { center: { raDeg: 300, decDeg: -89.999 } }],
    ['across right ascension 0', { center: { raDeg: 359.99, decDeg: 10 } }],
    ['mirrored', { parity: 1 }],
    ['not mirrored', { parity: -1 }],
    ['5 arcmin off', { shift: 300 }],
    ['with 30 % of the stars missing on either side', { inCatalog: 0.7, inImage: 0.7 }],
    ['with 60 false detections among the brightest', { spurious: 60 }],
    ['against a catalogue three times as deep', { deeper: 5 }],
    ['in a crowded field', { stars: 2500 }],
  ];
  it.each(everywhere)('solves a field of unknown rotation and parity %s', (_, spec) => {
    for (let seed = 1; seed <= 5; seed++) {
      const field = makeField({ seed, ...spec });
      const outcome = solve(field, null);
      // 0.04″ catalogue ⊕ 0.1 pix centroids on ≥ 120 matches, cubic: the worst corner's sigma is ~0.03″; 0.2″ is far out
      expect(worstCorner(field, outcome), `seed ${seed}`).toBeLessThan(0.2);
    }
  });

  it('solves a sparse field of 15 stars from the rotation and pointing that the telescope gives', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const field = makeField({ seed, stars: 18, spurious: 2, rotationDeg: 4, parity: 1, distortion: 0 });
      const outcome = solve(field, 8);
      expect(outcome.solved, `seed ${seed}`).toBe(true);
      // few stars: an affine or similar plate, extrapolated to corners where there may be none
      expect(worstCorner(field, outcome), `seed ${seed}`).toBeLessThan(0.6);
    }
  });

  it('finds the rotation also when the start claims another one', () => {
    const field = makeField({ seed: 3, rotationDeg: 133, parity: -1 });
    expect(worstCorner(field, solve(field, 8))).toBeLessThan(0.2);
  });

  it('states errors of the solution that its real errors keep to, in the middle and in the corners', () => {
    const pulls = { middle: 0, corner: 0 };
    const fields = 40;
    for (let seed = 100; seed < 100 + fields; seed++) {
      const field = makeField({ seed, spurious: 5 });
      const outcome = solve(field, null);
      if (!outcome.solved) throw new Error(outcome.reason);
      const middle = offsetAt(field, outcome, (field.side - 1) / 2, (field.side - 1) / 2);
      pulls.middle += (middle[0] ** 2 + middle[1] ** 2) / (2 * outcome.plate.sigmaCenter ** 2 * fields);
      pulls.corner += (worstCorner(field, outcome) / outcome.plate.sigmaCorner) ** 2 / (2 * fields);
    }
    // mean square of 80 normal pulls is 1 ± 0.16; the worst of four corners is expected at √2.1 sigma per axis
    expect(Math.sqrt(pulls.middle)).toBeGreaterThan(0.7);
    expect(Math.sqrt(pulls.middle)).toBeLessThan(1.35);
    expect(Math.sqrt(pulls.corner)).toBeLessThan(2);
  });

  // ASTROMETRY_TRIALS=1000 for the long version (half a minute)
  const trials = Number(process.env['ASTROMETRY_TRIALS'] ?? 150);
  it(`refuses ${trials} unrelated sparse fields, each on its own`, () => {
    const solved: number[] = [];
    for (let seed = 1; seed <= trials; seed++) {
      const side = seed % 2 ? 512 : 1024;
      const field = makeField({ seed, side, stars: 4 + (seed % 9), spurious: 2, unrelated: true, deeper: 0.5 });
      if (solve(field, 8, 60).solved) solved.push(seed);
    }
    expect(solved).toEqual([]);
  }, 120_000);

  it('refuses unrelated rich fields, and says what was tried', () => {
    for (let seed = 1; seed <= 2; seed++) {
      const field = makeField({ seed, stars: 200, unrelated: true });
      const outcome = solve(field, null);
      expect(outcome).toMatchObject({ solved: false, reason: expect.stringMatching(/No pattern of the \d+ sources/) });
    }
  }, 60_000);

  it('refuses empty lists in a sentence', () => {
    const field = makeField({ seed: 1 });
    const none = new Float64Array(0);
    const empty = { ...field, sources: { x: none, y: none, sigma: none, instrumentalMag: none } };
    expect(solve(empty, null)).toEqual({ solved: false, reason: 'Only 0 sources: at least 3 are needed.' });
  });
});
