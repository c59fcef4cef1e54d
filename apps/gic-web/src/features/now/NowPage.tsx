import type { Board, FrameRow, Now } from '@colibri/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { FilterMark } from '../../components/FilterMark.tsx';
import { EmptyState, ErrorState, LoadingRows, PanelBoundary } from '../../components/PanelStates.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { Age, TimeText } from '../../components/TimeText.tsx';
import { boardQuery, nowQuery } from '../../lib/api.ts';
import { age, duration, fixed, level } from '../../lib/format.ts';
import { effectiveState, freshnessOf } from '../../lib/freshness.ts';
import { useServerNow } from '../../lib/hooks.ts';
import { useSteadyError } from '../../lib/steady-error.ts';
import { lastFrames, needsPerson, speed, stateSentence } from './model.ts';

const Thumbnail = lazy(() =>
  import('../../components/image-viewer/Thumbnail.tsx').then((module) => ({ default: module.Thumbnail })),
);

/** The start page: is it night, is it safe, does it observe, is there an alert, are the data fresh. */
export function NowPage() {
  const now = useQuery(nowQuery);
  const board = useQuery(boardQuery(undefined));
  const nowFailure = useSteadyError(now);
  const boardFailure = useSteadyError(board);
  return (
    <div className="now-page" data-scroll>
      {now.data === undefined ? (
        nowFailure !== null ? (
          <ErrorState error={nowFailure} source="State of the observatory" onRetry={() => void now.refetch()} />
        ) : (
          <LoadingRows rows={2} what="the state of the observatory" />
        )
      ) : (
        <Sentence now={now.data} rows={board.data?.rows ?? noRows} />
      )}
      {board.data === undefined ? (
        boardFailure !== null ? (
          <ErrorState error={boardFailure} source="GP1 board" onRetry={() => void board.refetch()} />
        ) : (
          <LoadingRows rows={6} what="the frames of the night" />
        )
      ) : (
        <PanelBoundary source="Frames of the night">
          <BoardSummary board={board.data} />
        </PanelBoundary>
      )}
    </div>
  );
}

const noRows: readonly FrameRow[] = [];

function Sentence({ now, rows }: { now: Now; rows: readonly FrameRow[] }) {
  const serverNow = useServerNow();
  const { headline, missing } = stateSentence(now, rows, serverNow);
  return (
    <header className="sentence">
      <h1>{headline}</h1>
      {missing === null ? null : <p className="muted sentence-missing">{missing}</p>}
      <div className="chip-cards">
        {now.chips.map((chip) => {
          const ageSec = chip.asOf === null ? null : (serverNow - Date.parse(chip.asOf)) / 1000;
          const freshness = freshnessOf(ageSec, chip.periodSec);
          const state = effectiveState(chip.state, freshness);
          return (
            <section key={chip.id} className={`chip-card ${freshness}`}>
              <p className="chip-card-head">
                <StatusSymbol state={state} size={18} label={null} />
                <span>{chipNames[chip.id]}</span>
                <span className="muted num">{freshness === 'fresh' ? '' : age(ageSec)}</span>
              </p>
              <p className="chip-card-word">
                {freshness !== 'stale' || chip.asOf === null ? chip.word : `unknown, was “${chip.word}”`}
              </p>
              <p className="muted">{chip.detail ?? ''}</p>
            </section>
          );
        })}
      </div>
    </header>
  );
}
const chipNames = { safety: 'Safety', telescope: 'Telescope', alert: 'Alert', gp1: 'GP1', link: 'Link' } as const;

function BoardSummary({ board }: { board: Board }) {
  const tiles = lastFrames(board.rows);
  const needs = needsPerson(board.rows);
  const pace = speed(board.rows);
  return (
    <>
      <section className="panel">
        <h2>Last frames</h2>
        {tiles.length === 0 ? (
          <EmptyState title="No frame measured yet tonight.">
            <p>A tile for each camera appears with its first measured frame.</p>
          </EmptyState>
        ) : (
          <div className="tiles">
            {tiles.map((row) => (
              <FrameTile key={row.key} row={row} />
            ))}
          </div>
        )}
      </section>
      <div className="now-columns">
        <section className="panel">
          <h2>
            Pipeline tonight{' '}
            <Link to="/gp1" className="link">
              Board →
            </Link>
          </h2>
          <dl className="facts facts-large">
            <Fact label="frames" value={String(board.rows.length)} />
            <Fact label="published" value={String(pace.published)} />
            <Fact label="under way" value={String(pace.underWay)} />
            <Fact label="failed" value={String(pace.failed)} bad={pace.failed > 0} />
          </dl>
          <div className="speed" title="From file closed to published, against the 300 s of the requirement">
            <div className="speed-scale">
              <span className="speed-bar" style={{ width: `${Math.min(100, ((pace.medianSec ?? 0) / 300) * 100)}%` }} />
              <span className="speed-tick" style={{ left: `${Math.min(100, ((pace.slowestSec ?? 0) / 300) * 100)}%` }} />
            </div>
            <p className="num">
              Median {duration(pace.medianSec)}, slowest {duration(pace.slowestSec)}{' '}
              <span className="muted">of the 300 s that the requirement allows</span>
            </p>
          </div>
        </section>
        <section className="panel">
          <h2>
            Needs a person <span className="count num">{needs.length}</span>
          </h2>
          {needs.length === 0 ? (
            <p className="muted">Nothing waits for a person.</p>
          ) : (
            <ul className="needs">
              {needs.slice(0, 5).map((need) => (
                <li key={need.key}>
                  <StatusSymbol state="fail" size={13} label={null} />
                  <span>
                    <Link to="/gp1" search={{ tab: 'failures' } as never} className="link">
                      {need.text}
                    </Link>{' '}
                    <span className="muted">
                      <Age iso={need.at} /> ago
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </>
  );
}

function FrameTile({ row }: { row: FrameRow }) {
  return (
    <Link to="/image/$frameId" params={{ frameId: row.frameId }} search={{ pipe: row.pipeline } as never} className="tile">
      <Suspense fallback={<span className="tile-picture" />}>
        <Thumbnail frameId={row.frameId} pipeline={row.pipeline} sizePx={176} />
      </Suspense>
      <div className="tile-text">
        <p className="tile-head">
          <strong>{row.camera}</strong> <FilterMark filter={row.filter} /> <span className="num">{row.exposureSec} s</span>
          <span className="muted right">
            <Age iso={row.receivedAt} />
          </span>
        </p>
        <p className={row.isAlert ? 'c-alert ellipsis' : 'ellipsis'}>{row.target ?? row.frameId}</p>
        <dl className="facts">
          <Fact label="FWHM" value={`${fixed(row.metrics?.fwhmArcsec, 2)}″`} />
          <Fact label="5σ limit" value={fixed(row.metrics?.limitMag5Sigma, 2)} />
          <Fact label="sky e⁻/px" value={level(row.metrics?.skyElectronPerPixel)} />
          <Fact label="stars" value={String(row.metrics?.sourceCount ?? '–')} />
        </dl>
        <p className="muted num">
          <TimeText iso={row.observedAt} />
        </p>
      </div>
    </Link>
  );
}

function Fact({ label, value, bad = false }: { label: string; value: string; bad?: boolean }) {
  return (
    <div className="fact">
      <dt>{label}</dt>
      <dd className={bad ? 'num bad-text' : 'num'}>{value}</dd>
    </div>
  );
}
