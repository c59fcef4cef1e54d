import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { fixed } from '../../lib/format.ts';
import { type Theme, useTheme } from '../../lib/theme.ts';
import { minuteTime, scaleLabel, shortTime, type TimeScale } from '../../lib/time.ts';
import { filterToken } from '../../lib/tokens.ts';
import { FilterMark } from '../FilterMark.tsx';
import { markerPath } from '../markers.ts';
import type { SkySpan } from '../night-bar-model.ts';
import {
  alignPoints,
  type ChartData,
  type ChartPoint,
  nearestPoint,
  runs,
  spreadLabels,
  timeSplits,
  valueRange,
  zoomWindow,
} from './model.ts';

export interface TimeChartProps {
  readonly title: string;
  readonly unit: string;
  readonly points: readonly ChartPoint[];
  readonly digits: number;
  /** Magnitudes: up is brighter. */
  readonly inverted?: boolean;
  /** Joined by lines within runs. */
  readonly lines?: boolean;
  readonly sky: readonly SkySpan[];
  /** The whole axis, and the part in view [ms]. */
  readonly night: readonly [number, number];
  readonly window: readonly [number, number] | null;
  readonly onWindow: (window: readonly [number, number] | null, how: 'step' | 'quiet') => void;
  readonly scale: TimeScale;
  readonly onOpen: (key: string) => void;
  readonly height: number;
  readonly actions?: React.ReactNode;
}

/** Charts of one page share their crosshair. */
const crosshair = uPlot.sync('night');
const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The one wrapper of uPlot: time axis in the chosen scale, shading by twilight, gaps as gaps, filter markers, linked crosshair and zoom. */
export function TimeChart(props: TimeChartProps) {
  const { points, scale, height } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const theme = useTheme();
  const [near, setNear] = useState<ChartPoint | null>(null);
  const data = useMemo(() => alignPoints(points), [points]);
  const [width, setWidth] = useState(0);
  const current = useRef(data);
  current.current = data;
  const names = data.names.join('|');

  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot is made anew for its size, its look and other series; new points and windows move it below
  useEffect(() => {
    if (!box.current || width < 60) return;
    const made = makePlot(box.current, width, height, current, theme, latest, setNear);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [names, width, height, theme, scale, props.inverted]);

  const [from, to] = props.window ?? props.night;
  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(data.columns as uPlot.AlignedData, false);
      plot.current?.setScale('x', { min: from / 1000, max: to / 1000 });
    });
  }, [data, from, to]);

  const pan = (share: number) => {
    const by = share * (to - from);
    const [lo, hi] = props.night;
    const start = Math.min(Math.max(lo, from + by), hi - (to - from));
    props.onWindow([start, start + to - from], 'quiet');
  };
  return (
    <figure
      className="chart"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart pans and zooms by keyboard
      tabIndex={0}
      aria-label={`${props.title} [${props.unit}] against time, ${points.length} points; arrows pan, plus and minus zoom, 0 shows the night`}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') pan(-0.15);
        else if (event.key === 'ArrowRight') pan(0.15);
        else if (event.key === '+' || event.key === '=')
          props.onWindow(zoomWindow([from, to], (from + to) / 2, 0.6, props.night), 'quiet');
        else if (event.key === '-') props.onWindow(zoomWindow([from, to], (from + to) / 2, 1 / 0.6, props.night), 'quiet');
        else if (event.key === '0') props.onWindow(null, 'step');
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <figcaption>
        <strong>{props.title}</strong> <span className="muted">{props.unit}</span>
        <span className="chart-readout num">
          {near === null ? null : (
            <>
              {shortTime(near.ms, scale)} {scaleLabel(near.ms, scale)} <FilterMark filter={near.series} />{' '}
              {fixed(near.value, props.digits)}
              {near.error === null ? '' : ` ± ${fixed(near.error, props.digits)}`}
            </>
          )}
        </span>
        <span className="chart-actions">{props.actions}</span>
      </figcaption>
      <div ref={box} className="chart-box" style={{ height }} />
      {points.length === 0 ? <p className="chart-empty muted">No frame in this window has this figure.</p> : null}
    </figure>
  );
}

