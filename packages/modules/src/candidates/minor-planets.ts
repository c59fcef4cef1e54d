import type { MinorPlanetSource } from '@colibri/pipeline';
import { projectTangent } from '@colibri/sky';

export type KnownBody = Awaited<ReturnType<MinorPlanetSource['cone']>>[number];

/** What the ephemeris service said for the field. */
export interface BodiesInField {
  /** MJD UTC that the positions are for. */
  readonly mjdUtc: number;
  readonly bodies: readonly KnownBody[];
  /** false: no service is configured. */
  readonly asked: boolean;
  /** A sentence when it did not answer: then nothing is known of minor planets. */
  readonly failure: string | null;
}

/** Beside the ephemeris' own error, how far a body may lie from it [arcsec] (pipeline.md §12.2). */
const SLACK_ARCSEC = 10;

/** The body whose path between two instants comes closest to a place, within 10″, its error and the seeing. */
export function bodyAt(
  field: BodiesInField,
  place: { readonly raDeg: number; readonly decDeg: number; readonly fwhmArcsec: number },
  fromMjdUtc: number,
  toMjdUtc: number,
): { readonly body: KnownBody; readonly arcsec: number } | null {
  let best: { body: KnownBody; arcsec: number } | null = null;
  for (const body of field.bodies) {
    const plane = projectTangent(place.raDeg, place.decDeg, body.raDeg, body.decDeg);
    if (!plane) continue;
    const at = (mjd: number): [number, number] => {
      const hours = (mjd - field.mjdUtc) * 24;
      return [plane[0] * 3600 + body.raRateArcsecH * hours, plane[1] * 3600 + body.decRateArcsecH * hours];
    };
    const arcsec = distanceToSegment(at(fromMjdUtc), at(toMjdUtc));
    const reach = Math.hypot(SLACK_ARCSEC, body.errArcsec, place.fwhmArcsec);
    if (arcsec <= reach && (!best || arcsec < best.arcsec)) best = { body, arcsec };
  }
  return best;
}

/** From the origin to the segment. */
function distanceToSegment([ax, ay]: [number, number], [bx, by]: [number, number]): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length2 = dx * dx + dy * dy;
  const along = length2 > 0 ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length2)) : 0;
  return Math.hypot(ax + along * dx, ay + along * dy);
}
