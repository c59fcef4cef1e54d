import type { CardValue } from './card.ts';
import { onesComplementSum } from './checksum.ts';
import { fitsChecksum } from './errors.ts';
import { type FitsFile, type Hdu, placeOf } from './hdu.ts';
import { padded } from './limits.ts';
import { readExactly } from './source.ts';

export type ChecksumVerdict = 'ok' | 'bad' | 'absent';

export interface ChecksumReport {
  readonly hdu: number;
  readonly datasum: ChecksumVerdict;
  readonly checksum: ChecksumVerdict;
}

/** Compares DATASUM and CHECKSUM of one HDU with its bytes, as they stand in the file (FITS 4.0, appendix J). */
export async function verifyChecksums(hdu: Hdu): Promise<ChecksumReport> {
  const header = hdu.storedHeader;
  const announced = cardText(header.get('DATASUM'));
  const hasChecksum = cardText(header.get('CHECKSUM')) !== '';
  if (announced === '' && !hasChecksum) return { hdu: hdu.index, datasum: 'absent', checksum: 'absent' };
  const end = hdu.dataOffset + padded(hdu.dataLength);
  const data = await sumOf(hdu, hdu.dataOffset, Math.min(end, hdu.source.size));
  const whole = hasChecksum ? await sumOf(hdu, hdu.headerOffset, hdu.dataOffset, data) : 0;
  return {
    hdu: hdu.index,
    // Ones complement has two zeros.
    datasum: announced === '' ? 'absent' : (Number(announced) - data) % 0xffffffff === 0 ? 'ok' : 'bad',
    checksum: !hasChecksum ? 'absent' : whole % 0xffffffff === 0 ? 'ok' : 'bad',
  };
}

const cardText = (value: CardValue | undefined): string => (value === undefined || value === null ? '' : String(value).trim());

async function sumOf(hdu: Hdu, from: number, to: number, start = 0): Promise<number> {
  let sum = start;
  for (let at = from; at < to; at += 2 ** 20) {
    sum = onesComplementSum(await readExactly(hdu.source, at, Math.min(2 ** 20, to - at), hdu.index), sum);
  }
  return sum;
}

/** Verifies every HDU and throws FITS_CHECKSUM_MISMATCH at the first that disagrees. */
export async function assertChecksums(file: FitsFile): Promise<ChecksumReport[]> {
  const reports: ChecksumReport[] = [];
  for (const hdu of file.hdus) {
    const report = await verifyChecksums(hdu);
    const bad = report.datasum === 'bad' ? 'DATASUM' : report.checksum === 'bad' ? 'CHECKSUM' : undefined;
    if (bad) {
      const at = hdu.headerOffset + (hdu.storedHeader.card(bad)?.at ?? 0);
      throw fitsChecksum({ ...placeOf(hdu, at), what: `${bad} does not agree with the bytes of the HDU.` });
    }
    reports.push(report);
  }
  return reports;
}
