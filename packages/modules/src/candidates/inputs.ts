import type { Difference, ReferenceStars, Stack, Unit, UnitAlignment, UnitPhotometry } from '@colibri/pipeline';
import type { BodiesInField } from './minor-planets.ts';

export interface CandidateInputs {
  readonly unit: Unit;
  readonly alignment: UnitAlignment;
  readonly stack: Stack;
  readonly photometry: UnitPhotometry;
  readonly difference: Difference | null;
  /** Entries around the stack; null: no catalogue is configured, and nothing can be said to be new. */
  readonly stars: ReferenceStars | null;
  readonly bodies: BodiesInField;
}

export interface CandidateOptions {
  /** Least significance of a source of the stack and of the difference [1]. */
  readonly leastSnr: number;
  /** Radius of the alert where the alert says none [deg]. */
  readonly alertRadiusDeg: number;
  readonly mostFalseAlarm: number;
  readonly fastestArcsecH: number;
  /** Candidates that are followed in full; the others are listed as rejected, by rank. */
  readonly most: number;
}
