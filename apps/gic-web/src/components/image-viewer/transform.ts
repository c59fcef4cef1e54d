/**
 * Where an image lies on the screen. Pixel coordinates are 0-based with integers at pixel centres, x right, y up: pixel (i, j) covers
 * [i − ½, i + ½] × [j − ½, j + ½]. Screen coordinates are CSS pixels from the upper left corner of the viewer, y down.
 */
export interface View {
  /** Image pixel at the middle of the viewer. */
  readonly cx: number;
  readonly cy: number;
  /** Screen pixels per image pixel. */
  readonly scale: number;
  /** Turn of the image, counter-clockwise [deg]. */
  readonly rotationDeg: number;
  /** Mirrored left to right before the turn. */
  readonly flip: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Matrix [a, b, c, d, e, f]: screen x = a·x + c·y + e, screen y = b·x + d·y + f. */
export type Affine = readonly [number, number, number, number, number, number];

export function imageToScreen(view: View, box: Size): Affine {
  const angle = (view.rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const mirror = view.flip ? -1 : 1;
  const a = view.scale * cos * mirror;
  const c = -view.scale * sin;
  const b = -view.scale * sin * mirror;
  const d = -view.scale * cos;
  return [a, b, c, d, box.width / 2 - a * view.cx - c * view.cy, box.height / 2 - b * view.cx - d * view.cy];
}

export function invert([a, b, c, d, e, f]: Affine): Affine {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

export const apply = ([a, b, c, d, e, f]: Affine, x: number, y: number): [number, number] => [
  a * x + c * y + e,
  b * x + d * y + f,
];

/** Number of the pixel that covers a coordinate. */
export const pixelAt = (coordinate: number): number => Math.floor(coordinate + 0.5);

const minScale = 1 / 64;
const maxScale = 96;

/** The whole image in the viewer, its middle in the middle: the centre of an image of n pixels lies at (n − 1) / 2. */
export function fitView(image: Size, box: Size, orientation: Pick<View, 'rotationDeg' | 'flip'>): View {
  const angle = (orientation.rotationDeg * Math.PI) / 180;
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [width, height] = [image.width * cos + image.height * sin, image.width * sin + image.height * cos];
  const scale = Math.min(maxScale, Math.max(minScale, 0.98 * Math.min(box.width / width, box.height / height)));
  return { cx: (image.width - 1) / 2, cy: (image.height - 1) / 2, scale, ...orientation };
}

/** Zooms by a factor; what lies under the given screen point stays there. */
export function zoomAbout(view: View, box: Size, screenX: number, screenY: number, factor: number): View {
  const scale = Math.min(maxScale, Math.max(minScale, view.scale * factor));
  const [x, y] = apply(invert(imageToScreen(view, box)), screenX, screenY);
  const share = view.scale / scale;
  return { ...view, scale, cx: x + (view.cx - x) * share, cy: y + (view.cy - y) * share };
}

/** Moves the image by screen pixels. */
export function panBy(view: View, box: Size, dx: number, dy: number): View {
  const [cx, cy] = apply(invert(imageToScreen(view, box)), box.width / 2 - dx, box.height / 2 - dy);
  return { ...view, cx, cy };
}

/** Scales that show pixels whole: …, ¼, ½, 1, 2, 3, 4, … */
export function stepScale(scale: number, up: boolean): number {
  const steps = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96];
  if (up) return steps.find((step) => step > scale * 1.001) ?? maxScale;
  return steps.findLast((step) => step < scale * 0.999) ?? minScale;
}

/**
 * The turn that puts north up and east to the left, from the directions of north and east on the pixels.
 *
 * @param north - direction of north (dx, dy), y up
 * @param east - direction of east
 */
export function northUp(north: readonly [number, number], east: readonly [number, number]): Pick<View, 'rotationDeg' | 'flip'> {
  const flip = north[0] * east[1] - north[1] * east[0] < 0;
  const nx = flip ? -north[0] : north[0];
  const turn = 90 - (Math.atan2(north[1], nx) * 180) / Math.PI;
  return { flip, rotationDeg: ((turn + 540) % 360) - 180 };
}

export const upright: Pick<View, 'rotationDeg' | 'flip'> = { rotationDeg: 0, flip: false };

/** A round length for the scale bar: 1, 2 or 5 times a power of ten arcseconds, or minutes and degrees, at most `mostPx` long. */
export function scaleBar(arcsecPerScreenPx: number, mostPx: number): { label: string; px: number } {
  const lengths: readonly (readonly [number, string])[] = [
    ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].map((sec) => [sec, `${sec}″`] as const),
    ...[1, 2, 5, 10, 20, 30].map((min) => [60 * min, `${min}′`] as const),
    ...[1, 2, 5].map((deg) => [3600 * deg, `${deg}°`] as const),
  ];
  const [arcsec, label] = lengths.findLast(([length]) => length / arcsecPerScreenPx <= mostPx) ?? lengths[0]!;
  return { label, px: arcsec / arcsecPerScreenPx };
}
