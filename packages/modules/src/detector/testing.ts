import type { FrameMeta, HeaderValues, RawFrame } from '@colibri/pipeline';

/** A frame's description for tests; only what a test is about needs saying. */
export function testMeta(values: Partial<FrameMeta> = {}): FrameMeta {
  return {
    frameId: '20260101T042001C1o',
    sourcePath: 'raw/20260101T042001C1o.fits.fz',
    sha256: 'ab',
    camera: 'C1',
    filter: 'r',
    type: 'object',
    target: 'T1',
    isAlert: false,
    observer: null,
    observedAt: '2026-01-01T04:20:01.000Z',
    midExposureMjdUtc: 61041.18,
    exposureSec: 30,
    binning: '1',
    readMode: '1MHz',
    softGain: '1',
    pointing: null,
    alert: null,
    airmass: 1.1,
    nightId: '2025-12-31',
    ...values,
  };
}

/** A raw frame whose pixels come from a function of (x, y). */
export function testRaw(
  width: number,
  height: number,
  value: (x: number, y: number) => number,
  cards: Record<string, string | number> = {},
  meta: Partial<FrameMeta> = {},
): RawFrame {
  const data = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = value(x, y);
  const header: HeaderValues = new Map(Object.entries(cards));
  return { meta: testMeta(meta), header, width, height, data };
}
