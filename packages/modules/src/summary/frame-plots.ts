import type { UnitSummary } from '@colibri/contracts';
import { figure, numbers } from './figure.ts';
import { fixed } from './format.ts';
import { filterColour, filterMarker } from './page-style.ts';
import { type Mark, plot } from './svg.ts';

export function sensitivityPlots(summary: UnitSummary): string[] {
  const { frames, plots, filter, verdict } = summary;
  const found: string[] = [];
  const colour = filterColour(filter);
  const known = frames.filter(({ limitMag5Sigma }) => limitMag5Sigma !== null);
  if (known.length > 0) {
    const [first] = known;
    const hours = known.map(({ midMjdUtc }) => (midMjdUtc - first!.midMjdUtc) * 1440);
    const used = known.map(({ accepted }) => accepted);
    const pick = (want: boolean) =>
      known.flatMap(({ limitMag5Sigma }, i) => (used[i] === want ? [[hours[i]!, limitMag5Sigma!] as const] : []));
    const marks: Mark[] = [
      { kind: 'points', x: pick(true).map(([t]) => t), y: pick(true).map(([, m]) => m), colour, marker: filterMarker(filter) },
      {
        kind: 'points',
        x: pick(false).map(([t]) => t),
        y: pick(false).map(([, m]) => m),
        colour,
        marker: filterMarker(filter),
        isHollow: true,
      },
    ];
    if (verdict.limitMag5Sigma !== null)
      marks.push({ kind: 'rule', y: verdict.limitMag5Sigma, label: `stack: ${fixed(verdict.limitMag5Sigma, 2)} (5 σ)` });
    found.push(
      figure(
        'Sensitivity of the frames',
        plot({
          title: 'Limiting magnitude of each frame',
          x: { label: 'time since first frame (min)' },
          y: { label: `5 σ limit, ${filter} (AB mag)` },
          marks,
        }),
        'Point source in the middle of the image. Hollow: not in the stack.',
      ),
    );
  }
  if (plots.completeness.length > 0) {
    const { completeness } = plots;
    found.push(
      figure(
        'Injected stars recovered',
        plot({
          title: 'Share of injected stars that was found, by magnitude',
          x: { label: `${filter} (AB mag)` },
          y: { label: 'recovered (1)', domain: [0, 1.05] },
          marks: [
            {
              kind: 'line',
              x: completeness.map(({ mag }) => mag),
              y: completeness.map(({ injected, recovered }) => recovered / injected),
              colour,
            },
            {
              kind: 'points',
              x: completeness.map(({ mag }) => mag),
              y: completeness.map(({ injected, recovered }) => recovered / injected),
              yErr: completeness.map(({ injected, recovered }) =>
                Math.sqrt(((recovered + 0.5) * (injected - recovered + 0.5)) / (injected + 1) ** 3),
              ),
              colour,
              marker: filterMarker(filter),
            },
            ...(verdict.limitMag5Sigma === null ? [] : [{ kind: 'rule' as const, x: verdict.limitMag5Sigma, label: '5 σ' }]),
          ],
        }),
        'Stars of known magnitude put into the stack and looked for by the real chain.',
        numbers(
          ['mag', 'injected', 'recovered'],
          completeness.map(({ mag, injected, recovered }) => [fixed(mag, 2), String(injected), String(recovered)]),
        ),
      ),
    );
  }
  const { limitMap } = plots;
  const limits = limitMap.mag.flatMap((value) => (value === null ? [] : [value]));
  if (limits.length > 0) {
    const [low, high] = [Math.min(...limits), Math.max(...limits)];
    found.push(
      figure(
        'Limit over the field',
        plot({
          title: 'Map of the 5 sigma limit',
          x: { label: 'x (pix)', domain: [0, summary.stack.widthPix] },
          y: { label: 'y (pix)', domain: [0, summary.stack.heightPix] },
          height: 300,
          marks: [{ kind: 'cells', columns: limitMap.columns, rows: limitMap.rows, values: limitMap.mag, low, high }],
        }),
        `5 σ for a point source: palest ${fixed(low, 2)}, fullest ${fixed(high, 2)} AB mag; empty: not observed.`,
      ),
    );
  }
  return found;
}

export function framesPlots({ frames, filter }: UnitSummary): string {
  const [first] = frames;
  if (!first) return '';
  const x = frames.map(({ midMjdUtc }) => (midMjdUtc - first.midMjdUtc) * 1440);
  const colour = filterColour(filter);
  const panel = (label: string, values: readonly (number | null)[], errs?: readonly (number | null)[]) =>
    values.some((value) => value !== null)
      ? plot({
          title: label,
          x: { label: 'time since first frame (min)' },
          y: { label },
          height: 165,
          marks: [false, true].map((isUsed): Mark => {
            const rows = frames.flatMap(({ accepted }, i) => (accepted === isUsed ? [i] : []));
            return {
              kind: 'points',
              x: rows.map((i) => x[i]!),
              y: rows.map((i) => values[i]!),
              ...(errs ? { yErr: rows.map((i) => errs[i]!) } : {}),
              colour,
              marker: filterMarker(filter),
              isHollow: !isUsed,
            };
          }),
        })
      : '';
  const panels = [
    panel(
      'transparency (1)',
      frames.map(({ transparency }) => transparency),
      frames.map(({ transparencyErr }) => transparencyErr),
    ),
    panel(
      'FWHM (″)',
      frames.map(({ fwhmArcsec }) => fwhmArcsec),
    ),
    panel(
      'zero point (mag)',
      frames.map(({ zeroPointMag }) => zeroPointMag),
      frames.map(({ zeroPointErrMag }) => zeroPointErrMag),
    ),
    panel(
      'sky (e⁻/pix)',
      frames.map(({ skyElectronPerPixel }) => skyElectronPerPixel),
    ),
  ].filter((svg) => svg !== '');
  return `<div class="plots">${panels.map((svg) => `<figure>${svg}</figure>`).join('')}</div>`;
}
