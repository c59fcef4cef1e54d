import type { FrameRow, FrameSummary, SourceTable } from '@colibri/contracts';
import { catalogColumns } from '@colibri/contracts';
import { gaussian, makeRandom } from './mock-night.ts';

/** A synthetic star field with known truth: stars at sub-pixel places on a flat sky, as FITS bytes and as a source table. */
export interface MockField {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  readonly mask: Int16Array;
  /** 0-based pixel of each star. */
  readonly stars: readonly { x: number; y: number; flux: number; elongation: number }[];
}

const scaleDeg = 0.38 / 3600;
const centre = { raDeg: 215.6, decDeg: 53.1 };
const rotation = (3 * Math.PI) / 180;
/** CD of a field with north up but for 3°, east to the left [deg/pixel]. */
const cd = [
  -scaleDeg * Math.cos(rotation),
  -scaleDeg * Math.sin(rotation),
  -scaleDeg * Math.sin(rotation),
  scaleDeg * Math.cos(rotation),
] as const;
const fwhmPix = 4.1;
const skyLevel = 210;

export function makeField(size = 1024, seed = 7): MockField {
  const random = makeRandom(seed);
  const data = new Float32Array(size * size);
  const mask = new Int16Array(size * size);
  const layout = makeRandom(99); // the same sky in every frame
  const count = Math.round((420 * size * size) / (1024 * 1024));
  const stars = Array.from({ length: count }, () => ({
    x: 6 + layout() * (size - 13),
    y: 6 + layout() * (size - 13),
    flux: 900 * 10 ** (layout() ** 2.2 * 3.1),
    elongation: 1.02 + 0.1 * layout(),
  }));
  const sigma = fwhmPix / 2.3548;
  const glowX = size * 0.7;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const level = skyLevel + 10 * Math.exp(-((x - glowX) ** 2 + (y - size * 0.3) ** 2) / (0.18 * size * size));
      data[y * size + x] = level + Math.sqrt(level + 64) * gaussian(random);
    }
  }
  for (const star of stars) {
    const peak = star.flux / (2 * Math.PI * sigma * sigma);
    const reach = Math.ceil(sigma * (3 + Math.max(0, Math.log10(peak / 5))) * 1.3);
    for (let y = Math.max(0, Math.floor(star.y) - reach); y <= Math.min(size - 1, Math.ceil(star.y) + reach); y++) {
      for (let x = Math.max(0, Math.floor(star.x) - reach); x <= Math.min(size - 1, Math.ceil(star.x) + reach); x++) {
        const r2 = (x - star.x) ** 2 + (y - star.y) ** 2;
        const value = peak * (0.93 * Math.exp(-r2 / (2 * sigma * sigma)) + 0.07 * (1 + r2 / (6 * sigma * sigma)) ** -2.5);
        data[y * size + x]! += value;
        if (data[y * size + x]! > 30_000) mask[y * size + x]! |= 2;
      }
    }
  }
  for (let k = 0; k < 40; k++) {
    let [x, y] = [layout() * size, layout() * size];
    const angle = layout() * 6.28;
    for (let step = 0; step < 4 + 10 * layout(); step++) {
      const [i, j] = [Math.floor(x), Math.floor(y)];
      if (i >= 0 && i < size && j >= 0 && j < size) {
        mask[j * size + i]! |= 4;
        data[j * size + i]! += 900;
      }
      x += Math.cos(angle);
      y += Math.sin(angle);
    }
  }
  const dead = Math.floor(size * 0.31);
  for (let y = Math.floor(size * 0.55); y < size; y++) {
    mask[y * size + dead]! |= 1;
    data[y * size + dead] = Number.NaN;
  }
  return { width: size, height: size, data, mask, stars };
}

type Card = readonly [string, string | number | boolean, string?];

function header(cards: readonly Card[]): Uint8Array {
  const lines = cards.map(([key, value, comment]) => {
    const text =
      typeof value === 'string'
        ? `'${value.padEnd(8)}'`
        : typeof value === 'boolean'
          ? (value ? 'T' : 'F').padStart(20)
          : String(value).toUpperCase().padStart(20);
    return `${key.padEnd(8)}= ${text}${comment === undefined ? '' : ` / ${comment}`}`.slice(0, 80).padEnd(80);
  });
  lines.push('END'.padEnd(80));
  while (lines.length % 36 !== 0) lines.push(''.padEnd(80));
  return new TextEncoder().encode(lines.join(''));
}

