import type { Compute } from '../compute.ts';
import { assertPlane } from '../shape.ts';
import { BAND, type Runtime } from './wasm-compute.ts';

export function wasmSubtract(runtime: Runtime): Pick<Compute, 'convolveBlocks'> {
  return {
    convolveBlocks: (image, { blockPix, columns, size, data }, shape, out) => {
      assertPlane(image, shape, 'The image');
      assertPlane(out, shape, 'The output image');
      const { width, height } = shape;
      // Ranges of rows must not cross from one row of blocks to the next.
      const chunk = blockPix <= BAND ? blockPix : BAND;
      return runtime.lend(async (lease) => {
        await runtime.kernel(lease, {
          name: 'convolveBlocks',
          args: [lease.input(image), lease.input(data), size, blockPix, columns, lease.output(out), width, height],
          scratchBytes: (Math.ceil((4 * (width + size + 16)) / 64) * 64 + 64) * (chunk + size + 1),
          count: height,
          chunk,
        });
        return out;
      });
    },
  };
}
