import type { ByteSource } from './source.ts';

/** Bytes whose number need not be known beforehand: a gzip stream is unpacked only as far as somebody asks. */
export interface Reach extends ByteSource {
  /** Makes bytes up to `end` readable; answers how many there are, at least `end` unless the file ends before. */
  reach(end: number): Promise<number>;
  /** An upper bound of all the bytes there can be, for refusing what is announced before unpacking it. */
  readonly most: number;
}

/** A source that is not packed: everything is in reach. */
export function plainReach(source: ByteSource): Reach {
  return {
    name: source.name,
    size: source.size,
    most: source.size,
    read: (offset, length) => source.read(offset, length),
    ...(source.readInto ? { readInto: (offset, target) => source.readInto!(offset, target) } : {}),
    reach: async () => source.size,
  };
}
