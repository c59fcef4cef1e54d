import { type Compute, finishStack, type StackSums } from '@colibri/numerics';
import type { Stack, StackInput, StackSky } from '@colibri/pipeline';
import type { StackFrame } from './frame-share.ts';
import type { OutputGrid } from './output-grid.ts';
import type { FrameTrace } from './stack-unit.ts';

/** Keywords that tell of one exposure or of a file's layout, not of the unit. */
const NOT_CARRIED =
  /^(SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|TFIELDS|T(TYPE|FORM|UNIT)\d+|Z[A-Z]+\d*|EXTNAME|BUNIT|CHECKSUM|DATASUM|BZERO|BSCALE|DATE|DATE-.*|MJD.*|EXPTIME|EXPOSURE|AIRMASS|FRAME(ID|REV)|GAIN|DETGAIN|RDNOISE|SATURATE|SOLVED|WCSAXES|C(TYPE|UNIT|RVAL|RPIX|DELT|ROTA)\d|(CD|PC|PV)\d_\d+|[AB]P?_(ORDER|\d_\d|DMAX)|LONPOLE|LATPOLE|RADESYS|EQUINOX|MP_.*|(RD|FS|AM)[A-Z0-9]+)$/;

export interface StackParts {
  readonly sums: readonly StackSums[];
  readonly frames: readonly StackFrame[];
  readonly traces: readonly FrameTrace[];
  readonly sky: StackSky | null;
  /** FWHM of stars where it is not the mean of the frames [arcsec]. */
  readonly fwhmArcsec?: number;
  /** The sums are those of one part in the memory of `compute`, and nobody needs them afterwards: their planes become the stack's. */
  readonly isLast: boolean;
}

/** The stack of some frames from their sums. The planes lie in the memory of `compute` and belong to the scope around. */
export function makeStack(
  { sums, frames, traces, sky, isLast, fwhmArcsec }: StackParts,
  grid: OutputGrid,
  compute: Compute,
): Stack {
  const n = grid.width * grid.height;
  const planes = isLast
    ? { data: sums[0]!.sum, variance: sums[0]!.noise, mask: compute.uint16(n), coverageSec: sums[0]!.coverage }
    : { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n), coverageSec: compute.float32(n) };
  finishStack(sums, planes);
  if (isLast) for (const plane of [sums[0]!.weight, sums[0]!.bits]) compute.free(plane);
  const first = frames[0]!.frame;
  const total = sumOver(frames, (f) => f.weight);
  const share = (f: StackFrame): number => f.weight / total;
  const ends = frames.map(({ frame }) => Date.parse(frame.meta.observedAt) + 1000 * frame.meta.exposureSec);
  const skyVariance = (f: StackFrame): number => (f.noiseElectron * f.scale) ** 2;
  const inputs = frames.map(
    (f, i): StackInput => ({
      frameId: f.frame.meta.frameId,
      observedAt: f.frame.meta.observedAt,
      exposureSec: f.frame.meta.exposureSec,
      weight: share(f),
      transparency: f.transparency,
      fwhmPix: f.fwhmPix,
      rejectedPixels: traces[i]!.rejectedPixels,
      trails: traces[i]!.streaks.map(({ x0, y0, x1, y1, halfWidthPix, snr }) => ({ x0, y0, x1, y1, halfWidthPix, snr })),
    }),
  );
  return {
    width: grid.width,
    height: grid.height,
    ...planes,
    header: new Map([...first.header].filter(([keyword]) => !NOT_CARRIED.test(keyword))),
    wcs: grid.wcs,
    camera: first.meta.camera,
    filter: first.meta.filter,
    exposureSec: sumOver(frames, (f) => f.frame.meta.exposureSec),
    startedAt: first.meta.observedAt,
    endedAt: new Date(Math.max(...ends)).toISOString(),
    midMjdUtc: sumOver(frames, (f) => share(f) * f.frame.meta.midExposureMjdUtc),
    fwhmPix: (fwhmArcsec ?? sumOver(frames, (f) => share(f) * f.fwhmArcsec)) / grid.scaleArcsec,
    // Light of d electron/s has the variance d · scale in each frame.
    gainSec: 1 / sumOver(frames, (f) => share(f) ** 2 * f.scale),
    saturation: Math.min(...frames.map((f) => f.frame.saturation * f.scale)),
    covarianceFactor:
      sumOver(frames, (f) => share(f) ** 2 * skyVariance(f)) /
      frames.reduce((sum, f, i) => sum + share(f) ** 2 * skyVariance(f) * traces[i]!.power, 0),
    inputs,
    sky,
  };
}

const sumOver = (frames: readonly StackFrame[], value: (frame: StackFrame) => number): number =>
  frames.reduce((sum, frame) => sum + value(frame), 0);
