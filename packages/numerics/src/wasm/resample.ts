import type { Compute } from '../compute.ts';
import { GRID_STEP } from '../resample/coordinate-grid.ts';
import { lanczosTable } from '../resample/lanczos.ts';
import { assertResample, MOST_BAD } from '../resample/resample.ts';
import type { Runtime } from './wasm-compute.ts';

/** Rows per range: the six rows of support are shared by neighbours of a band. */
const ROWS = 32;
/** Interpolated rows of the input for one cell, values and variances: 2 × 40 × 16, and a group of each. */
const SCRATCH = 2 * 40 * 64 + 32;

export function wasmResample(runtime: Runtime): Pick<Compute, 'resample'> {
  const table = lanczosTable();
  return {
    resample: (input, options, out) => {
      assertResample(input, options, out);
      const { grid, width, height, scale, mostBad = MOST_BAD, rows: [first, last] = [0, height] } = options;
      return runtime.lend(async (lease) => {
        const source = [input.data, input.variance, input.mask, input.near].map((plane) => lease.input(plane));
        const places = [lease.input(table), lease.input(grid.u), lease.input(grid.v)];
        const planes = [lease.inout(out.data), out.variance ? lease.inout(out.variance) : 0, lease.inout(out.mask)];
        // Rows before the first are left out by shifting the planes and the grid alike.
        const start = Math.floor(first / GRID_STEP) * GRID_STEP;
        await runtime.kernel(lease, {
          name: 'resample',
          args: [
            ...source,
            input.width,
            input.height,
            places[0]!,
            places[1]! + (start / GRID_STEP) * grid.columns * 8,
            places[2]! + (start / GRID_STEP) * grid.columns * 8,
            grid.columns,
            scale,
            mostBad,
            planes[0]! + start * width * 4,
            planes[1]! && planes[1]! + start * width * 4,
            planes[2]! + start * width * 2,
            width,
          ],
          scratchBytes: SCRATCH,
          count: Math.max(0, last - start),
          chunk: ROWS,
        });
        return out;
      });
    },
  };
}
