import { useEffect, useState } from 'react';
import { useTheme } from '../lib/theme.ts';

/** The system draws `title` in its own colours, white at night. In the dome this shows the same words in red instead. */
export function DomeTitles() {
  const theme = useTheme();
  const [shown, setShown] = useState<{ text: string; x: number; y: number } | null>(null);
  useEffect(() => {
    if (theme !== 'dome') return;
    const stored = new Map<Element, string>();
    const over = (event: PointerEvent) => {
      const element = event.target instanceof Element ? event.target.closest('[title], [data-dome-title]') : null;
      if (element === null) {
        setShown(null);
        return;
      }
      const title = element.getAttribute('title');
      if (title) {
        stored.set(element, title);
        element.setAttribute('data-dome-title', title);
        element.removeAttribute('title');
      }
      const rect = element.getBoundingClientRect();
      const text = element.getAttribute('data-dome-title');
      if (text) setShown({ text, x: Math.min(Math.max(8, rect.left), innerWidth - 360), y: rect.bottom + 6 });
    };
    document.addEventListener('pointerover', over);
    return () => {
      document.removeEventListener('pointerover', over);
      for (const [element, title] of stored) {
        element.setAttribute('title', title);
        element.removeAttribute('data-dome-title');
      }
      setShown(null);
    };
  }, [theme]);
  if (shown === null) return null;
  return (
    <div
      className="hint-bubble dome-title"
      role="tooltip"
      style={{ left: shown.x, ...(shown.y > innerHeight - 120 ? { bottom: innerHeight - shown.y + 40 } : { top: shown.y }) }}
    >
      {shown.text}
    </div>
  );
}
