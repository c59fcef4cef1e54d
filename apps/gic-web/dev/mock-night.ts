import {
  type Board,
  type Failure,
  type FrameRow,
  type InstanceStatus,
  type ModuleCell,
  type NightTimes,
  type Now,
  noUnitMetrics,
  type UnitRow,
} from '@colibri/contracts';

/** A small seeded generator (mulberry32): the mock night is the same every time. */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
export const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

export const nightId = '2026-11-22';
const modules = ['reduction', 'findstars', 'astrometry', 'alignment', 'stacking', 'photometry', 'subtraction', 'summary'];
export const modulesOn = ['reduction', 'findstars', 'astrometry', 'summary'];
const hash = '9f3ac1d27b5e4480a6c0f4de12bb907755c1d6aa40e39c1e5d2a7f6b8c901234';
const iso = (ms: number) => new Date(ms).toISOString();
const at = (text: string) => Date.parse(`2026-11-${text}Z`);

export const times: NightTimes = {
  nightId,
  label: 'Night 22→23 Nov 2026 · UT 23 Nov',
  noonBefore: iso(at('22T19:41:51')),
  noonAfter: iso(at('23T19:41:51')),
  sunset: iso(at('23T00:36:10')),
  civilDusk: iso(at('23T01:02:00')),
  nauticalDusk: iso(at('23T01:31:20')),
  astronomicalDusk: iso(at('23T02:00:30')),
  astronomicalDawn: iso(at('23T13:02:40')),
  nauticalDawn: iso(at('23T13:32:00')),
  civilDawn: iso(at('23T14:01:10')),
  sunrise: iso(at('23T14:27:00')),
  moonUp: [{ from: iso(at('22T23:48:00')), to: iso(at('23T13:18:00')) }],
  moonIllumination: 0.97,
};

export function now(serverMs: number, simulation: { at: number; rate: number } | null): Now {
  const asOf = iso(serverMs - 2000);
  return {
    serverTime: iso(serverMs),
    site: { name: 'OAN San Pedro Mártir', longitudeEastDeg: -115.464, latitudeDeg: 31.0443, altitudeM: 2830 },
    night: times,
    chips: [
      { id: 'safety', state: 'ok', word: 'safe', detail: 'Wind 21 km/h (limit 65), humidity 34 %', asOf, periodSec: 10 },
      {
        id: 'telescope',
        state: 'info',
        word: 'observing',
        detail: 'observing GRB 261123A in r/z, 30 s × 8',
        asOf,
        periodSec: 10,
      },
      {
        id: 'alert',
        state: 'critical',
        word: 'GRB 261123A',
        detail: 'T+41 min · r90 1.8′',
        asOf: iso(serverMs - 9000),
        periodSec: 10,
      },
      { id: 'gp1', state: 'watch', word: 'queue 3', detail: 'oldest waits 4.1 s; 9 of 318 frames failed', asOf, periodSec: 5 },
      { id: 'link', state: 'ok', word: 'live', detail: 'Site → France in 0.4 s', asOf, periodSec: 5 },
    ],
    simulation: simulation === null ? null : { at: iso(simulation.at), rate: simulation.rate },
  };
}

const failures: readonly Failure[] = [
  {
    code: 'FITS_TRUNCATED',
    message: '{f}.fits.fz ends after 1843200 bytes; its header announces 8392320.',
    hint: 'The transfer is still running or stopped early: compare with the source and copy it again.',
    module: 'reduction',
    quarantinePath: 'quarantine/2026-11-22/{f}.fits.fz',
  },
  {
    code: 'ASTROMETRY_NO_MATCH',
    message:
      'No pattern of the 7 brightest of 11 sources in {f} fits the catalogue within 1.0 arcmin and 5° of the header pointing.',
    hint: 'Few stars (clouds, trailing) or a pointing that is further off: look at the image; a blind solution takes --search-radius 1.',
    module: 'astrometry',
    quarantinePath: null,
  },
  {
    code: 'MASTER_MISSING',
    message: 'No master flat for C2 zy, binning 1x1, read mode 1MHz: the newest of this filter is 41 days old (limit 30).',
    hint: 'Take twilight flats in zy, or allow older masters with flat_max_age in reduction.cfg.',
    module: 'reduction',
    quarantinePath: null,
  },
];

