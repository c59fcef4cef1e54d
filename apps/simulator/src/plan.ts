import { airmassOf, altitudeDegOf } from './sky-position.ts';

/** One exposure of one detector. */
export interface Exposure {
  /** Start, Unix [s], whole seconds as file names want. */
  readonly startUnix: number;
  readonly camera: 'C1' | 'C2';
  readonly type: 'bias' | 'dark' | 'flat' | 'object';
  readonly filter: string;
  readonly exposureSec: number;
  /** Project as the archive has it: 0001 flats, 0002 biases, 0003 darks, 1000 alerts, 2001 guest observers. */
  readonly project: string;
  readonly visit: string;
  readonly field: 'survey' | 'alert' | null;
  /** Offset of the pointing from the field's centre [arcsec east, north]. */
  readonly dither: readonly [number, number];
  readonly mountRotationDeg: number;
}

export interface NightPlan {
  readonly exposures: readonly Exposure[];
}

/**
 * A night of COLIBRI, shortened: biases, darks and twilight flats before dark, a guest observer's field, then an alert that takes
 * the telescope: filter pairs (g,z) (r,y) (i,y) with dithers, 10 s first and 30 s later, as pipeline.md §2.2 tells; the mount
 * turns over once, at the meridian.
 */
export function planNight({
  sunsetUnix,
  darkUnix,
  triggerUnix,
  calibrationOnly = false,
  alertFrames = 48,
}: {
  sunsetUnix: number;
  darkUnix: number;
  triggerUnix: number;
  calibrationOnly?: boolean;
  alertFrames?: number;
}): NightPlan {
  const exposures: Exposure[] = [];
  const cameras = ['C1', 'C2'] as const;
  const calibration = { field: null, dither: [0, 0] as const, mountRotationDeg: 0 };
  let at = Math.floor(sunsetUnix) - 3600;
  for (let n = 0; n < 6; n++, at += 11) {
    for (const camera of cameras)
      exposures.push({
        ...calibration,
        startUnix: at,
        camera,
        type: 'bias',
        filter: camera === 'C1' ? 'r' : 'z',
        exposureSec: 0,
        project: '0002',
        visit: '0',
      });
  }
  for (const exposureSec of [10, 30]) {
    for (let n = 0; n < 3; n++, at += exposureSec + 9) {
      for (const camera of cameras)
        exposures.push({
          ...calibration,
          startUnix: at,
          camera,
          type: 'dark',
          filter: camera === 'C1' ? 'r' : 'z',
          exposureSec,
          project: '0003',
          visit: String(exposureSec),
        });
    }
  }
  at = Math.floor(sunsetUnix) + 600;
  for (const [blue, red] of [
    ['g', 'z'],
    ['r', 'y'],
    ['i', 'zy'],
  ] as const) {
    for (let n = 0; n < 6; n++, at += 14) {
      exposures.push({
        ...calibration,
        startUnix: at,
        camera: 'C1',
        type: 'flat',
        filter: blue,
        exposureSec: 5,
        project: '0001',
        visit: '0',
        field: null,
        dither: [40 * n, 25 * n],
      });
      exposures.push({
        ...calibration,
        startUnix: at,
        camera: 'C2',
        type: 'flat',
        filter: red,
        exposureSec: 5,
        project: '0001',
        visit: '0',
        field: null,
        dither: [40 * n, 25 * n],
      });
    }
  }
  if (calibrationOnly) return { exposures };
  at = Math.floor(darkUnix);
  for (let n = 0; n < 6; n++, at += 39) {
    const dither = ditherOf(n);
    exposures.push({
      startUnix: at,
      camera: 'C1',
      type: 'object',
      filter: 'r',
      exposureSec: 30,
      project: '2001',
      visit: '0',
      field: 'survey',
      dither,
      mountRotationDeg: 0,
    });
    exposures.push({
      startUnix: at,
      camera: 'C2',
      type: 'object',
      filter: 'z',
      exposureSec: 30,
      project: '2001',
      visit: '0',
      field: 'survey',
      dither,
      mountRotationDeg: 0,
    });
  }
  const pairs = [
    ['g', 'z'],
    ['r', 'y'],
    ['i', 'y'],
  ] as const;
  at = Math.max(at, Math.floor(triggerUnix) + 72);
  for (let n = 0; n < alertFrames / 2; n++) {
    const exposureSec = n < 6 ? 10 : 30;
    const [blue, red] = pairs[n % 3]!;
    const mountRotationDeg = n >= alertFrames / 3 ? 180 : 0;
    for (const [camera, filter] of [
      ['C1', blue],
      ['C2', red],
    ] as const) {
      exposures.push({
        startUnix: at,
        camera,
        type: 'object',
        filter,
        exposureSec,
        project: '1000',
        visit: '0',
        field: 'alert',
        dither: ditherOf(n),
        mountRotationDeg,
      });
    }
    at += exposureSec + 9;
  }
  return { exposures };
}

/** Points of a circle of 1 arcmin diameter, then the centre again. */
function ditherOf(n: number): [number, number] {
  const angle = (n * 2 * Math.PI) / 7;
  return n % 8 === 7 ? [0, 0] : [30 * Math.cos(angle), 30 * Math.sin(angle)];
}

/** Airmass of a position, no less than 1 and no more than 5. */
export const airmassAt = (raDeg: number, decDeg: number, unix: number): number =>
  Math.min(5, airmassOf(altitudeDegOf(raDeg, decDeg, unix)));
