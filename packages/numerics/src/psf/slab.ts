/**
 * Short-lived arrays, cut from blocks that stay: what is made for every group of sources would else be a block of memory each, and the
 * garbage of some 100,000 of them costs more than the fits.
 */
export class Slab {
  #floats = new Float64Array(1 << 15);
  #ints = new Int32Array(1 << 15);
  #floatsUsed = 0;
  #intsUsed = 0;

  /** All arrays handed out so far may be overwritten from here on. */
  reset(): void {
    this.#floatsUsed = 0;
    this.#intsUsed = 0;
  }

  /** n zeros. */
  float64(n: number): Float64Array {
    if (this.#floatsUsed + n > this.#floats.length) {
      this.#floats = new Float64Array(2 * this.#floats.length + n);
      this.#floatsUsed = 0;
    }
    const start = this.#floatsUsed;
    this.#floatsUsed += n;
    return this.#floats.subarray(start, start + n).fill(0);
  }

  /** n zeros. */
  int32(n: number): Int32Array {
    if (this.#intsUsed + n > this.#ints.length) {
      this.#ints = new Int32Array(2 * this.#ints.length + n);
      this.#intsUsed = 0;
    }
    const start = this.#intsUsed;
    this.#intsUsed += n;
    return this.#ints.subarray(start, start + n).fill(0);
  }
}
