import type { Compute } from '../compute.ts';
import { assertPlane } from '../shape.ts';
import { LENGTHS, type LineSums, lineRoom, OCTANTS, SAMPLES } from '../streaks/line-sums.ts';
import type { Runtime } from './wasm-compute.ts';

/** Rows of cells per range. */
const ROWS = 16;
/** Bytes of a line that was found: row, y, S/N. */
const FOUND_BYTES = 12;

export function wasmStreaks(runtime: Runtime): Pick<Compute, 'sumCells' | 'sumLines'> {
  const { buffer } = runtime.memory;
  return {
    sumCells: ({ data, mask, rms, rmsColumns, width, height }, cellPix, out) => {
      for (const plane of [data, mask]) assertPlane(plane, { width, height }, 'An image to be searched for streaks');
      for (const plane of [out.signal, out.weight])
        assertPlane(plane, { width: out.columns, height: out.rows }, 'A plane of cells');
      return runtime.lend(async (lease) => {
        const image = [
          lease.input(data),
          lease.input(mask),
          lease.input(rms),
          rmsColumns,
          rms.length / rmsColumns,
          width,
          height,
        ];
        const args = [...image, cellPix, lease.output(out.signal), lease.output(out.weight), out.columns];
        await runtime.kernel(lease, { name: 'sumCells', args, scratchBytes: 0, count: out.rows, chunk: ROWS });
        return out;
      });
    },
    sumLines: ({ columns, rows, signal, weight }, threshold) => {
      for (const plane of [signal, weight]) assertPlane(plane, { width: columns, height: rows }, 'A plane of cells');
      const { plane, most } = lineRoom({ columns, rows });
      const lists = OCTANTS * LENGTHS;
      return runtime.lend(async (lease) => {
        const found = lease.scratch(lists * most * FOUND_BYTES); // only what is found is touched
        const [samples, counts] = [lease.scratch(lists * SAMPLES * 4), lease.scratch(lists * 8)];
        const args = [lease.input(signal), lease.input(weight), columns, rows, threshold, found, most, samples, counts];
        await runtime.kernel(lease, { name: 'sumLines', args, scratchBytes: 16 * plane, count: OCTANTS, chunk: 1 });
        return Array.from({ length: lists }, (_, k): LineSums => {
          const [width, count] = new Int32Array(buffer, counts + 8 * k, 2) as unknown as [number, number];
          const entries = new DataView(buffer, found + k * most * FOUND_BYTES, count * FOUND_BYTES);
          const at = (i: number, word: number): number => entries.getInt32(i * FOUND_BYTES + 4 * word, true);
          return {
            width,
            row: Int32Array.from({ length: count }, (_, i) => at(i, 0)),
            y: Int32Array.from({ length: count }, (_, i) => at(i, 1)),
            snr: Float32Array.from({ length: count }, (_, i) => entries.getFloat32(i * FOUND_BYTES + 8, true)),
            samples: width > 0 ? new Float32Array(buffer, samples + k * SAMPLES * 4, SAMPLES).slice() : new Float32Array(SAMPLES),
          };
        });
      });
    },
  };
}
