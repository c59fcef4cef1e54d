import type { ChipState } from '@colibri/contracts';
import { stateTokens } from '../lib/tokens.ts';

/** Shape first, colour second, word third: the word is the accessible name unless the text beside it already says it. */
export function StatusSymbol({ state, size = 14, label }: { state: ChipState; size?: number; label?: string | null }) {
  const name = label === undefined ? stateTokens[state].word : label;
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: named by aria-label, or hidden where the word stands beside it
    <svg
      className={`symbol symbol-${state}`}
      width={size}
      height={size}
      viewBox="-8 -8 16 16"
      {...(name === null ? { 'aria-hidden': true } : { role: 'img', 'aria-label': name })}
    >
      {shapes[state]}
    </svg>
  );
}

const octagon = Array.from({ length: 8 }, (_, k) => {
  const angle = ((22.5 + 45 * k) * Math.PI) / 180;
  return `${(7 * Math.cos(angle)).toFixed(2)},${(7 * Math.sin(angle)).toFixed(2)}`;
}).join(' ');

const shapes: Readonly<Record<ChipState, React.ReactNode>> = {
  ok: <circle r="5.6" fill="currentColor" />,
  watch: <path d="M0 -6.4L6.6 5.4H-6.6Z" fill="currentColor" />,
  fail: <rect x="-5.4" y="-5.4" width="10.8" height="10.8" fill="currentColor" />,
  critical: (
    <>
      <polygon points={octagon} fill="currentColor" />
      <path d="M0 -4V1.2M0 3V4.4" stroke="var(--bg)" strokeWidth="2" />
    </>
  ),
  info: <circle r="5" fill="none" stroke="currentColor" strokeWidth="2" />,
  unknown: (
    <>
      <circle r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.6 1.7" />
      <path d="M-1.9 -1.2A1.9 1.9 0 1 1 0.6 0.6Q0 0.9 0 1.8M0 3.1V4.3" fill="none" stroke="currentColor" strokeWidth="1.4" />
    </>
  ),
};
