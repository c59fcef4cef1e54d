import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Header, imageHdu, tableHdu, writeFits } from '@colibri/fits';
import { describe, expect, it } from 'vitest';
import { readFrameHead, readRawFrame } from './read-frame.ts';
import { cards, metaOptions, rawFits } from './test/raw-frames.ts';

const header = (): Header => {
  const made = new Header();
  for (const [keyword, value] of Object.entries(cards())) if (value !== null) made.set(keyword, value);
  return made;
};
const read = (bytes: Uint8Array, name = '20260101T042001C0o.fits') => readRawFrame(bytes, name, 'a', metaOptions);
const night = resolve(fileURLToPath(new URL('../../../', import.meta.url)), '../shared/data/sim-night/raw');

describe('readRawFrame', () => {
  it('keeps unsigned counts as they were written', async () => {
    const { raw, warnings } = await read(rawFits());
    expect(raw).toMatchObject({ width: 16, height: 12, meta: { camera: 'C0', frameId: '20260101T042001C0o' } });
    expect(raw.data).toBeInstanceOf(Uint16Array);
    expect(raw.data[4 * 16 + 5]).toBe(4000);
    expect(raw.header.get('EXPTIME')).toBe(30);
    expect(warnings).toEqual([]);
  });

  it('finds the image behind an empty primary HDU whose cards count too', async () => {
    const primary = header();
    const data = Float32Array.of(1, 2, 3, 4);
    const bytes = writeFits([imageHdu({ data, shape: [2, 2], name: 'IM', header: Header.of([['EXPTIME', 60]]) })], { primary });
    const { raw } = await read(bytes);
    expect(raw.meta).toMatchObject({ exposureSec: 60, filter: 'r' });
    expect([...raw.data]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['FITS_NOT_FITS', new TextEncoder().encode('this is no FITS file, but it is long enough to be looked at')],
    ['FITS_EMPTY', new Uint8Array(0)],
    ['FITS_TRUNCATED', rawFits().subarray(0, 2880 + 100)],
    ['FRAME_NOT_IMAGE', writeFits([imageHdu({ data: Float32Array.of(1, 2), shape: [2], header: header() })])],
    ['FRAME_NOT_IMAGE', writeFits([imageHdu({ data: new Float32Array(8), shape: [2, 2, 2], header: header() })])],
    ['FITS_WRONG_KIND', writeFits([tableHdu({ name: 'T', columns: [{ name: 'A', data: Int32Array.of(1) }] })])],
    ['FRAME_BLANK', writeFits([imageHdu({ data: new Float32Array(4).fill(Number.NaN), shape: [2, 2], header: header() })])],
    ['FRAME_BLANK', writeFits([imageHdu({ data: new Uint16Array(4).fill(65535), shape: [2, 2], header: header() })])],
  ])('refuses with %s what cannot be a frame', async (code, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code });
  });

  it('tells whether the sums of the file agree with its bytes, and goes on where they do not', async () => {
    const signed = rawFits();
    expect((await read(signed)).raw.header.get('RAWSUM')).toBe('verified');
    const changed = signed.slice();
    changed[2880] = changed[2880]! ^ 1;
    const found = await read(changed);
    expect(found.raw.header.get('RAWSUM')).toBe('mismatch');
    expect(found.warnings).toEqual([
      'DATASUM of HDU 0 does not agree with its bytes: the file was changed or damaged after it was signed.',
    ]);
  });

  it('reads head alone without the pixels', async () => {
    const bytes = rawFits();
    expect(await readFrameHead(bytes.slice(), 'x.fits', 'a', metaOptions)).toMatchObject({
      width: 16,
      height: 12,
      meta: { type: 'object' },
    });
  });

  it.skipIf(!existsSync(night))('reads a frame that fpack wrote (skipped where ../shared/data is absent)', async () => {
    const bytes = readFileSync(resolve(night, '20260101T042001C0o.fits.fz'));
    const { raw } = await readRawFrame(bytes, '20260101T042001C0o.fits.fz', 'a', {
      ...metaOptions,
      nowMs: Date.parse('2026-12-01'),
    });
    expect(raw).toMatchObject({
      width: 2080,
      height: 2048,
      meta: { target: '929744', exposureSec: 30, isAlert: true, nightId: '2025-12-31' },
    });
    expect(raw.data).toBeInstanceOf(Uint16Array);
  });
});
