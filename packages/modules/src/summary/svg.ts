import { escapeHtml } from './format.ts';

/** An axis. `flip`: small values up or right (magnitudes). */
export interface Axis {
  /** With its unit: `r (AB mag)`. */
  readonly label: string;
  readonly log?: boolean;
  readonly flip?: boolean;
  /** Fixed ends; by the data where absent. */
  readonly domain?: readonly [number, number];
}

export type Marker = 'circle' | 'square' | 'triangle' | 'down' | 'diamond' | 'star' | 'plus' | 'cross' | 'pentagon';
type Numbers = readonly (number | null)[];

/** What is drawn; colours are CSS, so that a theme may change them. */
export type Mark =
  | {
      readonly kind: 'points';
      readonly x: Numbers;
      readonly y: Numbers;
      readonly yErr?: Numbers;
      readonly xErr?: Numbers;
      readonly marker?: Marker;
      readonly size?: number;
      readonly colour?: string;
      readonly isHollow?: boolean;
      /** Shown where the pointer rests. */
      readonly titles?: readonly string[];
      readonly opacity?: number;
    }
  /** Upper limits: carets that point down, never joined. */
  | { readonly kind: 'limits'; readonly x: Numbers; readonly y: Numbers; readonly colour?: string }
  | { readonly kind: 'line'; readonly x: Numbers; readonly y: Numbers; readonly colour?: string; readonly dash?: string }
  | { readonly kind: 'rule'; readonly x?: number; readonly y?: number; readonly label: string; readonly colour?: string }
  | { readonly kind: 'label'; readonly x: number; readonly y: number; readonly text: string; readonly colour?: string }
  /** Vectors in units of the axes times `scale`. */
  | {
      readonly kind: 'arrows';
      readonly x: Numbers;
      readonly y: Numbers;
      readonly dx: Numbers;
      readonly dy: Numbers;
      readonly colour?: string;
    }
  /** Values over a grid that fills the axes, row by row from the lower left; drawn from faint to full. */
  | {
      readonly kind: 'cells';
      readonly columns: number;
      readonly rows: number;
      readonly values: Numbers;
      readonly low: number;
      readonly high: number;
    };

export interface PlotSpec {
  /** Read out in place of the picture. */
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
  readonly width?: number;
  readonly height?: number;
  /** Same length per unit along x and y. */
  readonly isSquare?: boolean;
}

const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;

/** A plot as one SVG element, 380 × 250 unless told; text and lines in `currentColor`. */
export function plot(spec: PlotSpec): string {
  const { width = 380, height = 250 } = spec;
  const values = collect(spec.marks);
  const x = scaleOf(spec.x, values.x, LEFT, width - RIGHT);
  const y = scaleOf(spec.y, values.y, height - BOTTOM, TOP);
  const parts: string[] = [];
  for (const tick of ticksOf(x)) {
    const at = num(x.at(tick));
    parts.push(
      `<path class="grid" d="M${at} ${TOP}V${height - BOTTOM}"/><text x="${at}" y="${height - BOTTOM + 14}" text-anchor="middle">${tickText(tick, x)}</text>`,
    );
  }
  for (const tick of ticksOf(y)) {
    const at = num(y.at(tick));
    parts.push(
      `<path class="grid" d="M${LEFT} ${at}H${width - RIGHT}"/><text x="${LEFT - 5}" y="${num(y.at(tick) + 3.5)}" text-anchor="end">${tickText(tick, y)}</text>`,
    );
  }
  const frame = `<rect class="frame" x="${LEFT}" y="${TOP}" width="${width - LEFT - RIGHT}" height="${height - TOP - BOTTOM}"/>`;
  const labels =
    `<text class="axis" x="${(LEFT + width - RIGHT) / 2}" y="${height - 5}" text-anchor="middle">${escapeHtml(spec.x.label)}</text>` +
    `<text class="axis" transform="translate(12 ${(TOP + height - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(spec.y.label)}</text>`;
  // An inner SVG clips what would lie outside of the axes.
  const inner = { width: width - LEFT - RIGHT, height: height - TOP - BOTTOM };
  const marks = spec.marks.map((mark) => draw(mark, x, y, { width, height })).join('');
  return `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(spec.title)}"><g>${parts.join('')}</g>${frame}<svg x="${LEFT}" y="${TOP}" width="${inner.width}" height="${inner.height}" viewBox="${LEFT} ${TOP} ${inner.width} ${inner.height}">${marks}</svg>${labels}</svg>`;
}

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  at(value: number): number;
}

function collect(marks: readonly Mark[]): { x: number[]; y: number[] } {
  const x: number[] = [];
  const y: number[] = [];
  const push = (list: number[], value: number | null | undefined) => {
    if (value !== null && value !== undefined && Number.isFinite(value)) list.push(value);
  };
  for (const mark of marks) {
    if (mark.kind === 'points') {
      mark.x.forEach((value, i) => {
        push(x, value);
        const e = mark.xErr?.[i];
        if (value !== null && e) for (const sign of [-1, 1]) push(x, value + sign * e);
      });
      mark.y.forEach((value, i) => {
        push(y, value);
        const e = mark.yErr?.[i];
        if (value !== null && e) for (const sign of [-1, 1]) push(y, value + sign * e);
      });
    } else if (mark.kind === 'limits' || mark.kind === 'line') {
      for (const value of mark.x) push(x, value);
      for (const value of mark.y) push(y, value);
    } else if (mark.kind === 'rule') {
      push(x, mark.x);
      push(y, mark.y);
    }
  }
  return { x, y };
}

