import { stretched } from './levels.ts';
import { levelFor } from './pyramid.ts';
import { rampTable } from './ramps.ts';
import { emptyColour, type Look, maskColour, maskOpacity, type Picture, type Renderer } from './render-types.ts';
import { imageToScreen, invert, type Size, type View } from './transform.ts';

/** Steps of the table that replaces the stretch per pixel. */
const steps = 2048;

/** Colours of a picture for every pixel of a box, as RGBA: what the shader does, on the processor. */
export function paint(picture: Picture, view: View, look: Look, box: Size, out: Uint8ClampedArray): void {
  const index = levelFor(picture.levels, view.scale);
  const level = picture.levels[index]!;
  const mask = look.maskBits === 0 ? undefined : picture.mask?.[index];
  const ramp = rampTable(look.ramp, look.theme);
  const table = Uint8Array.from({ length: steps }, (_, i) =>
    Math.round(
      255 * stretched(look.lo + (i / (steps - 1)) * (look.hi - look.lo), look.lo, look.hi, look.stretch, picture.sorted),
    ),
  );
  const blank = look.theme === 'dome' ? [20, 0, 0] : look.ramp === 'inverted' ? [217, 224, 237] : [23, 31, 51];
  const empty = emptyColour(look);
  const [a, b, c, d, e, f] = invert(imageToScreen(view, box));
  const perStep = (steps - 1) / (look.hi - look.lo);
  for (let v = 0, at = 0; v < box.height; v++) {
    for (let u = 0; u < box.width; u++, at += 4) {
      const x = a * (u + 0.5) + c * (v + 0.5) + e;
      const y = b * (u + 0.5) + d * (v + 0.5) + f;
      const k = Math.floor((x + 0.5) / level.block);
      const l = Math.floor((y + 0.5) / level.block);
      let [red, green, blue] = empty;
      if (k >= 0 && l >= 0 && k < level.width && l < level.height) {
        const value = level.data[l * level.width + k]!;
        if (Number.isFinite(value)) {
          const t = table[Math.min(steps - 1, Math.max(0, Math.round((value - look.lo) * perStep)))]!;
          [red, green, blue] = [ramp[4 * t]!, ramp[4 * t + 1]!, ramp[4 * t + 2]!];
        } else [red, green, blue] = blank as [number, number, number];
        const colour = mask === undefined ? null : maskColour(mask.data[l * level.width + k]! & look.maskBits, look.theme);
        if (colour !== null) {
          red += (255 * colour[0] - red) * maskOpacity;
          green += (255 * colour[1] - green) * maskOpacity;
          blue += (255 * colour[2] - blue) * maskOpacity;
        }
      }
      out[at] = red;
      out[at + 1] = green;
      out[at + 2] = blue;
      out[at + 3] = 255;
    }
  }
}

/** Draws on a plain canvas where WebGL2 is absent: slower, the same picture. */
export function makeCpuRenderer(canvas: HTMLCanvasElement): Renderer {
  const context = canvas.getContext('2d', { alpha: false })!;
  return {
    kind: 'canvas',
    draw(picture, view, look, box) {
      const size = { width: Math.max(1, Math.round(box.width)), height: Math.max(1, Math.round(box.height)) };
      if (canvas.width !== size.width || canvas.height !== size.height) {
        canvas.width = size.width;
        canvas.height = size.height;
      }
      const image = context.createImageData(size.width, size.height);
      paint(picture, view, look, size, image.data);
      context.putImageData(image, 0, 0);
      return false;
    },
    dispose() {},
  };
}
