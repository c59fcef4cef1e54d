import { seededRandom } from '@colibri/base';
import { describe, expect, it } from 'vitest';
import { detectorOf } from './cameras.ts';
import { measureLevels } from './overscan.ts';
import { frameGeometry } from './sections.ts';
import { testMeta, testRaw } from './testing.ts';

describe('frameGeometry', () => {
  it('takes DATASEC and BIASSEC at their word, 1-based and inclusive', () => {
    const raw = testRaw(70, 40, () => 0, { DATASEC: '[1:50,1:40]', BIASSEC: '[51:70,1:40]' });
    expect(frameGeometry(raw)).toEqual({ data: { x0: 0, x1: 50, y0: 0, y1: 40 }, overscan: [{ x0: 52, x1: 68, y0: 0, y1: 40 }] });
  });

  it('finds the overscan of COLIBRI on both sides when the header is silent', () => {
    const geometry = frameGeometry(testRaw(124, 100, () => 0));
    expect(geometry.data).toEqual({ x0: 12, x1: 112, y0: 0, y1: 100 });
    expect(geometry.overscan).toHaveLength(2);
  });

  it('takes a square frame whole', () => {
    expect(frameGeometry(testRaw(64, 64, () => 0))).toEqual({ data: { x0: 0, x1: 64, y0: 0, y1: 64 }, overscan: [] });
  });

  it.each(['[0:50,1:40]', '[1:71,1:40]', '[20:10,1:40]', 'none', '[1:50]'])('refuses the section %s by name', (section) => {
    expect(() => frameGeometry(testRaw(70, 40, () => 0, { DATASEC: section }))).toThrow(
      expect.objectContaining({ code: 'DETECTOR_SECTION', message: expect.stringContaining(section) }),
    );
  });
});

describe('measureLevels', () => {
  it('gives each amplifier its own level to a hundredth of its noise, whatever the light', () => {
    const random = seededRandom(3);
    const raw = testRaw(
      196,
      100,
      (x, y) => Math.round((x < 98 ? 500 : 480) + (y < 50 ? 0 : 7) + 3 * random.normal() + (x >= 48 && x < 148 ? 4000 : 0)),
      {
        DATASEC: '[49:148,1:100]',
      },
    );
    const { levels, mean, error } = measureLevels(raw, frameGeometry(raw));
    expect(error).toBeLessThan(0.1); // 3 adu / √(46 · 50) = 0.06
    const at = (x: number, y: number): number => levels[2 * y + (x < 50 ? 0 : 1)]!;
    for (const [x, y, level] of [
      [0, 0, 500],
      [99, 0, 480],
      [0, 99, 507],
      [99, 99, 487],
    ] as const)
      expect(Math.abs(at(x, y) - level)).toBeLessThan(0.3);
    expect(mean).toBeCloseTo(493.5, 0);
  });

  it('is not moved by cosmic rays in the overscan', () => {
    const raw = testRaw(72, 40, (x, y) => (x > 50 && (x * 7 + y * 3) % 29 === 0 ? 30_000 : 500), {
      DATASEC: '[1:40,1:40]',
      BIASSEC: '[41:72,1:40]',
    });
    expect(measureLevels(raw, frameGeometry(raw)).mean).toBeCloseTo(500, 3);
  });
});

describe('detectorOf', () => {
  it('prefers the configuration to the header, and the header to the table', () => {
    const header = new Map<string, string | number>([['GAIN', 6.2]]);
    const none = { gain: null, readNoise: null, saturationAdu: null, pixelScaleDeg: null };
    expect(detectorOf(testMeta(), header, { ...none, gain: 3 })).toMatchObject({ gain: 3, source: 'configuration' });
    expect(detectorOf(testMeta(), header, none)).toMatchObject({ gain: 6.2, source: 'header' });
    expect(detectorOf(testMeta(), new Map(), none)).toMatchObject({ gain: 2.2, readNoise: 6.8, source: 'camera table' });
  });

  it('scales the table by binning and software gain as the telescope does', () => {
    const scaled = detectorOf(testMeta({ binning: '2', softGain: '4' }), new Map(), {
      gain: null,
      readNoise: null,
      saturationAdu: null,
      pixelScaleDeg: null,
    });
    expect(scaled).toMatchObject({ gain: 8.8, readNoise: 13.6, saturationAdu: 65000, pixelScaleDeg: 0.0002112 });
  });

  it('refuses to guess the gain of a camera that nobody described', () => {
    expect(() =>
      detectorOf(testMeta({ camera: 'C9' }), new Map(), {
        gain: null,
        readNoise: null,
        saturationAdu: null,
        pixelScaleDeg: null,
      }),
    ).toThrow(expect.objectContaining({ code: 'DETECTOR_UNKNOWN' }));
  });
});
