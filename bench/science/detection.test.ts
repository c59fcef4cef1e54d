import { describe, expect, it } from 'vitest';
import {
  addDetection,
  type DetectionCatalog,
  type DetectionFrame,
  type DetectionTruth,
  emptyDetectionScore,
  scoreDetection,
  summarizeDetection,
  trueSnr,
} from './detection.ts';

const frame: DetectionFrame = { width: 400, height: 400, seeingPix: 3.5, skyElectron: 200, readNoise: 8 };

function truthOf(rows: readonly { x: number; y: number; flux: number; star?: boolean }[]): DetectionTruth {
  const column = (pick: (r: (typeof rows)[number]) => number): Float64Array => Float64Array.from(rows, pick);
  return {
    count: rows.length,
    x: column((r) => r.x),
    y: column((r) => r.y),
    mag: column((r) => 27 - 2.5 * Math.log10(r.flux)),
    fluxElectron: column((r) => r.flux),
    reducedElectron: column((r) => r.flux),
    isStar: Uint8Array.from(rows, (r) => (r.star === false ? 0 : 1)),
  };
}

function catalogOf(rows: readonly { x: number; y: number; flux: number }[], error = 100): DetectionCatalog {
  const flux = Float64Array.from(rows, (r) => r.flux);
  const errors = new Float64Array(rows.length).fill(error);
  return {
    count: rows.length,
    x: Float64Array.from(rows, (r) => r.x),
    y: Float64Array.from(rows, (r) => r.y),
    fluxAper: flux,
    fluxAperErr: errors,
    fluxAuto: flux,
    fluxAutoErr: errors,
    flags: new Int32Array(rows.length),
  };
}

/** Flux of a star of this true S/N, by bisection. */
function fluxOfSnr(snr: number): number {
  let low = 1;
  let high = 1e6;
  for (let k = 0; k < 60; k++) {
    const middle = 0.5 * (low + high);
    if (trueSnr(middle, frame) < snr) low = middle;
    else high = middle;
  }
  return low;
}

describe('scoreDetection', () => {
  it('counts isolated stars by their true S/N, found or not, and detections of nothing', () => {
    const flux = fluxOfSnr(10);
    const truth = truthOf([
      { x: 100, y: 100, flux },
      { x: 200, y: 100, flux },
      { x: 210, y: 100, flux: 50, star: false }, // makes its neighbour not isolated
      { x: 300, y: 300, flux },
      { x: 5, y: 300, flux },
    ]);
    const score = scoreDetection(
      truth,
      frame,
      catalogOf([
        { x: 100.5, y: 100, flux },
        { x: 200, y: 300, flux },
        { x: 3, y: 200, flux },
      ]),
    );
    expect(score.completeness[2]).toMatchObject({ from: 9, to: 11, total: 2, found: 1 });
    expect(score.completeness[0]).toMatchObject({ total: 0 });
    expect(score.detections).toBe(2); // one lies in the border
    expect(score.unmatched).toBe(1);
  });

  it('does not ask for a faint star in the halo of a bright one', () => {
    const flux = fluxOfSnr(7);
    const truth = truthOf([
      { x: 100, y: 100, flux },
      { x: 140, y: 100, flux: 1e7 },
      { x: 300, y: 300, flux },
    ]);
    expect(scoreDetection(truth, frame, catalogOf([])).completeness[1]).toMatchObject({ total: 1, found: 0 });
  });

  it('tells scale, scatter and pulls apart: a scale of 1.01 and errors 20 % too small', () => {
    const rows = Array.from({ length: 81 }, (_, k) => ({
      x: 40 + 40 * (k % 9),
      y: 40 + 40 * Math.floor(k / 9),
      flux: 5000 + 60 * k,
    }));
    const wave = (k: number): number => 120 * Math.sqrt(2) * Math.sin(k * 1.7); // rms 120
    const found = rows.map((r, k) => ({ ...r, flux: 1.01 * (r.flux + wave(k)) }));
    const sum = emptyDetectionScore();
    addDetection(sum, scoreDetection(truthOf(rows), frame, catalogOf(found, 101)));
    const figures = summarizeDetection(sum);
    expect(figures.autoScale).toBeCloseTo(1.01, 2);
    expect(figures.aperPullWidth).toBeCloseTo(1.2, 1);
    expect(figures.scatter[0]!.count + figures.scatter[1]!.count + figures.scatter[2]!.count).toBeGreaterThan(0);
  });
});
