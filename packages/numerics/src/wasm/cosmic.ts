import type { Compute } from '../compute.ts';
import { borderCandidates } from '../cosmic/laplacian.ts';
import { assertCosmicRays, cosmicRaySearch, withBorder } from '../cosmic/reject-cosmic-rays.ts';
import type { Lease } from './lease.ts';
import { BAND, type Runtime } from './wasm-compute.ts';

/** Below this number of pixels the threads are not worth asking. */
const CHUNK = 256;

export function wasmCosmic(runtime: Runtime): Pick<Compute, 'rejectCosmicRays'> {
  return {
    rejectCosmicRays: (data, variance, mask, options) => {
      assertCosmicRays(data, variance, mask, options);
      const { buffer } = runtime.memory;
      const n = data.length;
      return runtime.lend(async (lease) => {
        const planes = {
          data: new Float32Array(buffer, lease.input(data), n),
          variance: new Float32Array(buffer, lease.input(variance), n),
          mask: new Uint16Array(buffer, lease.inout(mask), n),
        };
        const list = new Int32Array(buffer, lease.scratch(4 * n), n);
        const verdicts = new Uint8Array(buffer, lease.scratch(n), n);
        const search = cosmicRaySearch(planes.mask, options);
        let step = search.next();
        while (!step.done) {
          const ask = step.value;
          if (ask.kind === 'candidates') {
            const border = borderCandidates(planes.data, planes.variance, planes.mask, ask.threshold, options);
            step = search.next(withBorder(await candidates(runtime, lease, planes, ask.threshold, list, options), border));
            continue;
          }
          const count = ask.pixels.length;
          list.set(ask.pixels);
          const args = {
            ...planes,
            shape: { width: options.width, height: options.height },
            sigmaClip: ask.sigmaClip,
            objLim: ask.objLim,
          };
          await runtime.pool.run({
            kind: 'task',
            name: 'judgeCosmicRays',
            args: { ...args, pixels: list.subarray(0, count), verdicts: verdicts.subarray(0, count) },
            count,
            chunk: CHUNK,
          });
          step = search.next(verdicts.subarray(0, count));
        }
        return step.value;
      });
    },
  };
}

async function candidates(
  runtime: Runtime,
  lease: Lease,
  { data, variance, mask }: { data: Float32Array; variance: Float32Array; mask: Uint16Array },
  threshold: number,
  list: Int32Array,
  { width, height }: { width: number; height: number },
): Promise<Int32Array> {
  const counts = await runtime.kernel(lease, {
    name: 'laplacianCandidates',
    args: [data.byteOffset, variance.byteOffset, mask.byteOffset, threshold, list.byteOffset, width, height],
    scratchBytes: 0,
    count: height,
    chunk: BAND,
  });
  const found = new Int32Array((counts as number[]).reduce((sum, k) => sum + k, 0));
  let at = 0;
  (counts as number[]).forEach((k, band) => {
    found.set(list.subarray(band * BAND * width, band * BAND * width + k), at);
    at += k;
  });
  return found;
}