function makePlot(
  box: HTMLElement,
  width: number,
  height: number,
  shown: { readonly current: ChartData },
  theme: Theme,
  latest: { readonly current: TimeChartProps },
  onNear: (point: ChartPoint | null) => void,
): uPlot {
  const { inverted = false, night, window, digits } = latest.current;
  const data = () => shown.current;
  const ratio = devicePixelRatio || 1;
  const fontPx = theme === 'dome' ? 16 : 11;
  const font = `${theme === 'dome' ? 600 : 400} ${fontPx}px ${css('--font')}`;
  const [text, grid] = [css('--muted'), css('--line')];
  const toPx = (u: uPlot) => (point: ChartPoint) => [u.valToPos(point.ms / 1000, 'x'), u.valToPos(point.value, 'y')] as const;
  const inView = (u: uPlot) => {
    const [lo, hi] = [u.scales['x']!.min! * 1000, u.scales['x']!.max! * 1000];
    return data().points.filter((point) => point.ms >= lo && point.ms <= hi);
  };
  return new uPlot(
    {
      width,
      height,
      legend: { show: false },
      padding: [8, theme === 'dome' ? 44 : 34, 0, 0],
      cursor: {
        sync: { key: crosshair.key, scales: ['x', null] },
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
      },
      scales: {
        x: { time: false, min: (window ?? night)[0] / 1000, max: (window ?? night)[1] / 1000 },
        y: {
          dir: inverted ? -1 : 1,
          range: (u) => valueRange((inView(u).length > 0 ? inView(u) : data().points).map((point) => point.value)),
        },
      },
      axes: [
        {
          stroke: text,
          font,
          size: fontPx + 12,
          gap: 3,
          ticks: { stroke: grid, size: 4 },
          grid: { show: false },
          splits: (u, _axis, min, max) => timeSplits(min, max, u.bbox.width / ratio, theme === 'dome' ? 84 : 58),
          values: (_u, splits) => splits.map((sec) => minuteTime(sec * 1000, latest.current.scale)),
        },
        {
          stroke: text,
          font,
          size: theme === 'dome' ? 74 : 52,
          gap: 4,
          space: 26,
          ticks: { stroke: grid, size: 4 },
          grid: { stroke: grid, width: 1 },
          values: (_u, splits) => splits.map((value) => value.toFixed(stepDigits(splits, digits))),
        },
      ],
      series: [{}, ...shown.current.names.map((name) => ({ label: name, paths: () => null, points: { show: false } }))],
      hooks: {
        drawClear: [(u) => shadeSky(u, latest.current.sky)],
        draw: [(u) => drawPoints(u, data(), theme, latest.current.lines ?? false, font)],
        setCursor: [
          (u) => {
            const { left = -1, top = -1, idx } = u.cursor;
            if (left < 0 || data().points.length === 0) onNear(null);
            else if (top >= 0)
              onNear(nearestPoint(inView(u), left, top, toPx(u), 18) ?? (idx == null ? null : pointAt(data(), idx)));
            else if (idx != null) onNear(pointAt(data(), idx));
          },
        ],
        setSelect: [
          (u) => {
            if (u.select.width < 4) return;
            latest.current.onWindow(
              [u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000],
              'step',
            );
            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          },
        ],
        ready: [
          (u) => {
            u.over.addEventListener('dblclick', () => latest.current.onWindow(null, 'step'));
            u.over.addEventListener(
              'wheel',
              (event) => {
                event.preventDefault();
                const about = u.posToVal(event.offsetX, 'x') * 1000;
                const shown = latest.current.window ?? latest.current.night;
                latest.current.onWindow(zoomWindow(shown, about, event.deltaY > 0 ? 1.25 : 0.8, latest.current.night), 'quiet');
              },
              { passive: false },
            );
            let downAt: [number, number] | null = null;
            u.over.addEventListener('pointerdown', (event) => {
              downAt = [event.offsetX, event.offsetY];
            });
            u.over.addEventListener('pointerup', (event) => {
              if (downAt === null || Math.hypot(event.offsetX - downAt[0], event.offsetY - downAt[1]) > 4) return;
              const hit = nearestPoint(inView(u), event.offsetX, event.offsetY, toPx(u), 12);
              if (hit !== null) latest.current.onOpen(hit.key);
            });
          },
        ],
      },
    },
    shown.current.columns as uPlot.AlignedData,
    box,
  );
}

/** The point of a column of the aligned data. */
function pointAt(data: ChartData, idx: number): ChartPoint | null {
  const sec = data.columns[0]![idx];
  return sec == null ? null : (data.points.find((point) => point.ms === sec * 1000) ?? null);
}

