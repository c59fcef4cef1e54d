import { tanWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { offsetArcsec, scorePositions, scoreWcs, scoreZeroPoint, trueZeroPoint } from './astrometry.ts';

const plate = (ra: number, dec: number, turn = 0) =>
  tanWcs({
    crpix: [500, 500],
    crval: [ra, dec],
    cd: [-1e-4 * Math.cos(turn), 1e-4 * Math.sin(turn), 1e-4 * Math.sin(turn), 1e-4 * Math.cos(turn)],
  });

describe('scoreWcs', () => {
  it('is nil for the truth itself, across right ascension 0 too', () => {
    const score = scoreWcs(plate(0.001, 50), plate(0.001, 50), 1001, 1001);
    expect(score).toMatchObject({ rmsRaArcsec: 0, rmsDecArcsec: 0, worstArcsec: 0 });
  });

  it('reads a shift as a mean offset', () => {
    const score = scoreWcs(plate(10, 0 + 0.1 / 3600), plate(10, 0), 1001, 1001);
    expect(score.meanDecArcsec).toBeCloseTo(0.1, 4);
    expect(score.rmsDecArcsec).toBeCloseTo(0.1, 4);
    expect(score.rmsRaArcsec).toBeLessThan(1e-3);
  });

  it('finds the worst point of a turn in a corner', () => {
    const turn = 1e-5;
    const score = scoreWcs(plate(10, 0, turn), plate(10, 0), 1001, 1001);
    expect(score.worstArcsec).toBeCloseTo(turn * 500 * Math.SQRT2 * 0.36, 4);
    expect(score.worstPixel.every((v) => v === 0 || v === 1000)).toBe(true);
  });

  it('lets an undefined WCS be the worst of all', () => {
    const nowhere = { pixelToSky: (): [number, number] => [Number.NaN, Number.NaN] };
    expect(scoreWcs(nowhere, plate(10, 0), 101, 101).worstArcsec).toBeNaN();
  });
});

describe('trueZeroPoint', () => {
  it('turns 1 adu/s behind a flat of mean 1 into 1 electron/s behind a flat of median 1', () => {
    // a source of 100 adu/s where the response is 0.9; the flat's mean is 0.94 and its median 0.95
    const [counts, response, mean, median, gain] = [100, 0.9, 0.94, 0.95, 6.2];
    const theirs = (counts * mean) / response;
    const ours = (gain * counts * median) / response;
    const mag = 22.87 - 2.5 * Math.log10(theirs);
    const zeroPoint = trueZeroPoint({ mag1AduPerSecFlatMean: 22.87, gain, flatMeanOverMedian: mean / median });
    expect(zeroPoint - 2.5 * Math.log10(ours)).toBeCloseTo(mag, 12);
    const score = scoreZeroPoint(zeroPoint + 0.004, 0.002, {
      mag1AduPerSecFlatMean: 22.87,
      gain,
      flatMeanOverMedian: mean / median,
    });
    expect(score.offsetMag).toBeCloseTo(0.004, 12);
    expect(score.pull).toBeCloseTo(2, 9);
  });
});

describe('scorePositions', () => {
  it('takes the median and the scatter about it, whatever one wild pair does', () => {
    const ra = [10, 10.1, 10.2, 10.3, 10.4];
    const dec = [60, 60, 60, 60, 60];
    const found = dec.map((d, i) => d + [0.1, 0.2, 0.3, 0.4, 90][i]! / 3600);
    const score = scorePositions(ra, found, ra, dec);
    expect(score.medianDecArcsec).toBeCloseTo(0.3, 6);
    expect(score.scatterDecArcsec).toBeCloseTo(0.14826, 4);
    expect(score.count).toBe(5);
  });

  it('measures right ascension on the sky', () => {
    expect(offsetArcsec([359.9999, 60], [0.0001, 60])[0]).toBeCloseTo(0.36, 6);
  });
});
