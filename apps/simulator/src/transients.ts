import type { SkyObject } from './field.ts';

/** What changes in the sky of this night. */
export interface Transients {
  /** Trigger, ISO UTC and Unix [s]. */
  readonly triggerAt: string;
  readonly triggerUnix: number;
  readonly triggerId: string;
  readonly afterglow: {
    readonly raDeg: number;
    readonly decDeg: number /** r at 100 s [AB mag] */;
    readonly r100: number;
    readonly decay: number;
  };
  /** Position published by the satellite [deg] and its 90 % radius [deg]. */
  readonly alert: { readonly raDeg: number; readonly decDeg: number; readonly radiusDeg: number };
  readonly asteroid: {
    readonly raDeg: number;
    readonly decDeg: number /** [arcsec/min], from north to east [deg] */;
    readonly rate: number;
    readonly angleDeg: number;
    readonly r: number;
  };
  /** A star of the field: amplitude [mag], period [s]. */
  readonly variable: { readonly id: string; readonly amplitude: number; readonly periodSec: number };
}

/** A power-law afterglow with the colours of a synchrotron spectrum, F ∝ ν^−0.7. Before the trigger: nothing. */
export function afterglowMags(transients: Transients, unix: number): SkyObject['mags'] | null {
  const age = unix - transients.triggerUnix;
  if (!(age > 1)) return null;
  const r = transients.afterglow.r100 + 2.5 * transients.afterglow.decay * Math.log10(age / 100);
  const colour = (nm: number): number => -2.5 * 0.7 * Math.log10(nm / 617);
  return { g: r + colour(481), r, i: r + colour(752), z: r + colour(866), y: r + colour(962) };
}

/** Where the asteroid is [deg], and its magnitudes (solar colours). */
export function asteroidAt(transients: Transients, unix: number): { raDeg: number; decDeg: number; mags: SkyObject['mags'] } {
  const { raDeg, decDeg, rate, angleDeg, r } = transients.asteroid;
  const moved = ((unix - transients.triggerUnix) / 60) * (rate / 3600),
    angle = (angleDeg * Math.PI) / 180;
  const dec = decDeg + moved * Math.cos(angle);
  return {
    raDeg: raDeg + (moved * Math.sin(angle)) / Math.cos((dec * Math.PI) / 180),
    decDeg: dec,
    mags: { g: r + 0.45, r, i: r - 0.12, z: r - 0.1, y: r - 0.1 },
  };
}

/** What a variable star adds to its magnitude at an instant [mag]. */
export const variableOffset = ({ variable }: Transients, unix: number): number =>
  variable.amplitude * Math.sin((2 * Math.PI * unix) / variable.periodSec);
