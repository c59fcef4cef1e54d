import { useTheme } from '../lib/theme.ts';
import { filterToken } from '../lib/tokens.ts';
import { markerPath } from './markers.ts';

/** A filter: marker, colour and always the letter. */
export function FilterMark({ filter, bare = false }: { filter: string | null; bare?: boolean }) {
  const theme = useTheme();
  if (filter === null) return <span className="muted">–</span>;
  const token = filterToken(filter);
  return (
    <span className="filter-mark">
      <svg width="11" height="11" viewBox="-8 -8 16 16" aria-hidden="true">
        <path d={markerPath(token.marker, 6.4)} fill={token[theme]} fillRule="evenodd" />
      </svg>
      {bare ? null : filter}
    </span>
  );
}
