import { MaskPlane, type SourceColumns, SourceFlag } from '@colibri/numerics';
import type { Frame, FrameSources, ModuleContext, ReferenceCatalog, ReferenceStars } from '@colibri/pipeline';
import { tanWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { testMeta } from '../detector/testing.ts';
import { astrometry } from './astrometry.ts';
import { skyToPlane } from './tangent-plane.ts';
import { type FieldSpec, type MadeField, makeField, testColumns } from './testing.ts';

const defaults = {
  ps: null,
  search_radius: 0.1,
  rotation_tolerance: 8,
  scale_tolerance: 0.03,
  order_max: 4,
  catalog_limit: 20000,
  false_alarm: 1e-7,
};
/** AB magnitude of 1 electron/s of total flux in the made frames. */
const ZERO_POINT = 24.86;
const EXPOSURE = 30;
/** AUTO catches 1/1.07 of a star's light. */
const AUTO_TO_TOTAL = 1.07;

/** The module's inputs for a made field: fluxes follow its magnitudes, all entries are stars in band r. */
function inputs(
  spec: FieldSpec,
  change: { columns?: Partial<SourceColumns>; stars?: Partial<ReferenceStars>; filter?: string } = {},
) {
  const field = makeField(spec);
  const { x, y, instrumentalMag } = field.sources;
  const flux = instrumentalMag.map((m) => (EXPOSURE * 10 ** (0.4 * (ZERO_POINT - m))) / AUTO_TO_TOTAL);
  const columns = testColumns(x.length, {
    x,
    y,
    xErr: new Float64Array(x.length).fill(0.1),
    yErr: new Float64Array(x.length).fill(0.1),
    fluxAuto: flux,
    fluxAutoErr: flux.map((f) => Math.sqrt(f + 500)),
    ...change.columns,
  });
  const { reference } = field;
  const stars: ReferenceStars = {
    ...reference,
    name: 'refcat',
    bands: new Map([['r', { mag: Float32Array.from(reference.mag), err: new Float32Array(reference.count).fill(0.1) }]]),
    ...change.stars,
  };
  const asked: number[][] = [];
  const referenceCatalog: ReferenceCatalog = {
    name: 'refcat',
    cone: async (...question) => {
      asked.push(question);
      return stars;
    },
  };
  const frame: Frame = {
    meta: testMeta({ pointing: field.center, exposureSec: EXPOSURE, filter: change.filter ?? 'r', midExposureMjdUtc: 57388.5 }),
    header: new Map(),
    width: field.side,
    height: field.side,
    data: new Float32Array(0),
    mask: new Uint16Array(0),
    variance: new Float32Array(0),
    gain: 6.2,
    readNoise: 8,
    saturation: 80_000,
    wcs: null,
    solved: false,
  };
  const sources: FrameSources = {
    columns,
    raDeg: null,
    decDeg: null,
    magAuto: null,
    magAutoErr: null,
    aperture: { diameterPix: 9, autoToTotal: AUTO_TO_TOTAL, autoToTotalErr: 0.001, aperToTotal: 1.1, aperToTotalErr: 0.001 },
    limitFluxElectron5Sigma: 900,
  };
  return { field, frame, sources, referenceCatalog, asked };
}

async function run(
  { frame, sources, referenceCatalog }: { frame: Frame; sources: FrameSources; referenceCatalog: ReferenceCatalog | null },
  parameters: Partial<{ [K in keyof typeof defaults]: number | null }> = {},
) {
  const warnings: string[] = [];
  const context = { info: () => {}, warn: (sentence: string) => void warnings.push(sentence) } as unknown as ModuleContext;
  const all = { ...defaults, ps: 0.38 / 3600, ...parameters } as Parameters<typeof astrometry.run>[1];
  return { ...(await astrometry.run({ frame, sources, referenceCatalog }, all, context)), warnings };
}

function distanceToTruth(field: MadeField, raDeg: number, decDeg: number, x: number, y: number): number {
  const [xi, eta] = skyToPlane(field.center, raDeg, decDeg);
  const truth = field.truth(x, y);
  return Math.hypot(xi - truth[0], eta - truth[1]);
}

describe('astrometry', () => {
  it('gives a frame its coordinates and its sources positions and magnitudes, from a pointing alone', async () => {
    const given = inputs({ seed: 11, shift: 60 });
    const { outputs, metrics, warnings } = await run(given);
    expect(warnings).toEqual([]);
    expect(outputs.frame.solved).toBe(true);
    expect(outputs.frame.wcs!.projection).toMatch(/^TAN/);
    const { columns, raDeg, decDeg, magAuto, magAutoErr } = outputs.sources;
    for (let i = 0; i < columns.count; i++) {
      expect(distanceToTruth(given.field, raDeg![i]!, decDeg![i]!, columns.x[i]!, columns.y[i]!)).toBeLessThan(0.2);
      expect(magAuto![i]).toBeCloseTo(given.field.sources.instrumentalMag[i]!, 1.3);
      expect(magAutoErr![i]).toBeCloseTo((1.0857 * columns.fluxAutoErr[i]!) / columns.fluxAuto[i]!, 4);
    }
    expect(metrics.matched).toBeGreaterThan(150);
    expect(metrics.rms).toBeLessThan(0.08); // 0.04″ ⊕ 0.038″ = 0.055″
    // 0.1 mag scatter on ~150 stars: 0.008
    expect(Math.abs(metrics.zeroPoint! - ZERO_POINT)).toBeLessThan(0.03);
    expect(metrics.zeroPointErr).toBeLessThan(0.02);
    expect(metrics.limit).toBeCloseTo(metrics.zeroPoint! - 2.5 * Math.log10(900 / EXPOSURE), 9);
    expect(outputs.notes).toMatchObject({
      solved: true,
      reason: null,
      catalog: 'refcat',
      band: 'r of refcat',
      photometryNote: null,
    });
    expect(outputs.notes.pixelScaleArcsec! / 0.38).toBeGreaterThan(0.97);
    expect(distanceToTruth(given.field, outputs.notes.raDeg!, outputs.notes.decDeg!, 1023.5, 1023.5)).toBeLessThan(0.1);
  });

  it('starts from approximate coordinates where the frame has them, and asks for a cone that covers the frame wherever it is', async () => {
    const given = inputs({ seed: 12, rotationDeg: 3, parity: -1, shift: 200 });
    const scale = 0.38 / 3600;
    const { raDeg, decDeg } = given.field.center;
    const wcs = tanWcs({ crpix: [1023.5, 1023.5], crval: [raDeg, decDeg], cd: [-scale, 0, 0, scale] });
    const { outputs } = await run({ ...given, frame: { ...given.frame, wcs } }, { ps: null });
    expect(outputs.notes).toMatchObject({ solved: true, parity: 1 });
    expect(outputs.notes.rotationDeg).toBeCloseTo(-3, 0); // the made turn is towards the west
    const [ra, dec, radius, limit] = given.asked[0]!;
    expect(ra).toBeCloseTo(raDeg, 9);
    expect(dec).toBeCloseTo(decDeg, 9);
    expect(radius! * 3600).toBeGreaterThan(1024 * 0.38 * Math.SQRT2 + 360);
    expect(limit).toBe(20000);
  });

  it('leaves frame and sources as they were when nothing is proven, and says so', async () => {
    const given = inputs({ seed: 13, unrelated: true, stars: 40 });
    const { outputs, metrics, warnings } = await run(given);
    expect(outputs.frame).toBe(given.frame);
    expect(outputs.sources).toBe(given.sources);
    expect(outputs.notes).toMatchObject({ solved: false, catalog: 'refcat', raDeg: null });
    expect(warnings).toEqual([`No astrometric solution: ${outputs.notes.reason}`]);
    expect(Object.values(metrics).every((value) => value === null)).toBe(true);
  });

  it.each([
    ['no catalogue is configured', { referenceCatalog: null }, 'No reference catalogue is configured.'],
    ['the header says nothing', { pointing: null }, 'The header gives neither coordinates nor a pointing with a plate scale.'],
  ])('says why it cannot start when %s', async (_, change, reason) => {
    const given = inputs({ seed: 14 });
    const frame = 'pointing' in change ? { ...given.frame, meta: { ...given.frame.meta, pointing: null } } : given.frame;
    const catalog = 'referenceCatalog' in change ? null : given.referenceCatalog;
    const { outputs } = await run({ frame, sources: given.sources, referenceCatalog: catalog });
    expect(outputs.notes.reason).toBe(reason);
  });

  it('moves catalogue entries to the epoch of the exposure', async () => {
    const still = inputs({ seed: 15 });
    const n = still.field.reference.count;
    // the whole sky drifts by 0.5″/yr to the north; the frame is taken ten years after the catalogue's epoch
    const drift = { pmDecMasYr: new Float32Array(n).fill(500), pmRaMasYr: new Float32Array(n), epochJyear: 2006 };
    const moved = await run(inputs({ seed: 15 }, { stars: drift }));
    const before = await run(still);
    expect((moved.outputs.notes.decDeg! - before.outputs.notes.decDeg!) * 3600).toBeCloseTo(5, 1);
  });

  describe('the quick zero point', () => {
    it('leaves out galaxies, saturated, blended and masked stars, however wrong they are', async () => {
      const clean = await run(inputs({ seed: 16 }));
      const spoilt = inputs({ seed: 16 });
      const { columns } = spoilt.sources;
      const fluxAuto = columns.fluxAuto.slice();
      const flags = new Int32Array(columns.count);
      const maskFlags = new Int32Array(columns.count);
      for (let i = 0; i < columns.count; i += 3) {
        fluxAuto[i]! *= 1.4;
        if (i % 9 === 0) flags[i] = SourceFlag.SATURATED;
        else if (i % 9 === 3) flags[i] = SourceFlag.BLENDED;
        else maskFlags[i] = MaskPlane.COSMIC;
      }
      const { metrics } = await run({
        ...spoilt,
        sources: { ...spoilt.sources, columns: { ...columns, fluxAuto, flags, maskFlags } },
      });
      expect(metrics.zeroPointStars).toBeLessThan(0.75 * clean.metrics.zeroPointStars!);
      expect(Math.abs(metrics.zeroPoint! - clean.metrics.zeroPoint!)).toBeLessThan(0.02);
      expect(
        (await run(inputs({ seed: 16 }, { stars: { isStar: new Uint8Array(spoilt.field.reference.count) } }))).metrics.zeroPoint,
      ).toBeNull();
    });

    it('is refused, in a sentence, where the catalogue has no band for the filter; the coordinates stay', async () => {
      const gaia = (reference: { mag: Float64Array }) => ({
        name: 'Gaia DR3',
        bands: new Map([['G', { mag: Float32Array.from(reference.mag), err: new Float32Array(reference.mag.length) }]]),
      });
      const { outputs, metrics, warnings } = await run(inputs({ seed: 17 }, { stars: gaia(makeField({ seed: 17 }).reference) }));
      expect(outputs.frame.solved).toBe(true);
      expect(outputs.sources.magAuto).toBeNull();
      expect(metrics).toMatchObject({ zeroPoint: null, limit: null });
      expect(warnings).toEqual(['Gaia DR3 has no band for filter r: no zero point is given.']);
      expect(outputs.notes).toMatchObject({ band: null, photometryNote: warnings[0] });
    });

    it('says when the filter borrows a neighbour’s band, and when AUTO fluxes were not corrected', async () => {
      const given = inputs({ seed: 18 }, { filter: 'w' });
      const { aperture, ...bare } = given.sources;
      const { outputs, metrics } = await run({ ...given, sources: bare });
      expect(aperture).toBeDefined();
      expect(outputs.notes.photometryNote).toMatch(/Filter w has no band of its own.*magnitudes are of AUTO fluxes/);
      expect(metrics.zeroPoint! - ZERO_POINT).toBeCloseTo(-2.5 * Math.log10(AUTO_TO_TOTAL), 1);
    });
  });
});
