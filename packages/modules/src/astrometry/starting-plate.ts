import type { FrameMeta, HeaderValues } from '@colibri/pipeline';
import { parseWcs, tanWcs, type Wcs } from '@colibri/sky';
import { plainPlate, plateOfWcs } from './plate-model.ts';
import type { StartingPlate } from './solve-plate.ts';

/**
 * The WCS to start from for an image that no reduction of ours has seen: the header's own where it is celestial and readable, else a
 * TAN of the pointing with north up and east left. null: the header gives neither.
 */
export function approximateWcs(
  meta: Pick<FrameMeta, 'pointing'>,
  header: HeaderValues,
  width: number,
  height: number,
  pixelScaleDeg: number,
): Wcs | null {
  if (header.has('CTYPE1')) {
    try {
      const wcs = parseWcs(header);
      if (wcs.system === 'ICRS' || wcs.system === 'FK5') return wcs;
    } catch {
      // a broken WCS is as good as none
    }
  }
  if (!meta.pointing) return null;
  return tanWcs({
    crpix: [(width - 1) / 2, (height - 1) / 2],
    crval: [meta.pointing.raDeg, meta.pointing.decDeg],
    cd: [-pixelScaleDeg, 0, 0, pixelScaleDeg],
  });
}

export interface StartingPlateOptions {
  /** [deg/pix]; null: that of the WCS. */
  readonly pixelScaleDeg: number | null;
  readonly searchRadiusDeg: number;
  readonly scaleTolerance: number;
  readonly rotationToleranceDeg: number;
}

/** From a frame's approximate WCS, else from its pointing and the plate scale; null: nothing to start from. */
export function startingPlate(
  wcs: Wcs | null,
  pointing: FrameMeta['pointing'],
  width: number,
  height: number,
  options: StartingPlateOptions,
): StartingPlate | null {
  const common = { searchRadiusArcsec: options.searchRadiusDeg * 3600, scaleTolerance: options.scaleTolerance };
  const model = wcs ? plateOfWcs(wcs, width, height) : null;
  if (model) return { ...common, model, rotationToleranceDeg: options.rotationToleranceDeg };
  if (!pointing || options.pixelScaleDeg === null) return null;
  return { ...common, model: plainPlate(width, height, pointing, options.pixelScaleDeg * 3600), rotationToleranceDeg: null };
}
