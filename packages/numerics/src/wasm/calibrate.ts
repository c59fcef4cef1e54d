import { assertCalibration } from '../calibrate/calibrate-frame.ts';
import type { Compute } from '../compute.ts';
import { BAND, type Runtime } from './wasm-compute.ts';

export function wasmCalibrate(runtime: Runtime): Pick<Compute, 'calibrateFrame'> {
  return {
    calibrateFrame: (raw, masters, options, out) => {
      assertCalibration(raw, masters, options, out);
      const { width, height, exposureSec, gain, readNoise, saturationAdu, minFlat, levels } = options;
      const sides = levels.length / height;
      const bothSides = Float32Array.from({ length: 2 * height }, (_, i) => levels[sides === 2 ? i : i >> 1]!);
      const bands = Math.ceil(height / BAND);
      return runtime.lend(async (lease) => {
        const counts = new Int32Array(runtime.memory.buffer, lease.scratch(16 * bands), 4 * bands);
        const { bias, biasVariance, darkRate, darkVariance, flat, flatVariance, masterMask } = masters;
        const planes = [bias, biasVariance, darkRate, darkVariance, flat, flatVariance, masterMask, bothSides].map((p) =>
          lease.input(p),
        );
        await runtime.kernel(lease, {
          name: 'calibrateFrame',
          args: [
            lease.input(raw),
            raw instanceof Float32Array ? 1 : 0,
            ...planes,
            options.splitX ?? width >> 1,
            ...[exposureSec, gain, readNoise * readNoise, saturationAdu, minFlat],
            ...[lease.output(out.data), lease.output(out.variance), lease.output(out.mask), counts.byteOffset, width],
          ],
          scratchBytes: 2 * (4 * width + 64) + 64,
          count: height,
          chunk: BAND,
        });
        const total = (k: number): number => counts.reduce((sum, n, i) => (i % 4 === k ? sum + n : sum), 0);
        return { saturated: total(0), noFlat: total(1), noData: total(2), masked: total(3) };
      });
    },
  };
}
