import { medianOf } from '@colibri/numerics';
import {
  defineModule,
  input,
  type ModuleContext,
  metric,
  number,
  output,
  type ReferenceCatalog,
  type ReferenceStars,
  type StackSet,
  type UnitPhotometry,
} from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';
import { calibrateStack, matchRadius, type StackCalibration } from './calibrate-stack.ts';
import { injectStars } from './completeness.ts';
import { forceAll } from './force-unit.ts';
import { forcedTable } from './forced-photometry.ts';
import { limitMap, typicalLimit } from './limits.ts';
import { type CatalogMatches, matchStackSources, stackCone } from './match-catalog.ts';
import { imageOfStack, type MeasuredImage, measureImage } from './measure-stack.ts';
import { photometryCodec } from './photometry-file.ts';
import { stackSources } from './stack-sources.ts';

/** Measures the sources of a unit's stack, calibrates them, and follows each through the frames. */
export const photometry = defineModule({
  name: 'photometry',
  code: 'PH',
  version: '1.1.1',
  title: 'Photometry',
  summary:
    'Finds the sources of the stack, measures them with a varying PSF, calibrates them with a colour term, and forces their fluxes in every frame.',
  unitOfWork: 'unit',

  inputs: {
    unit: input('unit', 'The frames.', 'electron'),
    alignment: input('alignment', 'The frames on one sky.'),
    stacks: input('stacks', 'The stack and its halves.', 'electron/s'),
    referenceCatalog: input('referenceCatalog', 'Magnitudes to calibrate with.'),
  },
  parameters: {
    detect_thresh: number('Least S/N of a source by the matched filter, against the measured noise.', {
      unit: 'sigma',
      default: 4.75,
      atLeast: 3,
    }),
    back_size: number('Cell of the background mesh.', { unit: 'pixel', default: 64, atLeast: 8 }),
    deblend_mincont: number('Least height of a blended source over its saddle, as a share of the brighter one.', {
      unit: '1',
      default: 0.0005,
      atLeast: 0,
      atMost: 1,
    }),
    spatial_order: number('Highest order of the zero point over the image; the order used follows the stars.', {
      unit: '1',
      default: 2,
      atLeast: 0,
      atMost: 2,
    }),
    forced_limit: number('Most sources whose flux is forced in every frame, the brightest first.', {
      unit: '1',
      default: 5000,
      atLeast: 1,
    }),
  },
  outputs: {
    photometry: output('photometry', 'Sources, PSF, calibration, forced fluxes and limits.', {
      level: 'L1c',
      codec: photometryCodec,
    }),
  },
  metrics: {
    count: metric('Sources of the stack.', { unit: 'sources', card: 'PHNSRC', field: 'stackSourceCount' }),
    zeroPoint: metric('AB magnitude of 1 electron/s, total flux.', { unit: 'mag', card: 'PHZP', field: 'stackZeroPointMag' }),
    zeroPointErr: metric('Its 1 sigma error.', { unit: 'mag', card: 'PHZPERR', field: 'stackZeroPointErrMag', warnAbove: 0.05 }),
    scatter: metric('Scatter of stars beyond their errors.', {
      unit: 'mag',
      card: 'PHSCAT',
      field: 'stackScatterMag',
      warnAbove: 0.05,
    }),
    colourTerm: metric('Colour term.', { unit: 'mag/mag', card: 'PHCOLT', field: 'stackColourTerm' }),
    stars: metric('Calibration stars.', { unit: 'stars', card: 'PHNCAL', field: 'stackCalibrationStars', warnBelow: 10 }),
    limit5: metric('Point source of 5 sigma.', { unit: 'mag', card: 'PHLIM5', field: 'stackLimitMag5Sigma' }),
    limit3: metric('Point source of 3 sigma.', { unit: 'mag', card: 'PHLIM3', field: 'stackLimitMag3Sigma' }),
    psfChi2: metric('Reduced chi² of the PSF at its stars.', { unit: '1', card: 'PHPSFCHI', field: 'psfChi2', warnAbove: 2 }),
  },

  async run({ unit, alignment, stacks, referenceCatalog }, parameters, context) {
    const { compute, isFinal } = context;
    const { stack } = stacks;
    const detect = {
      threshold: parameters.detect_thresh,
      meshPix: parameters.back_size,
      deblendContrast: parameters.deblend_mincont,
    };
    const image = imageOfStack(stack);
    const result = await compute.scope(async () => {
      const measured = await measureImage(image, detect, { isFinal }, compute);
      const { psf, fluxes } = measured;
      if (measured.isAssumed) context.warn(`No star tells the PSF; a FWHM of ${psf.fwhmPix.toFixed(2)} pixels was assumed.`);
      const { stars, matches, calibrated } = await calibrate(
        stacks,
        measured,
        referenceCatalog,
        parameters.spatial_order,
        context,
      );
      const { calibration } = calibrated;
      const map = limitMap(measured.planes, psf, calibration, {
        noiseFactor: fluxes.noiseFactor,
        psfToTotal: measured.psfToTotal,
      });
      const limitMag = typicalLimit(map, 5);
      const completeness =
        isFinal && calibration && limitMag !== null
          ? await injectStars(image, measured, calibration, limitMag, detect, compute)
          : [];
      const colour = coloursOf(calibrated, matches);
      const sources = stackSources({ unit, alignment, stacks }, measured, { stars, matches, calibrated, colour });
      return { measured, sources, calibration, map, completeness, colour };
    });
    const { measured, sources, calibration, map, completeness, colour } = result;
    const forced = await forceAll({ unit, alignment, stacks }, result, parameters, context);
    const output: UnitPhotometry = {
      sources,
      calibration,
      psf: measured.psf,
      forced: forcedTable(forced),
      limitMap: map,
      completeness,
    };
    context.info(summaryOf(output, measured, colour));
    return {
      outputs: { photometry: output },
      metrics: {
        count: sources.columns.count,
        zeroPoint: calibration?.zeroPointMag ?? null,
        zeroPointErr: calibration?.zeroPointErrMag ?? null,
        scatter: calibration?.intrinsicScatterMag ?? null,
        colourTerm: calibration === null || calibration.colour === null ? null : calibration.colourTerm,
        stars: calibration?.stars ?? null,
        limit5: typicalLimit(map, 5),
        limit3: typicalLimit(map, 3),
        psfChi2: Number.isFinite(measured.psf.chi2) ? measured.psf.chi2 : null,
      },
    };
  },
});

