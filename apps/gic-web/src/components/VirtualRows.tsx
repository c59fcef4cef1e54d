import { type ReactNode, useEffect, useRef, useState } from 'react';

/** Rows in view of a list of equal heights: only they exist in the page, so 10,000 cost as little as 30. */
export function visibleRange(
  scrollTop: number,
  viewHeight: number,
  offsetTop: number,
  rowHeight: number,
  count: number,
  spare = 8,
): [number, number] {
  const first = Math.floor((scrollTop - offsetTop) / rowHeight) - spare;
  const last = Math.ceil((scrollTop - offsetTop + viewHeight) / rowHeight) + spare;
  return [Math.min(count, Math.max(0, first)), Math.min(count, Math.max(0, last))];
}

/** Draws the visible rows inside the nearest ancestor marked `data-scroll`. */
export function VirtualRows({
  count,
  rowHeight,
  children,
  scrollTo,
  onTop,
}: {
  count: number;
  rowHeight: number;
  children: (index: number) => ReactNode;
  /** Index to bring into view when it changes; null: leave. */
  scrollTo?: number | null;
  /** Told the index of the first row in view. */
  onTop?: (index: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<[number, number]>([0, 40]);
  useEffect(() => {
    const scroller = box.current?.closest<HTMLElement>('[data-scroll]');
    if (!scroller || !box.current) return;
    let frame = 0;
    const measure = () => {
      frame = 0;
      if (!box.current) return;
      const offset = box.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
      const [first, last] = visibleRange(scroller.scrollTop, scroller.clientHeight, offset, rowHeight, count);
      setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
      onTop?.(Math.max(0, Math.floor((scroller.scrollTop - offset + rowHeight) / rowHeight)));
    };
    const later = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    scroller.addEventListener('scroll', later, { passive: true });
    const observer = new ResizeObserver(later);
    observer.observe(scroller);
    return () => {
      cancelAnimationFrame(frame);
      scroller.removeEventListener('scroll', later);
      observer.disconnect();
    };
  }, [count, rowHeight, onTop]);
  useEffect(() => {
    const scroller = box.current?.closest<HTMLElement>('[data-scroll]');
    if (scrollTo === undefined || scrollTo === null || !scroller || !box.current) return;
    const offset = box.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
    const top = offset + scrollTo * rowHeight;
    if (top < scroller.scrollTop + 2 * rowHeight) scroller.scrollTop = top - 2 * rowHeight;
    else if (top + rowHeight > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + 2 * rowHeight - scroller.clientHeight;
  }, [scrollTo, rowHeight]);
  const [first, last] = [Math.min(range[0], count), Math.min(range[1], count)];
  return (
    <div ref={box} className="virtual" style={{ height: count * rowHeight }}>
      <div style={{ transform: `translateY(${first * rowHeight}px)` }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, i) => children(first + i))}
      </div>
    </div>
  );
}
