import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { type LooseDetection, linkTracklets } from './tracklets.ts';

const center = { raDeg: 215.6, decDeg: 53.1 };
const options = { fastestArcsecH: 1800, toleranceArcsec: 0.6, radiusDeg: 0.1, mostByChance: 0.01 };
const mids = Array.from({ length: 12 }, (_, k) => 61041 + (k * 38) / 86400);

function sky(
  seed: number,
  noisePerFrame: number,
  movers: readonly { rate: number; seen: (k: number) => boolean }[],
  frames = mids,
): LooseDetection[] {
  const random = seededRandom(seed);
  const list: LooseDetection[] = [];
  const add = (frame: number, east: number, north: number) =>
    list.push({
      frame,
      raDeg: center.raDeg + east / 3600 / Math.cos((center.decDeg * Math.PI) / 180),
      decDeg: center.decDeg + north / 3600,
      x: east / 0.38 + 9 * frame,
      y: north / 0.38,
      snr: 8,
    });
  frames.forEach((mid, k) => {
    movers.forEach(({ rate, seen }, m) => {
      if (seen(k)) add(k, 40 * m + (mid - frames[0]!) * 24 * rate + 0.1 * random.normal(), 30 * m + 0.1 * random.normal());
    });
    for (let i = 0; i < noisePerFrame; i++) add(k, 500 * (random.uniform() - 0.5), 500 * (random.uniform() - 0.5));
  });
  return list;
}

describe('linkTracklets', () => {
  it('finds two movers among noise, with their rates, also with frames missing', () => {
    const found = linkTracklets(
      sky(1, 25, [
        { rate: 132, seen: () => true },
        { rate: 600, seen: (k) => k % 3 !== 1 },
      ]),
      mids,
      center,
      options,
    );
    expect(found).toHaveLength(2);
    expect(found.map(({ members }) => members.length)).toEqual([12, 8]);
    for (const [k, rate] of [132, 600].entries()) {
      expect(Math.abs(found[k]!.raRateArcsecH - rate)).toBeLessThan(4 * found[k]!.errArcsecH + 1);
      expect(found[k]!.expectedByChance).toBeLessThan(0.01);
    }
  });

  it('finds nothing in noise: not once in thirty fields', () => {
    let found = 0;
    for (let seed = 0; seed < 30; seed++) found += linkTracklets(sky(seed, 20, []), mids, center, options).length;
    expect(found).toBeLessThanOrEqual(1);
  });

  it('leaves what stands still, what is too fast, and what has too few frames to say', () => {
    expect(linkTracklets(sky(2, 0, [{ rate: 3, seen: () => true }]), mids, center, options)).toEqual([]);
    expect(linkTracklets(sky(2, 0, [{ rate: 4000, seen: () => true }]), mids, center, options)).toEqual([]);
    expect(
      linkTracklets(sky(2, 0, [{ rate: 132, seen: () => true }], mids.slice(0, 2)), mids.slice(0, 2), center, options),
    ).toEqual([]);
    expect(linkTracklets([], mids, center, options)).toEqual([]);
  });

  it('says when it is the detector that makes the line', () => {
    const list = sky(3, 0, [{ rate: 132, seen: () => true }]).map((detection) => ({ ...detection, x: 100, y: 200 }));
    expect(linkTracklets(list, mids, center, options)[0]!.followsDetector).toBe(true);
  });
});
