/** Bits of the MASK plane. A pixel is good when its mask is 0. Written to headers as MP_<NAME>; never renumber. */
export const MaskPlane = {
  /** Defective: dead, hot or unstable by the masters. */
  BAD: 1,
  /** At or above saturation, bleed trails included. */
  SATURATED: 2,
  /** Hit by a cosmic ray in this frame. */
  COSMIC: 4,
  /** Flat too low or missing: no calibrated value. */
  NO_FLAT: 8,
  /** No datum here (outside the detector, NaN in the input). */
  NO_DATA: 16,
  /** Satellite or aircraft trail. */
  TRAIL: 32,
} as const;
export type MaskPlaneName = keyof typeof MaskPlane;
