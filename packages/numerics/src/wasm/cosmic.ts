import type { Compute } from '../compute.ts';
import { rejectCosmicRays } from '../cosmic/reject-cosmic-rays.ts';
import type { Runtime } from './wasm-compute.ts';

export function wasmCosmic(_runtime: Runtime): Pick<Compute, 'rejectCosmicRays'> {
  return { rejectCosmicRays: async (...a) => rejectCosmicRays(...a) };
}
