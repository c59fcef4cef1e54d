import type { Board, InstanceStatus } from '@colibri/contracts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { StatusSymbol } from '../../components/StatusSymbol.tsx';
import { age, duration, level } from '../../lib/format.ts';
import { useServerNow } from '../../lib/hooks.ts';
import { heartbeatPeriodSec, instanceState, throughputPerMin } from './model.ts';

/** One card per pipeline instance. */
export function InstanceCards({ board }: { board: Board }) {
  const now = useServerNow();
  if (board.instances.length === 0) {
    return (
      <div className="cards">
        <div className="card card-wide">
          <StatusSymbol state="unknown" label={null} /> No pipeline instance has reported yet. A card appears here with the first
          heartbeat of <code>gp1</code>.
        </div>
      </div>
    );
  }
  return (
    <div className="cards">
      {board.instances.map((instance) => (
        <InstanceCard
          key={instance.name}
          instance={instance}
          perMin={throughputPerMin(board.rows, instance.name, now)}
          nowMs={now}
        />
      ))}
    </div>
  );
}

function InstanceCard({ instance, perMin, nowMs }: { instance: InstanceStatus; perMin: number; nowMs: number }) {
  const heartbeatAge = (nowMs - Date.parse(instance.heartbeatAt)) / 1000;
  const { state, word } = instanceState(instance, heartbeatAge);
  const stale = heartbeatAge > 5 * heartbeatPeriodSec;
  const troubles = instance.failed + instance.quarantined;
  return (
    <section className={stale ? 'card stale' : 'card'} aria-label={`Instance ${instance.name}`}>
      <header className="card-head">
        <StatusSymbol state={state} label={null} />
        <strong>{instance.name}</strong>
        <span>{word}</span>
        <CopyButton
          text={instance.configHash}
          className="link num card-hash"
          title={`Configuration ${instance.configHash}: copy`}
        >
          {instance.configHash.slice(0, 8)}
        </CopyButton>
      </header>
      <dl className="facts">
        <Fact label="published" value={String(instance.published)} />
        <Fact
          label="failed"
          value={String(troubles)}
          bad={troubles > 0}
          title={`${instance.failed} failed, ${instance.quarantined} in quarantine`}
        />
        <Fact
          label="skipped"
          value={String(instance.skipped)}
          title={`${instance.skipped} skipped, ${instance.duplicates} duplicates`}
        />
        <Fact label="frames/min" value={perMin.toFixed(1)} title="Frames that came to an end within the last 10 min" />
        <Fact
          label="queue"
          value={instance.queueDepth === 0 ? '0' : `${instance.queueDepth} · ${duration(instance.oldestWaitingSec)}`}
          title="Waiting frames and the age of the oldest"
        />
        <Fact
          label="memory"
          value={instance.residentMiB === null ? '–' : `${level(instance.residentMiB)} MiB`}
          title={`Resident memory of the process on ${instance.host}`}
        />
        <Fact
          label="heartbeat"
          value={age(heartbeatAge)}
          bad={stale}
          title={`Up since ${instance.startedAt.slice(0, 19).replace('T', ' ')} UT on ${instance.host}`}
        />
      </dl>
    </section>
  );
}

function Fact({ label, value, bad = false, title }: { label: string; value: string; bad?: boolean; title?: string }) {
  return (
    <div className="fact" title={title}>
      <dt>{label}</dt>
      <dd className={bad ? 'num bad-text' : 'num'}>{value}</dd>
    </div>
  );
}
