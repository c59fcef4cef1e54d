import type { FrameMetrics } from '@colibri/contracts';
import type { PsfModel, SourceColumns } from '@colibri/numerics';
import type { Wcs } from '@colibri/sky';
import type { Frame, FrameMeta, FrameSources, HeaderValues } from './frame.ts';

/** One reduced, measured and solved frame of a unit. Its planes are on disk until they are asked for. */
export interface UnitFrame {
  readonly meta: FrameMeta;
  readonly header: HeaderValues;
  readonly width: number;
  readonly height: number;
  /** [electron/adu], [electron rms], [electron] */
  readonly gain: number;
  readonly readNoise: number;
  readonly saturation: number;
  /** The frame's own solution; `solved: false`: approximate, or null. */
  readonly wcs: Wcs | null;
  readonly solved: boolean;
  /** Figures of the frame's summary; nulls where it has none. */
  readonly metrics: FrameMetrics;
  readonly sources: FrameSources;
  /** SHA-256 of the reduced file. */
  readonly sha256: string;
  /** Reads SCI, MASK and VAR into the memory of `compute`: to be called inside `compute.scope`, which frees them. */
  load(): Promise<Frame>;
}

/** The frames of one target, camera and filter in one night, in order of time, then of name: what stacks are made of. */
export interface Unit {
  /** `<TRGID>/<INSTRUME>/<FILTER>`, as the folder. */
  readonly name: string;
  readonly nightId: string;
  readonly target: string;
  readonly camera: string;
  readonly filter: string;
  /** ICRS [deg]; radius null when not known. */
  readonly alert: FrameMeta['alert'];
  /** When the event happened, ISO UTC; null when no header says. */
  readonly triggeredAt: string | null;
  readonly frames: readonly UnitFrame[];
}

/** How one frame lies beside the others. */
export interface AlignedFrame {
  readonly frameId: string;
  /** false: not to be stacked, for this reason. */
  readonly accepted: boolean;
  readonly reason: string | null;
  /** By the fit over all frames; null when not solved. */
  readonly wcs: Wcs | null;
  /** Stars matched to the catalogue or to other frames. */
  readonly matched: number;
  /** Residual along RA and Dec of the well-measured stars [arcsec rms]. */
  readonly rmsArcsec: readonly [number, number] | null;
  /** Light that a star gives in this frame per second over what it gives at the unit's reference transparency [1]; NaN when not known. */
  readonly transparency: number;
  readonly transparencyErr: number;
}

/** The frames of a unit on one sky. */
export interface UnitAlignment {
  /** In the order of the unit's frames, one for each. */
  readonly frames: readonly AlignedFrame[];
  readonly catalog: string | null;
  /** Distortion shared by all frames; 0: none. */
  readonly distortionOrder: number;
  /** Of all accepted frames [arcsec rms per axis]. */
  readonly rmsArcsec: readonly [number, number] | null;
  /** Frames whose mean transparency is the reference, 1: those that are equally clear. */
  readonly reference: readonly string[];
}

/** Planes of one image; row-major, 0-based from the lower left, all of one shape. */
export interface ImagePlanes {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** 1 sigma² of `data` per pixel. */
  readonly variance: Float32Array;
  /** MaskPlane bits. NO_DATA where no frame gave light. */
  readonly mask: Uint16Array;
}

/** A coadd, sky subtracted, in electron/s at the unit's reference transparency (and the gain of its frames). */
export interface Stack extends ImagePlanes {
  readonly header: HeaderValues;
  readonly wcs: Wcs;
  readonly camera: string;
  readonly filter: string;
  /** Seconds of exposure, weighted by acceptance, that each pixel received. */
  readonly coverageSec: Float32Array;
  readonly exposureSec: number;
  /** First start, last end (ISO UTC), and the middle of the light, weighted as the frames were [MJD UTC]. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly midMjdUtc: number;
  /** FWHM of stars expected from the frames [pix]. */
  readonly fwhmPix: number;
  /** Variance added by light of a source is data / gainSec in deep parts [electron/s per (electron/s)²] (Poisson). */
  readonly gainSec: number;
  /** [electron/s] */
  readonly saturation: number;
  /**
   * Variance of the sum over large areas divided by the sum of `variance` [1]: resampling leaves neighbours correlated, so it is above 1.
   * `sumVariance = Σ variance · covarianceFactor` for areas much larger than the resampling kernel.
   */
  readonly covarianceFactor: number;
  /** The frames in it, with the weight of each per unit variance-weighted sum (they add up to 1 in the deepest part). */
  readonly inputs: readonly StackInput[];
  /** Sky that was taken from the frames; null: not kept. */
  readonly sky?: StackSky | null;
}
/** A smooth sky over a stack: values at every `stepPix`-th pixel from (0, 0), row-major, bilinear between [electron/s]; NaN: no frame there. */
export interface StackSky {
  readonly stepPix: number;
  readonly columns: number;
  readonly rows: number;
  readonly level: Float32Array;
  readonly error: Float32Array;
}
/** A trail that was masked in a frame; ends on the frame's pixels. */
export interface StackTrail {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly halfWidthPix: number;
  readonly snr: number;
}
export interface StackInput {
  readonly frameId: string;
  readonly observedAt: string;
  readonly exposureSec: number;
  readonly weight: number;
  readonly transparency: number;
  readonly fwhmPix: number;
  /** Pixels that clipping and trails took out of this frame. */
  readonly rejectedPixels: number;
  /** Trails of satellites masked in it. */
  readonly trails?: readonly StackTrail[];
}

