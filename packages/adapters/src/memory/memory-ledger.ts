import { type Clock, isoUtc, nearestName, systemClock } from '@colibri/base';
import type { FrameRow, FrameState, InstanceStatus, UnitRow } from '@colibri/contracts';
import { type CalibrationRaw, type Ledger, type OfferedFrame, pipelineErrors } from '@colibri/pipeline';

/** One offer: where the bytes lay and the row that answers for them. */
interface Offer {
  readonly key: string;
  readonly isDuplicate: boolean;
}
interface Entry {
  row: FrameRow;
  readonly sha256: string;
  readonly configHash: string;
  readonly sourcePath: string;
  attempts: number;
}

const finalStates: readonly FrameState[] = ['published', 'skipped', 'failed', 'quarantined'];

/** What a test may look at beside the port. */
export interface MemoryLedger extends Ledger {
  /** Every row, in the order of their offers. */
  rows(): FrameRow[];
  /** The last heartbeat of each instance. */
  readonly instances: ReadonlyMap<string, InstanceStatus>;
}

/** A ledger that lives as long as its process: for tests, offline commands and `--db memory`. */
export function openMemoryLedger(clock: Clock = systemClock): MemoryLedger {
  const entries = new Map<string, Entry>();
  const offers = new Map<string, Map<string, Offer>>(); // pipeline → `sha256 configuration path` → offer
  const calibrations = new Map<string, CalibrationRaw>();
  const instances = new Map<string, InstanceStatus>();
  const units = new Map<string, UnitRow>();

  const entry = (key: string): Entry => {
    const found = entries.get(key);
    if (!found) throw pipelineErrors.unknownRow({ key, near: nearestName(key, [...entries.keys()]) ?? null });
    return found;
  };
  const rowsOf = (pipeline: string): Entry[] => [...entries.values()].filter((e) => e.row.pipeline === pipeline);

  return {
    instances,
    rows: () => [...entries.values()].map((e) => e.row),

    async offer(frame) {
      const known = offers.get(frame.pipeline) ?? new Map<string, Offer>();
      offers.set(frame.pipeline, known);
      const { sha256, configHash, sourcePath } = frame;
      const id = `${sha256} ${configHash} ${sourcePath}`;
      const before = known.get(id);
      const same = rowsOf(frame.pipeline).find((e) => e.sha256 === sha256 && e.configHash === configHash);
      if (same) {
        const { key, state, revision } = same.row;
        if (before && !before.isDuplicate && !finalStates.includes(state)) return { kind: 'resume', key, revision };
        if (!before) known.set(id, { key, isDuplicate: true });
        return { kind: 'duplicate', key, state };
      }
      const revision = rowsOf(frame.pipeline).filter((e) => e.row.frameId === frame.frameId).length;
      const row = newRow(frame, revision, isoUtc(clock.now()));
      entries.set(row.key, { row, sha256, configHash, sourcePath, attempts: 0 });
      known.set(id, { key: row.key, isDuplicate: false });
      return { kind: revision === 0 ? 'new' : 'revision', key: row.key, revision };
    },

    async claim(key) {
      return ++entry(key).attempts;
    },

    async update(key, { evidence: _evidence, cells, warnings, ...change }) {
      const found = entry(key);
      found.row = {
        ...found.row,
        ...structuredClone(change),
        ...(cells ? { cells: structuredClone([...cells]) } : {}),
        ...(warnings ? { warnings: [...warnings] } : {}),
        updatedAt: isoUtc(clock.now()),
      };
    },

    row: async (key) => entries.get(key)?.row ?? null,

    async unfinished(pipeline) {
      return rowsOf(pipeline)
        .filter((e) => !finalStates.includes(e.row.state))
        .sort((a, b) => a.row.receivedAt.localeCompare(b.row.receivedAt))
        .map(({ row, sourcePath, attempts }) => ({ row, sourcePath, attempts }));
    },

    async heartbeat(status) {
      instances.set(status.name, status);
    },

    async putUnit(row) {
      units.set(row.key, structuredClone(row));
    },
    units: async (pipeline) =>
      [...units.values()].filter((row) => row.pipeline === pipeline).sort((a, b) => (a.key < b.key ? -1 : 1)),

    async counts(pipeline) {
      const all = [...(offers.get(pipeline)?.values() ?? [])];
      const counts = {
        arriving: 0,
        queued: 0,
        reducing: 0,
        reduced: 0,
        measured: 0,
        published: 0,
        skipped: 0,
        failed: 0,
        quarantined: 0,
        duplicates: all.filter((o) => o.isDuplicate).length,
        offered: all.length,
      };
      for (const { row } of rowsOf(pipeline)) counts[row.state]++;
      return counts;
    },

    async recordCalibration(raw) {
      const id = `${raw.sha256} ${raw.key.type}`;
      if (!calibrations.has(id)) calibrations.set(id, raw);
    },

    async calibrations(key) {
      const words = ['type', 'camera', 'binning', 'readMode', 'softGain', 'filter', 'width', 'height'] as const;
      return [...calibrations.values()]
        .filter((raw) => words.every((word) => raw.key[word] === key[word]))
        .sort((a, b) => a.observedAt.localeCompare(b.observedAt));
    },

    async close() {},
  };
}

function newRow(frame: OfferedFrame, revision: number, now: string): FrameRow {
  return {
    key: `${frame.pipeline}/${frame.frameId}/r${revision}`,
    frameId: frame.frameId,
    revision,
    pipeline: frame.pipeline,
    nightId: frame.nightId,
    observedAt: frame.observedAt,
    receivedAt: frame.receivedAt,
    updatedAt: now,
    camera: frame.camera,
    filter: frame.filter,
    type: frame.type,
    target: frame.target,
    isAlert: frame.isAlert,
    exposureSec: frame.exposureSec,
    state: 'queued',
    cells: [...frame.cells],
    failure: null,
    warnings: [],
    metrics: null,
    products: { reduced: null, catalog: null, summary: null },
    latencySec: null,
  };
}
