import { assertCombination } from '../combine/clipped-mean.ts';
import { sortingNetwork } from '../combine/sorting-network.ts';
import type { Compute } from '../compute.ts';
import type { Runtime } from './wasm-compute.ts';

/** Pixels per range: a multiple of the 16 that are sorted together. */
const RANGE = 1 << 14;

export function wasmCombine(runtime: Runtime): Pick<Compute, 'clippedMean'> {
  return {
    clippedMean: (frames, options, out) => {
      assertCombination(frames, options, out);
      const { clipSigma = 3, iterations = 4, noise = 0 } = options;
      const n = frames.length;
      const offsets = options.offsets ?? new Float32Array(n);
      const scales = options.scales ?? new Float32Array(n).fill(1);
      const network = sortingNetwork(n);
      return runtime.lend(async (lease) => {
        const list = Uint32Array.from(frames, (frame) => lease.input(frame));
        const lists = [lease.input(list), n, lease.input(network), network.length / 2, lease.input(offsets), lease.input(scales)];
        await runtime.kernel(lease, {
          name: 'clippedMean',
          args: [
            ...lists,
            ...[clipSigma, iterations, noise],
            ...[lease.output(out.mean), lease.output(out.variance), lease.output(out.count)],
          ],
          scratchBytes: 128 * n + 192,
          count: out.mean.length,
          chunk: RANGE,
        });
        return out;
      });
    },
  };
}
