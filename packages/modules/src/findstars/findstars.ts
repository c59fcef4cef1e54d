import { detectSources, measureSources } from '@colibri/numerics';
import { defineModule, type FrameSources, input, metric, number, output } from '@colibri/pipeline';
import { localGeometry } from '@colibri/sky';

/** Below it noise alone makes thousands of sources. Thresholds of old files (1, 1.5) were per pixel, not of the filtered source. */
const LEAST_THRESHOLD = 3;

/** Finds the sources of a reduced frame and measures their positions, shapes and fluxes. */
export const findstars = defineModule({
  name: 'findstars',
  code: 'FS',
  version: '1.0.0',
  title: 'Findstars',
  summary: "Finds sources with a filter of the frame's own star profile, and measures positions, shapes and fluxes.",
  unitOfWork: 'frame',

  inputs: {
    frame: input('frame', 'Reduced frame, sky not subtracted.', 'electron'),
  },
  parameters: {
    detect_thresh: number('Least S/N of a source by the matched filter, against the measured noise; values below 3 count as 3.', {
      unit: 'sigma',
      default: 4.75,
      above: 0,
    }),
    isophote_thresh: number('S/N of the filtered frame down to which pixels belong to a source.', {
      unit: 'sigma',
      default: 2.5,
      above: 0.5,
    }),
    detect_minarea: number('Least pixels of a source.', { unit: 'pixel', default: 3, atLeast: 1 }),
    back_size: number('Cell of the background mesh.', { unit: 'pixel', default: 64, atLeast: 8 }),
    deblend_mincont: number('Least height of a blended source over its saddle, as a share of the brighter one.', {
      unit: '1',
      default: 0.0005,
      atLeast: 0,
      atMost: 1,
    }),
    aperture: number('Diameter of the circular aperture; 2.5 FWHM when not set.', { unit: 'pixel', default: null, above: 0 }),
    fwhm_guess: number('FWHM assumed before the stars have been seen.', { unit: 'pixel', default: 3.5, above: 0.8, atMost: 12 }),
  },
  outputs: {
    frame: output('frame', 'The frame; satellite trails added to its mask.', { unit: 'electron', level: 'L1a' }),
    sources: output('sources', 'Sources with positions, shapes and fluxes.'),
  },
  metrics: {
    sky: metric('Median level of the background.', { unit: 'electron/pixel', card: 'FSSKY', field: 'skyElectronPerPixel' }),
    rms: metric('Noise of the background per pixel.', { unit: 'electron', card: 'FSRMS', field: 'skyRmsElectron' }),
    fwhmPix: metric('FWHM of stars.', { unit: 'pixel', card: 'FSFWHMP', field: 'fwhmPix' }),
    fwhm: metric('FWHM of stars.', { unit: 'arcsec', card: 'FSFWHM', field: 'fwhmArcsec' }),
    elongation: metric('Elongation of stars.', { unit: '1', card: 'FSELONG', field: 'elongation', warnAbove: 1.4 }),
    count: metric('Sources found.', { unit: 'sources', card: 'FSNSRC', field: 'sourceCount', warnBelow: 10 }),
  },

  async run({ frame }, parameters, { compute, info, warn }) {
    const { width, height } = frame;
    const threshold = Math.max(parameters.detect_thresh, LEAST_THRESHOLD);
    if (threshold > parameters.detect_thresh) {
      warn(
        `detect_thresh = ${parameters.detect_thresh} would take noise for sources: ${threshold} is used (it is a limit on the filtered source, not per pixel).`,
      );
    }
    const detection = await detectSources(
      frame.data,
      frame.variance,
      frame.mask,
      {
        width,
        height,
        threshold,
        isophote: Math.min(parameters.isophote_thresh, threshold),
        minAreaPix: parameters.detect_minarea,
        meshPix: parameters.back_size,
        deblendContrast: parameters.deblend_mincont,
        assumedFwhmPix: parameters.fwhm_guess,
      },
      compute,
    );
    const { pointSpread, background, trails } = detection;
    const measured = await measureSources(
      detection,
      parameters.aperture === null ? {} : { aperDiameterPix: parameters.aperture },
      compute,
    );
    const { columns, aperture, limitFluxElectron5Sigma } = measured;
    const known = pointSpread.starCount > 0;
    if (!known) warn(`Too few stars to measure the FWHM; ${pointSpread.fwhmPix} pixels were assumed.`);
    for (const t of trails) {
      const ends = [t.x0, t.y0, t.x1, t.y1].map((v) => v.toFixed(0));
      warn(`A trail crosses the frame from (${ends[0]}, ${ends[1]}) to (${ends[2]}, ${ends[3]}); its pixels are flagged.`);
    }
    info(
      `${columns.count} sources; FWHM ${pointSpread.fwhmPix.toFixed(2)} pix from ${pointSpread.starCount} stars; sky ` +
        `${background.globalLevel.toFixed(1)} ± ${background.globalRms.toFixed(2)} electron; noise of the filtered frame ` +
        `${detection.noiseScale.toFixed(3)} of the expected.`,
    );
    const sources: FrameSources = {
      columns,
      raDeg: null,
      decDeg: null,
      magAuto: null,
      magAutoErr: null,
      ...(Number.isFinite(aperture.autoToTotal) ? { aperture } : {}),
      ...(Number.isFinite(limitFluxElectron5Sigma) ? { limitFluxElectron5Sigma } : {}),
    };
    const scale = frame.wcs === null ? null : localGeometry(frame.wcs, width / 2, height / 2).pixelScaleArcsec;
    return {
      outputs: { frame: trails.length > 0 ? { ...frame, mask: detection.mask } : frame, sources },
      metrics: {
        sky: finite(background.globalLevel),
        rms: finite(background.globalRms),
        fwhmPix: known ? pointSpread.fwhmPix : null,
        fwhm: known && scale !== null ? finite(pointSpread.fwhmPix * scale) : null,
        elongation: known ? finite(pointSpread.elongation) : null,
        count: columns.count,
      },
    };
  },
});

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
