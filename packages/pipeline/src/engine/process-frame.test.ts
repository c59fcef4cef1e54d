import { memoryLog, ObservatoryError } from '@colibri/base';
import { catalogColumns, frameSummary } from '@colibri/contracts';
import { openFits, readImage, readTable } from '@colibri/fits';
import { describe, expect, it } from 'vitest';
import { type ConfigFolder, readPipelineConfig } from '../config/pipeline-config.ts';
import { defineModule, output } from '../define-module.ts';
import { decodeCatalog, decodeReduced } from '../products/decode.ts';
import { readRawFrame } from '../read-frame.ts';
import { type Sequence, sequence } from '../sequence.ts';
import { enginePorts, memorySink, metaOptions, rawFits } from '../test/raw-frames.ts';
import { astrometry, findstars, reduction, toySequence } from '../test/toy-modules.ts';
import { type EngineIdentity, type FrameJob, processFrame } from './process-frame.ts';
import { rawWork } from './work.ts';

const identity: EngineIdentity = {
  software: { name: 'gp1', version: '0.1.0' },
  host: 'dome',
  replay: ({ work }) => `pipeline -c cfg -s ${work.meta.sourcePath}`,
};
const folder = (texts: Record<string, string>): ConfigFolder => ({
  path: 'cfg',
  texts: new Map(Object.entries(texts)),
  resolve: (v) => v,
});

async function jobOf(
  bytes: Uint8Array,
  {
    texts = {},
    modules = toySequence,
    revision = 0,
  }: { texts?: Record<string, string>; modules?: Sequence; revision?: number } = {},
): Promise<FrameJob> {
  const { config } = await readPipelineConfig(modules, folder(texts));
  const { raw, warnings } = await readRawFrame(bytes, '/in/20260101T042001C0o.fits.fz', 'a'.repeat(64), metaOptions);
  const inputs = [{ role: 'raw', name: raw.meta.frameId, sha256: raw.meta.sha256 }];
  return { pipeline: 'svom', revision, config, work: rawWork(raw), inputs, warnings, readSec: 0.01 };
}

