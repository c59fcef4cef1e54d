import { describe, expect, it } from 'vitest';
import type { FrameMeta, HeaderValues } from './frame.ts';
import { type FrameMetaOptions, frameIdOf, frameMeta, identifierValue } from './frame-meta.ts';

const options: FrameMetaOptions = {
  nowMs: Date.parse('2026-01-02T00:00:00Z'),
  longitudeEastDeg: -115.464,
  alertRules: ['trigger', 'project'],
};
const base = {
  'DATE-OBS': '2026-01-01T04:20:01.000',
  EXPTIME: 30,
  EXPTYPE: 'object  ',
  INSTRUME: 'C0',
  CCD_NAME: 'C0',
  FILTER: 'r',
  BINNING: '1',
  READMODE: '1MHz',
  SOFTGAIN: 6.2,
  TRGID: '929744',
  OBSERVER: 'svom',
  RA: 215.59,
  DEC: 53.11,
  TRGRA: 215.6362,
  TRGDEC: 53.08,
  AIRMASS: 1.37,
};
type Cards = Record<string, string | number | boolean | null>;
const header = (change: Cards = {}): HeaderValues =>
  new Map(Object.entries<Cards[string]>({ ...base, ...change }).filter(([, v]) => v !== null));
const read = (
  change: Cards = {},
  name = '20260101T042001C0o.fits.fz',
  more: Partial<FrameMetaOptions> = {},
): FrameMeta & { warnings: readonly string[] } => {
  const { meta, warnings } = frameMeta(header(change), `/in/${name}`, 'a'.repeat(64), { ...options, ...more });
  return { ...meta, warnings };
};
const codeOf = (change: Cards, name?: string): string => {
  try {
    read(change, name);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('frameMeta', () => {
  it('reads a frame of the simulated night', () => {
    const { midExposureMjdUtc, ...meta } = read();
    expect(meta).toEqual({
      frameId: '20260101T042001C0o',
      sourcePath: '/in/20260101T042001C0o.fits.fz',
      sha256: 'a'.repeat(64),
      camera: 'C0',
      filter: 'r',
      type: 'object',
      target: '929744',
      isAlert: true,
      observer: 'svom',
      observedAt: '2026-01-01T04:20:01.000Z',
      exposureSec: 30,
      binning: '1',
      readMode: '1MHz',
      softGain: '6.2',
      pointing: { raDeg: 215.59, decDeg: 53.11 },
      alert: { raDeg: 215.6362, decDeg: 53.08, radiusDeg: null },
      airmass: 1.37,
      nightId: '2025-12-31',
      warnings: [],
    });
    // MJD 61041.18056713 is 2026-01-01T04:20:01 (truth/night.json's own arithmetic: 61041 + 15601/86400); half of 30 s later
    expect(midExposureMjdUtc).toBeCloseTo(61041 + (15601 + 15) / 86400, 9);
  });

  it.each([
    [{ TRGID: null, ALSVID: 'sb26010101', ALSWID: 'x' }, 'sb26010101', true],
    [{ TRGID: null, ALSWID: 929744 }, '929744', true],
    [{ TRGID: null, ALFRID: 'f' }, 'f', true],
    [{ TRGID: null, ALLVID: 'l' }, 'l', true],
    [{ TRGID: null, ALID: 7 }, '7', true],
    [{ TRGID: ' ', BLKID: '12' }, '12', false],
    [{ TRGID: null, PRPID: '1000', BLKID: '3' }, '3', true],
    [{ TRGID: null, PRPID: '2001', BLKID: '3' }, '3', false],
    [{ TRGID: null }, '-', false],
    [{ EXPTYPE: 'focus' }, '929744', false],
  ])('maps the target of %j to %s (alert: %s)', (change, target, isAlert) => {
    expect(read(change as Cards)).toMatchObject({ target, isAlert });
  });

  it('follows the configured alert rules', () => {
    expect(read({}, undefined, { alertRules: ['project'] }).isAlert).toBe(false);
    expect(read({ TRGID: null }, undefined, { alertRules: ['always'] }).isAlert).toBe(true);
    expect(read({}, undefined, { alertRules: ['never'] }).isAlert).toBe(false);
  });

  it('takes the observer from OBSERVER, the alert origin, the proposal name', () => {
    expect(read({ OBSERVER: null, ALOR: 'swift', PRPNM: 'x' }).observer).toBe('swift');
    expect(read({ OBSERVER: '', PRPNM: 'monitor' }).observer).toBe('monitor');
    expect(identifierValue(header({ OBSERVER: null, ALOR: 'svom' }), 'observer')).toBe('svom');
    expect(identifierValue(header({ PRPID: 1000 }), 'PRPID')).toBe('1000');
    expect(identifierValue(header(), 'NOTHING')).toBeUndefined();
  });

  it('finds the pointing in the order start, end, header, and reads sexagesimal angles', () => {
    expect(read({ ETROBRA: 10.5, ETROBDE: -1.5 }).pointing).toEqual({ raDeg: 10.5, decDeg: -1.5 });
    expect(read({ STRSTRA: '12:00:00', STRSTDE: '-00:30:00', ETROBRA: 10, ETROBDE: 1 }).pointing).toEqual({
      raDeg: 180,
      decDeg: -0.5,
    });
    expect(read({ RA: '16 53 57.673', DEC: '+62 54 33.35' }).pointing?.raDeg).toBeCloseTo(253.490304, 5);
    expect(read({ RA: -10, DEC: 5 }).pointing).toEqual({ raDeg: 350, decDeg: 5 });
    expect(read({ RA: null, CTYPE1: 'RA---TAN', CRVAL1: 1, CRVAL2: 2 }).pointing).toEqual({ raDeg: 1, decDeg: 2 });
    expect(read({ RA: 'unknown', DEC: 99 }).pointing).toBeNull();
    expect(read({ RA: 10, DEC: 95 }).pointing).toBeNull();
  });

  it('reads the alert circle', () => {
    expect(read({ ALRA: 10, ALDE: 20, ALUN: 0.05 }).alert).toEqual({ raDeg: 10, decDeg: 20, radiusDeg: 0.05 });
    expect(read({ TRGRA: null }).alert).toBeNull();
  });

  it.each([
    [{ EXPTIME: 0 }, 'HEADER_EXPOSURE'],
    [{ EXPTIME: -30 }, 'HEADER_EXPOSURE'],
    [{ EXPTIME: 'long' }, 'HEADER_EXPOSURE'],
    [{ EXPTIME: Number.NaN }, 'HEADER_EXPOSURE'],
    [{ EXPTIME: null }, 'HEADER_MISSING'],
    [{ EXPTIME: 0, EXPTYPE: 'bias' }, 'accepted'],
    [{ EXPTIME: null, EXPTYPE: 'bias' }, 'accepted'],
    [{ EXPTIME: '30.0' }, 'accepted'],
    [{ 'DATE-OBS': null }, 'HEADER_MISSING'],
    [{ 'DATE-OBS': 'yesterday' }, 'HEADER_VALUE'],
    [{ 'DATE-OBS': '2026-02-30T00:00:00' }, 'HEADER_VALUE'],
    [{ 'DATE-OBS': '2026-01-05T00:00:00' }, 'HEADER_FUTURE_DATE'],
    [{ 'DATE-OBS': '1492-10-12' }, 'HEADER_VALUE'],
    [{ 'DATE-OBS': null, 'MJD-OBS': 61041.18 }, 'accepted'],
    [{ 'DATE-OBS': '2016-12-31T23:59:60.5' }, 'accepted'],
    [{ CCD_NAME: 'C1' }, 'FRAME_WRONG_CAMERA'],
    [{ CCD_NAME: null, INSTRUME: 'C2' }, 'FRAME_WRONG_CAMERA'],
    [{ CCD_NAME: null, INSTRUME: null }, 'accepted'],
    [{ INSTRUME: 'DDRAGO' }, 'accepted'],
  ])('answers a header with %j: %s', (change, code) => {
    expect(codeOf(change as Cards)).toBe(code);
  });

  it('does not know a frame without a camera in header or name', () => {
    expect(codeOf({ CCD_NAME: null, INSTRUME: null }, 'image.fits')).toBe('HEADER_MISSING');
  });

  it('warns of what is doubtful: another start in the name, an impossible airmass', () => {
    expect(read({}, '20260101T052001C0o.fits').warnings).toEqual([
      'The name says 2026-01-01T05:20:01, DATE-OBS says 2026-01-01T04:20:01: the header is believed.',
    ]);
    expect(read({ AIRMASS: 0.2 })).toMatchObject({
      airmass: null,
      warnings: ['AIRMASS = 0.2 of 20260101T042001C0o cannot be: left out.'],
    });
  });

  it('guesses for foreign images, and says so', () => {
    const { meta, warnings } = frameMeta(new Map([['OBJECT', 'M 13']]), 'm13.fits', '', { ...options, lenient: true });
    expect(meta).toMatchObject({
      frameId: 'm13',
      camera: '-',
      exposureSec: 1,
      observedAt: '2000-01-01T00:00:00.000Z',
      type: 'object',
      target: 'M 13',
    });
    expect(warnings).toHaveLength(2);
  });

  it('reads the type from the words of other observatories, and from the name at last', () => {
    const types = ['Light Frame', 'FLAT', 'Dark Frame', 'Bias', 'EXPOSE'].map(
      (IMAGETYP) => read({ EXPTYPE: null, IMAGETYP }).type,
    );
    expect(types).toEqual(['object', 'flat', 'dark', 'bias', 'object']);
    expect(read({ EXPTYPE: null }, '20260101T042001C0d.fits').type).toBe('dark');
  });
});

describe('frameIdOf', () => {
  it.each([
    ['/a/b/20260101T042001C0o.fits.fz', '20260101T042001C0o'],
    ['X.FIT', 'X'],
    ['x.fits.gz', 'x'],
    ['two.dots.fts', 'two.dots'],
    ['noext', 'noext'],
    ['.fits', '.fits'],
  ])('%s → %s', (path, id) => {
    expect(frameIdOf(path)).toBe(id);
  });
});
