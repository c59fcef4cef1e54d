import { silentLog, systemClock } from '@colibri/base';
import { Header, imageHdu, writeFits } from '@colibri/fits';
import { scalarCompute } from '@colibri/numerics';
import type { EnginePorts } from '../engine/run-modules.ts';
import type { Master, MasterKey } from '../frame.ts';
import type { FrameMetaOptions } from '../frame-meta.ts';
import { sha256 } from '../hash.ts';
import type { CommittedProduct, ProductSink } from '../ports.ts';

type Cards = Readonly<Record<string, string | number | boolean | null>>;

/** Cards of a COLIBRI science frame; null takes one away. */
export const cards = (change: Cards = {}): Cards => ({
  'DATE-OBS': '2026-01-01T04:20:01.000',
  EXPTIME: 30,
  EXPTYPE: 'object',
  INSTRUME: 'C0',
  FILTER: 'r',
  BINNING: '1',
  READMODE: '1MHz',
  SOFTGAIN: 6.2,
  TRGID: '929744',
  OBSERVER: 'svom',
  RA: 215.59,
  DEC: 53.11,
  ...change,
});

/** A raw frame as a FITS file: 300 counts, a slope, and a bright pixel at (5, 4) 0-based. */
export function rawFits(change: Cards = {}, { width = 16, height = 12, star = 4000, seed = 0 } = {}): Uint8Array {
  const data = Uint16Array.from({ length: width * height }, (_, i) => 300 + ((i + seed) % 7));
  data[4 * width + 5] = star;
  const header = new Header();
  for (const [keyword, value] of Object.entries(cards(change))) if (value !== null) header.set(keyword, value);
  return writeFits([imageHdu({ data, shape: [width, height], header })]);
}

export const metaOptions: FrameMetaOptions = {
  nowMs: Date.parse('2026-01-02T00:00:00Z'),
  longitudeEastDeg: -115.464,
  alertRules: ['trigger', 'project'],
};

/** A flat master of one value. */
export const flatMaster = (key: MasterKey, value: number): Master => ({
  key,
  name: `${key.type}_test`,
  sha256: 'f'.repeat(64),
  nightId: '2025-12-31',
  width: key.width,
  height: key.height,
  data: new Float32Array(key.width * key.height).fill(value),
  variance: null,
  mask: null,
  inputs: [],
  note: null,
});

/** Ports of an engine without a world: masters of one value, no catalogue. */
export const enginePorts = (change: Partial<EnginePorts> = {}): EnginePorts => ({
  compute: scalarCompute(),
  log: silentLog,
  clock: systemClock,
  masters: { master: async (key) => flatMaster(key, key.type === 'bias' ? 300 : 1) },
  masterAt: async (_path, key) => flatMaster(key, 1),
  catalogAt: async () => null,
  dataArea: ({ width, height }) => ({ width, height }),
  ...change,
});

/** Products in memory. */
export function memorySink(): ProductSink & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    root: '/memory',
    async commit(path, bytes): Promise<CommittedProduct> {
      files.set(path, bytes.slice());
      return { path, sha256: await sha256(bytes), bytes: bytes.length };
    },
  };
}
