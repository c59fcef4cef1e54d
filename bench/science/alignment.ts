import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alignment } from '@colibri/modules';
import type { Compute } from '@colibri/numerics';
import type { ReferenceCatalog, Unit, UnitAlignment } from '@colibri/pipeline';
import { parseWcs, type Wcs } from '@colibri/sky';
import { type BenchRow, row } from '../report.ts';
import { offsetArcsec, scoreWcs } from './astrometry.ts';
import { simNight } from './measured-night.ts';
import { benchContext } from './open-unit.ts';

/** What is true of one frame. */
export interface AlignmentTruth {
  readonly wcs: Wcs;
  /** Share of the light that the air lets through [1]. */
  readonly transparency: number;
}

/** The truth of the simulated night by frame. */
export function readAlignmentTruth(truth = join(simNight, 'truth')): ReadonlyMap<string, AlignmentTruth> {
  const night = JSON.parse(readFileSync(join(truth, 'night.json'), 'utf8')) as {
    frames: { name: string; true_wcs: Record<string, number | string>; transparency: number }[];
  };
  return new Map(
    night.frames.map(({ name, true_wcs, transparency }) => [
      name,
      { wcs: parseWcs({ get: (keyword) => true_wcs[keyword] }), transparency },
    ]),
  );
}

/** Runs the module, with its defaults, over one unit. */
export async function runAlignment(unit: Unit, catalog: ReferenceCatalog | null, compute: Compute): Promise<UnitAlignment> {
  const defaults = Object.fromEntries(Object.entries(alignment.parameters).map(([name, { default: value }]) => [name, value]));
  const { outputs } = await alignment.run(
    { unit, referenceCatalog: catalog },
    defaults as unknown as Parameters<typeof alignment.run>[1],
    benchContext(compute),
  );
  return outputs.alignment;
}

/** Units of the simulated night, aligned and compared with the truth. */
export async function scoreAlignment(
  units: readonly Unit[],
  catalog: ReferenceCatalog | null,
  compute: Compute,
  truth: ReadonlyMap<string, AlignmentTruth> = readAlignmentTruth(),
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const unit of units) {
    const from = process.cpuUsage();
    const found = await runAlignment(unit, catalog, compute);
    const { user, system } = process.cpuUsage(from);
    rows.push(
      ...rowsOf(unit, found, truth),
      row(`alignment ${unit.nightId}: CPU time per frame`, (user + system) / 1e6 / unit.frames.length, 's'),
    );
  }
  return rows;
}

function rowsOf(unit: Unit, found: UnitAlignment, truth: ReadonlyMap<string, AlignmentTruth>): BenchRow[] {
  const label = `alignment ${unit.nightId}`;
  const frames = unit.frames.map((frame, f) => ({ frame, aligned: found.frames[f]!, true: truth.get(frame.meta.frameId)! }));
  const axes = (wcs: Wcs | null, { frame, true: t }: (typeof frames)[number]): number[] => {
    if (!wcs) return [NaN];
    const { rmsRaArcsec, rmsDecArcsec } = scoreWcs(wcs, t.wcs, frame.width, frame.height);
    return [rmsRaArcsec, rmsDecArcsec];
  };
  const joint = Math.max(...frames.flatMap((f) => axes(f.aligned.wcs, f)));
  const single = Math.max(...frames.flatMap((f) => axes(f.frame.wcs, f)));
  const reference = new Set(found.reference);
  const clear = frames.filter(({ frame }) => reference.has(frame.meta.frameId));
  const scale = clear.reduce((sum, f) => sum + f.true.transparency, 0) / clear.length;
  const errors = frames.map(({ aligned, true: t }) => aligned.transparency / (t.transparency / scale) - 1);
  const pulls = frames.map(({ aligned }, f) => (errors[f]! * aligned.transparency) / aligned.transparencyErr);
  const cloudiest = frames.reduce((worst, { true: t }, f) => (t.transparency < frames[worst]!.true.transparency ? f : worst), 0);
  const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  return [
    row(`${label}: worst frame, rms per axis against the true WCS`, joint, 'arcsec', '<= 0.015', {
      peer: 'each frame alone',
      peerValue: single,
      ratio: single / joint,
    }),
    row(`${label}: frames among each other, worst rms per axis`, amongEachOther(frames), 'arcsec'),
    row(`${label}: frames accepted`, found.frames.filter((frame) => frame.accepted).length, 'frames', `>= ${unit.frames.length}`),
    row(`${label}: transparency, rms error`, 100 * rms(errors), '%', '<= 0.2'),
    row(`${label}: transparency, largest error`, 100 * Math.max(...errors.map(Math.abs)), '%'),
    row(
      `${label}: transparency, error of the cloudiest frame (${frames[cloudiest]!.true.transparency.toFixed(2)})`,
      100 * Math.abs(errors[cloudiest]!),
      '%',
      '<= 0.2',
    ),
    row(`${label}: transparency, rms pull`, rms(pulls), '1', '<= 1.5'),
  ];
}

/** Differences of the frames' errors from their mean at places on the sky, which is what smears a stack; the worst frame and axis. */
function amongEachOther(
  frames: readonly { frame: Unit['frames'][number]; aligned: UnitAlignment['frames'][number]; true: AlignmentTruth }[],
): number {
  const { width, height } = frames[0]!.frame;
  const sums = frames.map(() => [0, 0]);
  let places = 0;
  for (let j = 1; j < 8; j++)
    for (let i = 1; i < 8; i++) {
      const place = frames[0]!.true.wcs.pixelToSky((i / 8) * width, (j / 8) * height);
      const offsets = frames.map(({ aligned, true: t }) => {
        const at = t.wcs.skyToPixel(...place);
        return aligned.wcs && at ? offsetArcsec(place, aligned.wcs.pixelToSky(...at)) : [NaN, NaN];
      });
      places++;
      for (const axis of [0, 1] as const) {
        const mean = offsets.reduce((sum, o) => sum + o[axis]!, 0) / offsets.length;
        for (const [f, o] of offsets.entries()) sums[f]![axis]! += (o[axis]! - mean) ** 2;
      }
    }
  return Math.max(...sums.flatMap((s) => s.map((v) => Math.sqrt(v / places))));
}