const wcsCards = (crpixX: number, crpixY: number, block: number): Card[] => [
  ['CTYPE1', 'RA---TAN'],
  ['CTYPE2', 'DEC--TAN'],
  ['CRPIX1', crpixX],
  ['CRPIX2', crpixY],
  ['CRVAL1', centre.raDeg],
  ['CRVAL2', centre.decDeg],
  ['CUNIT1', 'deg'],
  ['CUNIT2', 'deg'],
  ['CD1_1', cd[0] * block],
  ['CD1_2', cd[1] * block],
  ['CD2_1', cd[2] * block],
  ['CD2_2', cd[3] * block],
  ['RADESYS', 'ICRS'],
];

function dataBlock(bytes: ArrayBuffer): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 2880) * 2880);
  padded.set(new Uint8Array(bytes));
  return padded;
}

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
};

/** `/preview`: 16-bit scaled, block-averaged. */
export function previewFits(field: MockField, size: number): Uint8Array {
  const block = Math.max(1, Math.ceil(field.width / size));
  const n = Math.floor(field.width / block);
  const small = new Float32Array(n * n);
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      let sum = 0;
      let used = 0;
      for (let j = 0; j < block; j++) {
        for (let i = 0; i < block; i++) {
          const value = field.data[(y * block + j) * field.width + x * block + i]!;
          if (Number.isNaN(value)) continue;
          sum += value;
          used++;
        }
      }
      small[y * n + x] = used === 0 ? Number.NaN : sum / used;
    }
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of small) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = (high - low) / 65_000;
  const bytes = new DataView(new ArrayBuffer(2 * n * n));
  small.forEach((value, i) => {
    bytes.setInt16(2 * i, Number.isNaN(value) ? -32_768 : Math.round((value - low) / scale) - 32_500);
  });
  const crpix = (field.width / 2 + 1 - 0.5) / block + 0.5;
  return join([
    header([
      ['SIMPLE', true],
      ['BITPIX', 16],
      ['NAXIS', 2],
      ['NAXIS1', n],
      ['NAXIS2', n],
      ['BSCALE', scale],
      ['BZERO', low + 32_500 * scale],
      ['BLANK', -32_768],
      ['BUNIT', 'electron'],
      ['PVBLOCK', block],
      ...wcsCards(crpix, crpix, block),
    ]),
    dataBlock(bytes.buffer),
  ]);
}

/** The reduced frame: SCI, MASK, VAR, not compressed. */
export function reducedFits(field: MockField): Uint8Array {
  const { width, height } = field;
  const extension = (name: string, bitpix: number, bunit: string, bytes: ArrayBuffer): Uint8Array[] => [
    header([
      ['XTENSION', 'IMAGE'],
      ['BITPIX', bitpix],
      ['NAXIS', 2],
      ['NAXIS1', width],
      ['NAXIS2', height],
      ['PCOUNT', 0],
      ['GCOUNT', 1],
      ['EXTNAME', name],
      ['BUNIT', bunit],
      ...wcsCards(width / 2 + 1, height / 2 + 1, 1),
      ['FILTER', 'r'],
      ['EXPTIME', 30],
      ['ALRA', centre.raDeg + 0.012],
      ['ALDE', centre.decDeg - 0.009],
      ['ALUN', 0.03],
    ]),
    dataBlock(bytes),
  ];
  const sci = new DataView(new ArrayBuffer(4 * width * height));
  const mask = new DataView(new ArrayBuffer(2 * width * height));
  const variance = new DataView(new ArrayBuffer(4 * width * height));
  field.data.forEach((value, i) => {
    sci.setFloat32(4 * i, value);
    mask.setInt16(2 * i, field.mask[i]!);
    variance.setFloat32(4 * i, Math.max(64, value + 64));
  });
  return join([
    header([
      ['SIMPLE', true],
      ['BITPIX', 8],
      ['NAXIS', 0],
      ['EXTEND', true],
    ]),
    ...extension('SCI', -32, 'electron', sci.buffer),
    ...extension('MASK', 16, '', mask.buffer),
    ...extension('VAR', -32, 'electron2', variance.buffer),
  ]);
}

/** Inverse gnomonic projection of a 0-based pixel of the mock field. */
export function skyOf(field: MockField, x: number, y: number): [number, number] {
  const [dx, dy] = [x - field.width / 2, y - field.height / 2];
  const rad = Math.PI / 180;
  const [xi, eta] = [(cd[0] * dx + cd[1] * dy) * rad, (cd[2] * dx + cd[3] * dy) * rad];
  const dec0 = centre.decDeg * rad;
  const denominator = Math.cos(dec0) - eta * Math.sin(dec0);
  const ra = centre.raDeg + Math.atan2(xi, denominator) / rad;
  const dec = Math.atan2(Math.sin(dec0) + eta * Math.cos(dec0), Math.hypot(xi, denominator)) / rad;
  return [(ra + 360) % 360, dec];
}