describe('processFrame', () => {
  it('writes the three products of the output contract', async () => {
    const sink = memorySink();
    const result = await processFrame(await jobOf(rawFits()), enginePorts(), sink, identity);
    expect(result.failure).toBeNull();
    expect(result.products).toEqual({
      reduced: '929744/C0/r/reduced/20260101T042001C0o.fits.fz',
      catalog: '929744/C0/r/catalogs/20260101T042001C0o.cat.fits',
      summary: '929744/C0/r/catalogs/20260101T042001C0o.json',
    });
    expect([...sink.files.keys()].sort()).toEqual(Object.values(result.products).sort());
  });

  it('writes SCI and VAR in electrons, MASK without loss, and carries the header on', async () => {
    const sink = memorySink();
    const { products } = await processFrame(await jobOf(rawFits()), enginePorts(), sink, identity);
    const file = await openFits(sink.files.get(products.reduced!)!);
    expect(file.hdus.map((hdu) => `${hdu.name} ${hdu.bitpix} ${hdu.unit}`)).toEqual([
      'PRIMARY 8 ',
      'SCI -32 electron',
      'MASK 16 ',
      'VAR -32 electron2',
    ]);
    const { data } = await readImage(file.hdu('SCI'), { as: 'float32' });
    expect(data[4 * 16 + 5]).toBeCloseTo((4000 - 300) * 6.2, -1); // quantised to 1/16 of the noise
    const header = file.hdu('SCI').header;
    expect(header.get('EXPTIME')).toBe(30);
    expect(header.get('RDVERS')).toBe('1.0.0');
    expect(header.get('FSVERS')).toBe('1.0.0');
    expect(String(header.get('RDCONF'))).toMatch(/^[0-9a-f]{16}$/);
    expect(header.get('INRAW')).toBe('20260101T042001C0o');
    expect(header.get('SHARAW')).toBe('a'.repeat(64));
    expect(header.get('INBIAS')).toBe('bias_test');
    expect(header.get('FSNSRC')).toBe(1);
    expect(header.get('BZERO')).toBeUndefined();
  });

  it('writes exactly the columns of the contract, positions 1-based', async () => {
    const sink = memorySink();
    const { products } = await processFrame(await jobOf(rawFits()), enginePorts(), sink, identity);
    const file = await openFits(sink.files.get(products.catalog!)!);
    const table = await readTable(file.hdu('CATALOG'));
    expect(table.columns.map(({ name, unit }) => [name, unit])).toEqual(catalogColumns.map(([name, unit]) => [name, unit]));
    expect(table.rowCount).toBe(1);
    expect([table.numbers('X_IMAGE')[0], table.numbers('Y_IMAGE')[0], table.numbers('NUMBER')[0]]).toEqual([6, 5, 1]);
    expect(table.numbers('ALPHA_J2000')[0]).toBeNaN();
    expect(table.numbers('MAG_AUTO')[0]).toBeNaN();
  });

  it('writes a summary that the contract accepts, with times, inputs and the command that repeats it', async () => {
    const sink = memorySink();
    const { products, summary } = await processFrame(await jobOf(rawFits()), enginePorts(), sink, identity);
    const written = frameSummary.parse(JSON.parse(new TextDecoder().decode(sink.files.get(products.summary!)!)));
    expect(written).toEqual(summary);
    expect(written.metrics).toMatchObject({ sourceCount: 1, wcsRmsArcsec: null });
    expect(written.astrometry).toMatchObject({ solved: false, reason: 'No reference catalogue is configured.' });
    expect(Object.keys(written.timingsSec)).toEqual(['read', 'reduction', 'findstars', 'astrometry', 'write']);
    expect(written.provenance.inputs.map(({ role }) => role)).toEqual(['raw', 'bias', 'dark', 'flat']);
    expect(written.provenance.parameters['reduction']).toMatchObject({ gain: 6.2 });
    expect(written.provenance.replay).toContain('20260101T042001C0o.fits.fz');
  });

  it('gives the same bytes when it runs again, but for the date', async () => {
    const clock = { now: () => Date.parse('2026-01-01T05:00:00Z'), monotonic: () => 0 };
    const [first, second] = [memorySink(), memorySink()];
    await processFrame(await jobOf(rawFits()), enginePorts({ clock }), first, identity);
    await processFrame(await jobOf(rawFits()), enginePorts({ clock }), second, identity);
    expect(first.files).toEqual(second.files);
  });

  it('tells each step: cells and the state of the frame', async () => {
    const steps: string[] = [];
    await processFrame(await jobOf(rawFits()), enginePorts(), memorySink(), identity, {
      onProgress: (cells, state) => {
        steps.push(
          `${state}: ${cells
            .filter((cell) => cell.state !== 'off')
            .map((cell) => cell.state)
            .join(' ')}`,
        );
      },
      onMeasured: ({ products, metrics }) => steps.push(`${products.catalog?.slice(-12)} ${metrics.sourceCount}`),
    });
    expect(steps).toEqual([
      'reducing: running waiting waiting',
      'reduced: done waiting waiting',
      'reduced: done running waiting',
      'measured: done done waiting',
      'measured: done done running',
      'measured: done done done',
      'C0o.cat.fits 1',
    ]);
  });

  it('turns limits of the declaration and sentences of the modules into warnings', async () => {
    const log = memoryLog();
    const { warnings } = await processFrame(
      await jobOf(rawFits({}, { star: 400 })),
      enginePorts({ log }),
      memorySink(),
      identity,
    );
    expect(warnings).toContain('Sources is 0, below 1.');
    expect(log.lines.filter((line) => line.level === 'WARNING').map((line) => line.component)).toContain('Find stars');
    expect(log.lines[0]).toMatchObject({
      level: 'INFO',
      component: 'Reduction',
      message: '20260101T042001C0o reduced',
      fields: { module: 'reduction' },
    });
  });

  it('keeps what was made before a module that fails, and skips what follows', async () => {
    const failing = {
      ...findstars,
      run: () => {
        throw new Error('division by nothing');
      },
    };
    const job = await jobOf(rawFits(), { modules: sequence('standard', [reduction, failing, astrometry]) });
    const sink = memorySink();
    const result = await processFrame(job, enginePorts(), sink, identity);
    expect(result.failure).toMatchObject({
      module: 'findstars',
      error: { code: 'UNEXPECTED', message: 'Module findstars failed: division by nothing' },
    });
    expect(result.cells.slice(0, 3).map((cell) => [cell.state, cell.reason])).toEqual([
      ['done', null],
      ['failed', 'Module findstars failed: division by nothing'],
      ['skipped', 'findstars failed'],
    ]);
    expect(result.products).toMatchObject({ reduced: expect.stringContaining('reduced/'), catalog: null });
  });

  it('stops before the module when a wanted master is missing, and does without where told so', async () => {
    const ports = enginePorts({
      masters: { master: async ({ type }) => (type === 'flat' ? null : enginePorts().masters.master({} as never, '')) },
    });
    const missing = await processFrame(await jobOf(rawFits()), ports, memorySink(), identity);
    expect(missing.failure?.error).toMatchObject({ code: 'MASTER_MISSING', retry: 'later' });
    expect(missing.failure?.error.message).toBe(
      '20260101T042001C0o: no master flat for camera C0, binning 1, read mode 1MHz, soft gain 6.2, filter r, 16 × 12 pixels, night 2025-12-31',
    );
    expect(missing.products).toEqual({ reduced: null, catalog: null, summary: null });
    const texts = { 'reduction.cfg': '[Calibration]\nflat = none\nbias = none\ndark = none' };
    const without = await processFrame(
      await jobOf(rawFits(), { texts }),
      enginePorts({ masters: { master: async () => null } }),
      memorySink(),
      identity,
    );
    expect(without.failure).toBeNull();
  });

  it('says so when the input does not hold what a module needs', async () => {
    const job = await jobOf(rawFits());
    const only = { ...job, config: { ...job.config, modules: job.config.modules.slice(1) } };
    const { failure } = await processFrame(only, enginePorts(), memorySink(), identity);
    expect(failure?.error).toMatchObject({
      code: 'MODULE_INPUT_MISSING',
      message: expect.stringContaining('findstars needs a reduced frame'),
    });
  });

  it('reports a full disk as trouble that passes, not as a fault of the frame', async () => {
    const full = new ObservatoryError({
      code: 'STORAGE_FULL',
      message: 'No space',
      hint: 'Free space',
      retry: 'later',
      facts: {},
    });
    const sink = { root: '/full', commit: async () => Promise.reject(full) };
    const { failure, products } = await processFrame(await jobOf(rawFits()), enginePorts(), sink, identity);
    expect(failure).toMatchObject({ module: null, error: { code: 'STORAGE_FULL', retry: 'later' } });
    expect(products).toEqual({ reduced: null, catalog: null, summary: null });
  });

  it('never gives a revision the name of another', async () => {
    const { products } = await processFrame(await jobOf(rawFits(), { revision: 2 }), enginePorts(), memorySink(), identity);
    expect(products.reduced).toBe('929744/C0/r/reduced/20260101T042001C0o_r2.fits.fz');
  });

  it('frees the planes of a frame once they are written', async () => {
    const buffer = new SharedArrayBuffer(4096);
    const plane = new Float32Array(buffer, 1024, 192);
    const sharing = defineModule({
      ...reduction,
      outputs: { reduced: output('frame', 'Reduced.') },
      async run(inputs, parameters, context) {
        const { outputs, metrics } = await reduction.run(inputs, parameters, context);
        plane.set(outputs.reduced.data);
        return { outputs: { reduced: { ...outputs.reduced, data: plane } }, metrics };
      },
    });
    const freed: ArrayBufferView[] = [];
    const compute = { ...enginePorts().compute, free: (array: ArrayBufferView) => void freed.push(array) };
    const result = await processFrame(
      await jobOf(rawFits(), { modules: sequence('standard', [sharing, findstars]) }),
      enginePorts({ compute }),
      memorySink(),
      identity,
    );
    expect(result.failure).toBeNull();
    expect(freed).toEqual([plane]);
  });
});

