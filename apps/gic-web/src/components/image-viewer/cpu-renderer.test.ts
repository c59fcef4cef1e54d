import { describe, expect, it } from 'vitest';
import { paint } from './cpu-renderer.ts';
import { sortedSample } from './levels.ts';
import { halveMean, pyramid } from './pyramid.ts';
import type { Look, Picture } from './render-types.ts';
import { apply, fitView, imageToScreen, upright } from './transform.ts';

const look: Look = { stretch: 'linear', lo: 0, hi: 1000, ramp: 'grey', theme: 'dark', maskBits: 0 };

function picture(width: number, height: number, data: Float32Array, mask?: Uint16Array): Picture {
  return {
    id: 't',
    levels: pyramid({ width, height, block: 1, data }, halveMean),
    mask: mask === undefined ? null : [{ width, height, block: 1, data: mask }],
    sorted: sortedSample(data),
    size: { width, height },
  };
}

describe('painting on the processor', () => {
  it('colours exactly the square of the one bright pixel: half-pixel exact', () => {
    const data = new Float32Array(16 * 16);
    data[5 * 16 + 3] = 1000; // pixel (3, 5), 0-based
    const box = { width: 160, height: 160 };
    const view = { cx: 7.5, cy: 7.5, scale: 10, ...upright };
    const out = new Uint8ClampedArray(4 * box.width * box.height);
    paint(picture(16, 16, data), view, look, box, out);
    // The square of (3, 5): x from 30 to 40, y from (15 − 5) · 10 = 100 to 110, from above.
    let lit = 0;
    for (let v = 0; v < 160; v++) {
      for (let u = 0; u < 160; u++) {
        const inside = u >= 30 && u < 40 && v >= 100 && v < 110;
        const red = out[4 * (v * 160 + u)]!;
        if ((red === 255) !== inside) throw new Error(`screen pixel ${u}, ${v} is ${red}`);
        if (inside) lit++;
      }
    }
    expect(lit).toBe(100);
  });

  it('draws a star where its centroid says, far within half a pixel, at any zoom', () => {
    const [width, height, sx, sy] = [200, 150, 83.37, 61.82];
    const data = Float32Array.from(
      { length: width * height },
      (_, i) => 1000 * Math.exp(-(((i % width) - sx) ** 2 + (Math.floor(i / width) - sy) ** 2) / 8),
    );
    for (const scale of [1, 3, 4.7]) {
      const box = { width: 700, height: 600 };
      const view = { ...fitView({ width, height }, box, upright), scale };
      const out = new Uint8ClampedArray(4 * box.width * box.height);
      paint(picture(width, height, data), view, look, box, out);
      let [sum, su, sv] = [0, 0, 0];
      for (let i = 0; i < box.width * box.height; i++) {
        const weight = out[4 * i]!;
        sum += weight;
        su += weight * ((i % box.width) + 0.5);
        sv += weight * (Math.floor(i / box.width) + 0.5);
      }
      const [u, v] = apply(imageToScreen(view, box), sx, sy);
      // 8-bit grey cuts the wings; a half-pixel fault would be 0.5 · scale on each axis.
      expect(Math.hypot(su / sum - u, sv / sum - v)).toBeLessThan(0.06 * scale + 0.05);
    }
  });

  it('shows missing pixels and masked pixels in their own colours', () => {
    const data = Float32Array.of(Number.NaN, 0, 0, 0);
    const out = new Uint8ClampedArray(16);
    paint(
      picture(2, 2, data, Uint16Array.of(0, 4, 0, 0)),
      { cx: 0.5, cy: 0.5, scale: 1, ...upright },
      { ...look, maskBits: 4 },
      { width: 2, height: 2 },
      out,
    );
    expect([...out.slice(8, 11)]).toEqual([23, 31, 51]); // (0, 0) lies below
    expect(out[13]!).toBeGreaterThan(out[12]!); // (1, 0): cosmic, green
    expect([...out.slice(0, 3)]).toEqual([0, 0, 0]);
  });
});
