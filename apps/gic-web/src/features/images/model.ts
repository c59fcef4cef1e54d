import type { FrameRow, FrameSummary, SourceTable } from '@colibri/contracts';
import { formatDec, formatRa } from '@colibri/sky';
import {
  type LimitMode,
  limitModes,
  presets,
  type Ramp,
  ramps,
  type Stretch,
  stretches,
} from '../../components/image-viewer/levels.ts';
import type { OverlaySource } from '../../components/image-viewer/overlay.ts';
import { duration, fixed, level, withError } from '../../lib/format.ts';
import type { PageSearch } from '../../lib/url-state.ts';

export interface LookChoice {
  readonly stretch: Stretch;
  readonly limits: LimitMode;
  readonly ramp: Ramp;
}
export const usualLook: LookChoice = { stretch: 'asinh', limits: 'p995', ramp: 'grey' };

/** The look that a link asks for, over what was used last with this camera, over the usual one. */
export function lookFrom(search: PageSearch, remembered: Partial<LookChoice> | null): LookChoice {
  const pick = <T extends string>(wanted: string | undefined, allowed: readonly T[], other: T): T =>
    allowed.find((each) => each === wanted) ?? other;
  return {
    stretch: pick(search.st, stretches, pick(remembered?.stretch, stretches, usualLook.stretch)),
    limits: pick(
      search.lim,
      limitModes,
      search.lo !== undefined && search.hi !== undefined ? 'manual' : pick(remembered?.limits, limitModes, usualLook.limits),
    ),
    ramp: pick(search.ramp, ramps, pick(remembered?.ramp, ramps, usualLook.ramp)),
  };
}

/** Look of a preset key 1–9. */
export const presetLook = (key: number): Pick<LookChoice, 'stretch' | 'limits'> | undefined => presets[key - 1];

/** A row of the source table as the page uses it; pixel coordinates 0-based, as everywhere outside of files. */
export interface SourceRow extends OverlaySource {
  readonly raDeg: number | null;
  readonly decDeg: number | null;
  readonly mag: number | null;
  readonly magErr: number | null;
  readonly snr: number | null;
  readonly elongation: number | null;
}

export function sourceRows(table: SourceTable): SourceRow[] {
  const column = (name: string) => table.columns[name] ?? [];
  const [number, x, y, ra, dec] = [
    column('NUMBER'),
    column('X_IMAGE'),
    column('Y_IMAGE'),
    column('ALPHA_J2000'),
    column('DELTA_J2000'),
  ];
  const [mag, magErr, snr, fwhm, flags, elongation] = [
    column('MAG_AUTO'),
    column('MAGERR_AUTO'),
    column('SNR_WIN'),
    column('FWHM_IMAGE'),
    column('FLAGS'),
    column('ELONGATION'),
  ];
  const rows: SourceRow[] = [];
  for (let i = 0; i < table.count; i++) {
    const [xi, yi] = [x[i], y[i]];
    if (xi == null || yi == null) continue;
    const m = mag[i] ?? null;
    rows.push({
      number: number[i] ?? i + 1,
      x: xi - 1,
      y: yi - 1,
      fwhmPix: fwhm[i] ?? 4,
      flags: flags[i] ?? 0,
      raDeg: ra[i] ?? null,
      decDeg: dec[i] ?? null,
      mag: m,
      magErr: magErr[i] ?? null,
      snr: snr[i] ?? null,
      elongation: elongation[i] ?? null,
      label: m === null ? `S/N ${fixed(snr[i], 0)}` : `${fixed(m, 2)} mag`,
    });
  }
  return rows;
}

const sourceSorts = ['number', 'mag', 'snr', 'fwhmPix'] as const;
export type SourceSort = (typeof sourceSorts)[number];

/** Bright, significant and low numbers first; unknown values last. */
export function sortSources(rows: readonly SourceRow[], by: SourceSort): SourceRow[] {
  const sign = by === 'snr' || by === 'fwhmPix' ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [p, q] = [a[by], b[by]];
    if (p === null || q === null) return p === q ? 0 : p === null ? 1 : -1;
    return sign * (p - q);
  });
}

