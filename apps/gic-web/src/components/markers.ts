import type { MarkerShape } from '../lib/tokens.ts';

const polygon = (points: readonly (readonly [number, number])[]): string =>
  `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}Z`;
const round = (value: number) => Math.round(value * 100) / 100;
const ringOf = (n: number, r: number, startDeg: number, inner?: number) =>
  Array.from({ length: inner === undefined ? n : 2 * n }, (_, k) => {
    const count = inner === undefined ? n : 2 * n;
    const radius = inner !== undefined && k % 2 === 1 ? inner : r;
    const angle = ((startDeg + (360 * k) / count) * Math.PI) / 180;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  });
const circle = (r: number) => `M${-r} 0A${r} ${r} 0 1 0 ${r} 0A${r} ${r} 0 1 0 ${-r} 0Z`;

/** SVG path of a filter marker about the origin with half-size `r`, y down; canvas draws it through Path2D. */
export function markerPath(shape: MarkerShape, r: number): string {
  switch (shape) {
    case 'circle':
      return circle(r * 0.9);
    case 'ring':
      return `${circle(r * 0.9)}${circle(r * 0.45)}`;
    case 'square':
      return polygon([
        [-r * 0.82, -r * 0.82],
        [r * 0.82, -r * 0.82],
        [r * 0.82, r * 0.82],
        [-r * 0.82, r * 0.82],
      ]);
    case 'diamond':
      return polygon(ringOf(4, r * 1.1, -90));
    case 'triangle':
      return polygon(ringOf(3, r * 1.15, -90));
    case 'triangle-down':
      return polygon(ringOf(3, r * 1.15, 90));
    case 'triangle-down-open':
      return `${polygon(ringOf(3, r * 1.15, 90))}${polygon(ringOf(3, r * 0.55, 90))}`;
    case 'star':
      return polygon(ringOf(5, r * 1.2, -90, r * 0.5));
    case 'pentagon':
      return polygon(ringOf(5, r * 1.05, -90));
    case 'plus':
    case 'cross': {
      const w = r * 0.34;
      const arms: (readonly [number, number])[] = [
        [-w, -r],
        [w, -r],
        [w, -w],
        [r, -w],
        [r, w],
        [w, w],
        [w, r],
        [-w, r],
        [-w, w],
        [-r, w],
        [-r, -w],
        [-w, -w],
      ];
      if (shape === 'plus') return polygon(arms);
      const h = Math.SQRT1_2;
      return polygon(arms.map(([x, y]) => [h * (x - y), h * (x + y)] as const));
    }
  }
}
