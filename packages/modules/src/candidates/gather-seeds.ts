import type { RejectedDetection, Variability } from '@colibri/contracts';
import { projectTangent, SphereIndex } from '@colibri/sky';
import type { CandidateInputs, CandidateOptions } from './inputs.ts';
import { finite, snrOf } from './numbers.ts';
import type { ReferenceField } from './reference-field.ts';
import { shapeFlags } from './source-flags.ts';
import type { Tracklet } from './tracklets.ts';

/** What one place on the sky was found as. −1 and null: not there. */
export interface Seed {
  source: number;
  difference: number;
  track: Tracklet | null;
}

interface Gathering {
  readonly inputs: CandidateInputs;
  readonly options: CandidateOptions;
  readonly field: ReferenceField | null;
  readonly tracks: readonly Tracklet[];
  readonly variables: ReadonlyMap<number, Variability>;
  readonly scaleArcsec: number;
  readonly rejected: RejectedDetection[];
}

/** One seed for each place: what the stack, the difference and the frames show there belongs together. */
export function gatherSeeds({ inputs, options, field, tracks, variables, scaleArcsec, rejected }: Gathering): Seed[] {
  const { stack, photometry, difference, unit } = inputs;
  const { sources } = photometry;
  const fwhmArcsec = stack.fwhmPix * scaleArcsec;
  const seeds: Seed[] = tracks.map((track) => ({ source: -1, difference: -1, track }));
  const span = {
    from: Math.min(...unit.frames.map(({ meta }) => meta.midExposureMjdUtc)),
    to: Math.max(...unit.frames.map(({ meta }) => meta.midExposureMjdUtc)),
  };
  const trackAt = (raDeg: number, decDeg: number) =>
    seeds.find(({ track }) => track && distanceToTrack(track, raDeg, decDeg, span) < 1.5 * fwhmArcsec);
  const bySource = new Map<number, Seed>();
  for (let i = 0; i < sources.columns.count; i++) {
    const isNew = field !== null && sources.catalogIndex[i]! < 0;
    const isVariable = variables.get(i + 1)?.isVariable === true && shapeFlags(sources, i).length === 0;
    if (!isNew && !isVariable) continue;
    const snr = snrOf(sources.fluxPsf, sources.fluxPsfErr, i);
    const place = { raDeg: sources.raDeg[i]!, decDeg: sources.decDeg[i]! };
    const detection = { source: i + 1, ...place, mag: finite(sources.magPsf[i]), snr: finite(snr) };
    if (!(snr >= options.leastSnr)) {
      const reason = Number.isFinite(snr)
        ? `In no catalogue, at ${snr.toFixed(1)} σ: below ${options.leastSnr} σ.`
        : 'In no catalogue, and its flux could not be measured.';
      rejected.push({ ...detection, class: 'faint', reason });
      continue;
    }
    const moving = isNew ? trackAt(place.raDeg, place.decDeg) : undefined;
    if (moving?.source === -1) moving.source = i;
    else if (moving)
      rejected.push({ ...detection, class: 'moving source', reason: 'On the path of a source that moves between the frames.' });
    else {
      const seed: Seed = { source: i, difference: -1, track: null };
      seeds.push(seed);
      bySource.set(i, seed);
    }
  }
  if (!difference) return seeds;
  const index = new SphereIndex(sources.raDeg, sources.decDeg);
  const changes = difference.sources;
  for (const j of Array.from({ length: changes.count }, (_, k) => k).sort(
    (a, b) => Math.abs(changes.snr[b]!) - Math.abs(changes.snr[a]!),
  )) {
    const raDeg = changes.raDeg[j]!;
    const decDeg = changes.decDeg[j]!;
    const snr = Math.abs(changes.snr[j]!);
    const detection = { source: null, raDeg, decDeg, mag: null, snr: finite(snr) };
    if (!(snr >= options.leastSnr)) {
      rejected.push({
        ...detection,
        class: 'faint',
        reason: `On the difference at ${snr.toFixed(1)} σ: below ${options.leastSnr} σ.`,
      });
      continue;
    }
    const moving = trackAt(raDeg, decDeg);
    if (moving) {
      if (moving.difference === -1) moving.difference = j;
      else
        rejected.push({ ...detection, class: 'moving source', reason: 'On the path of a source that moves between the frames.' });
      continue;
    }
    const near = index.nearest(raDeg, decDeg, Math.max(0.8, 0.7 * fwhmArcsec));
    const known = near ? bySource.get(near.index) : undefined;
    if (known) {
      if (known.difference === -1) known.difference = j;
      else rejected.push({ ...detection, class: 'artefact', reason: 'A second detection of the same change.' });
      continue;
    }
    const seed: Seed = { source: near?.index ?? -1, difference: j, track: null };
    seeds.push(seed);
    if (near) bySource.set(near.index, seed);
  }
  return seeds;
}

/** From a place to the path of a moving source between the first and the last frame [arcsec]. */
function distanceToTrack(track: Tracklet, raDeg: number, decDeg: number, span: { from: number; to: number }): number {
  const plane = projectTangent(track.raDeg, track.decDeg, raDeg, decDeg);
  if (!plane) return Number.POSITIVE_INFINITY;
  const [x, y] = [plane[0] * 3600, plane[1] * 3600];
  const speed2 = track.raRateArcsecH ** 2 + track.decRateArcsecH ** 2;
  const hours = speed2 > 0 ? (x * track.raRateArcsecH + y * track.decRateArcsecH) / speed2 : 0;
  const [first, last] = [(span.from - track.refMjdUtc) * 24, (span.to - track.refMjdUtc) * 24];
  const at = Math.max(first, Math.min(last, hours));
  return Math.hypot(x - track.raRateArcsecH * at, y - track.decRateArcsecH * at);
}