/** Frames before and after in the same camera and pipeline, those with an image only. */
export function neighbours(
  rows: readonly FrameRow[],
  row: FrameRow,
): { previous: FrameRow | null; next: FrameRow | null; place: number; count: number } {
  const line = rows
    .filter(
      (each) =>
        each.camera === row.camera &&
        each.pipeline === row.pipeline &&
        each.products.reduced !== null &&
        each.observedAt !== null,
    )
    .sort((a, b) => (a.observedAt! < b.observedAt! ? -1 : a.observedAt! > b.observedAt! ? 1 : a.frameId < b.frameId ? -1 : 1));
  const at = line.findIndex((each) => each.frameId === row.frameId);
  return { previous: line[at - 1] ?? null, next: at < 0 ? null : (line[at + 1] ?? null), place: at + 1, count: line.length };
}

/** The newest revision of a frame, in the pipeline asked for if it has an image there. */
export function bestRow(rows: readonly FrameRow[], pipeline: string | undefined): FrameRow | undefined {
  const score = (row: FrameRow) =>
    (row.pipeline === pipeline ? 2000 : 0) + (row.products.reduced !== null ? 1000 : 0) + row.revision;
  return [...rows].sort((a, b) => score(b) - score(a))[0];
}

/** RA and Dec as text: sexagesimal, or decimal degrees. */
export function skyText(raDeg: number, decDeg: number, decimal: boolean): string {
  if (!Number.isFinite(raDeg) || !Number.isFinite(decDeg)) return 'outside of the projection';
  return decimal
    ? `${raDeg.toFixed(6)}° ${decDeg >= 0 ? '+' : '−'}${Math.abs(decDeg).toFixed(6)}°`
    : `${formatRa(raDeg)} ${formatDec(decDeg)}`;
}

/** Label and value pairs of the summary panel, every number with its unit. */
export function summaryPairs(
  summary: FrameSummary,
): { readonly title: string; readonly pairs: readonly (readonly [string, string])[] }[] {
  const { metrics: m, astrometry: a, photometry: p } = summary;
  const unit = (text: string, suffix: string) => (text === '–' ? text : `${text} ${suffix}`);
  return [
    {
      title: 'Image',
      pairs: [
        ['FWHM', m.fwhmArcsec === null ? '–' : `${fixed(m.fwhmArcsec, 2)}″ (${fixed(m.fwhmPix, 2)} px)`],
        ['Elongation', fixed(m.elongation, 3)],
        ['Sky', unit(level(m.skyElectronPerPixel), `e⁻/px, rms ${level(m.skyRmsElectron)} e⁻`)],
        ['Sources', m.sourceCount === null ? '–' : `${m.sourceCount}, matched ${m.matchedCount ?? '–'}`],
        ['Saturated', m.saturatedFraction === null ? '–' : `${(100 * m.saturatedFraction).toFixed(3)} % of pixels`],
        ['Cosmic rays', unit(m.cosmicPixels === null ? '–' : String(m.cosmicPixels), 'px')],
      ],
    },
    {
      title: 'Photometry (AB)',
      pairs: [
        ['Zero point', unit(withError(m.zeroPointMag, m.zeroPointErrMag), 'mag of 1 e⁻/s')],
        [
          'Scatter',
          m.zeroPointScatterMag === null ? '–' : `${fixed(m.zeroPointScatterMag, 3)} mag of ${m.zeroPointStars ?? '–'} stars`,
        ],
        ['Limit', m.limitMag5Sigma === null ? '–' : `${summary.filter} > ${fixed(m.limitMag5Sigma, 2)} (5σ, point source)`],
        ['Band', p.band === null ? 'no band of a catalogue fits' : p.band],
        ...(p.note === null ? [] : [['Note', p.note] as const]),
      ],
    },
    {
      title: 'Astrometry (ICRS)',
      pairs: a.solved
        ? [
            ['Centre', a.raDeg === null || a.decDeg === null ? '–' : skyText(a.raDeg, a.decDeg, false)],
            ['Residual', unit(fixed(m.wcsRmsArcsec, 3), '″ rms per axis')],
            ['Scale', unit(fixed(a.pixelScaleArcsec, 4), '″/px')],
            ['Rotation', `${fixed(a.rotationDeg, 2)}°, parity ${a.parity ?? '–'}`],
            ['Projection', `${a.projection ?? '–'}${a.distortionOrder === null ? '' : `, order ${a.distortionOrder}`}`],
            ['Catalogue', a.catalog ?? '–'],
            ...(a.reason === null ? [] : [['Doubt', a.reason] as const]),
          ]
        : [['Not solved', a.reason ?? 'no reason was given']],
    },
    {
      title: 'Timings',
      pairs: Object.entries(summary.timingsSec).map(([module, seconds]) => [module, duration(seconds)] as const),
    },
  ];
}
