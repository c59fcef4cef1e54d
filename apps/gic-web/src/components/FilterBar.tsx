import { useEffect, useMemo, useRef, useState } from 'react';
import { filterKeys, parseFrameFilter, toggleTerm } from '../lib/filter-expression.ts';
import { FilterMark } from './FilterMark.tsx';

/** One expression, typed or clicked together: `filter=r fwhm>2 type=object`. It lives in the URL. */
export function FilterBar({
  value,
  onChange,
  filters,
  types,
  shown,
  total,
}: {
  value: string;
  onChange: (value: string) => void;
  filters: readonly string[];
  types: readonly string[];
  shown: number;
  total: number;
}) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => setText(value), [value]);
  const problems = useMemo(() => parseFrameFilter(text).problems, [text]);
  const write = (next: string) => {
    setText(next);
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next), 200);
  };
  const toggle = (key: string, term: string) => onChange(toggleTerm(value, key, term));
  const has = (key: string, term: string) => new RegExp(`(^|\\s)${key}=${term}(\\s|$)`).test(value);
  return (
    <div className="filter-bar">
      <div className="filter-input">
        <input
          type="search"
          value={text}
          placeholder="Filter: filter=r fwhm>2 type=object"
          aria-label={`Filter expression; columns: ${Object.keys(filterKeys).join(', ')}`}
          aria-invalid={problems.length > 0}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => write(event.currentTarget.value)}
        />
        {problems.length > 0 ? <p className="filter-problem">{problems[0]}</p> : null}
      </div>
      <div className="filter-pills">
        <fieldset className="pill-group">
          <legend className="sr-only">Filters</legend>
          {filters.map((filter) => (
            <button
              key={filter}
              type="button"
              className="pill"
              aria-pressed={has('filter', filter)}
              onClick={() => toggle('filter', filter)}
            >
              <FilterMark filter={filter} />
            </button>
          ))}
        </fieldset>
        <fieldset className="pill-group">
          <legend className="sr-only">Frame types</legend>
          {types.map((type) => (
            <button
              key={type}
              type="button"
              className="pill"
              aria-pressed={has('type', type)}
              onClick={() => toggle('type', type)}
            >
              {type}
            </button>
          ))}
          <button type="button" className="pill" aria-pressed={has('alert', 'yes')} onClick={() => toggle('alert', 'yes')}>
            alert
          </button>
        </fieldset>
      </div>
      <span className="filter-count num">{shown === total ? `${total} frames` : `${shown} of ${total} frames`}</span>
    </div>
  );
}
