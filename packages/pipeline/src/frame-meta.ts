import { isoUtc } from '@colibri/base';
import { nightId } from '@colibri/sky';
import type { AlertRule } from './config/gp1-config.ts';
import { dateInFuture, exposureInvalid, headerMissing, headerValue, wrongCamera } from './errors.ts';
import type { FrameMeta, HeaderValues } from './frame.ts';
import { headerNumber, headerPoint, headerText, parseUtc } from './header-words.ts';

export interface FrameMetaOptions {
  /** Now [ms since 1970 UTC], against dates in the future. */
  readonly nowMs: number;
  readonly longitudeEastDeg: number;
  readonly alertRules: readonly AlertRule[];
  /** Foreign images: a missing date or exposure time is guessed and said, not refused. */
  readonly lenient?: boolean;
}

/** Clocks of camera and pipeline may differ by so much before a date counts as the future [ms]. */
const clockToleranceMs = 3_600_000;
const mjdOf1970 = 40587;

/** Start and end of `base` by its extensions: `20260101T042001C0o.fits.fz` → `20260101T042001C0o`. */
export function frameIdOf(path: string): string {
  const base = path.replace(/^.*[\\/]/, '');
  return base.replace(/(\.(fits?|fts))?(\.(fz|gz))?$/i, '') || base;
}

/**
 * What a header says of its exposure, after the mapping of pipeline.md §2.3. A header that cannot be true is refused by a typed
 * error; what is merely doubtful becomes a warning.
 */
