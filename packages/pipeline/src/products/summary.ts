import type { FrameSummary, Provenance } from '@colibri/contracts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { ModulesOutcome } from '../engine/run-modules.ts';
import type { UsedInput } from '../engine/witness.ts';
import type { ProductPaths } from './paths.ts';

export interface SummaryInit {
  readonly pipeline: string;
  readonly config: Pick<PipelineConfig, 'hash' | 'modules'>;
  readonly outcome: ModulesOutcome;
  readonly inputs: readonly UsedInput[];
  readonly timingsSec: Readonly<Record<string, number>>;
  readonly paths: ProductPaths;
  readonly wrote: { readonly reduced: boolean; readonly catalog: boolean };
  readonly software: Provenance['software'];
  readonly host: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly replay: string;
}

/** The JSON beside the catalogue: what was found, with errors, and how. */
export function frameSummaryOf(init: SummaryInit): FrameSummary {
  const { outcome, config, paths } = init;
  const { meta, frame, raw, notes } = outcome.work;
  const size = frame ?? raw;
  return {
    schema: 'colibri.frame-summary/1',
    frameId: meta.frameId,
    pipeline: init.pipeline,
    observedAt: meta.observedAt,
    midExposureMjdUtc: meta.midExposureMjdUtc,
    exposureSec: meta.exposureSec,
    camera: meta.camera,
    filter: meta.filter,
    target: meta.target,
    widthPix: size?.width ?? 0,
    heightPix: size?.height ?? 0,
    metrics: outcome.metrics,
    astrometry: {
      solved: notes?.solved ?? false,
      reason: notes ? notes.reason : 'Astrometry did not run.',
      raDeg: notes?.raDeg ?? null,
      decDeg: notes?.decDeg ?? null,
      pixelScaleArcsec: notes?.pixelScaleArcsec ?? null,
      rotationDeg: notes?.rotationDeg ?? null,
      parity: notes?.parity ?? null,
      projection: notes?.projection ?? null,
      distortionOrder: notes?.distortionOrder ?? null,
      catalog: notes?.catalog ?? null,
    },
    photometry: { system: 'AB', band: notes?.band ?? null, catalog: notes?.catalog ?? null, note: notes?.photometryNote ?? null },
    timingsSec: init.timingsSec,
    warnings: [...outcome.warnings],
    products: { reduced: init.wrote.reduced ? paths.reduced : null, catalog: init.wrote.catalog ? paths.catalog : null },
    provenance: {
      software: init.software,
      modules: Object.fromEntries(config.modules.map(({ module }) => [module.name, module.version])),
      configHash: config.hash,
      parameters: Object.fromEntries(config.modules.map(({ module, config: own }) => [module.name, own.parameters])),
      inputs: [...init.inputs],
      host: init.host,
      startedAt: init.startedAt,
      finishedAt: init.finishedAt,
      replay: init.replay,
    },
  };
}
