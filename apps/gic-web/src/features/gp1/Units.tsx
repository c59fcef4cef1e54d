import type { ModuleCell, UnitRow } from '@colibri/contracts';
import { FilterMark } from '../../components/FilterMark.tsx';
import { EmptyState } from '../../components/PanelStates.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { TimeText } from '../../components/TimeText.tsx';
import { unitPageUrl, unitProductUrl } from '../../lib/api.ts';
import { duration, fixed, plural } from '../../lib/format.ts';
import { sinceTrigger, unitSymbol, unitWord } from './unit-model.ts';

/** Units of the night: what the frames of one target, camera and filter gave together, alerts first. */
export function Units({ units, nightId }: { units: readonly UnitRow[]; nightId: string }) {
  if (units.length === 0) {
    return (
      <EmptyState title={`No unit of night ${nightId} yet.`}>
        <p>
          A unit appears with the first published frame of a target, camera and filter: stack, photometry, difference, candidates.
        </p>
      </EmptyState>
    );
  }
  const sorted = [...units].sort((a, b) => Number(b.isAlert) - Number(a.isAlert) || b.updatedAt.localeCompare(a.updatedAt));
  return (
    <div className="units" data-scroll>
      {sorted.map((unit) => (
        <UnitCard key={unit.key} unit={unit} />
      ))}
    </div>
  );
}

function UnitCard({ unit }: { unit: UnitRow }) {
  const { metrics: m } = unit;
  const hasPage = unit.products.includes('summary.html');
  return (
    <article className={unit.isAlert ? 'unit unit-alert' : 'unit'} data-key={unit.key}>
      <header>
        <StatusSymbol state={unitSymbol(unit)} label={null} />
        <strong className={unit.isAlert ? 'c-alert' : undefined}>{unit.target}</strong>
        <span>{unit.camera}</span>
        <FilterMark filter={unit.filter} />
        <span className="muted">{unitWord(unit)}</span>
        <span className="muted num right">
          {sinceTrigger(unit)} <TimeText iso={unit.updatedAt} />
        </span>
      </header>
      <dl className="unit-figures num">
        <Figure name="frames in stack" value={m.stackedFrames === null ? '–' : `${m.stackedFrames} of ${m.frames ?? '–'}`} />
        <Figure name="exposure" value={m.stackExposureSec === null ? '–' : `${fixed(m.stackExposureSec, 0)} s`} />
        <Figure name="FWHM" value={m.stackFwhmArcsec === null ? '–' : `${fixed(m.stackFwhmArcsec, 2)}″`} />
        <Figure name="5σ limit, AB" value={fixed(m.stackLimitMag5Sigma, 2)} />
        <Figure
          name="zero point"
          value={m.stackZeroPointMag === null ? '–' : `${fixed(m.stackZeroPointMag, 3)} ± ${fixed(m.stackZeroPointErrMag, 3)}`}
        />
        <Figure name="joint WCS rms" value={m.alignRmsArcsec === null ? '–' : `${fixed(m.alignRmsArcsec, 3)}″`} />
        <Figure name="least transparency" value={fixed(m.transparencyLeast, 2)} />
        <Figure name="latency" value={duration(unit.latencySec)} />
      </dl>
      <p className="unit-cells">
        {unit.cells.map((cell) => (
          <Cell key={cell.module} cell={cell} />
        ))}
      </p>
      {unit.failure === null ? null : (
        <p className="failure-message">
          {unit.failure.message} <span className="failure-hint">→ {unit.failure.hint}</span>
        </p>
      )}
      {unit.warnings.length === 0 ? null : (
        <details>
          <summary>{plural(unit.warnings.length, 'doubt')}</summary>
          <ul>
            {[...new Set(unit.warnings)].map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
      <footer>
        {hasPage ? (
          <a className="button" href={unitPageUrl(unit.key)} target="_blank" rel="noreferrer">
            {m.candidateCount === null ? 'Summary' : `Summary · ${plural(m.candidateCount, 'candidate')}`}
          </a>
        ) : (
          <span className="muted">No summary yet</span>
        )}
        {unit.event === null ? null : (
          <a className="link" href={unitPageUrl(`${unit.pipeline}/${unit.event}`)} target="_blank" rel="noreferrer">
            all filters of {unit.target}
          </a>
        )}
        {['stack.fits.fz', 'stack.cat.fits', 'difference.fits.fz', 'forced.fits', 'candidates.json', 'summary.json']
          .filter((name) => unit.products.includes(name))
          .map((name) => (
            <a key={name} className="link" href={unitProductUrl(unit.key, name)} download>
              {name}
            </a>
          ))}
      </footer>
    </article>
  );
}

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function Cell({ cell }: { cell: ModuleCell }) {
  const symbol = { done: 'ok', failed: 'fail', running: 'info', skipped: 'unknown', waiting: 'unknown', off: 'unknown' } as const;
  return (
    <span className={`unit-cell cell-${cell.state}`} title={cell.reason ?? undefined}>
      <StatusSymbol state={symbol[cell.state]} size={12} label={cell.state} /> {cell.module}{' '}
      <span className="muted num">{cell.state === 'done' ? duration(cell.seconds) : cell.state}</span>
    </span>
  );
}