interface Plan {
  readonly type: string;
  readonly target: string | null;
  readonly isAlert: boolean;
  readonly exposureSec: number;
  readonly pipeline: string;
}

const frameIdOf = (ms: number, camera: string, letter: string) =>
  `${iso(ms).slice(0, 19).replaceAll('-', '').replaceAll(':', '')}${camera}${letter}`;

function planAt(ms: number): Plan {
  if (ms < at('23T01:05:00')) return { type: 'bias', target: null, isAlert: false, exposureSec: 0, pipeline: 'gp1' };
  if (ms < at('23T01:36:00')) return { type: 'flat', target: null, isAlert: false, exposureSec: 5, pipeline: 'gp1' };
  if (ms < at('23T01:50:00'))
    return { type: 'focus', target: 'focus field 12', isAlert: false, exposureSec: 10, pipeline: 'standard' };
  if (ms > at('23T04:31:00') && ms < at('23T05:14:00'))
    return { type: 'object', target: 'GRB 261123A', isAlert: true, exposureSec: 30, pipeline: 'svom' };
  if (ms < at('23T03:10:00'))
    return { type: 'object', target: 'M 31 monitor', isAlert: false, exposureSec: 60, pipeline: 'standard' };
  return { type: 'object', target: 'WASP-43 b', isAlert: false, exposureSec: 60, pipeline: 'standard' };
}

const waiting = (): ModuleCell[] =>
  modules.map((module) => ({
    module,
    state: modulesOn.includes(module) ? 'waiting' : 'off',
    startedAt: null,
    seconds: null,
    reason: null,
  }));
const zeroPoints: Record<string, number> = { B: 24.62, g: 25.31, r: 25.18, i: 24.77, z: 23.94, zy: 23.61, y: 22.48 };
const skies: Record<string, number> = { B: 38, g: 120, r: 205, i: 310, z: 480, zy: 560, y: 690 };

/** The figures of a frame as the night would give them: seeing that wanders, cirrus for half an hour, sky with the Moon. */
function metricsOf(
  ms: number,
  camera: string,
  filter: string,
  exposureSec: number,
  random: () => number,
): NonNullable<FrameRow['metrics']> {
  const hours = (ms - at('23T02:00:00')) / 3_600_000;
  const cirrus = Math.exp(-(((hours - 1.9) / 0.22) ** 2)) * 0.45;
  const fwhm =
    1.45 +
    0.28 * Math.sin(hours * 0.9 + 0.4) +
    0.06 * gaussian(random) +
    (random() < 0.012 ? 1.6 : 0) +
    (camera === 'C2' ? -0.08 : 0);
  const sky =
    (((skies[filter] ?? 200) * exposureSec) / 30) * (1 + 0.18 * Math.sin(hours * 0.55) + 0.4 * cirrus + 0.01 * gaussian(random));
  const zp = (zeroPoints[filter] ?? 24) - cirrus - 0.02 * (hours - 2) ** 2 * 0.2 + 0.006 * gaussian(random);
  const limit = zp + 2.5 * Math.log10(exposureSec) - 2.5 * Math.log10(5 * Math.sqrt(sky * Math.PI) * (fwhm / 0.38) * 0.68);
  const count = Math.max(9, Math.round(430 * 10 ** (0.32 * (limit - 21.2)) * (1 + 0.02 * gaussian(random))));
  return {
    skyElectronPerPixel: sky,
    skyRmsElectron: Math.sqrt(sky + 64),
    fwhmArcsec: fwhm,
    fwhmPix: fwhm / 0.38,
    elongation: 1.06 + 0.02 * random(),
    sourceCount: count,
    matchedCount: Math.round(count * 0.61),
    wcsRmsArcsec: 0.036 + 0.012 * random() + (random() < 0.01 ? 0.2 : 0),
    zeroPointMag: zp,
    zeroPointErrMag: 0.003 + 0.03 / Math.sqrt(count),
    zeroPointScatterMag: 0.021,
    zeroPointStars: Math.round(count * 0.4),
    limitMag5Sigma: limit,
    saturatedFraction: 0.00012,
    cosmicPixels: Math.round(120 * random()),
  };
}

