import type { Compute } from '../compute.ts';
import { assertRice } from '../rice/unpack-rice.ts';
import type { Runtime } from './wasm-compute.ts';

/** Pixels that one thread unpacks at a time: some hundred microseconds. */
const RANGE = 1 << 17;

export function wasmRice(runtime: Runtime): Pick<Compute, 'unpackRice'> {
  return {
    unpackRice: (tiles, flip, out) => {
      assertRice(tiles, out);
      const { bytes, offsets, lengths, tilePixels, blockSize } = tiles;
      return runtime.lend(async (lease) => {
        const lists = [bytes, offsets, lengths].map((list) => lease.input(list));
        const broken = (await runtime.kernel(lease, {
          name: 'unpackRice',
          args: [...lists, tilePixels, out.length, blockSize, flip, lease.output(out)],
          scratchBytes: 0,
          count: offsets.length,
          chunk: Math.max(1, Math.floor(RANGE / tilePixels)),
        })) as number[];
        return broken.find((tile) => tile >= 0) ?? -1;
      });
    },
  };
}
