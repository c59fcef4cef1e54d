import type { Header } from './header.ts';
import type { FitsLimits } from './limits.ts';
import type { ByteSource } from './source.ts';

/** What an HDU holds. `empty`: a header without data; `foreign`: not described by the standard, only its header is read. */
export type HduKind = 'image' | 'compressed-image' | 'bintable' | 'compressed-table' | 'table' | 'groups' | 'empty' | 'foreign';

/** One header and where its data lie; nothing of the data is read before it is asked for. */
export interface Hdu {
  /** From 0. */
  readonly index: number;
  readonly kind: HduKind;
  /** EXTNAME; `PRIMARY` for the first HDU without one. */
  readonly name: string;
  /** What describes the data: for tile-compressed HDUs the header of the image or table inside, as funpack would restore it. */
  readonly header: Header;
  /** The header as it stands in the file. */
  readonly storedHeader: Header;
  /** NAXIS1, NAXIS2 …, the fastest axis first; of the image inside for compressed ones; without the 0 of random groups. */
  readonly shape: readonly number[];
  /** 8, 16, 32, 64, -32 or -64; of the image inside for compressed ones. */
  readonly bitpix: number;
  /** BUNIT, or '' */
  readonly unit: string;
  /** Bytes of the file where header and data begin, and how many data bytes there are without padding. */
  readonly headerOffset: number;
  readonly dataOffset: number;
  readonly dataLength: number;
  readonly source: ByteSource;
  readonly limits: FitsLimits;
}

/** Something odd that did not keep the file from being read. */
export interface FitsWarning {
  readonly code: FitsWarningCode;
  readonly message: string;
  readonly hdu: number;
  readonly offset: number;
}

export type FitsWarningCode =
  | 'FITS_W_CARD' // a card breaks the syntax; its value was guessed
  | 'FITS_W_ORDER' // mandatory cards are not in their order
  | 'FITS_W_DUPLICATE' // a card that describes the data is there twice; the first counts
  | 'FITS_W_PADDING' // the last record is not filled up to 2880 bytes
  | 'FITS_W_TRAILING'; // bytes after the last HDU that are not an HDU

/** An open file: its HDUs in order, and what was odd. */
export interface FitsFile {
  readonly name: string;
  readonly source: ByteSource;
  readonly hdus: readonly Hdu[];
  readonly warnings: readonly FitsWarning[];
  /** By number from 0, or by EXTNAME without case (the first of that name). */
  hdu(nameOrIndex: string | number): Hdu;
  /** The first HDU with pixels: the primary, or the first image extension of a packed file. */
  firstImage(): Hdu;
}

/** Where an HDU is, for errors. */
export const placeOf = (hdu: Hdu, offset = hdu.dataOffset): { file: string; hdu: number; offset: number } => ({
  file: hdu.source.name,
  hdu: hdu.index,
  offset,
});

export const isImageKind = (kind: HduKind): boolean => kind === 'image' || kind === 'compressed-image';
