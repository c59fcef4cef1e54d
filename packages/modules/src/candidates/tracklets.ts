import { deprojectTangent, projectTangent } from '@colibri/sky';

/** One detection of one frame that belongs to nothing steady. */
export interface LooseDetection {
  /** Index of the frame. */
  readonly frame: number;
  readonly raDeg: number;
  readonly decDeg: number;
  /** On the frame's own pixels: what stays there does not move on the sky. */
  readonly x: number;
  readonly y: number;
  readonly snr: number;
}

/** Detections of several frames on a straight line with steady motion. */
export interface Tracklet {
  /** Into the detections given, in order of time. */
  readonly members: readonly number[];
  /** At `refMjdUtc`. */
  readonly raDeg: number;
  readonly decDeg: number;
  readonly refMjdUtc: number;
  /** Motion [arcsec/h], its error per axis, rms of the members about it [arcsec]. */
  readonly raRateArcsecH: number;
  readonly decRateArcsecH: number;
  readonly errArcsecH: number;
  readonly rmsArcsec: number;
  /** Lines as good that chance alone gives in such a field [1]. */
  readonly expectedByChance: number;
  /** true: it stands still on the detector, so the camera made it. */
  readonly followsDetector: boolean;
}

export interface TrackletOptions {
  /** Fastest motion that is looked for [arcsec/h]. */
  readonly fastestArcsecH: number;
  /** How far from the line a member may lie [arcsec]. */
  readonly toleranceArcsec: number;
  /** Radius around the centre where detections are [deg]: for the density. */
  readonly radiusDeg: number;
  /** Most lines by chance that are accepted [1]. */
  readonly mostByChance: number;
}

/** A pair is tried with so many frames after the first of it: more only repeat the same line. */
const PAIR_SPAN = 5;
/** Motion below this is not told from a bad centroid [arcsec]. */
const LEAST_PATH_ARCSEC = 1.5;

interface Point {
  readonly frame: number;
  readonly x: number;
  readonly y: number;
  readonly t: number;
  readonly of: number;
}
interface Line {
  readonly x: number;
  readonly y: number;
  readonly vx: number;
  readonly vy: number;
}

/**
 * Links loose detections of the frames of a unit into straight lines of steady motion.
 *
 * Each pair of detections in near frames that is not too fast predicts the others; the line with most members, then with the least rms, is taken and its
 * members leave the pool, until none is left that chance would not give as well (`expectedByChance`).
 *
 * Source: the pair-seeded linking of Kubica et al. 2007, Icarus 189, 151, in its simplest form.
 *
 * @param midMjdUtc - middle of each frame [MJD UTC]
 */
export function linkTracklets(
  detections: readonly LooseDetection[],
  midMjdUtc: readonly number[],
  center: { readonly raDeg: number; readonly decDeg: number },
  options: TrackletOptions,
): Tracklet[] {
  if (midMjdUtc.length < 3) return [];
  const t0 = midMjdUtc.reduce((a, b) => a + b, 0) / midMjdUtc.length;
  const hours = midMjdUtc.map((mjd) => (mjd - t0) * 24);
  const byFrame: Point[][] = midMjdUtc.map(() => []);
  let count = 0;
  detections.forEach(({ raDeg, decDeg, frame }, of) => {
    const plane = projectTangent(center.raDeg, center.decDeg, raDeg, decDeg);
    if (!plane) return;
    byFrame[frame]!.push({ frame, x: plane[0] * 3600, y: plane[1] * 3600, t: hours[frame]!, of });
    count++;
  });
  const span = Math.max(...hours) - Math.min(...hours);
  const area = Math.PI * (options.radiusDeg * 3600) ** 2;
  const density = count / byFrame.length / area;
  const isTaken = new Uint8Array(detections.length);
  const lines: { members: Point[]; line: Line; rms: number; chance: number }[] = [];
  const order = hours.map((_, i) => i).sort((a, b) => hours[a]! - hours[b]!);
  let pairs = 0;
  const seeds: { members: Point[]; line: Line; rms: number }[] = [];
  for (let i = 0; i < order.length; i++) {
    for (let j = i + 1; j <= Math.min(order.length - 1, i + PAIR_SPAN); j++) {
      const dt = hours[order[j]!]! - hours[order[i]!]!;
      if (!(dt > 0)) continue;
      const reach = options.fastestArcsecH * dt;
      const least = (LEAST_PATH_ARCSEC * dt) / span;
      for (const a of byFrame[order[i]!]!) {
        for (const b of byFrame[order[j]!]!) {
          const path = Math.hypot(b.x - a.x, b.y - a.y);
          if (path > reach || path < least) continue;
          pairs++;
          const seed = extend(a, b, dt, byFrame, options.toleranceArcsec);
          if (seed.members.length >= 3) seeds.push(seed);
        }
      }
    }
  }
  seeds.sort((a, b) => b.members.length - a.members.length || a.rms - b.rms || a.members[0]!.of - b.members[0]!.of);
  for (const seed of seeds) {
    const members = seed.members.filter(({ of }) => !isTaken[of]);
    if (members.length < 3) continue;
    const { line, rms } = fitLine(members);
    const chance =
      pairs *
      choose(byFrame.length - 2, members.length - 2) *
      (density * Math.PI * options.toleranceArcsec ** 2) ** (members.length - 2);
    if (chance > options.mostByChance || rms > options.toleranceArcsec) continue;
    // By its own members, not by what they predict for the others: three jittery sightings of a star predict a long path.
    const times = members.map(({ t }) => t);
    if (Math.hypot(line.vx, line.vy) * (Math.max(...times) - Math.min(...times)) < LEAST_PATH_ARCSEC) continue;
    for (const { of } of members) isTaken[of] = 1;
    lines.push({ members, line, rms, chance });
  }
  return lines.map(({ members, line, rms, chance }) => {
    const sorted = members.toSorted((a, b) => a.t - b.t);
    const inner = sorted.reduce((sum, { t }) => sum + (t - mean(sorted.map((m) => m.t))) ** 2, 0);
    const [raDeg, decDeg] = unproject(center, line.x, line.y);
    return {
      members: sorted.map(({ of }) => of),
      raDeg,
      decDeg,
      refMjdUtc: t0,
      raRateArcsecH: line.vx,
      decRateArcsecH: line.vy,
      errArcsecH: Math.max(rms, 0.05) / Math.sqrt(inner),
      rmsArcsec: rms,
      expectedByChance: chance,
      followsDetector: staysOnDetector(sorted.map(({ of }) => detections[of]!)),
    };
  });
}

