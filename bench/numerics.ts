import { seededRandom } from '@colibri/base';
import { type Compute, gaussianKernel, scalarCompute } from '@colibri/numerics';
import { openCompute } from '@colibri/numerics/node';

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const shape = { width: 2048, height: 2048 };
const n = shape.width * shape.height;
/** Frames of the clipped mean. */
const STACK = 12;

type Work = (compute: Compute) => Promise<() => Promise<unknown>>;

/**
 * Speed of each pixel function, in output pixels per second of time and of processor time (all threads; steadier on a busy machine):
 * plain TypeScript, SIMD on one thread and on two; best of three after a warm-up.
 */
export async function benchNumerics(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const settings = [
    { label: 'scalar', open: async () => scalarCompute(), repeats: 1 },
    { label: 'wasm 1 thread', open: () => openCompute({ threads: 1 }), repeats: 3 },
    { label: 'wasm 2 threads', open: () => openCompute({ threads: 2 }), repeats: 3 },
  ];
  for (const { label, open, repeats } of settings) {
    const compute = await open();
    for (const [name, prepare] of Object.entries(works)) {
      await compute.scope(async () => {
        const run = await prepare(compute);
        await run();
        let wallMs = Infinity;
        let cpuMs = Infinity;
        for (let i = 0; i < repeats; i++) {
          const began = performance.now();
          const cpu = process.cpuUsage();
          await run();
          wallMs = Math.min(wallMs, performance.now() - began);
          const { user, system } = process.cpuUsage(cpu);
          cpuMs = Math.min(cpuMs, (user + system) / 1e3);
        }
        const speed = (ms: number): number => Number((n / 1e3 / ms).toPrecision(4));
        rows.push({ name: `numerics ${name}, ${label}`, value: speed(wallMs), unit: 'Mpix/s' });
        rows.push({ name: `numerics ${name}, ${label}`, value: speed(cpuMs), unit: 'Mpix/cpu-s' });
      });
    }
    await compute.close();
  }
  return rows;
}

/** A sky of 200 electrons with stars, hits, and 0.1 % masked pixels. */
function scene(compute: Compute): { image: Float32Array; variance: Float32Array; mask: Uint16Array; out: Float32Array } {
  const random = seededRandom(1);
  const image = compute.float32(n);
  const noise = Float32Array.from({ length: 65_537 }, () => 16 * random.normal());
  for (let i = 0; i < n; i++) image[i] = 200 + noise[i % 65_537]!;
  for (let k = 0; k < 4000; k++) {
    const at = random.below(n - 20 * shape.width) + 10 * shape.width;
    const peak = 50 / random.uniform();
    for (let j = -6; j <= 6; j++) {
      for (let i = -6; i <= 6; i++) image[at + j * shape.width + i]! += peak * Math.exp(-(i * i + j * j) / 4.2);
    }
  }
  for (let k = 0; k < 800; k++) image[random.below(n)]! += 2000;
  const mask = compute.uint16(n).fill(0);
  for (let k = 0; k < n / 1000; k++) mask[random.below(n)] = 1;
  const variance = compute.float32(n);
  for (let i = 0; i < n; i++) variance[i] = Math.max(image[i]!, 0) + 64;
  return { image, variance, mask, out: compute.float32(n) };
}

const works: Record<string, Work> = {
  calibrateFrame: async (compute) => {
    const raw = compute.uint16(n).fill(800);
    const plane = (v: number): Float32Array => compute.float32(n).fill(v);
    const masters = {
      bias: plane(2),
      biasVariance: plane(0.1),
      darkRate: plane(0.05),
      darkVariance: plane(1e-4),
      flat: plane(1),
      flatVariance: plane(1e-6),
      masterMask: compute.uint16(n).fill(0),
    };
    const levels = new Float32Array(2 * shape.height).fill(300);
    const options = { ...shape, exposureSec: 30, gain: 6.2, readNoise: 8, saturationAdu: 14_000, minFlat: 0.2, levels };
    const out = { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
    return () => compute.calibrateFrame(raw, masters, options, out);
  },
  measureBackground: async (compute) => {
    const { image, mask } = scene(compute);
    return () => compute.measureBackground(image, mask, shape);
  },
  subtractMesh: async (compute) => {
    const { image, out } = scene(compute);
    const mesh = await compute.measureBackground(image, null, shape);
    return () => compute.subtractMesh(image, mesh.level, mesh, shape, out);
  },
  'convolve 9 x 9 separable': async (compute) => {
    const { image, out } = scene(compute);
    return () => compute.convolve(image, gaussianKernel(3, 4), shape, out);
  },
  'convolve 9 x 9 full': async (compute) => {
    const { image, out } = scene(compute);
    const kernel = { width: 9, height: 9, data: new Float32Array(81).fill(1 / 81) };
    return () => compute.convolve(image, kernel, shape, out);
  },
  'matchedFilter 9 x 9, smooth noise': async (compute) => {
    const { image, mask, out } = scene(compute);
    const mesh = await compute.measureBackground(image, mask, shape);
    return () => compute.matchedFilter(image, mesh, mask, gaussianKernel(3, 4), shape, out);
  },
  'matchedFilter 9 x 9, variance plane': async (compute) => {
    const { image, variance, mask, out } = scene(compute);
    return () => compute.matchedFilter(image, variance, mask, gaussianKernel(3, 4), shape, out);
  },
  rejectCosmicRays: async (compute) => {
    const { image, variance, mask } = scene(compute);
    const before = mask.slice();
    return () => {
      mask.set(before);
      return compute.rejectCosmicRays(image, variance, mask, shape);
    };
  },
  [`clippedMean of ${STACK}`]: async (compute) => {
    const { image, out } = scene(compute);
    const frames = Array.from({ length: STACK }, (_, k) => {
      const frame = compute.float32(n);
      for (let i = 0; i < n; i++) frame[i] = image[(i + 997 * k) % n]!;
      return frame;
    });
    const planes = { mean: out, variance: compute.float32(n), count: compute.uint16(n) };
    return () => compute.clippedMean(frames, {}, planes);
  },
};