export function frameMeta(
  header: HeaderValues,
  path: string,
  sha256: string,
  options: FrameMetaOptions,
): { readonly meta: FrameMeta; readonly warnings: readonly string[] } {
  const frame = frameIdOf(path);
  const warnings: string[] = [];
  const named = /^(\d{8}T\d{6})(C\d)([a-z])/i.exec(frame);
  const type = readType(header, named?.[3]);
  const observedMs = readDate(header, frame, options, warnings);
  const exposureSec = readExposure(header, frame, type, options, warnings);
  const camera = readCamera(header, frame, named?.[2], options);
  const triggerId = headerText(header, ...triggerWords);
  const meta: FrameMeta = {
    frameId: frame,
    sourcePath: path,
    sha256,
    camera,
    filter: headerText(header, 'FILTER', 'FILTER1') ?? '-',
    type,
    target: triggerId ?? headerText(header, 'BLKID', 'OBJECT') ?? '-',
    isAlert: isAlert(header, type, options.alertRules),
    observer: headerText(header, 'OBSERVER', 'ALOR', 'PRPNM') ?? null,
    observedAt: isoUtc(observedMs),
    midExposureMjdUtc: observedMs / 86_400_000 + mjdOf1970 + exposureSec / 2 / 86_400,
    exposureSec,
    binning: (headerText(header, 'BINNING', 'XBINNING', 'CCDSUM') ?? '1').replace(/^(\d+)[x ,]+\1$/i, '$1'),
    readMode: headerText(header, 'READMODE') ?? '-',
    softGain: headerText(header, 'SOFTGAIN') ?? '-',
    pointing: readPointing(header),
    alert: readAlert(header),
    airmass: readAirmass(header, frame, warnings),
    nightId: nightId(isoUtc(observedMs), options.longitudeEastDeg),
  };
  const startByName = named?.[1];
  if (startByName) {
    const nameMs = parseUtc(startByName.replace(/^(....)(..)(..)T(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6'));
    if (nameMs !== undefined && Math.abs(nameMs - observedMs) > 2000) {
      warnings.push(
        `The name says ${isoUtc(nameMs).slice(0, 19)}, DATE-OBS says ${meta.observedAt.slice(0, 19)}: the header is believed.`,
      );
    }
  }
  return { meta, warnings };
}

/** Words for one trigger, the telescope's own spellings after the slides'. */
const triggerWords = ['TRGID', 'ALSVID', 'ALSWID', 'ALFRID', 'ALLVID', 'ALID'];

/** Value of a header word as routing and folders see it: TRGID and OBSERVER are mapped, the others are as written. */
export function identifierValue(header: HeaderValues, word: string): string | undefined {
  switch (word.toUpperCase()) {
    case 'TRGID':
      return headerText(header, ...triggerWords, 'BLKID');
    case 'OBSERVER':
      return headerText(header, 'OBSERVER', 'ALOR', 'PRPNM');
    case 'INSTRUME':
      return headerText(header, 'INSTRUME', 'CCD_NAME');
    case 'CCD_NAME':
      return headerText(header, 'CCD_NAME', 'INSTRUME');
    default:
      return headerText(header, word.toUpperCase());
  }
}

const typeLetters: Record<string, string> = { o: 'object', u: 'focus', f: 'flat', b: 'bias', d: 'dark' };

function readType(header: HeaderValues, letter: string | undefined): string {
  const said = headerText(header, 'EXPTYPE', 'OBSTYPE', 'IMAGETYP')?.toLowerCase();
  if (said === undefined) return (letter && typeLetters[letter.toLowerCase()]) ?? 'object';
  if (/^(light|expose|science|obj)/.test(said)) return 'object';
  const word = Object.values(typeLetters).find((known) => said.includes(known));
  return word ?? said;
}

function readDate(header: HeaderValues, frame: string, options: FrameMetaOptions, warnings: string[]): number {
  let said = headerText(header, 'DATE-OBS');
  const time = headerText(header, 'TIME-OBS', 'UT', 'UTSTART');
  const old = said && /^(\d\d)\/(\d\d)\/(\d\d)$/.exec(said); // the form of before 2000
  if (old) said = `19${old[3]}-${old[2]}-${old[1]}`;
  if (said && /^\d{4}-\d\d-\d\d$/.test(said) && time?.includes(':')) said = `${said}T${time.replace(/^(\d):/, '0$1:')}`;
  const mjd = headerNumber(header, 'MJD-OBS', 'MJD');
  let milliseconds: number | undefined;
  if (said !== undefined) {
    milliseconds = parseUtc(said);
    if (milliseconds === undefined)
      throw headerValue({ frame, keyword: 'DATE-OBS', value: said, wanted: 'is no date like 2026-01-01T04:20:01.000' });
  } else if (mjd !== undefined) {
    milliseconds = Math.round((mjd - mjdOf1970) * 86_400_000);
    warnings.push('No DATE-OBS: the time is taken from MJD-OBS.');
  } else if (options.lenient) {
    warnings.push('No DATE-OBS: the frame is dated 2000-01-01.');
    milliseconds = Date.UTC(2000, 0, 1);
  } else {
    throw headerMissing({ frame, keyword: 'DATE-OBS', what: 'without the start of exposure it belongs to no night' });
  }
  if (milliseconds > options.nowMs + clockToleranceMs) {
    throw dateInFuture({
      frame,
      keyword: said ? 'DATE-OBS' : 'MJD-OBS',
      value: said ?? String(mjd),
      now: isoUtc(options.nowMs).slice(0, 19),
    });
  }
  if (milliseconds < Date.UTC(1900, 0, 1))
    throw headerValue({ frame, keyword: 'DATE-OBS', value: said ?? String(mjd), wanted: 'is before 1900' });
  return milliseconds;
}

function readExposure(header: HeaderValues, frame: string, type: string, options: FrameMetaOptions, warnings: string[]): number {
  const keyword = ['EXPTIME', 'EXPOSURE'].find((word) => headerText(header, word) !== undefined);
  if (!keyword) {
    if (type === 'bias') return 0;
    if (!options.lenient)
      throw headerMissing({ frame, keyword: 'EXPTIME', what: 'without the exposure time counts are no rate' });
    warnings.push('No EXPTIME: taken as 1 s.');
    return 1;
  }
  const seconds = headerNumber(header, keyword);
  if (seconds === undefined || seconds < 0 || (seconds === 0 && type !== 'bias')) {
    throw exposureInvalid({ frame, keyword, value: headerText(header, keyword) ?? '' });
  }
  return seconds;
}

/** CCD_NAME, else INSTRUME, else the file's name. A COLIBRI name that says another channel than the header is a contradiction. */
function readCamera(header: HeaderValues, frame: string, named: string | undefined, options: FrameMetaOptions): string {
  const keyword = ['CCD_NAME', 'INSTRUME'].find((word) => headerText(header, word) !== undefined);
  const said = keyword && headerText(header, keyword);
  if (!said || !keyword) {
    if (named) return named.toUpperCase();
    if (options.lenient) return '-';
    throw headerMissing({ frame, keyword: 'INSTRUME', what: 'and the name of the file tells no camera' });
  }
  if (named && /^C\d$/i.test(said) && named.toUpperCase() !== said.toUpperCase()) {
    throw wrongCamera({ frame, named: named.toUpperCase(), header: said, keyword });
  }
  return said;
}

function isAlert(header: HeaderValues, type: string, rules: readonly AlertRule[]): boolean {
  if (type !== 'object') return false;
  return rules.some((rule) => {
    if (rule === 'trigger') return headerText(header, ...triggerWords) !== undefined;
    if (rule === 'project') return /^1\d{3}$/.test(headerText(header, 'PRPID') ?? '');
    return rule === 'always';
  });
}

const readPointing = (header: HeaderValues): FrameMeta['pointing'] =>
  headerPoint(header, [
    ['STRSTRA', 'STRSTDE'],
    ['ETROBRA', 'ETROBDE'],
    ['RA', 'DEC'],
    ['OBJCTRA', 'OBJCTDEC'],
  ]) ?? (headerText(header, 'CTYPE1')?.startsWith('RA--') ? headerPoint(header, [['CRVAL1', 'CRVAL2']]) : null);

function readAlert(header: HeaderValues): FrameMeta['alert'] {
  const point = headerPoint(header, [
    ['ALRA', 'ALDE'],
    ['SEXALRA', 'SEXALDE'],
    ['TRGRA', 'TRGDEC'],
  ]);
  const radius = headerNumber(header, 'ALUN', 'SEXALUN');
  return point && { ...point, radiusDeg: radius !== undefined && radius >= 0 ? radius : null };
}

function readAirmass(header: HeaderValues, frame: string, warnings: string[]): number | null {
  const airmass = headerNumber(header, 'AIRMASS', 'ETROBAM');
  if (airmass === undefined) return null;
  if (airmass >= 0.99 && airmass < 100) return airmass;
  warnings.push(`AIRMASS = ${airmass} of ${frame} cannot be: left out.`);
  return null;
}
