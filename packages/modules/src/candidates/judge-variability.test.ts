import type { LightPoint } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { restsOnOne } from './judge-variability.ts';

const light = (fluxes: readonly number[]): LightPoint[] =>
  fluxes.map((fluxMicroJy, k) => ({
    image: `frame ${k}`,
    kind: 'frame',
    startedAt: '2026-01-01T04:20:01Z',
    midMjdUtc: 61041.2 + 0.001 * k,
    sinceTriggerSec: 60 + 86.4 * k,
    exposureSec: 30,
    fluxMicroJy,
    fluxErrMicroJy: 1,
    scaleErr: 0,
    isSuspect: false,
  }));

describe('restsOnOne', () => {
  it('knows the star that a cosmic ray fell on', () => {
    expect(restsOnOne(light([100, 99.2, 114, 100.4]))).toBe(true);
    expect(restsOnOne(light([100.3, 113, 99.5]))).toBe(true);
  });

  it('leaves what fades or comes and goes to be called variable', () => {
    expect(restsOnOne(light([100, 50, 33]))).toBe(false);
    expect(restsOnOne(light([100, 110, 101, 111, 99]))).toBe(false);
  });
});