function stepDigits(splits: readonly number[], most: number): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  return Math.min(most, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

function shadeSky(u: uPlot, sky: readonly SkySpan[]): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = document.documentElement.dataset['theme'] === 'light' ? 0.28 : 0.5;
  for (const span of sky) {
    if (span.kind === 'dark') continue;
    const [x0, x1] = [u.valToPos(span.fromMs / 1000, 'x', true), u.valToPos(span.toMs / 1000, 'x', true)];
    ctx.fillStyle = css(`--sky-${span.kind}`);
    ctx.fillRect(x0, bbox.top, x1 - x0, bbox.height);
  }
  ctx.restore();
}

function drawPoints(u: uPlot, data: ChartData, theme: Theme, lines: boolean, font: string): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  const ends: { name: string; x: number; y: number; colour: string }[] = [];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const name of data.names) {
    const token = filterToken(name);
    const colour = token[theme];
    const marker = new Path2D(markerPath(token.marker, 3.4 * ratio));
    const mine = data.points.filter((point) => point.series === name);
    ctx.fillStyle = colour;
    ctx.strokeStyle = colour;
    ctx.lineWidth = ratio;
    ctx.globalAlpha = 0.55;
    ctx.setLineDash(theme === 'dome' ? token.dash.map((dash) => dash * ratio) : []);
    if (lines) {
      for (const run of runs(mine)) {
        ctx.beginPath();
        run.forEach((point, i) => {
          const [x, y] = [u.valToPos(point.ms / 1000, 'x', true), u.valToPos(point.value, 'y', true)];
          if (i === 0) ctx.moveTo(x, y);
          else ctx.lineTo(x, y);
        });
        ctx.stroke();
      }
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    let end: { x: number; y: number } | null = null;
    for (const point of mine) {
      const x = u.valToPos(point.ms / 1000, 'x', true);
      if (x < bbox.left - 6 || x > bbox.left + bbox.width + 6) continue;
      const place = u.valToPos(point.value, 'y', true);
      const [floor, ceiling] = [bbox.top + bbox.height - 5 * ratio, bbox.top + 5 * ratio];
      if (place < bbox.top || place > bbox.top + bbox.height) {
        drawCaret(ctx, x, place < bbox.top ? ceiling : floor, place < bbox.top ? -1 : 1, ratio);
        continue;
      }
      const y = place;
      if (point.error !== null) {
        ctx.beginPath();
        ctx.moveTo(x, u.valToPos(point.value - point.error, 'y', true));
        ctx.lineTo(x, u.valToPos(point.value + point.error, 'y', true));
        ctx.stroke();
      }
      ctx.translate(x, y);
      ctx.fill(marker, 'evenodd');
      ctx.translate(-x, -y);
      end = { x, y };
    }
    if (end !== null) ends.push({ name, ...end, colour });
  }
  ctx.restore();
  // Labels directly at the line's end: colour alone never separates series.
  ctx.save();
  ctx.font = font.replace(/[\d.]+px/, (size) => `${Number.parseFloat(size) * ratio}px`);
  ctx.textBaseline = 'middle';
  const lineHeight = (theme === 'dome' ? 17 : 12) * ratio;
  const places = spreadLabels(
    ends.map((end) => end.y),
    lineHeight,
    bbox.top + bbox.height - 4 * ratio,
  );
  ends.forEach((end, i) => {
    ctx.fillStyle = end.colour;
    ctx.fillText(
      end.name,
      end.x > bbox.left + 0.85 * bbox.width ? bbox.left + bbox.width + 5 * ratio : end.x + 7 * ratio,
      places[i]!,
    );
  });
  ctx.restore();
}

/** A point beyond the axis: an arrow at the border, towards where it is. */
function drawCaret(ctx: CanvasRenderingContext2D, x: number, y: number, down: 1 | -1, ratio: number): void {
  ctx.beginPath();
  ctx.moveTo(x - 3.5 * ratio, y - 2 * down * ratio);
  ctx.lineTo(x, y + 2.5 * down * ratio);
  ctx.lineTo(x + 3.5 * ratio, y - 2 * down * ratio);
  ctx.lineWidth = 1.5 * ratio;
  ctx.stroke();
  ctx.lineWidth = ratio;
}
