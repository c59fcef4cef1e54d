import { useMemo, useRef } from 'react';
import { level } from '../../lib/format.ts';
import {
  histogram,
  type LimitMode,
  limitModes,
  limitNames,
  quantile,
  type Ramp,
  ramps,
  type Stretch,
  stretches,
} from './levels.ts';

const bins = 110;

/** Histogram with limits to drag, stretch, limits and ramp: all on the device, with the network off. */
export function LevelsPanel({
  sorted,
  lo,
  hi,
  unit,
  stretch,
  limits,
  ramp,
  onLimits,
  onStretch,
  onMode,
  onRamp,
}: {
  sorted: Float32Array | null;
  lo: number;
  hi: number;
  unit: string;
  stretch: Stretch;
  limits: LimitMode;
  ramp: Ramp;
  onLimits: (lo: number, hi: number) => void;
  onStretch: (stretch: Stretch) => void;
  onMode: (mode: LimitMode) => void;
  onRamp: (ramp: Ramp) => void;
}) {
  const plot = useRef<SVGSVGElement>(null);
  const drag = useRef<'lo' | 'hi' | null>(null);
  const [from, to] = useMemo(() => (sorted === null ? [0, 1] : range(sorted)), [sorted]);
  const path = useMemo(() => (sorted === null ? '' : histogramPath(histogram(sorted, from, to, bins))), [sorted, from, to]);
  const xOf = (value: number) => Math.min(bins, Math.max(0, ((value - from) / (to - from)) * bins));
  const valueAt = (clientX: number) => {
    const rect = plot.current!.getBoundingClientRect();
    return from + ((clientX - rect.left) / rect.width) * (to - from);
  };
  const nudge = (which: 'lo' | 'hi', by: number) => {
    const step = ((to - from) / 100) * by;
    if (which === 'lo') onLimits(Math.min(lo + step, hi - (to - from) * 1e-4), hi);
    else onLimits(lo, Math.max(hi + step, lo + (to - from) * 1e-4));
  };
  return (
    <section className="levels">
      <svg
        ref={plot}
        viewBox={`0 0 ${bins} 40`}
        preserveAspectRatio="none"
        className="histogram"
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const value = valueAt(event.clientX);
          drag.current = Math.abs(value - lo) < Math.abs(value - hi) ? 'lo' : 'hi';
        }}
        onPointerMove={(event) => {
          if (drag.current === null) return;
          const value = valueAt(event.clientX);
          if (drag.current === 'lo') onLimits(Math.min(value, hi - (to - from) * 1e-4), hi);
          else onLimits(lo, Math.max(value, lo + (to - from) * 1e-4));
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
      >
        <rect className="histogram-range" x={xOf(lo)} width={Math.max(0.4, xOf(hi) - xOf(lo))} height="40" />
        <path className="histogram-path" d={path} />
        <path className="histogram-limit" d={`M${xOf(lo)} 0V40M${xOf(hi)} 0V40`} vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="levels-values num">
        {(['lo', 'hi'] as const).map((which) => (
          <span
            key={which}
            role="slider"
            tabIndex={0}
            aria-label={which === 'lo' ? 'Lower limit' : 'Upper limit'}
            aria-valuenow={which === 'lo' ? lo : hi}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
              if (by === undefined) return;
              event.preventDefault();
              event.stopPropagation();
              nudge(which, event.shiftKey ? 10 * by : by);
            }}
          >
            {level(which === 'lo' ? lo : hi)}
          </span>
        ))}
        <span className="muted">{unit || 'no unit'}</span>
      </div>
      <Segments label="Stretch" value={stretch} options={stretches} onChange={onStretch} />
      <Segments
        label="Limits"
        value={limits}
        options={limitModes.filter((mode) => mode !== 'manual' || limits === 'manual')}
        names={limitNames}
        onChange={onMode}
      />
      <Segments label="Ramp" value={ramp} options={ramps} onChange={onRamp} />
    </section>
  );
}

function Segments<T extends string>({
  label,
  value,
  options,
  names,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly T[];
  names?: Readonly<Record<T, string>>;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className="segments segments-wide">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {names?.[option] ?? option}
        </button>
      ))}
    </fieldset>
  );
}

/** What the histogram shows: the sky and the bulk of the light above it. */
function range(sorted: Float32Array): [number, number] {
  const [a, b] = [quantile(sorted, 0.001), quantile(sorted, 0.992)];
  const margin = (b - a) * 0.06 || 1;
  return [a - margin, b + margin];
}

/** Logarithmic heights: the sky is a thousand times more frequent than the stars. */
function histogramPath(counts: readonly number[]): string {
  const most = Math.log1p(Math.max(1, ...counts));
  return `M0 40${counts.map((count, i) => `L${i} ${(40 - (38 * Math.log1p(count)) / most).toFixed(2)}H${i + 1}`).join('')}V40Z`;
}
