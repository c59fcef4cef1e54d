import { silentLog } from '@colibri/base';
import { openFits } from '@colibri/fits';
import { scalarCompute } from '@colibri/numerics';
import type { CalibrationRaw, Master, MasterKey } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { testRaw } from '../detector/testing.ts';
import { encodeMaster } from './master-file.ts';
import { type MasterStore, masterSource } from './master-source.ts';

const key = (values: Partial<MasterKey>): MasterKey => ({
  type: 'bias',
  camera: 'C1',
  binning: '1',
  readMode: '1MHz',
  softGain: '1',
  filter: '-',
  exposureSec: null,
  width: 32,
  height: 32,
  ...values,
});

/** A store of pretend frames: each camera has its own level; counts what is built and loaded. */
function pretendStore(): MasterStore & { built: string[]; loads: number } {
  const saved = new Map<string, Master>();
  const store = {
    built: [] as string[],
    loads: 0,
    async calibrations(wanted: Omit<MasterKey, 'exposureSec'>): Promise<CalibrationRaw[]> {
      const exposureSec = wanted.type === 'dark' ? 30 : null;
      return Array.from({ length: 8 }, (_, i) => ({
        key: { ...wanted, exposureSec },
        frameId: `20260101T0000${i}0${wanted.camera}${wanted.type[0]}`,
        path: `${i}`,
        sha256: `${wanted.type}${wanted.camera}${wanted.filter}${i}`,
        nightId: '2025-12-31',
        observedAt: `2026-01-01T00:00:${i}0Z`,
      }));
    },
    async readRaw(raw: CalibrationRaw) {
      const light = raw.key.type === 'flat' ? 8000 : raw.key.type === 'dark' ? 60 : 0;
      return testRaw(32, 32, () => 500 + light, {}, { frameId: raw.frameId, exposureSec: raw.key.type === 'dark' ? 30 : 5 });
    },
    async load(name: string) {
      const found = saved.get(name) ?? null;
      if (found) store.loads++;
      return found;
    },
    async save(master: Master) {
      store.built.push(master.key.type);
      saved.set(master.name, { ...master, data: master.data.slice(), variance: master.variance?.slice() ?? null });
      return 'sum';
    },
  };
  return store;
}

describe('masterSource', () => {
  it('builds each master once, from the helpers that it needs', async () => {
    const store = pretendStore();
    const source = masterSource({ store, compute: scalarCompute(), log: silentLog });
    const flat = await source.master(key({ type: 'flat', filter: 'r' }), '2025-12-31');
    await source.master(key({ type: 'flat', filter: 'r' }), '2026-01-02');
    expect(store.built).toEqual(['bias', 'dark', 'flat']);
    expect(flat!.data[5]).toBeCloseTo(1, 5);
    expect(flat!.origin!.sha256[7]).toBe('flatC1r7');
    expect(flat!.origin!.helpers.map((name) => name.split('_')[0])).toEqual(['bias', 'dark']);
    const { header } = (await openFits(encodeMaster(flat!), { name: 'flat' })).hdu('SCI');
    expect([header.text('IMSHA008'), header.text('MHELP2')]).toEqual(['flatC1r7', flat!.origin!.helpers[1]]);
    expect((await source.master(key({ type: 'dark', exposureSec: 30 }), '2025-12-31'))!.data[5]).toBeCloseTo(2, 5);
  });

  it('never frees the masters of the frame at hand, however small the budget', async () => {
    const store = pretendStore();
    const freed = new Set<ArrayBufferView>();
    const compute = { ...scalarCompute(), free: (array: ArrayBufferView) => void freed.add(array) };
    const source = masterSource({ store, compute, log: silentLog, budgetBytes: 1 });
    for (const camera of ['C1', 'C2', 'C1', 'C2']) {
      const bias = await source.master(key({ camera }), '2025-12-31');
      const dark = await source.master(key({ camera, type: 'dark', exposureSec: 30 }), '2025-12-31');
      const flat = await source.master(key({ camera, type: 'flat', filter: 'r' }), '2025-12-31');
      for (const master of [bias, dark, flat]) expect(freed.has(master!.data)).toBe(false);
    }
    expect(freed.size).toBeGreaterThan(0);
    expect(store.loads).toBeGreaterThan(0);
    expect(store.built).toHaveLength(6);
  });

  it('keeps what fits the budget: a second round loads nothing', async () => {
    const store = pretendStore();
    const source = masterSource({ store, compute: scalarCompute(), log: silentLog });
    for (let round = 0; round < 2; round++) {
      for (const camera of ['C1', 'C2'])
        for (const filter of ['g', 'r', 'i']) await source.master(key({ type: 'flat', camera, filter }), '2025-12-31');
    }
    expect(store.loads).toBe(0);
    expect(store.built.filter((type) => type === 'flat')).toHaveLength(6);
  });
});