/** Nearest detection of every other frame to the line through two, within the tolerance and what the pair's own errors make of it. */
function extend(a: Point, b: Point, dt: number, byFrame: readonly Point[][], tolerance: number) {
  const members = [a, b];
  let line: Line = { vx: (b.x - a.x) / dt, vy: (b.y - a.y) / dt, x: 0, y: 0 };
  line = { ...line, x: a.x - line.vx * a.t, y: a.y - line.vy * a.t };
  const rest = byFrame
    .filter((points, frame) => frame !== a.frame && frame !== b.frame && points.length > 0)
    .sort((p, q) => Math.abs(p[0]!.t - a.t) - Math.abs(q[0]!.t - a.t));
  for (const points of rest) {
    const t = points[0]!.t;
    let best: Point | null = null;
    let distance = tolerance;
    for (const point of points) {
      const away = Math.hypot(line.x + line.vx * t - point.x, line.y + line.vy * t - point.y);
      if (away < distance) [best, distance] = [point, away];
    }
    if (!best) continue;
    members.push(best);
    line = fitLine(members).line;
  }
  return { members, ...fitLine(members) };
}

function fitLine(points: readonly Point[]): { line: Line; rms: number } {
  const t = mean(points.map((p) => p.t));
  const x = mean(points.map((p) => p.x));
  const y = mean(points.map((p) => p.y));
  let tt = 0;
  let tx = 0;
  let ty = 0;
  for (const p of points) {
    tt += (p.t - t) ** 2;
    tx += (p.t - t) * (p.x - x);
    ty += (p.t - t) * (p.y - y);
  }
  const vx = tt > 0 ? tx / tt : 0;
  const vy = tt > 0 ? ty / tt : 0;
  const line = { vx, vy, x: x - vx * t, y: y - vy * t };
  const squares = points.reduce((sum, p) => sum + (line.x + vx * p.t - p.x) ** 2 + (line.y + vy * p.t - p.y) ** 2, 0);
  return { line, rms: Math.sqrt(squares / Math.max(1, 2 * points.length - 4)) };
}

function staysOnDetector(members: readonly LooseDetection[]): boolean {
  const x = mean(members.map((m) => m.x));
  const y = mean(members.map((m) => m.y));
  return Math.sqrt(mean(members.map((m) => (m.x - x) ** 2 + (m.y - y) ** 2))) < 1.5;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= k; i++) product *= (n - k + i) / i;
  return product;
}

function unproject(
  center: { readonly raDeg: number; readonly decDeg: number },
  xArcsec: number,
  yArcsec: number,
): [number, number] {
  return deprojectTangent(center.raDeg, center.decDeg, xArcsec / 3600, yArcsec / 3600);
}
