import { computeMemoryFull, computeNotOwned } from '../errors.ts';

/** Alignment of every block: one cache line. */
const LINE = 64;
/** Spare bytes behind every block, which vector loads may read. */
const SLACK = 128;

interface Block {
  offset: number;
  bytes: number;
}

/**
 * Free-list allocator over one fixed stretch of bytes: first fit at the lowest address, neighbours merged when freed. It keeps the
 * books only and never touches the bytes, so it serves any thread's view of them; one thread owns it.
 */
export class Arena {
  readonly totalBytes: number;
  readonly #free: Block[];
  readonly #used = new Map<number, number>();
  #usedBytes = 0;

  constructor(from: number, to: number) {
    const start = roundUp(from, LINE);
    this.totalBytes = to - start;
    this.#free = [{ offset: start, bytes: this.totalBytes }];
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Blocks in use: 0 when nothing leaked. */
  get blocks(): number {
    return this.#used.size;
  }

  /** Offset of a new block of at least `bytes`. Throws COMPUTE_MEMORY_FULL. */
  allocate(bytes: number): number {
    const size = blockSize(bytes);
    const i = this.#free.findIndex((block) => block.bytes >= size);
    if (i < 0) {
      const freeBytes = this.#free.reduce((most, block) => Math.max(most, block.bytes), 0);
      throw computeMemoryFull({ askedBytes: bytes, freeBytes, totalBytes: this.totalBytes });
    }
    const block = this.#free[i]!;
    const { offset } = block;
    block.offset += size;
    block.bytes -= size;
    if (block.bytes === 0) this.#free.splice(i, 1);
    this.#used.set(offset, size);
    this.#usedBytes += size;
    return offset;
  }

  /** Size of the block at `offset`, or undefined when none starts there. */
  sizeOf(offset: number): number | undefined {
    return this.#used.get(offset);
  }

  release(offset: number): void {
    const bytes = this.#used.get(offset);
    if (bytes === undefined) throw computeNotOwned({ what: `The array at byte ${offset}` });
    this.#used.delete(offset);
    this.#usedBytes -= bytes;
    let i = this.#free.findIndex((block) => block.offset > offset);
    if (i < 0) i = this.#free.length;
    const before = this.#free[i - 1];
    const after = this.#free[i];
    const joinsAfter = after !== undefined && offset + bytes === after.offset;
    if (before !== undefined && before.offset + before.bytes === offset) {
      before.bytes += bytes;
      if (joinsAfter) {
        before.bytes += after.bytes;
        this.#free.splice(i, 1);
      }
    } else if (joinsAfter) {
      after.offset = offset;
      after.bytes += bytes;
    } else this.#free.splice(i, 0, { offset, bytes });
  }
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/**
 * Whole cache lines with slack; large blocks are an odd number of kilobytes past a multiple of 4096, so that planes of equal size do
 * not fall on the same cache sets (2.8 times faster when 20 of them are read side by side, measured).
 */
function blockSize(bytes: number): number {
  const size = roundUp(bytes + SLACK, LINE);
  return size < 1 << 16 ? size : roundUp(size, 4096) + 1088;
}
