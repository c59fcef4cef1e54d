import { type CatalogColumn, catalogColumns } from '@colibri/contracts';
import { type ColumnInput, type CompressOptions, Header, tableHdu, writeFits } from '@colibri/fits';
import { type Compute, MaskPlane } from '@colibri/numerics';
import type { Frame, FrameSources } from '../frame.ts';
import type { CardLine } from './cards.ts';
import { packPlane } from './pack-plane.ts';
import { planeNoise } from './plane-noise.ts';

/**
 * Steps of the quantised planes per sigma of their noise. 16 add 0.02 % to the noise of SCI (1/(24 · 16²) of it), far below any error
 * that we state. Of VAR only the level matters: 4 steps blur each of its pixels by 7 % of what its own noise does, and save two bits.
 */
const STEPS = { SCI: 16, VAR: 4 } as const;

/**
 * One step for the whole plane, so that its precision is the same everywhere. Subtractive dither keeps means true; its seed comes from
 * the frame, so a rerun gives the same bytes.
 */
function packed(plane: Float32Array, width: number, steps: number, seed: number): CompressOptions {
  const sigma = planeNoise(plane, width);
  // Without noise to go by, each tile looks for its own.
  const level = sigma === null ? steps : -sigma / steps;
  return { algorithm: 'RICE_1', quantize: { level, dither: 'dither1', seed } };
}

/** The reduced frame: SCI [electron] and VAR [electron²] as quantised float32, MASK as integers without loss; world coordinates in each. */
export async function encodeReduced(frame: Frame, lines: readonly CardLine[], compute: Compute): Promise<Uint8Array> {
  const { width, height } = frame;
  const shape = [width, height];
  const wcs = wcsLines(frame);
  const seed = seedOf(frame.meta.frameId);
  const detector: CardLine[] = [
    ['GAIN', 1, '[electron/electron] pixels are in electron'],
    ['DETGAIN', frame.gain, '[electron/adu] gain that was applied'],
    ['RDNOISE', frame.readNoise, '[electron] read noise'],
    ['SATURATE', frame.saturation, '[electron] saturation'],
    ['SOLVED', frame.solved, 'world coordinates fitted on own stars'],
  ];
  const planes: CardLine[] = Object.entries(MaskPlane).map(([name, bit]) => [
    `MP_${name}`.slice(0, 8),
    bit,
    `bit of MASK: ${name}`,
  ]);
  const identity = lines.filter(([keyword]) => ['FRAMEID', 'FRAMEREV', 'PLCONF', 'DATE'].includes(keyword));
  const { data, mask, variance } = frame;
  const sci = await packPlane(
    { data, shape, name: 'SCI', unit: 'electron', header: headerOf([...lines, ...detector, ...wcs]) },
    packed(data, width, STEPS.SCI, seed),
    compute,
  );
  const bits = await packPlane(
    // The same 16 bits, signed: no plane bit reaches the sign.
    {
      data: new Int16Array(mask.buffer, mask.byteOffset, mask.length),
      shape,
      name: 'MASK',
      header: headerOf([...identity, ...planes, ...wcs]),
    },
    { algorithm: 'RICE_1' },
    compute,
  );
  const noise = await packPlane(
    { data: variance, shape, name: 'VAR', unit: 'electron2', header: headerOf([...identity, ...wcs]) },
    packed(variance, width, STEPS.VAR, seed),
    compute,
  );
  return writeFits([sci, bits, noise], { primary: headerOf(identity) });
}

const wcsLines = (frame: Frame): CardLine[] =>
  (frame.wcs?.toCards() ?? []).map(({ keyword, value, comment }) => [keyword, value, comment]);

function headerOf(lines: readonly CardLine[]): Header {
  const header = new Header();
  for (const [keyword, value, comment] of lines) {
    if (typeof value === 'number' && !Number.isFinite(value)) continue;
    header.set(keyword, value, comment);
  }
  return header;
}

/** 1 to 10000, from the letters of the name. */
function seedOf(name: string): number {
  let hash = 7;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) % 10_007;
  return (hash % 10_000) + 1;
}

/** The catalogue: one table CATALOG with exactly the columns of the contract; X and Y are 1-based here. */
export function encodeCatalog(
  { columns: c, raDeg, decDeg, magAuto, magAutoErr }: FrameSources,
  lines: readonly CardLine[],
): Uint8Array {
  const unknown = new Float64Array(c.count).fill(Number.NaN);
  const values: Record<CatalogColumn, ColumnInput['data']> = {
    NUMBER: Int32Array.from({ length: c.count }, (_, i) => i + 1),
    X_IMAGE: c.x.map((x) => x + 1),
    Y_IMAGE: c.y.map((y) => y + 1),
    ALPHA_J2000: raDeg ?? unknown,
    DELTA_J2000: decDeg ?? unknown,
    FLUX_AUTO: Float32Array.from(c.fluxAuto),
    FLUXERR_AUTO: Float32Array.from(c.fluxAutoErr),
    FLUX_APER: Float32Array.from(c.fluxAper),
    FLUXERR_APER: Float32Array.from(c.fluxAperErr),
    MAG_AUTO: Float32Array.from(magAuto ?? unknown),
    MAGERR_AUTO: Float32Array.from(magAutoErr ?? unknown),
    BACKGROUND: Float32Array.from(c.background),
    FWHM_IMAGE: Float32Array.from(c.fwhm),
    ELONGATION: Float32Array.from(c.a, (a, i) => a / c.b[i]!),
    FLAGS: Int16Array.from(c.flags),
    IMAFLAGS: Int16Array.from(c.maskFlags),
    SNR_WIN: Float32Array.from(c.snrWin),
  };
  const columns = catalogColumns.map(([name, unit, comment]): ColumnInput => {
    return { name, data: values[name], comment: comment.slice(0, 40), ...(unit ? { unit } : {}) };
  });
  return writeFits([tableHdu({ name: 'CATALOG', columns, header: headerOf(lines) })]);
}
