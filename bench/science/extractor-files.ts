import { readFileSync } from 'node:fs';

/** Rows of a catalogue that source-extractor wrote as ASCII_HEAD or ASCII. */
export const asciiRows = (path: string): number[][] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.trim().split(/\s+/).map(Number));

/** A Gaussian filter of 2 · reach + 1 pixels a side as source-extractor reads it; its default is that of FWHM 2. */
export function convolutionFile(fwhmPix: number, reach = Math.max(1, Math.round(0.9 * fwhmPix - 0.8))): string {
  const steps = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const rows = steps.map((y) => steps.map((x) => (4 * 2 ** -((x * x + y * y) / (fwhmPix / 2) ** 2)).toFixed(4)).join(' '));
  return `CONV NORM\n${rows.join('\n')}\n`;
}