/** What `stacking` makes: the stack, and its first and second half in time (null below two frames each). */
export interface StackSet {
  readonly stack: Stack;
  readonly halfA: Stack | null;
  readonly halfB: Stack | null;
}

/** A photometric calibration, applied everywhere in a product: m = zp + colourTerm · colour + field(x, y) − 2.5 log10(flux). */
export interface PhotometricCalibration {
  /** AB magnitude of 1 electron/s, total flux, in the middle of the image, for colour 0 [mag]. */
  readonly zeroPointMag: number;
  readonly zeroPointErrMag: number;
  /** Colour term [mag/mag], and the bands of the colour, e.g. `g-r`; 0 and null when not fitted. */
  readonly colourTerm: number;
  readonly colourTermErr: number;
  readonly colour: string | null;
  /** Colour assumed for a source that has none [mag]: the median of the calibration stars. */
  readonly defaultColourMag: number;
  /** Polynomial of (u, v) in [−1, 1], ordered 1, u, v, u², uv, v²; the constant is 0 [mag]. */
  readonly spatial: readonly number[];
  readonly spatialOrder: number;
  /** Covariance of [zero point, colour term, spatial…] row by row [mag²]. */
  readonly covariance: readonly number[];
  /** Scatter of stars beyond their errors [mag]. */
  readonly intrinsicScatterMag: number;
  readonly stars: number;
  /** Of held-out stars [mag]: median offset and scatter; null when too few. */
  readonly heldOut: { readonly offsetMag: number; readonly scatterMag: number; readonly stars: number } | null;
  /** Band of the catalogue, e.g. `r`; the catalogue; how its magnitudes became those of the filter. */
  readonly band: string;
  readonly catalog: string;
  readonly transformation: string;
  /** Said when the band is a stand-in. */
  readonly note: string | null;
}

/** Sources of a stack. Columns of one length. Fluxes [electron/s], positions 0-based pixels of the stack. NaN: not measurable. */
export interface StackSources {
  readonly columns: SourceColumns;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  readonly fluxPsf: Float64Array;
  /** 1 sigma, by the full covariance of its group. */
  readonly fluxPsfErr: Float64Array;
  /** AB [mag]; errors include the zero point's. */
  readonly magPsf: Float64Array;
  readonly magPsfErr: Float64Array;
  readonly magAuto: Float64Array;
  readonly magAutoErr: Float64Array;
  /** Above about 3 of its errors: wider than the PSF; below −3: sharper (Desai et al. 2012, Mohr et al. 2012). */
  readonly spreadModel: Float64Array;
  readonly spreadModelErr: Float64Array;
  /** χ² per pixel of the PSF fit. */
  readonly chi2Psf: Float64Array;
  /** Frames that gave light at this place. */
  readonly nFrames: Int32Array;
  /** Index in the reference catalogue cone, −1 where there is no entry; its distance [arcsec] and magnitude in the filter's band [mag]. */
  readonly catalogIndex: Int32Array;
  readonly catalogArcsec: Float64Array;
  readonly catalogMag: Float64Array;
  readonly catalogIsStar: Uint8Array;
}