function scaleOf(axis: Axis, values: readonly number[], from: number, to: number): Scale {
  const log = axis.log === true;
  const used = log ? values.filter((value) => value > 0) : values;
  let low = axis.domain?.[0] ?? used.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  let high = axis.domain?.[1] ?? used.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = log ? [1, 10] : [0, 1];
  if (!axis.domain) {
    if (log) {
      const pad = high > low ? (high / low) ** 0.05 : 1.5;
      [low, high] = [low / pad, high * pad];
    } else {
      const pad = high > low ? 0.06 * (high - low) : Math.max(0.5, 0.05 * Math.abs(high));
      [low, high] = [low - pad, high + pad];
    }
  }
  const map = log ? Math.log : (value: number) => value;
  const [a, b] = axis.flip ? [map(high), map(low)] : [map(low), map(high)];
  return { low, high, log, at: (value) => from + ((map(value) - a) / (b - a || 1)) * (to - from) };
}

function ticksOf({ low, high, log }: Scale): number[] {
  if (log && high / low > 3) {
    const ticks: number[] = [];
    const decades = Math.log10(high / low);
    const steps = decades > 4 ? [1] : decades > 1.7 ? [1, 3] : [1, 2, 3, 5, 7];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const step of steps) {
        const tick = step * 10 ** power;
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    return ticks;
  }
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((s) => s * power >= rough)! * power;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(k * step);
  return ticks;
}

function tickText(value: number, { low, high, log }: Scale): string {
  const size = log && high / low > 3 ? Math.abs(value) : (high - low) / 5;
  if (Math.abs(value) >= 1e5 || (log && size > 0 && size < 1e-3))
    return value.toExponential(0).replace('e', '·10^').replace('+', '').replace('-', '−');
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(size) - 1e-9) + (log ? 0 : 0)));
  const text = value.toFixed(Number.isInteger(Number(value.toFixed(digits + 1))) ? 0 : digits);
  const exact = Math.abs(Number(text) - value) > 0.02 * size ? value.toFixed(digits + 1) : text;
  return (Number(exact) === 0 ? '0' : exact).replace('-', '−');
}

