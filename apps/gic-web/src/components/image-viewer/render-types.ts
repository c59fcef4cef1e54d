import type { Theme } from '../../lib/theme.ts';
import type { Ramp, Stretch } from './levels.ts';
import type { Level } from './pyramid.ts';
import type { Size, View } from './transform.ts';

/** What is drawn: the levels of an image, a mask, and a sorted sample of the values. */
export interface Picture {
  /** Distinguishes pictures, so that textures are not mixed up. */
  readonly id: string;
  readonly levels: readonly Level[];
  readonly mask: readonly Level<Uint16Array>[] | null;
  readonly sorted: Float32Array;
  /** Size of the full image [pixel]. */
  readonly size: Size;
}

/** How it is drawn. */
export interface Look {
  readonly stretch: Stretch;
  readonly lo: number;
  readonly hi: number;
  readonly ramp: Ramp;
  readonly theme: Theme;
  /** Bits of the mask to show; 0: none. */
  readonly maskBits: number;
}

export interface Renderer {
  readonly kind: 'webgl2' | 'canvas';
  /** Draws; true when something is still to be uploaded and another frame is wanted. */
  draw(picture: Picture, view: View, look: Look, box: Size, ratio: number): boolean;
  dispose(): void;
}

/** Planes of the reduced frame's MASK: bit, name, colour. The bits are those of the pipeline (its MaskPlane); unknown ones show by number. */
export const maskPlanes: readonly {
  readonly bit: number;
  readonly name: string;
  readonly colour: readonly [number, number, number];
}[] = [
  { bit: 1, name: 'bad', colour: [0.9, 0.25, 0.4] },
  { bit: 2, name: 'saturated', colour: [1, 0.85, 0.2] },
  { bit: 4, name: 'cosmic', colour: [0.35, 0.95, 0.75] },
  { bit: 8, name: 'no flat', colour: [0.65, 0.6, 0.8] },
  { bit: 16, name: 'no data', colour: [0.35, 0.5, 1] },
  { bit: 32, name: 'trail', colour: [0.85, 0.5, 0.15] },
];

/** Colour of the first shown bit that is set; red alone in the dome. */
export function maskColour(bits: number, theme: Theme): readonly [number, number, number] | null {
  const plane = maskPlanes.find((each) => (bits & each.bit) !== 0);
  if (plane === undefined) return null;
  return theme === 'dome' ? [0.75, 0, 0] : plane.colour;
}
/** Share of the mask's colour over the image. */
export const maskOpacity = 0.6;

/** Colour beside the image, 0–255: what the ramp shows for no light, so that compass and scale stay legible on it. */
export const emptyColour = (look: Look): readonly [number, number, number] =>
  look.ramp === 'inverted' && look.theme !== 'dome' ? [222, 227, 233] : [0, 0, 0];