async function calibrate(
  { stack }: StackSet,
  measured: MeasuredImage,
  catalog: ReferenceCatalog | null,
  spatialOrder: number,
  context: ModuleContext,
): Promise<{ stars: ReferenceStars | null; matches: CatalogMatches; calibrated: StackCalibration }> {
  const count = measured.columns.count;
  const none = { index: new Int32Array(count).fill(-1), arcsec: new Float64Array(count).fill(Number.NaN) };
  const refuse = (reason: string) => {
    context.warn(`Not calibrated: ${reason}`);
    return { stars: null, matches: none, calibrated: { calibration: null, reason, magnitudes: null } };
  };
  if (!catalog) return refuse('no reference catalogue is configured.');
  const stars = await stackCone(stack, catalog);
  if (stars.count === 0) return refuse(`${stars.name} has no entries here.`);
  const scale = localGeometry(stack.wcs, stack.width / 2, stack.height / 2).pixelScaleArcsec;
  const matches = matchStackSources(stack, measured.fluxes, stars, matchRadius(measured.psf.fwhmPix * scale));
  const calibrated = calibrateStack(stack, measured, stars, matches, spatialOrder);
  if (calibrated.reason !== null) context.warn(`Not calibrated: ${calibrated.reason}`);
  if (calibrated.calibration?.note) context.warn(calibrated.calibration.note);
  return { stars, matches, calibrated };
}

/** Colour of each source by its catalogue entry; NaN: none. */
function coloursOf({ calibration, magnitudes }: StackCalibration, matches: CatalogMatches): Float64Array {
  const colour = calibration?.colour ? magnitudes?.colour?.mag : undefined;
  return Float64Array.from(matches.index, (e) => (e < 0 || colour === undefined ? Number.NaN : colour[e]!));
}

function summaryOf(
  { sources, calibration, psf, forced }: UnitPhotometry,
  { psfToTotal }: MeasuredImage,
  colour: Float64Array,
): string {
  const zeroPoint = calibration
    ? `zero point ${calibration.zeroPointMag.toFixed(3)} ± ${calibration.zeroPointErrMag.toFixed(3)} from ${calibration.stars} stars of ` +
      `${calibration.catalog} (${calibration.transformation}), colour term ${calibration.colourTerm.toFixed(3)} ${calibration.colour ?? ''}, ` +
      `order ${calibration.spatialOrder}, scatter ${calibration.intrinsicScatterMag.toFixed(3)}`
    : 'no zero point';
  return (
    `${sources.columns.count} sources; PSF of ${psf.stars} stars (${psf.kind}, order ${psf.order}, FWHM ${psf.fwhmPix.toFixed(2)} pix, ` +
    `chi² ${psf.chi2.toFixed(2)}, holds ${(100 / psfToTotal).toFixed(1)} % of the light); ${zeroPoint}; median colour ${medianOf(colour).toFixed(2)}; ` +
    `${forced.count} forced fluxes in ${forced.images.length} images.`
  );
}