export function emptyRow(
  observedMs: number,
  receivedMs: number,
  camera: string,
  filter: string | null,
  plan: Plan = planAt(observedMs),
): FrameRow {
  const letter = plan.type === 'flat' ? 'f' : plan.type === 'bias' ? 'b' : plan.type === 'focus' ? 'u' : 'o';
  const frameId = frameIdOf(observedMs, camera, letter);
  return {
    key: `${plan.pipeline}/${frameId}/r1`,
    frameId,
    revision: 1,
    pipeline: plan.pipeline,
    nightId,
    observedAt: iso(observedMs),
    receivedAt: iso(receivedMs),
    updatedAt: iso(receivedMs),
    camera,
    filter: plan.type === 'bias' ? null : filter,
    type: plan.type,
    target: plan.target,
    isAlert: plan.isAlert,
    exposureSec: plan.exposureSec,
    state: 'queued',
    cells: waiting(),
    failure: null,
    warnings: [],
    metrics: null,
    products: { reduced: null, catalog: null, summary: null },
    latencySec: null,
  };
}

const usualSec: Record<string, number> = { reduction: 0.21, findstars: 0.34, astrometry: 0.12, summary: 0.03 };

/** A row at its end: published, or failed in one of three ways. */
export function finished(row: FrameRow, random: () => number, failureIndex: number | null = null): FrameRow {
  const calibration = row.type === 'bias' || row.type === 'flat';
  const failure = failureIndex === null ? null : failures[failureIndex]!;
  const cells = row.cells.map((cell): ModuleCell => {
    if (cell.state === 'off') return cell;
    const seconds = usualSec[cell.module]! * (0.85 + 0.4 * random());
    if (calibration)
      return { ...cell, state: 'skipped', reason: `a ${row.type} frame goes into the masters, not through the modules` };
    if (failure !== null) {
      const [index, bad] = [modulesOn.indexOf(cell.module), modulesOn.indexOf(failure.module!)];
      if (index === bad)
        return {
          ...cell,
          state: 'failed',
          seconds,
          startedAt: row.receivedAt,
          reason: failure.message.replaceAll('{f}', row.frameId),
        };
      if (index > bad) return { ...cell, state: 'skipped', reason: `${failure.module} failed before` };
    }
    return { ...cell, state: 'done', seconds, startedAt: row.receivedAt };
  });
  const latencySec = 0.25 + cells.reduce((sum, cell) => sum + (cell.seconds ?? 0), 0) + 0.3 * random();
  const updatedAt = iso(Date.parse(row.receivedAt) + 1000 * latencySec);
  if (failure !== null) {
    const quarantined = failure.quarantinePath !== null;
    return {
      ...row,
      cells,
      updatedAt,
      state: quarantined ? 'quarantined' : 'failed',
      failure: {
        ...failure,
        message: failure.message.replaceAll('{f}', row.frameId),
        quarantinePath: failure.quarantinePath?.replaceAll('{f}', row.frameId) ?? null,
      },
      ...(quarantined
        ? {
            observedAt: null,
            camera: null,
            filter: null,
            type: null,
            target: null,
            exposureSec: null,
            isAlert: false,
            pipeline: 'gp1',
            key: `gp1/${row.frameId}/r1`,
          }
        : {}),
    };
  }
  if (calibration)
    return {
      ...row,
      cells,
      updatedAt,
      state: 'published',
      latencySec,
      products: { reduced: null, catalog: null, summary: null },
    };
  const metrics = metricsOf(Date.parse(row.observedAt!), row.camera!, row.filter!, row.exposureSec!, random);
  const stem = `${row.target?.replaceAll(' ', '_')}/${row.camera}/${row.filter}`;
  return {
    ...row,
    cells,
    updatedAt,
    state: 'published',
    latencySec,
    metrics,
    warnings: random() < 0.02 ? ['The flat is 12 nights old: a newer one was rejected by its validation.'] : [],
    products: {
      reduced: `${stem}/reduced/${row.frameId}.fits.fz`,
      catalog: `${stem}/catalogs/${row.frameId}.cat.fits`,
      summary: `${stem}/catalogs/${row.frameId}.json`,
    },
  };
}

const blue = ['g', 'r', 'i', 'B'];
const red = ['z', 'zy', 'y'];
export const filterFor = (camera: string, n: number) => (camera === 'C1' ? blue[n % blue.length]! : red[n % red.length]!);

