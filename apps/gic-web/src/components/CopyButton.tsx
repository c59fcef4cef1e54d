import { type ReactNode, useState } from 'react';
import { copyText } from '../lib/csv.ts';

export function CopyButton({
  text,
  children,
  className = 'button',
  title,
}: {
  text: string | (() => string);
  children: ReactNode;
  className?: string;
  title?: string;
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  return (
    <button
      type="button"
      className={className}
      title={title}
      onClick={() =>
        void copyText(typeof text === 'string' ? text : text()).then((done) => {
          setState(done ? 'copied' : 'failed');
          setTimeout(() => setState('idle'), 1500);
        })
      }
    >
      {state === 'idle' ? children : state === 'copied' ? 'Copied' : 'Copy by hand'}
    </button>
  );
}
