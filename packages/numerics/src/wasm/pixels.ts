import type { Compute } from '../compute.ts';
import { numericsShape } from '../errors.ts';
import type { Lease } from './lease.ts';
import type { Runtime } from './wasm-compute.ts';

/** Pixels per range, a multiple of 16. */
const RANGE = 1 << 17;

type PixelFunctions = Pick<Compute, 'swapWords' | 'keepBits' | 'flagAbove' | 'indicesAbove' | 'indicesWith'>;

export function wasmPixels(runtime: Runtime): PixelFunctions {
  /** Calls a kernel that lists indices from `list + 4 · from` on, and joins what each range found. */
  const indices = (name: string, array: Float32Array | Uint16Array, limit: number): Promise<Int32Array> =>
    runtime.lend(async (lease) => {
      const count = array.length;
      const list = lease.scratch(4 * count); // only what is found is touched
      const counts = (await run(lease, name, [lease.input(array), limit, list], count)) as number[];
      const found = new Int32Array(counts.reduce((sum, k) => sum + k, 0));
      let at = 0;
      counts.forEach((k, range) => {
        found.set(new Int32Array(runtime.memory.buffer, list + 4 * RANGE * range, k), at);
        at += k;
      });
      return found;
    });
  const run = (lease: Lease, name: string, args: number[], count: number): Promise<unknown[]> =>
    runtime.kernel(lease, { name, args, scratchBytes: 0, count, chunk: RANGE });
  return {
    swapWords: (values) =>
      runtime.lend(async (lease) => {
        await run(lease, 'swapWords', [lease.inout(values)], values.length);
        return values;
      }),
    keepBits: (mask, keep, out) => {
      assertLength(out, mask.length);
      return runtime.lend(async (lease) => {
        await run(lease, 'keepBits', [lease.input(mask), keep, lease.output(out)], mask.length);
        return out;
      });
    },
    flagAbove: (values, level, mask, out) => {
      assertLength(mask, values.length);
      assertLength(out, values.length);
      return runtime.lend(async (lease) => {
        await run(lease, 'flagAbove', [lease.input(values), level, lease.input(mask), lease.output(out)], values.length);
        return out;
      });
    },
    indicesAbove: (values, level) => indices('indicesAbove', values, level),
    indicesWith: (mask, bits) => indices('indicesWith', mask, bits),
  };
}

function assertLength(array: Uint16Array, expected: number): void {
  if (array.length !== expected) throw numericsShape({ what: 'A plane of bits', found: array.length, expected });
}
