import { medianOf } from '@colibri/numerics';
import type { ReferenceCatalog, ReferenceStars, Unit } from '@colibri/pipeline';
import { propagateColumns, separationArcsec } from '@colibri/sky';
import { julianYear, projectCatalog, type TangentPoint } from '../astrometry/tangent-plane.ts';
import { meanDirection } from './plane-map.ts';
import type { UnitCatalog } from './unit-stars.ts';

/** Where a unit looks, and what is known there. */
export interface UnitSky {
  /** Tangent point of the unit's plane. */
  readonly center: TangentPoint;
  /** Of star positions on it [Julian yr]. */
  readonly epoch: number;
  /** Empty where no catalogue is configured or reaches. */
  readonly catalog: UnitCatalog;
  readonly catalogName: string | null;
}

/** The sky under the frames that are solved. null: none is. */
export async function unitSky(
  unit: Unit,
  referenceCatalog: ReferenceCatalog | null,
  catalogLimit: number,
): Promise<UnitSky | null> {
  const frames = unit.frames.filter((frame) => frame.solved && frame.wcs);
  const corners: TangentPoint[] = [];
  const centers: TangentPoint[] = [];
  for (const { wcs, width, height } of frames) {
    const at = (x: number, y: number): TangentPoint => {
      const [raDeg, decDeg] = wcs!.pixelToSky(x, y);
      return { raDeg, decDeg };
    };
    const middle = at((width - 1) / 2, (height - 1) / 2);
    if (!Number.isFinite(middle.raDeg + middle.decDeg)) continue;
    centers.push(middle);
    corners.push(at(0, 0), at(width - 1, 0), at(0, height - 1), at(width - 1, height - 1));
  }
  if (centers.length === 0) return null;
  const center = meanDirection(centers);
  const epoch = medianOf(Float64Array.from(frames, (frame) => julianYear(frame.meta.midExposureMjdUtc)));
  const reach = Math.max(
    ...corners.map((c) => separationArcsec(center.raDeg, center.decDeg, c.raDeg, c.decDeg)).filter(Number.isFinite),
  );
  const entries =
    referenceCatalog && (await referenceCatalog.cone(center.raDeg, center.decDeg, (reach + 10) / 3600, catalogLimit));
  return {
    center,
    epoch,
    catalog: unitCatalog(entries && entries.count > 0 ? entries : null, center, epoch),
    catalogName: entries && entries.count > 0 ? entries.name : null,
  };
}

/** Entries on the plane of the unit at its epoch, in doubles, and their motion along its axes. */
export function unitCatalog(stars: ReferenceStars | null, center: TangentPoint, epoch: number): UnitCatalog {
  if (!stars) {
    const none = new Float64Array(0);
    return { count: 0, xi: none, eta: none, pmXi: none, pmEta: none, isStar: new Uint8Array(0) };
  }
  const { xi, eta } = projectCatalog(stars, epoch, center);
  const aYearLater = { ...stars, ...propagateColumns(stars, stars.epochJyear, epoch + 1) };
  const later = projectCatalog(aYearLater, null, center);
  return {
    count: stars.count,
    xi,
    eta,
    pmXi: later.xi.map((x, e) => x - xi[e]!),
    pmEta: later.eta.map((y, e) => y - eta[e]!),
    isStar: stars.isStar,
  };
}
