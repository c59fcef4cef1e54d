import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apply,
  fitView,
  imageToScreen,
  invert,
  northUp,
  panBy,
  pixelAt,
  scaleBar,
  stepScale,
  upright,
  type View,
  zoomAbout,
} from './transform.ts';

const box = { width: 900, height: 600 };
const anyView = fc.record({
  cx: fc.double({ min: -100, max: 4200, noNaN: true }),
  cy: fc.double({ min: -100, max: 4200, noNaN: true }),
  scale: fc.double({ min: 0.02, max: 90, noNaN: true }),
  rotationDeg: fc.double({ min: -180, max: 180, noNaN: true }),
  flip: fc.boolean(),
});
const view: View = { cx: 100, cy: 50, scale: 4, ...upright };

describe('the image on the screen', () => {
  it('puts the centre of a pixel in the middle of its square: half-pixel exact', () => {
    const screen = imageToScreen(view, box);
    expect(apply(screen, 100, 50)).toEqual([450, 300]);
    // The square of pixel (100, 50) at 4 screen pixels each: from 448 to 452, and y up.
    expect(apply(screen, 99.5, 50.5)).toEqual([448, 298]);
    expect(apply(screen, 100.5, 49.5)).toEqual([452, 302]);
    const [x, y] = apply(invert(screen), 451.9, 298.1);
    expect([pixelAt(x), pixelAt(y)]).toEqual([100, 50]);
    expect(pixelAt(apply(invert(screen), 452.1, 300)[0])).toBe(101);
  });

  it('goes to the screen and back, for any turn, mirror and zoom', () => {
    fc.assert(
      fc.property(
        anyView,
        fc.double({ min: 0, max: 4096, noNaN: true }),
        fc.double({ min: 0, max: 4096, noNaN: true }),
        (any, x, y) => {
          const there = imageToScreen(any, box);
          const [u, v] = apply(invert(there), ...apply(there, x, y));
          expect(u).toBeCloseTo(x, 6);
          expect(v).toBeCloseTo(y, 6);
        },
      ),
    );
  });

  it('shows y upwards', () => {
    const screen = imageToScreen(view, box);
    expect(apply(screen, 100, 60)[1]).toBeLessThan(apply(screen, 100, 50)[1]);
  });

  it('zooms about the cursor: what is under it stays under it', () => {
    fc.assert(
      fc.property(
        anyView,
        fc.double({ min: 0, max: 900, noNaN: true }),
        fc.double({ min: 0, max: 600, noNaN: true }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        (any, sx, sy, factor) => {
          const [x, y] = apply(invert(imageToScreen(any, box)), sx, sy);
          const [u, v] = apply(imageToScreen(zoomAbout(any, box, sx, sy, factor), box), x, y);
          expect(Math.hypot(u - sx, v - sy)).toBeLessThan(1e-5);
        },
      ),
    );
  });

  it('follows the finger when panned, in any orientation', () => {
    fc.assert(
      fc.property(anyView, (any) => {
        const moved = panBy(any, box, 30, -20);
        const [u, v] = apply(imageToScreen(moved, box), any.cx, any.cy);
        expect([u - 450, v - 300]).toEqual([expect.closeTo(30, 6), expect.closeTo(-20, 6)]);
      }),
    );
  });

  it('fits the whole image with its middle in the middle, turned or not', () => {
    const fit = fitView({ width: 1024, height: 1024 }, box, upright);
    expect([fit.cx, fit.cy]).toEqual([511.5, 511.5]);
    for (const rotationDeg of [0, 30, 90]) {
      const turned = imageToScreen(fitView({ width: 2000, height: 1000 }, box, { rotationDeg, flip: true }), box);
      for (const [x, y] of [
        [-0.5, -0.5],
        [1999.5, -0.5],
        [-0.5, 999.5],
        [1999.5, 999.5],
      ] as const) {
        const [u, v] = apply(turned, x, y);
        expect(u).toBeGreaterThanOrEqual(0);
        expect(u).toBeLessThanOrEqual(900);
        expect(v).toBeGreaterThanOrEqual(0);
        expect(v).toBeLessThanOrEqual(600);
      }
    }
  });

  it.each([
    ['already up', [0, 1], [-1, 0]],
    ['turned by 40°', [Math.sin(0.7), Math.cos(0.7)], [-Math.cos(0.7), Math.sin(0.7)]],
    ['mirrored', [0, 1], [1, 0]],
    ['upside down', [0, -1], [1, 0]],
    ['mirrored and turned', [1, 0], [0, -1]],
  ] as const)('puts north up and east left when the sky is %s', (_name, north, east) => {
    const screen = imageToScreen({ cx: 0, cy: 0, scale: 1, ...northUp(north, east) }, { width: 0, height: 0 });
    const [nx, ny] = apply(screen, north[0], north[1]);
    const [ex, ey] = apply(screen, east[0], east[1]);
    expect([nx, ny]).toEqual([expect.closeTo(0, 9), expect.closeTo(-1, 9)]);
    expect([ex, ey]).toEqual([expect.closeTo(-1, 9), expect.closeTo(0, 9)]);
  });

  it('steps through scales that show pixels whole', () => {
    expect(stepScale(0.7, true)).toBe(1);
    expect(stepScale(1, true)).toBe(2);
    expect(stepScale(1, false)).toBe(0.5);
  });

  it('draws a bar of a round length that fits', () => {
    expect(scaleBar(0.38, 120)).toEqual({ label: '30″', px: 30 / 0.38 });
    expect(scaleBar(3, 120)).toEqual({ label: '5′', px: 100 });
  });
});
