import type { Compute } from '../compute.ts';
import { assertSums } from '../stack/accumulators.ts';
import type { Runtime } from './wasm-compute.ts';

/** Pixels per range. */
const RANGE = 1 << 16;

export function wasmStack(runtime: Runtime): Pick<Compute, 'addFrame' | 'addReference' | 'reference' | 'outliers'> {
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
