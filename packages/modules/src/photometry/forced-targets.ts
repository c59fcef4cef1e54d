import { type Compute, MaskPlane, type PsfModel } from '@colibri/numerics';
import type { AlignedFrame, Stack, StackSet, UnitFrame } from '@colibri/pipeline';
import type { Wcs } from '@colibri/sky';
import type { ForcedTarget } from './forced-photometry.ts';

/** Pixels that a background never sees. */
const HIDDEN = MaskPlane.BAD | MaskPlane.SATURATED | MaskPlane.COSMIC | MaskPlane.NO_FLAT | MaskPlane.NO_DATA | MaskPlane.TRAIL;

type Circle = { readonly x: number; readonly y: number; readonly radius: number };

/** A frame as something to measure on: its planes are read, and its background measured around the known sources. */
export function frameTarget(
  frame: UnitFrame,
  aligned: AlignedFrame | undefined,
  { meshPix, isStacked }: { readonly meshPix: number; readonly isStacked: boolean },
  compute: Compute,
): ForcedTarget | null {
  const wcs: Wcs | null = aligned?.wcs ?? (frame.solved ? frame.wcs : null);
  const { meta, width, height } = frame;
  if (!wcs || !(meta.exposureSec > 0)) return null;
  return {
    name: meta.frameId,
    kind: 'frame',
    startedAt: meta.observedAt,
    exposureSec: meta.exposureSec,
    midMjdUtc: meta.midExposureMjdUtc,
    wcs,
    width,
    height,
    saturation: frame.saturation,
    fwhmPix: frame.metrics.fwhmPix ?? 3.5,
    covarianceFactor: 1,
    unitSec: meta.exposureSec,
    isPartOfReference: isStacked,
    async load(hide) {
      const { data, variance, mask } = await frame.load();
      const hidden = compute.uint16(width * height);
      await compute.keepBits(mask, HIDDEN, hidden);
      hideCircles(hidden, width, height, hide);
      const mesh = await compute.measureBackground(data, hidden, { width, height, meshPix });
      const image = compute.float32(width * height);
      await compute.subtractMesh(data, mesh.level, mesh, { width, height }, image);
      return { width, height, image, variance, mask, lightVariance: 1 };
    },
  };
}

/** A stack or half as something to measure on. Its background is subtracted once more around the known sources, as that of frames. */
export function stackTarget(
  stack: Stack,
  name: 'stack' | 'half-a' | 'half-b',
  meshPix: number,
  compute: Compute,
  known: { readonly psf: PsfModel; readonly scale: { readonly value: number; readonly err: number } } | null,
): ForcedTarget {
  const { width, height } = stack;
  return {
    name,
    kind: name === 'stack' ? 'stack' : 'half',
    startedAt: stack.startedAt,
    exposureSec: stack.exposureSec,
    midMjdUtc: stack.midMjdUtc,
    wcs: stack.wcs,
    width,
    height,
    saturation: stack.saturation,
    fwhmPix: stack.fwhmPix,
    covarianceFactor: stack.covarianceFactor,
    unitSec: 1,
    isPartOfReference: true,
    psf: known?.psf ?? null,
    scale: known?.scale ?? null,
    async load(hide) {
      const hidden = compute.uint16(width * height);
      await compute.keepBits(stack.mask, HIDDEN, hidden);
      hideCircles(hidden, width, height, hide);
      const mesh = await compute.measureBackground(stack.data, hidden, { width, height, meshPix });
      const image = compute.float32(width * height);
      await compute.subtractMesh(stack.data, mesh.level, mesh, { width, height }, image);
      return {
        width,
        height,
        image,
        variance: stack.variance,
        mask: stack.mask,
        lightVariance: stack.gainSec > 0 ? 1 / stack.gainSec : 0,
      };
    },
  };
}

/** The stack first, then the halves. */
export function stackTargets(
  { stack, halfA, halfB }: StackSet,
  meshPix: number,
  compute: Compute,
  known: { readonly psf: PsfModel; readonly psfToTotal: number },
): ForcedTarget[] {
  // The light of the stack in its own PSF is 1 / psfToTotal of the total.
  const ofStack = { psf: known.psf, scale: { value: 1 / known.psfToTotal, err: 0 } };
  const targets = [stackTarget(stack, 'stack', meshPix, compute, ofStack)];
  if (halfA) targets.push(stackTarget(halfA, 'half-a', meshPix, compute, null));
  if (halfB) targets.push(stackTarget(halfB, 'half-b', meshPix, compute, null));
  return targets;
}

function hideCircles(mask: Uint16Array, width: number, height: number, circles: readonly Circle[]): void {
  for (const { x, y, radius } of circles) {
    for (let py = Math.max(0, Math.ceil(y - radius)); py <= Math.min(height - 1, Math.floor(y + radius)); py++) {
      const half = Math.sqrt(radius * radius - (py - y) ** 2);
      const from = Math.max(0, Math.ceil(x - half));
      const to = Math.min(width - 1, Math.floor(x + half));
      if (to >= from) mask.fill(HIDDEN, py * width + from, py * width + to + 1);
    }
  }
}
