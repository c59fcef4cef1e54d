import type { Compute } from '../compute.ts';
import { assertSums } from '../stack/accumulators.ts';
import { assertMarked } from '../stack/mark-objects.ts';
import type { Runtime } from './wasm-compute.ts';

/** Pixels per range. */
const RANGE = 1 << 16;
/** Rows per range. */
const ROWS = 64;

type StackFunctions = Pick<Compute, 'addFrame' | 'addReference' | 'flagUnusable' | 'markObjects' | 'outliers' | 'reference'>;

export function wasmStack(runtime: Runtime): StackFunctions {
  return {
    addFrame: ({ data, variance, mask }, { weight, seconds }, out) => {
      assertSums([variance, mask, ...Object.values(out)], data.length);
      return runtime.lend(async (lease) => {
        const read = [data, variance, mask].map((plane) => lease.input(plane));
        const planes = [out.sum, out.weight, out.noise, out.coverage, out.bits].map((plane) => lease.inout(plane));
        const args = [...read, weight, seconds, ...planes];
        await runtime.kernel(lease, { name: 'addFrame', args, scratchBytes: 0, count: data.length, chunk: RANGE });
        return out;
      });
    },
    addReference: (data, mask, weight, out) => {
      assertSums([mask, ...Object.values(out)], data.length);
      return runtime.lend(async (lease) => {
        const planes = [out.sum, out.weight, out.top, out.topWeight].map((plane) => lease.inout(plane));
        const args = [lease.input(data), lease.input(mask), weight, ...planes];
        await runtime.kernel(lease, { name: 'addReference', args, scratchBytes: 0, count: data.length, chunk: RANGE });
        return out;
      });
    },
    reference: ({ sum, weight, top, topWeight }, out) => {
      assertSums([weight, top, topWeight, out.mean, out.rest], sum.length);
      return runtime.lend(async (lease) => {
        const read = [sum, weight, top, topWeight].map((plane) => lease.input(plane));
        const args = [...read, lease.output(out.mean), lease.output(out.rest)];
        await runtime.kernel(lease, { name: 'reference', args, scratchBytes: 0, count: sum.length, chunk: RANGE });
        return out;
      });
    },
    flagUnusable: (data, variance, mask) => {
      assertSums([variance, mask], data.length);
      return runtime.lend(async (lease) => {
        const args = [lease.input(data), lease.input(variance), lease.inout(mask)];
        await runtime.kernel(lease, { name: 'flagUnusable', args, scratchBytes: 0, count: data.length, chunk: RANGE });
        return mask;
      });
    },
    markObjects: (image, bit, mask, shape) => {
      assertMarked(image, mask, shape);
      const { plane, shape: other, grid } = image;
      return runtime.lend(async (lease) => {
        const marks = [lease.input(plane), other.width, other.height, lease.input(grid.u), lease.input(grid.v), grid.columns];
        const args = [...marks, bit, lease.inout(mask), shape.width];
        await runtime.kernel(lease, { name: 'markObjects', args, scratchBytes: 0, count: shape.height, chunk: ROWS });
        return mask;
      });
    },
    outliers: ({ data, variance, mask }, mean, noise, sigmas) => {
      assertSums([variance, mask, mean], data.length);
      return runtime.lend(async (lease) => {
        const list = lease.scratch(4 * data.length);
        const read = [data, variance, mask, mean].map((plane) => lease.input(plane));
        const args = [...read, noise, sigmas, list];
        const counts = (await runtime.kernel(lease, {
          name: 'outliers',
          args,
          scratchBytes: 0,
          count: data.length,
          chunk: RANGE,
        })) as number[];
        const found = new Int32Array(counts.reduce((a, b) => a + b, 0));
        let at = 0;
        counts.forEach((count, range) => {
          found.set(new Int32Array(runtime.memory.buffer, list + 4 * range * RANGE, count), at);
          at += count;
        });
        return found;
      });
    },
  };
}
