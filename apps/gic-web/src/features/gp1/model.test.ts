import { type FrameRow, type ModuleCell, noMetrics } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import {
  boardItems,
  cellView,
  failureGroups,
  instanceState,
  moduleMedians,
  modulesOff,
  newestRevisions,
  nightTotals,
  normaliseMessage,
  outlier,
  pinnedAlerts,
  throughputPerMin,
  totalsSentence,
  usualMetrics,
} from './model.ts';

const t = (minutes: number) => new Date(Date.parse('2026-11-23T05:00:00Z') + minutes * 60_000).toISOString();
let serial = 0;
const row = (over: Partial<FrameRow> = {}): FrameRow => {
  serial += 1;
  return {
    key: `svom/f${serial}/r1`,
    frameId: `f${serial}`,
    revision: 1,
    pipeline: 'svom',
    nightId: '2026-11-22',
    observedAt: t(serial),
    receivedAt: t(serial),
    updatedAt: t(serial),
    camera: 'C1',
    filter: 'r',
    type: 'object',
    target: null,
    isAlert: false,
    exposureSec: 30,
    state: 'published',
    cells: [],
    failure: null,
    warnings: [],
    metrics: null,
    products: { reduced: null, catalog: null, summary: null },
    latencySec: 1,
    ...over,
  };
};
const cell = (over: Partial<ModuleCell>): ModuleCell => ({
  module: 'reduction',
  state: 'done',
  startedAt: null,
  seconds: null,
  reason: null,
  ...over,
});

describe('a cell of the matrix', () => {
  it('fills against the median while it runs, and says when it is late', () => {
    const running = cell({ state: 'running', startedAt: t(0) });
    expect(cellView(running, Date.parse(t(0)) + 500, 2)).toMatchObject({
      symbol: 'info',
      fill: 0.25,
      late: false,
      text: '0.50 s',
    });
    expect(cellView(running, Date.parse(t(0)) + 9000, 2)).toMatchObject({ fill: 1, late: true });
  });

  it('does not pretend a fill without a median', () => {
    expect(cellView(cell({ state: 'running', startedAt: t(0) }), Date.parse(t(0)), null).fill).toBeNull();
  });

  it('is a dash when the module is off or unknown, and gives the reason when it was skipped or failed', () => {
    expect(cellView(undefined, 0, null).text).toBe('–');
    expect(cellView(cell({ state: 'off' }), 0, null)).toMatchObject({ text: '–', symbol: null });
    expect(cellView(cell({ state: 'skipped', reason: 'no masters' }), 0, null).reason).toBe('reduction skipped: no masters');
    expect(cellView(cell({ state: 'failed', reason: 'flat missing' }), 0, null)).toMatchObject({
      symbol: 'fail',
      reason: 'reduction failed: flat missing',
    });
  });
});

