import type { Compute } from '../compute.ts';
import { assertRice, type RiceTiles } from '../rice/unpack-rice.ts';
import type { Lease } from './lease.ts';
import type { Runtime } from './wasm-compute.ts';

/** Pixels that one thread unpacks at a time: some hundred microseconds. */
const RANGE = 1 << 17;

export function wasmRice(runtime: Runtime): Pick<Compute, 'unpackRice' | 'unpackRiceFloats'> {
  const unpack = (
    name: string,
    tiles: RiceTiles,
    out: Uint16Array | Float32Array,
    rest: (lease: Lease) => readonly number[],
  ): Promise<number> => {
    assertRice(tiles, out);
    const { bytes, offsets, lengths, tilePixels, blockSize } = tiles;
    return runtime.lend(async (lease) => {
      const lists = [bytes, offsets, lengths].map((list) => lease.input(list));
      const broken = (await runtime.kernel(lease, {
        name,
        args: [...lists, tilePixels, out.length, blockSize, ...rest(lease), lease.output(out)],
        scratchBytes: 0,
        count: offsets.length,
        chunk: Math.max(1, Math.floor(RANGE / tilePixels)),
      })) as number[];
      return broken.find((tile) => tile >= 0) ?? -1;
    });
  };
  return {
    unpackRice: (tiles, flip, out) => unpack('unpackRice', tiles, out, () => [flip]),
    unpackRiceFloats: (tiles, { scales, zeros, blank }, out) =>
      unpack('unpackRiceFloats', tiles, out, (lease) => [lease.input(scales), lease.input(zeros), blank]),
  };
}
