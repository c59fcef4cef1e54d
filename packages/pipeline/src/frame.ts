import type { ApertureScale, SourceColumns } from '@colibri/numerics';
import type { Wcs } from '@colibri/sky';

/** Header values, as read; keyword → value. Keywords upper case. HISTORY and COMMENT are not in it. */
export type HeaderValues = ReadonlyMap<string, string | number | boolean | null>;

/** What the header says of an exposure, after the mapping of pipeline.md §2.3; null: not said. */
export interface FrameMeta {
  /** Raw base name: `20260101T042001C0o`. */
  readonly frameId: string;
  readonly sourcePath: string;
  readonly sha256: string;
  readonly camera: string;
  readonly filter: string;
  /** object, focus, flat, bias, dark … lower case. */
  readonly type: string;
  readonly target: string;
  readonly isAlert: boolean;
  readonly observer: string | null;
  /** Start of exposure, ISO UTC. */
  readonly observedAt: string;
  readonly midExposureMjdUtc: number;
  readonly exposureSec: number;
  readonly binning: string;
  readonly readMode: string;
  readonly softGain: string;
  /** Pointing, ICRS [deg]. */
  readonly pointing: { readonly raDeg: number; readonly decDeg: number } | null;
  /** Alert position [deg] and uncertainty radius [deg]. */
  readonly alert: { readonly raDeg: number; readonly decDeg: number; readonly radiusDeg: number | null } | null;
  readonly airmass: number | null;
  readonly nightId: string;
}

/** A frame as read out. Pixels row-major, (x, y) 0-based from the lower left; counts [adu] with BZERO applied. */
export interface RawFrame {
  readonly meta: FrameMeta;
  readonly header: HeaderValues;
  readonly width: number;
  readonly height: number;
  readonly data: Uint16Array | Float32Array;
}

/** Steps of SCI [electron] and VAR [electron²]; null: the plane has no noise to choose one by. */
export interface PlaneSteps {
  readonly data: number | null;
  readonly variance: number | null;
}

/** A calibrated frame: `data` [electron] not sky-subtracted, `mask` bits of MaskPlane, `variance` [electron²]. Same shape. */
export interface Frame {
  readonly meta: FrameMeta;
  readonly header: HeaderValues;
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  readonly mask: Uint16Array;
  readonly variance: Float32Array;
  /** Both planes are whole multiples of these steps, powers of two, so that packing them loses nothing; absent before that was done. */
  readonly steps?: PlaneSteps;
  /** Detector gain [electron/adu] and read noise [electron rms] used. */
  readonly gain: number;
  readonly readNoise: number;
  /** [electron] */
  readonly saturation: number;
  /** Approximate before astrometry, or null when the header gives nothing to start from. */
  readonly wcs: Wcs | null;
  /** True once `wcs` was fitted on this frame's own stars. */
  readonly solved: boolean;
}

/** Sources of one frame with what was learnt of them on the sky. Columns of the same length. */
export interface FrameSources {
  readonly columns: SourceColumns;
  /** ICRS [deg]; null before a solution. */
  readonly raDeg: Float64Array | null;
  readonly decDeg: Float64Array | null;
  /** AB, calibrated to total flux [mag]; null before a zero point. */
  readonly magAuto: Float64Array | null;
  readonly magAutoErr: Float64Array | null;
  /** Absent: not measured, the frame has too few stars. */
  readonly aperture?: ApertureScale;
  /** Total flux of a point source of S/N 5 by the matched filter, typical of the frame [electron]. */
  readonly limitFluxElectron5Sigma?: number;
}

/** What a master is for. Two frames share a master only when every word agrees. */
export interface MasterKey {
  readonly type: 'bias' | 'dark' | 'flat';
  readonly camera: string;
  readonly binning: string;
  readonly readMode: string;
  readonly softGain: string;
  /** Flats only, else `-`. */
  readonly filter: string;
  /** Darks only [s], else null. */
  readonly exposureSec: number | null;
  readonly width: number;
  readonly height: number;
}

/** A reference image of the detector over the data area: bias [adu], dark [adu/s] with bias removed, flat with median 1. */
export interface Master {
  readonly key: MasterKey;
  readonly name: string;
  readonly sha256: string | null;
  readonly nightId: string;
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** 1 sigma² of `data`, same unit squared; null when unknown. */
  readonly variance: Float32Array | null;
  /** MaskPlane.BAD or NO_FLAT; null when none. */
  readonly mask: Uint16Array | null;
  readonly inputs: readonly string[];
  /** SHA-256 of the file of each input, and the names of the masters that helped to make it; absent: not known. */
  readonly origin?: { readonly sha256: readonly string[]; readonly helpers: readonly string[] };
  /** Said when the choice was not exact: other exposure time, later night. */
  readonly note: string | null;
  /** Darks fitted over several exposure times: what does not grow with time [adu]; to be removed like a bias. */
  readonly offset?: Float32Array | null;
  /** What was measured on the way, as header cards. */
  readonly figures?: readonly { readonly keyword: string; readonly value: number; readonly comment: string }[];
}