describe('the board as a list', () => {
  it('pins alert frames above all others and groups the rest by hour, newest first', () => {
    const rows = [
      row({ key: 'a', observedAt: t(0), receivedAt: t(0) }),
      row({ key: 'b', observedAt: t(61), receivedAt: t(61) }),
      row({ key: 'c', observedAt: t(62), receivedAt: t(62), isAlert: true, target: 'GRB 1' }),
    ];
    const items = boardItems(rows, false).map((item) =>
      item.kind === 'row' ? `${item.row.key}${item.pinned ? ' pinned' : ''}` : item.kind,
    );
    expect(items).toEqual(['alerts', 'c pinned', 'group', 'b', 'group', 'a']);
  });

  it('shows the newest alert frames and says how many it hides', () => {
    const rows = Array.from({ length: 9 }, () => row({ isAlert: true, target: 'GRB 1' }));
    expect(boardItems(rows, false)[0]).toMatchObject({ kind: 'alerts', count: 9, hidden: 9 - pinnedAlerts });
    expect(boardItems(rows, true)).toHaveLength(10);
  });

  it('keeps a file that cannot tell its time beside its neighbours', () => {
    const rows = [
      row({ observedAt: t(1), receivedAt: t(100) }),
      row({ observedAt: null, receivedAt: t(99) }),
      row({ observedAt: t(0), receivedAt: t(98) }),
    ];
    expect(boardItems(rows, false).filter((item) => item.kind === 'group')).toHaveLength(1);
  });

  it('keeps the newest revision of each frame in each pipeline', () => {
    const rows = [
      row({ frameId: 'x', revision: 1 }),
      row({ frameId: 'x', revision: 2 }),
      row({ frameId: 'x', pipeline: 'other' }),
    ];
    expect(newestRevisions(rows).map((r) => `${r.pipeline} ${r.revision}`)).toEqual(['svom 2', 'other 1']);
  });

  it('lists 10,000 rows in less than 100 ms', () => {
    const rows = Array.from({ length: 10_000 }, () => row());
    // The best of five: other work on the machine is not our doing.
    const times = [1, 2, 3, 4, 5].map(() => {
      const start = performance.now();
      expect(boardItems(rows, false).length).toBeGreaterThan(10_000);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});

describe('modules', () => {
  it('takes medians over finished cells only', () => {
    const rows = [1, 2, 9].map((seconds) =>
      row({ cells: [cell({ seconds }), cell({ module: 'findstars', state: 'failed', seconds: 50 })] }),
    );
    expect([...moduleMedians(rows)]).toEqual([['reduction', 2]]);
  });

  it('calls a module off that no instance runs and no frame used', () => {
    const board = {
      modules: ['reduction', 'stacking'],
      instances: [],
      rows: [row({ cells: [cell({}), cell({ module: 'stacking', state: 'off' })] })],
    };
    expect([...modulesOff(board)]).toEqual(['stacking']);
  });
});

describe('failures', () => {
  const failure = (message: string, code = 'FITS_TRUNCATED') => ({
    code,
    message,
    hint: 'Copy it again.',
    module: 'reduction',
    quarantinePath: null,
  });

  it('groups the same trouble whatever its names and numbers are', () => {
    const rows = [
      row({
        state: 'failed',
        failure: failure('/data/in/20261123T051207C1o.fits.fz ends after 4096 bytes; its header announces 8388608.'),
      }),
      row({ state: 'quarantined', failure: failure('20261123T052207C2o.fits ends after 17 bytes; its header announces 99.') }),
      row({ state: 'failed', failure: failure('No flat for C1 r.', 'NO_MASTER') }),
    ];
    const groups = failureGroups(rows);
    expect(groups.map((group) => `${group.count} ${group.failure.code}`)).toEqual(['2 FITS_TRUNCATED', '1 NO_MASTER']);
    expect(groups[0]!.samples).toHaveLength(2);
  });

  it('takes particulars out of a message and keeps its words', () => {
    expect(normaliseMessage('The file /a/b.fits has 12 rows, not 13.5')).toBe('The file … has # rows, not #');
  });
});

describe('instances and totals', () => {
  it('never calls a silent instance running', () => {
    const instance = { state: 'running', oldestWaitingSec: null } as never;
    expect(instanceState(instance, 4).state).toBe('ok');
    expect(instanceState(instance, 26).state).toBe('unknown');
  });

  it('counts what ended within ten minutes', () => {
    const rows = [
      row({ updatedAt: t(59) }),
      row({ updatedAt: t(55) }),
      row({ updatedAt: t(40) }),
      row({ updatedAt: t(59), state: 'queued' }),
    ];
    expect(throughputPerMin(rows, 'svom', Date.parse(t(60)))).toBeCloseTo(0.2);
  });

  it('tells the night in one sentence', () => {
    const rows = [
      row({ latencySec: 14.2 }),
      row({ latencySec: 61, frameId: 'slow' }),
      row({ state: 'failed', latencySec: null }),
    ];
    expect(totalsSentence(nightTotals(rows))).toBe('3 frames, 1 failed, median 37.6 s, slowest 1 m 01 s (slow).');
  });
});

describe('figures far from usual', () => {
  const rows = [1.6, 1.62, 1.58, 1.61, 1.59, 1.63, 1.6, 1.57, 3.2, 1.1].map((fwhmArcsec) =>
    row({ metrics: { ...noMetrics, fwhmArcsec } }),
  );
  const usual = usualMetrics(rows);

  it('points at a bad FWHM, not at a good one', () => {
    expect(outlier(rows[8]!, 'fwhmArcsec', usual)).toContain('median');
    expect(outlier(rows[9]!, 'fwhmArcsec', usual)).toBeNull();
    expect(outlier(rows[0]!, 'fwhmArcsec', usual)).toBeNull();
  });

  it('does not judge with fewer than 8 frames', () => {
    expect(outlier(rows[8]!, 'fwhmArcsec', usualMetrics(rows.slice(4)))).toBeNull();
  });
});
