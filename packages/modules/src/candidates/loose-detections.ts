import { SourceFlag } from '@colibri/numerics';
import type { Unit, UnitAlignment } from '@colibri/pipeline';
import { SphereIndex } from '@colibri/sky';
import type { ReferenceField } from './reference-field.ts';
import type { LooseDetection } from './tracklets.ts';

/** Below this a frame's source is as often noise [1]. */
const LEAST_SNR = 5;
/** Two detections this close are of one thing [arcsec]. */
const SAME_ARCSEC = 1.2;
/** Of single frames; more are noise or a bad frame, and would link by chance. */
const MOST_PER_FRAME = 1500;

/**
 * Sources of single frames that are in no catalogue and in no other two frames at the same place: what may move.
 * Positions by the unit's alignment where it has one. Frames that alignment set aside are left out.
 */
export function looseDetections(unit: Unit, alignment: UnitAlignment, field: ReferenceField | null): LooseDetection[] {
  const aligned = new Map(alignment.frames.map((frame) => [frame.frameId, frame]));
  const perFrame: LooseDetection[][] = unit.frames.map((frame, index) => {
    const place = aligned.get(frame.meta.frameId);
    const wcs = place?.wcs ?? (frame.solved ? frame.wcs : null);
    if (!wcs || place?.accepted === false) return [];
    const { columns } = frame.sources;
    const found: LooseDetection[] = [];
    for (let i = 0; i < columns.count; i++) {
      if (!(columns.snrWin[i]! >= LEAST_SNR)) continue;
      if (columns.flags[i]! & (SourceFlag.SATURATED | SourceFlag.TRUNCATED)) continue;
      const x = columns.x[i]!;
      const y = columns.y[i]!;
      const [raDeg, decDeg] = wcs.pixelToSky(x, y);
      if (!Number.isFinite(raDeg)) continue;
      found.push({ frame: index, raDeg, decDeg, x, y, snr: columns.snrWin[i]! });
    }
    return found;
  });
  const indexes = perFrame.map(
    (list) =>
      new SphereIndex(
        list.map(({ raDeg }) => raDeg),
        list.map(({ decDeg }) => decDeg),
      ),
  );
  return perFrame.flatMap((list, frame) =>
    list
      .filter(({ raDeg, decDeg }) => {
        if (field?.index.nearest(raDeg, decDeg, SAME_ARCSEC)) return false;
        let others = 0;
        for (let k = 0; k < indexes.length && others < 2; k++) {
          if (k !== frame && indexes[k]!.nearest(raDeg, decDeg, SAME_ARCSEC)) others++;
        }
        return others < 2;
      })
      .sort((a, b) => b.snr - a.snr)
      .slice(0, MOST_PER_FRAME),
  );
}
