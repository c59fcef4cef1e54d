import type { CompressOptions, WritableHdu } from '@colibri/fits';
import { type Compute, MaskPlane } from '@colibri/numerics';
import type { PlaneSteps } from '../frame.ts';
import type { ImagePlanes } from '../unit.ts';
import { type CardLine, headerOf } from './cards.ts';
import { packPlane } from './pack-plane.ts';
import { planeSteps } from './plane-steps.ts';

/** An image with its noise, about to be written. */
export interface ImageToPack extends ImagePlanes {
  /** Of the pixels: `electron`, `electron/s`; `1`: a ratio. */
  readonly unit: 'electron' | 'electron/s' | '1';
  /** Where the planes lie already on steps; else they are found by their noise. */
  readonly steps?: PlaneSteps | null;
  /** Cards of SCI; of every plane, before and after its own. */
  readonly cards: readonly CardLine[];
  readonly identity?: readonly CardLine[];
  readonly wcs: readonly CardLine[];
}

/** One step for the whole plane, so that its precision is the same everywhere; on whole multiples of it, without dither. */
export function onSteps(step: number | null): CompressOptions {
  // Without noise to go by, each tile looks for its own.
  return { algorithm: 'RICE_1', quantize: { level: step === null ? 16 : -step, dither: 'none' } };
}

/**
 * SCI, MASK and VAR as all our images have them: SCI and VAR as float32 on multiples of a power of two (ADR 6: packing again changes nothing),
 * MASK as integers without loss with the meaning of its bits, world coordinates in each.
 */
export async function packImage(image: ImageToPack, compute: Compute): Promise<WritableHdu[]> {
  const { width, height, data, mask, variance, unit, cards, identity = [], wcs } = image;
  const shape = [width, height];
  const steps = image.steps ?? planeSteps(image);
  const squared = { electron: 'electron2', 'electron/s': 'electron2/s2', '1': '1' }[unit];
  const stepCards: CardLine[] = [
    ...(steps.data === null ? [] : [['SCISTEP', steps.data, `[${unit}] SCI is in multiples of it`] as const]),
    ...(steps.variance === null ? [] : [['VARSTEP', steps.variance, `[${squared}] VAR is in multiples of it`] as const]),
  ];
  const bits = Object.entries(MaskPlane).map(([name, bit]): CardLine => [`MP_${name}`.slice(0, 8), bit, `bit of MASK: ${name}`]);
  return [
    await packPlane(
      { data, shape, name: 'SCI', unit, header: headerOf([...cards, ...stepCards, ...wcs]) },
      onSteps(steps.data),
      compute,
    ),
    await packPlane(
      // The same 16 bits, signed: no plane bit reaches the sign.
      {
        data: new Int16Array(mask.buffer, mask.byteOffset, mask.length),
        shape,
        name: 'MASK',
        header: headerOf([...identity, ...bits, ...wcs]),
      },
      { algorithm: 'RICE_1' },
      compute,
    ),
    await packPlane(
      { data: variance, shape, name: 'VAR', unit: squared, header: headerOf([...identity, ...wcs]) },
      onSteps(steps.variance),
      compute,
    ),
  ];
}
