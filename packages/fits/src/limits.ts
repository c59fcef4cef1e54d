/** What a reader accepts before it looks any closer: protection against damaged and hostile headers. */
export interface FitsLimits {
  /** Pixels of one image, or bytes-worth of elements in one column. */
  readonly pixels: number;
  readonly axes: number;
  /** Cards of one header. */
  readonly cards: number;
  /** Bytes of the file, unpacked. */
  readonly bytes: number;
  readonly hdus: number;
}

/** reliability.md section 5; the number of HDUs is ours: no instrument comes near it. */
export const defaultLimits: FitsLimits = {
  pixels: 2 ** 28,
  axes: 8,
  cards: 36_000,
  bytes: 4 * 2 ** 30,
  hdus: 10_000,
};

/** FITS counts in records of this many bytes. */
export const BLOCK = 2880;
export const CARD = 80;

/** `bytes` rounded up to whole records. */
export const padded = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;