function draw(mark: Mark, x: Scale, y: Scale, size: { width: number; height: number }): string {
  const style = (colour: string | undefined) => (colour ? ` style="color:${colour}"` : '');
  switch (mark.kind) {
    case 'points': {
      const parts: string[] = [];
      mark.x.forEach((px, i) => {
        const py = mark.y[i];
        if (px === null || py === null || py === undefined || !isOn(px, x) || !isOn(py, y)) return;
        const [cx, cy] = [x.at(px), y.at(py)];
        const e = mark.yErr?.[i];
        if (e)
          parts.push(`<path class="err" d="M${num(cx)} ${num(y.at(bounded(py - e, y)))}V${num(y.at(bounded(py + e, y)))}"/>`);
        const w = mark.xErr?.[i];
        if (w)
          parts.push(`<path class="err" d="M${num(x.at(bounded(px - w, x)))} ${num(cy)}H${num(x.at(bounded(px + w, x)))}"/>`);
        const title = mark.titles?.[i];
        const path = `<path class="${mark.isHollow ? 'hollow' : 'mark'}" d="${markerPath(mark.marker ?? 'circle', cx, cy, mark.size ?? 3)}"`;
        parts.push(title ? `${path}><title>${escapeHtml(title)}</title></path>` : `${path}/>`);
      });
      const opacity = mark.opacity === undefined ? '' : ` opacity="${mark.opacity}"`;
      return `<g${style(mark.colour)}${opacity}>${parts.join('')}</g>`;
    }
    case 'limits': {
      const parts = mark.x.map((px, i) => {
        const py = mark.y[i];
        if (px === null || py === null || py === undefined || !isOn(px, x) || !isOn(py, y)) return '';
        const [cx, cy] = [x.at(px), y.at(py)];
        return `<path class="limit" d="M${num(cx - 4)} ${num(cy)}H${num(cx + 4)}M${num(cx)} ${num(cy)}v7m-3 -3l3 3l3 -3"/>`;
      });
      return `<g${style(mark.colour)}>${parts.join('')}</g>`;
    }
    case 'line': {
      let path = '';
      let isDown = false;
      mark.x.forEach((px, i) => {
        const py = mark.y[i];
        if (px === null || py === null || py === undefined || !isOn(px, x) || !isOn(py, y)) {
          isDown = false;
          return;
        }
        path += `${isDown ? 'L' : 'M'}${num(x.at(px))} ${num(y.at(py))}`;
        isDown = true;
      });
      return `<path class="line"${mark.dash ? ` stroke-dasharray="${mark.dash}"` : ''}${style(mark.colour)} d="${path}"/>`;
    }
    case 'rule': {
      const isAcross = mark.y !== undefined;
      const at = num(isAcross ? y.at(mark.y!) : x.at(mark.x!));
      const path = isAcross ? `M${LEFT} ${at}H${size.width - RIGHT}` : `M${at} ${TOP}V${size.height - BOTTOM}`;
      const text = isAcross
        ? `<text x="${size.width - RIGHT - 4}" y="${num(Number(at) < TOP + 16 ? Number(at) + 12 : Number(at) - 4)}" text-anchor="end">${escapeHtml(mark.label)}</text>`
        : `<text x="${num(Number(at) + 4)}" y="${TOP + 12}">${escapeHtml(mark.label)}</text>`;
      return `<g class="rule"${style(mark.colour)}><path d="${path}"/>${text}</g>`;
    }
    case 'label':
      return `<text${style(mark.colour)} class="name" x="${num(x.at(mark.x) + 6)}" y="${num(y.at(mark.y) - 5)}">${escapeHtml(mark.text)}</text>`;
    case 'arrows': {
      const parts = mark.x.map((px, i) => {
        const [py, dx, dy] = [mark.y[i], mark.dx[i], mark.dy[i]];
        if (px === null || py == null || dx == null || dy == null) return '';
        const [x0, y0, x1, y1] = [x.at(px), y.at(py), x.at(px + dx), y.at(py + dy)];
        const angle = Math.atan2(y1 - y0, x1 - x0);
        const head = [-2.6, 2.6].map((turn) => `${num(x1 + 4 * Math.cos(angle + turn))} ${num(y1 + 4 * Math.sin(angle + turn))}`);
        return `<path class="line" d="M${num(x0)} ${num(y0)}L${num(x1)} ${num(y1)}M${head[0]}L${num(x1)} ${num(y1)}L${head[1]}"/>`;
      });
      return `<g${style(mark.colour)}>${parts.join('')}</g>`;
    }
    case 'cells': {
      const { columns, rows, values, low, high } = mark;
      const [w, h] = [(size.width - LEFT - RIGHT) / columns, (size.height - TOP - BOTTOM) / rows];
      return values
        .map((value, k) => {
          if (value === null) return '';
          const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
          const [cx, cy] = [LEFT + (k % columns) * w, size.height - BOTTOM - (Math.floor(k / columns) + 1) * h];
          return `<rect class="cell" x="${num(cx)}" y="${num(cy)}" width="${num(w + 0.3)}" height="${num(h + 0.3)}" fill-opacity="${(0.04 + 0.72 * share).toFixed(2)}"/>`;
        })
        .join('');
    }
  }
}

const isOn = (value: number, { low, high, log }: Scale): boolean =>
  Number.isFinite(value) && value >= low && value <= high && (!log || value > 0);
const bounded = (value: number, { low, high }: Scale): number => Math.max(low, Math.min(high, value));
const num = (value: number): string => String(Math.round(value * 10) / 10);

function markerPath(marker: Marker, x: number, y: number, r: number): string {
  const polygon = (points: readonly [number, number][]) =>
    `M${points.map(([px, py]) => `${num(x + px * r)} ${num(y + py * r)}`).join('L')}Z`;
  const ring = (count: number, turn: number, inner = 1): [number, number][] =>
    Array.from({ length: inner === 1 ? count : 2 * count }, (_, k) => {
      const angle = turn + (2 * Math.PI * k) / (inner === 1 ? count : 2 * count);
      const radius = 1.25 * (inner !== 1 && k % 2 === 1 ? inner : 1);
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    });
  switch (marker) {
    case 'circle':
      return `M${num(x - r)} ${num(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    case 'square':
      return polygon([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ]);
    case 'diamond':
      return polygon([
        [0, -1.25],
        [1.25, 0],
        [0, 1.25],
        [-1.25, 0],
      ]);
    case 'triangle':
      return polygon(ring(3, -Math.PI / 2));
    case 'down':
      return polygon(ring(3, Math.PI / 2));
    case 'pentagon':
      return polygon(ring(5, -Math.PI / 2));
    case 'star':
      return polygon(ring(5, -Math.PI / 2, 0.45));
    case 'plus':
      return polygon([
        [-0.35, -1.2],
        [0.35, -1.2],
        [0.35, -0.35],
        [1.2, -0.35],
        [1.2, 0.35],
        [0.35, 0.35],
        [0.35, 1.2],
        [-0.35, 1.2],
        [-0.35, 0.35],
        [-1.2, 0.35],
        [-1.2, -0.35],
        [-0.35, -0.35],
      ]);
    case 'cross':
      return polygon([
        [-1.1, -0.7],
        [-0.7, -1.1],
        [0, -0.4],
        [0.7, -1.1],
        [1.1, -0.7],
        [0.4, 0],
        [1.1, 0.7],
        [0.7, 1.1],
        [0, 0.4],
        [-0.7, 1.1],
        [-1.1, 0.7],
        [-0.4, 0],
      ]);
  }
}
