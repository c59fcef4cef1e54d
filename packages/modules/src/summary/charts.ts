import type { Candidate, PagePicture, UnitSummary } from '@colibri/contracts';
import { escapeHtml, fixed, withError } from './format.ts';

/** Scale bars that are nice to read [arcsec]. */
const BARS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

/** A picture with north, east and a scale bar; `overlay` in its own pixels. */
export function pictureSvg(picture: PagePicture, overlay: string, { className = 'chart', small = false } = {}): string {
  const { width, height, png, scaleArcsec, northDeg, eastDeg, caption } = picture;
  const image = `<image class="pix" href="data:image/png;base64,${png}" width="${width}" height="${height}"/>`;
  return `<svg class="${className}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(caption)}">${image}${overlay}${small ? '' : compass(width, height, northDeg, eastDeg, scaleArcsec)}</svg>`;
}

function compass(width: number, height: number, northDeg: number, eastDeg: number, scaleArcsec: number): string {
  const size = width / 640;
  const length = 38 * size;
  const [ox, oy] = [width - 28 * size, height - 28 * size];
  const arrow = (deg: number, name: string) => {
    const [dx, dy] = [-Math.sin((deg * Math.PI) / 180), -Math.cos((deg * Math.PI) / 180)];
    return `<path d="M${fix(ox)} ${fix(oy)}l${fix(dx * length)} ${fix(dy * length)}" stroke="var(--found)" stroke-width="${fix(2 * size)}"/><text x="${fix(ox + dx * length * 1.35)}" y="${fix(oy + dy * length * 1.35 + 4 * size)}" text-anchor="middle" style="fill:var(--found);font-size:${fix(18 * size)}px">${name}</text>`;
  };
  const wanted = (width * scaleArcsec) / 5;
  const bar = BARS.findLast((arcsec) => arcsec <= wanted) ?? 1;
  const pixels = bar / scaleArcsec;
  const label = bar >= 60 ? `${bar / 60}′` : `${bar}″`;
  const y = height - 16 * size;
  const ruler = `<path d="M${fix(16 * size)} ${fix(y)}h${fix(pixels)}" stroke="var(--found)" stroke-width="${fix(3 * size)}"/><text x="${fix(16 * size + pixels / 2)}" y="${fix(y - 6 * size)}" text-anchor="middle" style="fill:var(--found);font-size:${fix(18 * size)}px">${label}</text>`;
  return arrow(northDeg, 'N') + arrow(eastDeg, 'E') + ruler;
}

const fix = (value: number): string => String(Math.round(value * 100) / 100);

/** Place of a pixel of the stack on the picture. */
const onPicture = ({ affine: [a, b, c, d, e, f] }: PagePicture, x: number, y: number): [number, number] => [
  a * x + b * y + c,
  d * x + e * y + f,
];

/** The stack with candidates (numbered as in the list) and the alert circle with its cross hair. */
export function findingChart(summary: UnitSummary, alertPixel: readonly [number, number] | null): string {
  const { chart } = summary.pictures;
  if (!chart) return '';
  const size = chart.width / 640;
  const parts: string[] = [];
  if (summary.alert && alertPixel) {
    const [x, y] = onPicture(chart, ...alertPixel);
    const arm = 9 * size;
    parts.push(
      `<path d="M${fix(x - arm)} ${fix(y)}h${fix(2 * arm)}M${fix(x)} ${fix(y - arm)}v${fix(2 * arm)}" stroke="var(--alert)" stroke-width="${fix(1.6 * size)}" fill="none"/>`,
    );
    if (summary.alert.radiusDeg !== null) {
      parts.push(
        `<circle cx="${fix(x)}" cy="${fix(y)}" r="${fix((summary.alert.radiusDeg * 3600) / chart.scaleArcsec)}" fill="none" stroke="var(--alert)" stroke-width="${fix(1.8 * size)}" stroke-dasharray="${fix(8 * size)} ${fix(4 * size)}"/>`,
      );
    }
  }
  const best = summary.verdict.candidate;
  for (const { x, y, rank, name, class: kind } of [...summary.candidates.candidates].slice(0, 60).reverse()) {
    if (x === null || y === null) continue;
    const [cx, cy] = onPicture(chart, x, y);
    const isBest = name === best;
    const colour = isBest
      ? 'var(--found)'
      : kind === 'variable star' || kind === 'minor planet' || kind === 'moving source'
        ? 'var(--accent)'
        : 'var(--f-i)';
    const r = (isBest ? 13 : 9) * size;
    parts.push(
      `<g style="color:${colour}"><circle cx="${fix(cx)}" cy="${fix(cy)}" r="${fix(r)}" fill="none" stroke="currentColor" stroke-width="${fix((isBest ? 2.4 : 1.5) * size)}"><title>${escapeHtml(`${rank}. ${name}: ${kind}`)}</title></circle>${rank <= 20 ? `<text x="${fix(cx + r + 2 * size)}" y="${fix(cy - r * 0.6)}" style="fill:currentColor;font-size:${fix(17 * size)}px">${rank}</text>` : ''}</g>`,
    );
  }
  return pictureSvg(chart, parts.join(''));
}

/** Science, template, difference of one candidate, with ticks beside it. */
export function triptych(summary: UnitSummary, candidate: Candidate): string {
  const cutout = summary.pictures.cutouts[candidate.name];
  if (!cutout || candidate.x === null || candidate.y === null) return '';
  const parts = [cutout.science, cutout.template, cutout.difference].flatMap((picture) => {
    if (!picture) return [];
    const [x, y] = onPicture(picture, candidate.x!, candidate.y!);
    const ticks = `<path d="M${fix(x - 13)} ${fix(y)}h7M${fix(x)} ${fix(y - 13)}v7" stroke="var(--found)" stroke-width="1.2" fill="none"/>`;
    return [
      `<div>${pictureSvg(picture, ticks, { className: 'cut', small: true })}<span>${escapeHtml(picture.caption)}</span></div>`,
    ];
  });
  const { width, scaleArcsec, northDeg } = cutout.science;
  return `<div class="trip">${parts.join('')}</div><p class="small soft">${fixed(width * scaleArcsec, 0)}″ wide, north ${Math.abs(northDeg) < 20 ? 'up' : `${fixed(northDeg, 0)}° from up`}${cutout.template ? '; template is stack minus difference, on the scale of the stack' : ''}.</p>`;
}

/** `14:22:31.49 +53:05:12.5 ± 0.05″`, and the same in degrees. */
export const positionText = (
  ra: string,
  dec: string,
  { raDeg, decDeg, errArcsec }: Pick<Candidate, 'raDeg' | 'decDeg' | 'errArcsec'>,
): string =>
  `${ra} ${dec.replace('-', '−')}${errArcsec === null ? '' : ` ± ${fixed(errArcsec, errArcsec < 0.1 ? 3 : 2)}″`} <span class="soft">(${raDeg.toFixed(6)} ${withError(decDeg, null, 6).replace(/ .*/, '')})</span>`;