export function sourcesOf(field: MockField, row: FrameRow): SourceTable {
  const zp = row.metrics?.zeroPointMag ?? 25;
  const noise = Math.sqrt(skyLevel * Math.PI) * fwhmPix * 0.68;
  const found = field.stars
    .filter((star) => star.flux / Math.sqrt(star.flux + noise * noise) > 5)
    .sort((a, b) => b.flux - a.flux);
  const columns: Record<string, (number | null)[]> = {};
  for (const [name] of catalogColumns) columns[name] = [];
  found.forEach((star, i) => {
    const [ra, dec] = skyOf(field, star.x, star.y);
    const error = Math.sqrt(star.flux + noise * noise);
    const magErr = (1.0857 * error) / star.flux;
    const values: Record<string, number | null> = {
      NUMBER: i + 1,
      X_IMAGE: star.x + 1,
      Y_IMAGE: star.y + 1,
      ALPHA_J2000: ra,
      DELTA_J2000: dec,
      FLUX_AUTO: star.flux,
      FLUXERR_AUTO: error,
      FLUX_APER: star.flux * 0.93,
      FLUXERR_APER: error * 0.9,
      MAG_AUTO: zp - 2.5 * Math.log10(star.flux / (row.exposureSec ?? 30)),
      MAGERR_AUTO: magErr,
      BACKGROUND: skyLevel,
      FWHM_IMAGE: fwhmPix * (0.97 + (0.06 * ((i * 7919) % 100)) / 100),
      ELONGATION: star.elongation,
      FLAGS: i % 37 === 0 ? 2 : 0,
      IMAFLAGS: 0,
      SNR_WIN: star.flux / error,
    };
    for (const [name] of catalogColumns) columns[name]!.push(values[name] ?? null);
  });
  return { frameId: row.frameId, count: found.length, columns };
}

export function summaryOf(row: FrameRow, field: MockField): FrameSummary {
  const observed = row.observedAt ?? row.receivedAt;
  return {
    schema: 'colibri.frame-summary/1',
    frameId: row.frameId,
    pipeline: row.pipeline,
    observedAt: observed,
    midExposureMjdUtc: Date.parse(observed) / 86_400_000 + 40_587 + (row.exposureSec ?? 0) / 172_800,
    exposureSec: row.exposureSec ?? 0,
    camera: row.camera ?? 'C1',
    filter: row.filter ?? 'r',
    target: row.target ?? 'none',
    widthPix: field.width,
    heightPix: field.height,
    metrics: row.metrics!,
    astrometry: {
      solved: true,
      reason: null,
      raDeg: centre.raDeg,
      decDeg: centre.decDeg,
      pixelScaleArcsec: 0.38,
      rotationDeg: 3,
      parity: -1,
      projection: 'TAN-SIP',
      distortionOrder: 3,
      catalog: 'refcat',
    },
    photometry: {
      system: 'AB',
      band: `${row.filter} of refcat`,
      catalog: 'refcat',
      note: row.filter === 'zy' ? 'The band z stands in for zy: the zero point may be 0.1 mag off for red stars.' : null,
    },
    timingsSec: {
      read: 0.06,
      ...Object.fromEntries(row.cells.filter((cell) => cell.seconds !== null).map((cell) => [cell.module, cell.seconds!])),
      write: 0.05,
    },
    warnings: row.warnings,
    products: { reduced: row.products.reduced, catalog: row.products.catalog },
    provenance: {
      software: { name: 'gp1', version: '0.1.0' },
      modules: { reduction: '1.0.0', findstars: '1.0.0', astrometry: '1.0.0', summary: '1.0.0' },
      configHash: '9f3ac1d27b5e4480a6c0f4de12bb907755c1d6aa40e39c1e5d2a7f6b8c901234',
      parameters: { reduction: { gain: 6.2, sat_level: 7000 }, findstars: { detect_thresh: 1.5, min_area: 5 } },
      inputs: [
        { role: 'raw', name: `${row.frameId}.fits.fz`, sha256: 'b2f0'.repeat(16) },
        { role: 'bias', name: `bias-${row.camera}-1x1-2026-11-22-v1.fits`, sha256: '12ab'.repeat(16) },
        { role: 'dark', name: `dark-${row.camera}-${row.exposureSec}s-2026-11-20-v1.fits`, sha256: '34cd'.repeat(16) },
        { role: 'flat', name: `flat-${row.camera}-${row.filter}-1x1-2026-11-22-v1.fits`, sha256: '56ef'.repeat(16) },
        { role: 'catalog', name: 'refcat (25 000 per square degree, AB)', sha256: null },
      ],
      host: 'colibri-pipe1',
      startedAt: row.receivedAt,
      finishedAt: row.updatedAt,
      replay: `pipeline --config config/${row.pipeline} --input raw/${row.frameId}.fits.fz --output replay/`,
    },
  };
}
