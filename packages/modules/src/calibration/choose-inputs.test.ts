import type { CalibrationRaw, MasterKey } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { chooseInputs } from './choose-inputs.ts';

const key = (values: Partial<MasterKey>): MasterKey => ({
  type: 'flat',
  camera: 'C1',
  binning: '1',
  readMode: '1MHz',
  softGain: '1',
  filter: 'r',
  exposureSec: null,
  width: 64,
  height: 64,
  ...values,
});
const raws = (nightId: string, count: number, values: Partial<MasterKey>): CalibrationRaw[] =>
  Array.from({ length: count }, (_, i) => ({
    key: key(values),
    frameId: `${nightId.replaceAll('-', '')}T0000${String(i).padStart(2, '0')}`,
    path: `${i}`,
    sha256: `${nightId}${JSON.stringify(values)}${i}`,
    nightId,
    observedAt: `${nightId}T00:00:0${i}Z`,
  }));

describe('chooseInputs', () => {
  it('picks the right flat for all eight filters of one evening', () => {
    const filters = ['B', 'g', 'r', 'i', 'gri', 'z', 'y', 'zy'];
    const evening = filters.flatMap((filter) => raws('2026-01-01', 6, { filter }));
    for (const filter of filters) {
      const plan = chooseInputs(evening, key({ filter }), '2026-01-01')!;
      expect(plan.inputs.map((raw) => raw.key.filter)).toEqual(Array(6).fill(filter));
      expect(plan.note).toBeNull();
    }
  });

  it.each([
    ['read mode 0 is not 10', { readMode: '10' }, { readMode: '0' }],
    ['another camera', { camera: 'C2' }, {}],
    ['another binning', { binning: '2' }, {}],
    ['another soft gain', { softGain: '4' }, {}],
    ['another window', { width: 32 }, {}],
  ])('takes nothing when only %s is there', (_, have, want) => {
    expect(chooseInputs(raws('2026-01-01', 8, have), key(want), '2026-01-01')).toBeNull();
  });

  it('prefers the latest night not after the frame, and says when only a later one is there', () => {
    const nights = [...raws('2026-01-01', 8, {}), ...raws('2026-01-03', 8, {}), ...raws('2026-01-09', 8, {})];
    expect(chooseInputs(nights, key({}), '2026-01-05')).toMatchObject({ nightId: '2026-01-03', note: null });
    expect(chooseInputs(nights, key({}), '2025-12-01')).toMatchObject({
      nightId: '2026-01-01',
      note: expect.stringContaining('later night'),
    });
  });

  it('pools nights when one has too few frames', () => {
    const plan = chooseInputs([...raws('2026-01-01', 2, {}), ...raws('2026-01-02', 2, {})], key({}), '2026-01-02')!;
    expect(plan.inputs).toHaveLength(4);
    expect(plan.nightId).toBe('2026-01-02');
  });

  it('takes the dark of the same exposure time, else scales the nearest and says so', () => {
    const darks = [
      ...raws('2026-01-01', 8, { type: 'dark', filter: '-', exposureSec: 30 }),
      ...raws('2026-01-01', 8, { type: 'dark', filter: '-', exposureSec: 120 }),
    ];
    const dark = (exposureSec: number) => chooseInputs(darks, key({ type: 'dark', filter: '-', exposureSec }), '2026-01-01')!;
    expect(dark(120)).toMatchObject({ key: { exposureSec: 120 }, note: null });
    expect(dark(60)).toMatchObject({ key: { exposureSec: 30 }, note: 'darks of 30 s scaled to 60 s' });
  });
});
