import type { Board } from '@colibri/contracts';
import { Modal } from '@mantine/core';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Modal.css';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { copyText } from '../lib/csv.ts';
import { fuzzyRank } from '../lib/fuzzy.ts';
import { setTheme, toggleDome } from '../lib/theme.ts';
import { nightIdOf, nightLabel, timeScaleNames, timeScales } from '../lib/time.ts';
import { useTimeScale } from '../lib/time-scale.ts';

interface Item {
  readonly id: string;
  readonly kind: 'page' | 'night' | 'frame' | 'action' | 'moment';
  readonly text: string;
  readonly note: string;
  run(): void;
}

/** One box for file names, nights, moments, pages and actions. */
export function Palette({
  opened,
  onClose,
  board,
  longitudeEastDeg,
}: {
  opened: boolean;
  onClose: () => void;
  board: Board | undefined;
  longitudeEastDeg: number;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      size={640}
      padding={0}
      yOffset="12vh"
      classNames={{ content: 'modal-content palette' }}
      transitionProps={{ duration: 80 }}
      aria-label="Search and commands"
    >
      <PaletteBox onClose={onClose} board={board} longitudeEastDeg={longitudeEastDeg} />
    </Modal>
  );
}

function PaletteBox({
  onClose,
  board,
  longitudeEastDeg,
}: {
  onClose: () => void;
  board: Board | undefined;
  longitudeEastDeg: number;
}) {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const items = useItems(board);
  const moment = useMoment(query, longitudeEastDeg);
  const found = useMemo(
    () => [...moment, ...fuzzyRank(query, items, (item) => `${item.text} ${item.note}`, 9)].slice(0, 9),
    [query, items, moment],
  );
  const choose = (item: Item | undefined) => {
    if (item === undefined) return;
    onClose();
    item.run();
  };
  return (
    <div className="palette-box">
      <input
        // biome-ignore lint/a11y/noAutofocus: the box was opened to write in it
        autoFocus
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[at] === undefined ? undefined : `palette-${at}`}
        value={query}
        placeholder="File name, night, UT or MJD, page, action…"
        aria-label="Search"
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, at + 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
          else if (event.key === 'Enter') choose(found[at]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette-list" role="listbox" aria-label="Found">
        {found.map((item, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard works in the box above, as in every combobox
          <div
            key={item.id}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            onClick={() => choose(item)}
            onPointerMove={() => setAt(index)}
          >
            <span className="palette-kind">{item.kind}</span>
            <span className="num">{item.text}</span>
            <span className="muted palette-note">{item.note}</span>
          </div>
        ))}
        {found.length === 0 ? (
          <div className="palette-none">
            Nothing is called “{query}”. A night reads 2026-11-22, a file 20261123T051207C1o, a moment 2026-11-23 05:12 or an MJD.
          </div>
        ) : null}
      </div>
    </div>
  );
}

function useItems(board: Board | undefined): Item[] {
  const navigate = useNavigate();
  const [, setScale] = useTimeScale();
  return useMemo(() => {
    const go =
      (to: string, params: Record<string, string> = {}, search: Record<string, string> = {}) =>
      () =>
        void navigate({ to, params, search } as never);
    const items: Item[] = [
      { id: 'now', kind: 'page', text: 'Now', note: 'start page', run: go('/') },
      { id: 'gp1', kind: 'page', text: 'GP1 board', note: 'frames by modules', run: go('/gp1') },
      {
        id: 'failures',
        kind: 'page',
        text: 'GP1 failures',
        note: 'grouped by signature',
        run: go('/gp1', {}, { tab: 'failures' }),
      },
    ];
    const rows = [...(board?.rows ?? [])].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
    const last = rows.find((row) => row.products.reduced !== null);
    if (last !== undefined)
      items.push({
        id: 'last',
        kind: 'action',
        text: 'Open the last image',
        note: last.frameId,
        run: go('/image/$frameId', { frameId: last.frameId }, { pipe: last.pipeline }),
      });
    items.push(
      { id: 'dome', kind: 'action', text: 'Dome theme', note: 'Shift D', run: toggleDome },
      { id: 'dark', kind: 'action', text: 'Dark theme', note: '', run: () => setTheme('dark') },
      { id: 'light', kind: 'action', text: 'Light theme', note: '', run: () => setTheme('light') },
      { id: 'copy', kind: 'action', text: 'Copy link to this view', note: 'c', run: () => void copyText(location.href) },
      ...timeScales.map(
        (scale): Item => ({
          id: `ts-${scale}`,
          kind: 'action',
          text: `Times in ${timeScaleNames[scale]}`,
          note: 't',
          run: () => setScale(scale),
        }),
      ),
    );
    for (const night of [...(board?.nights ?? [])].reverse())
      items.push({ id: night, kind: 'night', text: night, note: nightLabel(night), run: go('/night/$night/frames', { night }) });
    for (const row of rows) {
      const seen = row.products.reduced !== null;
      items.push({
        id: row.key,
        kind: 'frame',
        text: row.frameId,
        note: [row.target, row.filter, row.state].filter(Boolean).join(' · '),
        run: seen ? go('/image/$frameId', { frameId: row.frameId }, { pipe: row.pipeline }) : go('/gp1', {}, { row: row.key }),
      });
    }
    return items;
  }, [board, navigate, setScale]);
}

/** A moment (UT, MJD) or a raw file name of a night that is not on the board: leads to the right night. */
function useMoment(query: string, longitudeEastDeg: number): Item[] {
  const navigate = useNavigate();
  const text = query.trim();
  const file = /^f?(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(text);
  const mjd = /^(?:mjd\s*)?(\d{5}(?:\.\d+)?)$/i.exec(text);
  const ut = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)/.exec(text);
  const date = /^\d{4}-\d\d-\d\d$/.exec(text);
  const ms = file
    ? Date.parse(`${file[1]}-${file[2]}-${file[3]}T${file[4]}:${file[5]}:${file[6]}Z`)
    : mjd
      ? (Number(mjd[1]) - 40_587) * 86_400_000
      : ut
        ? Date.parse(`${ut[1]}T${ut[2]}Z`)
        : Number.NaN;
  return useMemo(() => {
    const night = date !== null ? text : Number.isFinite(ms) ? nightIdOf(ms, longitudeEastDeg) : null;
    if (night === null) return [];
    return [
      {
        id: `moment-${night}`,
        kind: 'moment',
        text: night,
        note: nightLabel(night),
        run: () => void navigate({ to: '/night/$night/frames', params: { night } } as never),
      },
    ];
  }, [date, text, ms, longitudeEastDeg, navigate]);
}
