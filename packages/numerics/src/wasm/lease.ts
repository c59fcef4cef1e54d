import type { Arena } from '../memory/arena.ts';

export type PlainArray = Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array | Uint32Array;

/**
 * Lends arrays to one call of a kernel: those in the shared memory by their offset, others as copies, which `finish` writes back where
 * the kernel changed them. `finish` gives all temporary blocks back, also after a failure.
 */
export class Lease {
  readonly #buffer: ArrayBufferLike;
  readonly #arena: Arena;
  readonly #temporary: number[] = [];
  readonly #changed: { array: PlainArray; copy: PlainArray }[] = [];

  constructor(buffer: ArrayBufferLike, arena: Arena) {
    this.#buffer = buffer;
    this.#arena = arena;
  }

  /** Offset of an array that is read; 0 for null. */
  input(array: PlainArray | null | undefined): number {
    if (array === null || array === undefined) return 0;
    if (array.buffer === this.#buffer) return array.byteOffset;
    return this.#copy(array).byteOffset;
  }

  /** Offset of an array that is filled. */
  output(array: PlainArray): number {
    if (array.buffer === this.#buffer) return array.byteOffset;
    const copy = viewLike(array, this.#buffer, this.scratch(array.byteLength));
    this.#changed.push({ array, copy });
    return copy.byteOffset;
  }

  /** Offset of an array that is read and changed. */
  inout(array: PlainArray): number {
    if (array.buffer === this.#buffer) return array.byteOffset;
    const copy = this.#copy(array);
    this.#changed.push({ array, copy });
    return copy.byteOffset;
  }

  /** Work space until `finish`. */
  scratch(bytes: number): number {
    const offset = this.#arena.allocate(bytes);
    this.#temporary.push(offset);
    return offset;
  }

  finish(done: boolean): void {
    if (done) for (const { array, copy } of this.#changed) array.set(copy as never);
    for (const offset of this.#temporary) this.#arena.release(offset);
  }

  #copy(array: PlainArray): PlainArray {
    const copy = viewLike(array, this.#buffer, this.scratch(array.byteLength));
    copy.set(array as never);
    return copy;
  }
}

function viewLike(array: PlainArray, buffer: ArrayBufferLike, offset: number): PlainArray {
  const View = array.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => PlainArray;
  return new View(buffer, offset, array.length);
}
