import { asObservatoryError, isoUtc, type ObservatoryError } from '@colibri/base';
import type { FrameMetrics, FrameProducts, FrameState, FrameSummary, ModuleCell, Provenance } from '@colibri/contracts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { ProductSink } from '../ports.ts';
import { productCards } from '../products/cards.ts';
import { encodeCatalog, encodeReduced } from '../products/encode.ts';
import { productPaths } from '../products/paths.ts';
import { frameSummaryOf } from '../products/summary.ts';
import { type EnginePorts, type ModulesOutcome, runModules } from './run-modules.ts';
import type { UsedInput } from './witness.ts';
import type { FrameWork } from './work.ts';

/** One frame to be worked on by one pipeline. */
export interface FrameJob {
  readonly pipeline: string;
  readonly revision: number;
  readonly config: Pick<PipelineConfig, 'sequence' | 'hash' | 'modules' | 'folderHeaders' | 'cells'>;
  readonly work: FrameWork;
  /** Files that were read: the raw frame, or the products that take its place. */
  readonly inputs: readonly UsedInput[];
  readonly warnings: readonly string[];
  /** Time that reading took [s]. */
  readonly readSec: number;
}

/** Who works. */
export interface EngineIdentity {
  readonly software: Provenance['software'];
  readonly host: string;
  /** Command that makes the products of this job again. */
  replay(job: FrameJob): string;
}

/** What is known before the last byte is written. */
export interface FrameMeasured {
  readonly cells: readonly ModuleCell[];
  readonly metrics: FrameMetrics;
  readonly warnings: readonly string[];
  /** The catalogue is durable. */
  readonly products: FrameProducts;
}

export interface FrameEvents {
  /** At each change of a cell; the frame's state with it. */
  onProgress?(cells: readonly ModuleCell[], state: FrameState): void;
  /** The catalogue is committed: its figures may be told while the larger planes are still being packed. */
  onMeasured?(measured: FrameMeasured): void;
}

/** What became of one frame. Products that were committed stay, also where a later module failed. */
export interface FrameResult {
  readonly cells: readonly ModuleCell[];
  readonly metrics: FrameMetrics;
  readonly warnings: readonly string[];
  readonly timingsSec: Readonly<Record<string, number>>;
  readonly products: FrameProducts;
  readonly summary: FrameSummary | null;
  readonly failure: { readonly error: ObservatoryError; readonly module: string | null } | null;
}

/**
 * Runs the modules over one frame and commits its products: points 2 to 7 of the commit order. The ledger is told by the caller,
 * last. Never throws for a fault of the frame or of the disk: both come back as `failure`.
 */
export async function processFrame(
  job: FrameJob,
  ports: EnginePorts,
  sink: ProductSink,
  identity: EngineIdentity,
  events: FrameEvents = {},
): Promise<FrameResult> {
  const startedMs = ports.clock.now();
  const outcome = await runModules(job.work, job.config.modules, ports, {
    cells: job.config.cells,
    warnings: job.warnings,
    ...(events.onProgress ? { onProgress: events.onProgress } : {}),
  });
  let timingsSec: Record<string, number> = { read: job.readSec, ...outcome.timingsSec };
  let products: FrameProducts = { reduced: null, catalog: null, summary: null };
  let summary: FrameSummary | null = null;
  let failure: FrameResult['failure'] = outcome.failure;
  try {
    const began = ports.clock.monotonic();
    const written = await writeProducts(job, outcome, sink, identity, ports, startedMs, events, () => {
      timingsSec = { ...timingsSec, write: Math.round(ports.clock.monotonic() - began) / 1000 };
      return timingsSec;
    });
    ({ products, summary } = written);
  } catch (thrown) {
    failure ??= { error: asObservatoryError(thrown, 'Writing products'), module: null };
  } finally {
    outcome.release();
  }
  return { cells: outcome.cells, metrics: outcome.metrics, warnings: outcome.warnings, timingsSec, products, summary, failure };
}

async function writeProducts(
  job: FrameJob,
  outcome: ModulesOutcome,
  sink: ProductSink,
  identity: EngineIdentity,
  { clock, compute }: EnginePorts,
  startedMs: number,
  events: FrameEvents,
  timings: () => Record<string, number>,
): Promise<{ products: FrameProducts; summary: FrameSummary | null }> {
  const { work } = outcome;
  // What came in as a product and was not made anew stays where it is.
  const frame = work.frame === job.work.frame ? null : work.frame;
  const sources = work.sources === job.work.sources ? null : work.sources;
  if (!frame && !sources) return { products: { reduced: null, catalog: null, summary: null }, summary: null };
  const paths = productPaths(work.meta, work.header, job.config.folderHeaders, job.revision);
  const inputs = [...job.inputs, ...outcome.inputs];
  const lines = await productCards(work, job.config, inputs, outcome.cards, {
    software: identity.software,
    revision: job.revision,
  });
  if (sources) {
    await sink.commit(paths.catalog, encodeCatalog(sources, lines));
    const { cells, metrics, warnings } = outcome;
    events.onMeasured?.({ cells, metrics, warnings, products: { reduced: null, catalog: paths.catalog, summary: null } });
  }
  if (frame) await sink.commit(paths.reduced, await encodeReduced(frame, lines, compute));
  const summary = frameSummaryOf({
    pipeline: job.pipeline,
    config: job.config,
    outcome,
    inputs,
    timingsSec: timings(),
    paths,
    wrote: { reduced: frame !== null, catalog: sources !== null },
    software: identity.software,
    host: identity.host,
    startedAt: isoUtc(startedMs),
    finishedAt: isoUtc(clock.now()),
    replay: identity.replay(job),
  });
  await sink.commit(paths.summary, new TextEncoder().encode(`${JSON.stringify(summary, null, 2)}\n`));
  return {
    products: { reduced: frame ? paths.reduced : null, catalog: sources ? paths.catalog : null, summary: paths.summary },
    summary,
  };
}
