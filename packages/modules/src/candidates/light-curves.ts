import type { LightPoint } from '@colibri/contracts';
import type { ForcedTable } from '@colibri/pipeline';
import { mjdUtc } from '@colibri/sky';
import { ForcedFlag } from '../photometry/forced-photometry.ts';

/** The forced fluxes of every source, by its NUMBER, in order of time. Rows without a finite flux and a positive error are left out. */
export function lightCurves(forced: ForcedTable, triggeredAt: string | null): Map<number, LightPoint[]> {
  const trigger = triggeredAt === null ? null : mjdUtc(triggeredAt);
  const curves = new Map<number, LightPoint[]>();
  for (let row = 0; row < forced.count; row++) {
    const flux = forced.fluxMicroJy[row]!;
    const err = forced.fluxErrMicroJy[row]!;
    const image = forced.images[forced.image[row]!];
    if (!image || !Number.isFinite(flux) || !(err > 0)) continue;
    const point: LightPoint = {
      image: image.name,
      kind: image.kind,
      startedAt: image.startedAt,
      midMjdUtc: image.midMjdUtc,
      sinceTriggerSec: trigger === null ? null : (image.midMjdUtc - trigger) * 86400,
      exposureSec: image.exposureSec,
      fluxMicroJy: flux,
      fluxErrMicroJy: err,
      scaleErr: image.scaleErr > 0 ? image.scaleErr : 0,
      isSuspect: (forced.flags[row]! & (ForcedFlag.MASKED | ForcedFlag.SATURATED)) !== 0,
    };
    const known = curves.get(forced.source[row]!);
    if (known) known.push(point);
    else curves.set(forced.source[row]!, [point]);
  }
  for (const curve of curves.values()) curve.sort((a, b) => a.midMjdUtc - b.midMjdUtc || (a.image < b.image ? -1 : 1));
  return curves;
}

/** Single frames only: what variability is judged by. */
export const framesOf = (light: readonly LightPoint[]): LightPoint[] => light.filter(({ kind }) => kind === 'frame');
