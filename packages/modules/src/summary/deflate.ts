/**
 * A zlib stream (RFC 1950, 1951) of bytes, the same on every machine: one block of dynamic Huffman codes over literals and runs.
 *
 * No search for repeats beyond a byte's own run, since images of noise have none. The browsers' and Node's compressors differ between
 * versions, and products must not.
 */
export function zlibDeflate(bytes: Uint8Array): Uint8Array {
  const frequencies = new Float64Array(SYMBOLS);
  forEachSymbol(bytes, (symbol) => {
    frequencies[symbol]!++;
  });
  const lengths = codeLengths(frequencies);
  const codes = canonicalCodes(lengths);
  const out = new BitWriter(bytes.length / 2 + 512);
  out.byte(0x78);
  out.byte(0x01);
  out.bits(1, 1); // last block
  out.bits(2, 2); // dynamic codes
  out.bits(SYMBOLS - 257, 5);
  out.bits(0, 5); // one distance
  out.bits(15, 4); // all 19 lengths of the code-length code
  // Symbols 16, 17, 18 (repeats) are not used; 0 … 15 get four bits each.
  for (let i = 0; i < 19; i++) out.bits(i < 3 ? 0 : 4, 3);
  for (const length of lengths) out.bits(reverse(length, 4), 4);
  out.bits(reverse(1, 4), 4); // the distance 1 has a code of one bit
  forEachSymbol(bytes, (symbol, extra, extraBits) => {
    out.bits(codes[symbol]!, lengths[symbol]!);
    if (symbol <= 256) return;
    out.bits(extra, extraBits);
    out.bits(0, 1);
  });
  out.align();
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  for (const byte of [b >> 8, b & 255, a >> 8, a & 255]) out.byte(byte);
  return out.done();
}

const SYMBOLS = 286;

/** Literals, runs as matches of distance 1 (lengths 3 to 258), and the end. */
function forEachSymbol(bytes: Uint8Array, each: (symbol: number, extra: number, extraBits: number) => void): void {
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i]!;
    each(byte, 0, 0);
    let run = 1;
    while (i + run < bytes.length && bytes[i + run] === byte) run++;
    let left = run - 1;
    while (left >= 3) {
      const length = Math.min(258, left);
      const [symbol, extra, extraBits] = lengthSymbol(length);
      each(symbol, extra, extraBits);
      left -= length;
    }
    for (; left > 0; left--) each(byte, 0, 0);
    i += run;
  }
  each(256, 0, 0);
}

function lengthSymbol(length: number): [number, number, number] {
  if (length === 258) return [285, 0, 0];
  if (length < 11) return [254 + length, 0, 0];
  const bits = 29 - Math.clz32(length - 3);
  const step = (length - 3) >> bits;
  return [257 + 4 * bits + step, (length - 3) & ((1 << bits) - 1), bits];
}

/** Huffman's lengths, at most 15: where one is longer, rare symbols are made less rare. */
function codeLengths(frequencies: Float64Array): Uint8Array {
  for (let floor = 1; ; floor *= 4) {
    const lengths = huffman(frequencies.map((f) => (f > 0 ? Math.max(f, floor) : 0)));
    if (lengths.every((length) => length <= 15)) return lengths;
  }
}

function huffman(frequencies: Float64Array): Uint8Array {
  interface Node {
    readonly weight: number;
    readonly symbols: readonly number[];
  }
  const lengths = new Uint8Array(frequencies.length);
  let nodes: Node[] = Array.from(frequencies.keys())
    .filter((symbol) => frequencies[symbol]! > 0)
    .map((symbol) => ({ weight: frequencies[symbol]!, symbols: [symbol] }));
  nodes.sort((a, b) => a.weight - b.weight || a.symbols[0]! - b.symbols[0]!);
  if (nodes.length === 1) lengths[nodes[0]!.symbols[0]!] = 1;
  while (nodes.length > 1) {
    const [first, second, ...rest] = nodes as [Node, Node, ...Node[]];
    const joined = { weight: first.weight + second.weight, symbols: [...first.symbols, ...second.symbols] };
    for (const symbol of joined.symbols) lengths[symbol]!++;
    const at = rest.findIndex((node) => node.weight > joined.weight);
    nodes = at < 0 ? [...rest, joined] : [...rest.slice(0, at), joined, ...rest.slice(at)];
  }
  return lengths;
}

/** By length, then by symbol (RFC 1951 §3.2.2); bits in the order in which they are written. */
function canonicalCodes(lengths: Uint8Array): Uint16Array {
  const count = new Uint16Array(17);
  for (const length of lengths) if (length > 0) count[length]!++;
  const next = new Uint16Array(17);
  for (let bits = 1, code = 0; bits <= 15; bits++) {
    code = (code + (bits === 1 ? 0 : count[bits - 1]!)) << 1;
    next[bits] = code;
  }
  return Uint16Array.from(lengths, (length) => (length === 0 ? 0 : reverse(next[length]!++, length)));
}

function reverse(code: number, bits: number): number {
  let reversed = 0;
  for (let i = 0; i < bits; i++) reversed |= ((code >> i) & 1) << (bits - 1 - i);
  return reversed;
}

class BitWriter {
  #bytes: Uint8Array;
  #at = 0;
  #hold = 0;
  #held = 0;
  constructor(size: number) {
    this.#bytes = new Uint8Array(Math.ceil(size));
  }
  byte(value: number): void {
    if (this.#at === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length + 64);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#at++] = value;
  }
  bits(value: number, count: number): void {
    this.#hold |= value << this.#held;
    this.#held += count;
    while (this.#held >= 8) {
      this.byte(this.#hold & 255);
      this.#hold >>>= 8;
      this.#held -= 8;
    }
  }
  align(): void {
    if (this.#held > 0) this.byte(this.#hold & 255);
    this.#hold = 0;
    this.#held = 0;
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}
