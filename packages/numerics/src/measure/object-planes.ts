import { MaskPlane } from '../mask-plane.ts';
import type { Shape } from '../shape.ts';

/** What every measurement of one object reads: planes of one shape. */
export interface ObjectPlanes extends Shape {
  /** Background already subtracted [electron]. */
  readonly image: Float32Array;
  /** [electron²] */
  readonly variance: Float32Array;
  readonly mask: Uint16Array;
  /** Which source each pixel belongs to: 0 none, else 1 + its number. */
  readonly labels: Int32Array;
}

/** Pixels with any of these bits carry no usable value. Saturated ones do: a lower limit, which the flags say. */
export const UNUSABLE = MaskPlane.BAD | MaskPlane.COSMIC | MaskPlane.NO_FLAT | MaskPlane.NO_DATA | MaskPlane.TRAIL;
