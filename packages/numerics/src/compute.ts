/**
 * Where arithmetic runs. `scalar` is plain TypeScript on the heap, the oracle; `wasm` the same functions as SIMD over one shared
 * memory, its loops over rows or objects spread over a pool of threads. Both return the same numbers to a stated tolerance.
 */
export interface Compute {
  readonly kind: 'scalar' | 'wasm';
  readonly threads: number;
  /** Arrays in the memory that the functions work on without copying. Contents undefined. */
  float32(length: number): Float32Array;
  uint16(length: number): Uint16Array;
  /** Frees every array allocated inside `body`, but for those passed to `keep`. */
  scope<T>(body: (keep: <A extends ArrayBufferView>(array: A) => A) => T): T;
  /** Frees one array that lives outside any scope. */
  free(array: ArrayBufferView): void;
  close(): Promise<void>;
}
