import { describe, expect, it } from 'vitest';
import { age, counter, duration, fixed, level, medianOf, plural, withError } from './format.ts';

describe('formats', () => {
  it.each([
    [0.412, '0.41 s'],
    [18.2, '18.2 s'],
    [292, '4 m 52 s'],
    [11_520, '3 h 12 m'],
    [null, '–'],
  ])('writes a duration of %s as %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [3.9, '3 s'],
    [119, '1 min'],
    [4000, '>1 h'],
    [-2, '0 s'],
    [null, 'never'],
  ])('writes an age of %s s as %s', (seconds, text) => expect(age(seconds)).toBe(text));

  it.each([
    [24.5678, 0.0123, '24.568 ± 0.012'],
    [24.5678, 0.2, '24.57 ± 0.20'],
    [24.5678, null, '24.57'],
    [null, 0.1, '–'],
  ])('gives %s ± %s no more digits than the error allows: %s', (value, error, text) => {
    expect(withError(value, error)).toBe(text);
  });

  it('never shows a missing number as zero', () => {
    expect(fixed(null, 2)).toBe('–');
    expect(fixed(Number.NaN, 2)).toBe('–');
    expect(level(null)).toBe('–');
  });

  it('counts a disconnection in minutes and seconds', () => {
    expect(counter(12.9)).toBe('00:12');
    expect(counter(185)).toBe('03:05');
  });

  it('takes the median of what is known', () => {
    expect(medianOf([3, null, 1, Number.NaN, 2])).toBe(2);
    expect(medianOf([4, 1])).toBe(2.5);
    expect(medianOf([null])).toBeNull();
  });

  it('says frames by number', () => {
    expect(plural(1, 'frame')).toBe('1 frame');
    expect(plural(0, 'frame')).toBe('0 frames');
  });
});
