import type { FrameRow, NightTimes } from '@colibri/contracts';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { minuteTime, scaleLabel, type TimeScale } from '../lib/time.ts';
import { axisRange, barMarks, hourTicks, skySpans, tickPath } from './night-bar-model.ts';

interface Props {
  readonly times: NightTimes;
  readonly rows: readonly FrameRow[];
  /** Now, on the clock of the night; null when another night is shown. */
  readonly nowMs: number | null;
  readonly axis: 'night' | '24h';
  readonly scale: TimeScale;
  readonly window: readonly [number, number] | null;
  readonly onWindow: (window: readonly [number, number] | null) => void;
  readonly onAxis: (axis: 'night' | '24h') => void;
}

const height = 58;
const skyTop = 12;
const skyBottom = 42;

/** The night in one line: light of the sky, Moon, frames, alerts, now. Drag to choose a window for every chart and table of the page. */
export function NightTimeBar({ times, rows, nowMs, axis, scale, window, onWindow, onAxis }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  useLayoutEffect(() => {
    if (!box.current) return;
    setWidth(Math.max(200, Math.round(box.current.getBoundingClientRect().width)));
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.round(entry!.contentRect.width))));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const [fromMs, toMs] = axisRange(times, axis);
  const xOf = (ms: number) => ((ms - fromMs) / (toMs - fromMs)) * width;
  const msAt = (clientX: number) => {
    const rect = box.current!.getBoundingClientRect();
    return fromMs + Math.min(1, Math.max(0, (clientX - rect.left) / rect.width)) * (toMs - fromMs);
  };
  const marks = useMemo(() => barMarks(rows, fromMs, toMs, width), [rows, fromMs, toMs, width]);
  const spans = useMemo(() => skySpans(times), [times]);
  const shown = drag === null ? window : ([Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)] as const);
  const clamp = (x: number) => Math.min(width, Math.max(0, x));

  return (
    <div className="night-bar">
      <div
        ref={box}
        className="night-bar-plot"
        role="slider"
        tabIndex={0}
        aria-label="Night time bar: drag to choose a window, arrow keys move it, Shift and arrows widen it, Escape clears it"
        aria-valuetext={
          window === null
            ? 'whole night'
            : `${minuteTime(window[0], scale)} to ${minuteTime(window[1], scale)} ${scaleLabel(window[0], scale)}`
        }
        aria-valuenow={window === null ? fromMs : window[0]}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const ms = msAt(event.clientX);
          setDrag({ from: ms, to: ms });
        }}
        onPointerMove={(event) => {
          if (drag !== null) setDrag({ ...drag, to: msAt(event.clientX) });
        }}
        onPointerUp={() => {
          if (drag === null) return;
          const [a, b] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
          setDrag(null);
          if (xOf(b) - xOf(a) > 4) onWindow([a, b]);
        }}
        onPointerCancel={() => setDrag(null)}
        onDoubleClick={() => onWindow(null)}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (event.key === 'Escape' && window !== null) onWindow(null);
          else if (step !== undefined) {
            const [a, b] = window ?? [fromMs + 0.4 * (toMs - fromMs), fromMs + 0.6 * (toMs - fromMs)];
            const by = step * 600_000;
            onWindow(event.shiftKey ? [a, Math.max(a + 600_000, b + by)] : [a + by, b + by]);
          } else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        <svg width={width} height={height} aria-hidden="true">
          {spans.map((span) => (
            <rect
              key={span.fromMs}
              className={`sky-${span.kind}`}
              x={clamp(xOf(span.fromMs))}
              y={skyTop}
              width={Math.max(0, clamp(xOf(span.toMs)) - clamp(xOf(span.fromMs)))}
              height={skyBottom - skyTop}
            />
          ))}
          {times.moonUp.map((moon) => (
            <rect
              key={moon.from}
              className="moon-bar"
              x={clamp(xOf(Date.parse(moon.from)))}
              y={skyTop - 4}
              width={Math.max(0, clamp(xOf(Date.parse(moon.to))) - clamp(xOf(Date.parse(moon.from))))}
              height={3}
              opacity={0.35 + 0.65 * times.moonIllumination}
            ></rect>
          ))}
          {hourTicks(fromMs, toMs, width).map((ms) => (
            <g key={ms} className="bar-hour">
              <path d={`M${xOf(ms)} ${skyTop}V${skyBottom + 3}`} />
              <text x={Math.min(width - 18, Math.max(18, xOf(ms)))} y={height - 4} textAnchor="middle">
                {minuteTime(ms, scale)}
              </text>
            </g>
          ))}
          <path className="bar-frames" d={tickPath(marks.frames, skyBottom - 12, skyBottom - 2)} />
          <path className="bar-alerts" d={tickPath(marks.alerts, skyBottom - 17, skyBottom - 2)} />
          <path className="bar-troubles" d={tickPath(marks.troubles, skyTop + 2, skyTop + 9)} />
          {marks.flags.map((flag) => (
            <g key={flag.name} className="bar-flag">
              <path d={`M${flag.x} ${skyTop}V${skyBottom}M${flag.x} ${skyTop}l7 3.5l-7 3.5Z`} />
              <text
                x={flag.x > width - 120 ? flag.x - 5 : flag.x + 10}
                y={skyTop + 9}
                textAnchor={flag.x > width - 120 ? 'end' : 'start'}
              >
                {flag.name}
              </text>
            </g>
          ))}
          {nowMs === null || nowMs < fromMs || nowMs > toMs ? null : (
            <g className="bar-now">
              <path d={`M${xOf(nowMs)} ${skyTop - 4}V${skyBottom + 3}`} />
              <path className="bar-now-head" d={`M${xOf(nowMs)} ${skyTop - 1}l-4 -7h8Z`} />
            </g>
          )}
          {shown === null ? null : (
            <g className="bar-window">
              <rect x={0} y={skyTop} width={clamp(xOf(shown[0]))} height={skyBottom - skyTop} />
              <rect
                x={clamp(xOf(shown[1]))}
                y={skyTop}
                width={Math.max(0, width - clamp(xOf(shown[1])))}
                height={skyBottom - skyTop}
              />
              <path d={`M${clamp(xOf(shown[0]))} ${skyTop}V${skyBottom}M${clamp(xOf(shown[1]))} ${skyTop}V${skyBottom}`} />
            </g>
          )}
        </svg>
      </div>
      <div className="night-bar-side">
        <button
          type="button"
          className="button small"
          onClick={() => onAxis(axis === 'night' ? '24h' : 'night')}
          title="Dusk to dawn, or noon to noon"
        >
          {axis === 'night' ? 'dusk–dawn' : '24 h'}
        </button>
        <span className="muted num bar-scale">{scaleLabel(fromMs, scale)}</span>
      </div>
    </div>
  );
}