describe('products read back', () => {
  it('serve as inputs of the modules after them', async () => {
    const sink = memorySink();
    const { products } = await processFrame(await jobOf(rawFits({ CTYPE1: null })), enginePorts(), sink, identity);
    const { frame, warnings } = await decodeReduced(
      sink.files.get(products.reduced!)!,
      'x/20260101T042001C0o.fits.fz',
      'b',
      metaOptions,
    );
    expect(warnings).toEqual([]);
    expect(frame).toMatchObject({ width: 16, height: 12, gain: 6.2, readNoise: 8, saturation: 90_000, wcs: null, solved: false });
    expect(frame.meta).toMatchObject({
      frameId: '20260101T042001C0o',
      camera: 'C0',
      filter: 'r',
      target: '929744',
      exposureSec: 30,
    });
    const sources = await decodeCatalog(sink.files.get(products.catalog!)!, 'c');
    expect(sources.columns).toMatchObject({ count: 1, x: Float64Array.of(5), y: Float64Array.of(4) });
    expect(sources).toMatchObject({ raDeg: null, magAuto: null });
  });

  it('take a foreign image too, and say what is guessed', async () => {
    const { frame, warnings } = await decodeReduced(rawFits(), 'm13.fits', 'b', metaOptions);
    expect(frame.variance[0]).toBeGreaterThan(0);
    expect(warnings).toEqual(['No VAR plane: one variance for all pixels, from their scatter.']);
  });
});