/** Rows from evening to `untilMs` of the night's clock; `realOf` maps that clock to arrival times. */
export function nightRows(untilMs: number, realOf: (ms: number) => number, count = Number.POSITIVE_INFINITY): FrameRow[] {
  const random = makeRandom(261123);
  const rows: FrameRow[] = [];
  const stepMs = count === Number.POSITIVE_INFINITY ? null : (untilMs - at('23T00:50:00')) / (count / 2);
  let n = 0;
  for (let ms = at('23T00:50:00'); ms < untilMs; n++) {
    const plan = planAt(ms);
    for (const camera of ['C1', 'C2']) {
      const row = emptyRow(ms, realOf(ms + (plan.exposureSec + 4) * 1000), camera, filterFor(camera, n), plan);
      const dice = random();
      const science = plan.type === 'object';
      const failure =
        science && dice < 0.012 ? 0 : science && dice < 0.026 ? 1 : science && row.filter === 'zy' && dice < 0.12 ? 2 : null;
      rows.push(finished(row, random, failure));
    }
    ms += stepMs ?? (plan.exposureSec + 14) * 1000 + (plan.type === 'flat' ? 40_000 : 0) + (plan.type === 'bias' ? 20_000 : 0);
  }
  return rows;
}

export function instance(name: string, nowMs: number, rows: readonly FrameRow[], queueDepth: number): InstanceStatus {
  const mine = rows.filter((row) => row.pipeline === name);
  return {
    name,
    state: 'running',
    configHash: name === 'svom' ? hash : hash.split('').reverse().join(''),
    modules: modulesOn,
    startedAt: iso(nowMs - 5.2 * 3_600_000),
    heartbeatAt: iso(nowMs),
    published: mine.filter((row) => row.state === 'published').length,
    failed: mine.filter((row) => row.state === 'failed').length,
    skipped: 0,
    quarantined: mine.filter((row) => row.state === 'quarantined').length,
    duplicates: name === 'svom' ? 2 : 0,
    queueDepth,
    oldestWaitingSec: queueDepth === 0 ? null : 1.2 + queueDepth,
    residentMiB: name === 'svom' ? 812 : 1044,
    host: 'colibri-pipe1',
  };
}

export const boardOf = (
  seq: number,
  serverMs: number,
  rows: readonly FrameRow[],
  instances: readonly InstanceStatus[],
): Board => ({
  seq,
  serverTime: iso(serverMs),
  nightId,
  nights: ['2026-11-20', '2026-11-21', nightId],
  modules,
  instances: [...instances],
  units: rows.length === 0 ? [] : mockUnits,
  rows: [...rows],
});

const cellsDone = (names: readonly string[]): UnitRow['cells'] =>
  names.map((module, i) => ({ module, state: 'done', startedAt: null, seconds: 0.3 + i / 5, reason: null }));

const mockUnits: readonly UnitRow[] = [
  {
    key: 'svom/929744/C1/r',
    pipeline: 'svom',
    folder: '929744/C1/r',
    nightId,
    target: '929744',
    camera: 'C1',
    filter: 'r',
    isAlert: true,
    triggeredAt: '2026-11-23T05:20:00.000Z',
    firstObservedAt: '2026-11-23T05:21:12.000Z',
    lastObservedAt: '2026-11-23T05:31:40.000Z',
    updatedAt: '2026-11-23T05:32:31.000Z',
    state: 'live',
    cells: cellsDone(['alignment', 'stacking', 'photometry', 'subtraction', 'summary']),
    failure: null,
    warnings: ['One frame was taken through cloud: its transparency is 0.71 of the clear ones.'],
    metrics: {
      ...noUnitMetrics,
      frames: 12,
      stackedFrames: 12,
      alignRmsArcsec: 0.011,
      transparencyLeast: 0.71,
      stackExposureSec: 360,
      stackFwhmArcsec: 1.42,
      stackZeroPointMag: 24.857,
      stackZeroPointErrMag: 0.003,
      stackLimitMag5Sigma: 22.61,
      candidateCount: 3,
    },
    products: ['stack.cat.fits', 'stack.fits.fz', 'summary.html', 'summary.json'],
    event: null,
    latencySec: 4.1,
  },
];