/** Flux of one source in one image, at a position that was not refitted: always given, with its error, also when negative. */
export interface ForcedTable {
  readonly count: number;
  /** NUMBER of the source in the stack catalogue (1-based), or −1 … for positions from elsewhere (alert, difference). */
  readonly source: Int32Array;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** Index into `images`. */
  readonly image: Int32Array;
  /** Total flux [µJy, AB] and its 1 sigma error; the calibration of the image, not its error, is in it. */
  readonly fluxMicroJy: Float64Array;
  readonly fluxErrMicroJy: Float64Array;
  readonly chi2: Float64Array;
  readonly flags: Int32Array;
  readonly images: readonly ForcedImage[];
}
export interface ForcedImage {
  /** Frame id, `stack`, `half-a`, `half-b`, `difference`. */
  readonly name: string;
  readonly kind: 'frame' | 'stack' | 'half' | 'difference';
  readonly startedAt: string;
  readonly exposureSec: number;
  readonly midMjdUtc: number;
  /** Relative error of the flux scale, common to all sources of the image [1]. */
  readonly scaleErr: number;
  /** 3 and 5 sigma point-source limits in the middle of the image [AB mag]; null when not known. */
  readonly limitMag3Sigma: number | null;
  readonly limitMag5Sigma: number | null;
  readonly fwhmPix: number | null;
}

/** What `photometry` makes. */
export interface UnitPhotometry {
  readonly sources: StackSources;
  readonly calibration: PhotometricCalibration | null;
  readonly psf: PsfModel;
  readonly forced: ForcedTable;
  /** 5 sigma limit [AB mag] on a coarse grid over the stack, row-major from the lower left; NaN where nothing was observed. */
  readonly limitMap: { readonly columns: number; readonly rows: number; readonly mag5Sigma: Float32Array };
  /** Injected stars recovered: share by magnitude [1]; empty when not made. */
  readonly completeness: readonly { readonly mag: number; readonly injected: number; readonly recovered: number }[];
}

/** A template to subtract: planes on its own grid. */
export interface Template extends ImagePlanes {
  readonly name: string;
  readonly origin: 'archive' | 'first-epoch' | 'half' | 'survey';
  readonly wcs: Wcs;
  readonly filter: string;
  readonly midMjdUtc: number | null;
  /** AB magnitude of 1 unit of `data`; null when not known: the subtraction then fits the scale alone. */
  readonly zeroPointMag: number | null;
  readonly covarianceFactor: number;
  readonly sha256: string | null;
}

/** Port: an image of this sky from another time. */
export interface TemplateSource {
  /** The best template that covers the place in this filter and was not taken from `unit` itself; null: there is none. */
  find(query: {
    raDeg: number;
    decDeg: number;
    radiusDeg: number;
    filter: string;
    unit: string;
    /** Told when a source could not be asked, in a sentence. */
    onTrouble?(sentence: string): void;
  }): Promise<Template | null>;
}

/** Stack minus template matched to it, in the stack's unit and grid. */
export interface Difference extends ImagePlanes {
  readonly wcs: Wcs;
  readonly header: HeaderValues;
  /** Optimal detection statistic per pixel [sigma]. */
  readonly snr: Float32Array;
  /** What a new star of unit flux looks like in `data`; absent: not known. */
  readonly psf?: PsfModel;
  readonly template: Pick<Template, 'name' | 'origin' | 'midMjdUtc' | 'sha256'>;
  readonly covarianceFactor: number;
  readonly sources: DifferenceSources;
  /** Detections of the same kind on the inverted image: what noise and artefacts give. */
  readonly falsePositives: number;
  /** Robust sigma of difference over its expected noise, at stars and on the sky [1]. */
  readonly residualAtStars: number;
  readonly residualOnSky: number;
}
export interface DifferenceSources {
  readonly count: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly raDeg: Float64Array;
  readonly decDeg: Float64Array;
  /** PSF flux of the change, negative when fading [electron/s], and its error. */
  readonly flux: Float64Array;
  readonly fluxErr: Float64Array;
  readonly snr: Float64Array;
  readonly fwhmPix: Float64Array;
  readonly chi2Psf: Float64Array;
  /** 0 … 1: share of the signal in a neighbouring opposite lobe. */
  readonly dipole: Float64Array;
  /** Distance [pix] to the nearest star and that star's flux over the change. */
  readonly starDistancePix: Float64Array;
  readonly starRatio: Float64Array;
  /** 0 … 1 that it is a real change on the sky. */
  readonly realBogus: Float64Array;
  /** Bits of DifferenceFlag. */
  readonly flags: Int32Array;
}
export const DifferenceFlag = {
  EDGE: 1,
  DIPOLE: 2,
  STAR_RESIDUAL: 4,
  SHAPE: 8,
  MASKED: 16,
} as const;

/** A port that answers which minor planets are in a field. */
export interface MinorPlanetSource {
  cone(query: { raDeg: number; decDeg: number; radiusDeg: number; mjdUtc: number }): Promise<
    readonly {
      readonly name: string;
      readonly raDeg: number;
      readonly decDeg: number;
      readonly errArcsec: number;
      readonly magV: number;
      /** Motion on the sky [arcsec/h]. */
      readonly raRateArcsecH: number;
      readonly decRateArcsecH: number;
    }[]
  >;
}
