import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Compute } from '@colibri/numerics';
import type { BenchRow } from '../report.ts';
import { compete, type Spent, spend } from './contest.ts';
import type { Ground } from './ground.ts';

const size = 4096;
const numbers = { exposureSec: 30, gain: 2.2, readNoise: 6.8, saturationAdu: 60_000, minFlat: 0.2, level: 500 } as const;

/** The same planes by numpy, the formulas written as they stand, in float32; its start-up left out. */
const script = (folder: string): string => `
import json, time, sys
import numpy as np
n = ${size}
raw = np.fromfile('${join(folder, 'raw.bin')}', dtype=np.uint16).reshape(n, n)
f = np.float32
bias = np.full((n, n), 2, f); bias_var = np.full((n, n), .1, f)
dark = np.full((n, n), .05, f); dark_var = np.full((n, n), 1e-4, f)
flat = np.linspace(.8, 1.2, n * n, dtype=f).reshape(n, n); flat_var = np.full((n, n), 1e-6, f)
bad = np.zeros((n, n), np.uint16)
t, g, rn, sat, level = f(${numbers.exposureSec}), f(${numbers.gain}), f(${numbers.readNoise}), ${numbers.saturationAdu}, f(${numbers.level})
def reduce():
    charge = g * (raw.astype(f) - level - bias)
    light = (charge - g * dark * t) / flat
    var = (np.maximum(charge, 0) + rn**2 + g**2 * (bias_var + dark_var * t**2)) / flat**2 + light**2 * flat_var / flat**2
    mask = bad | np.where(raw >= sat, 2, 0).astype(np.uint16) | np.where(flat < ${numbers.minFlat}, 16, 0).astype(np.uint16)
    return light, var, mask
for line in sys.stdin:
    w, c = time.perf_counter(), time.process_time()
    light, var, mask = reduce()
    print(json.dumps([time.perf_counter() - w, time.process_time() - c, float(light[7, 9]), float(var[7, 9]), float(light[n // 2, 5]), float(var[n // 2, 5])]), flush=True)
`;

/** Bias, dark and flat with mask and variance; pixels are in memory on both sides. */
export async function reductionRows({ folder, one, all }: Ground): Promise<BenchRow[]> {
  const n = size * size;
  const raw = new Uint16Array(n).map((_, i) => 800 + ((i * 7919) % 613));
  writeFileSync(join(folder, 'raw.bin'), raw);
  writeFileSync(join(folder, 'reduce.py'), script(folder));
  const probes = [7 * size + 9, (size / 2) * size + 5];
  let ours: number[] = [];
  const run = (compute: Compute) => async (): Promise<Spent> =>
    compute.scope(async () => {
      const plane = (v: number): Float32Array => compute.float32(n).fill(v);
      const flat = compute.float32(n);
      for (let i = 0; i < n; i++) flat[i] = 0.8 + (0.4 * i) / (n - 1);
      const lent = compute.uint16(n);
      lent.set(raw);
      const masters = {
        bias: plane(2),
        biasVariance: plane(0.1),
        darkRate: plane(0.05),
        darkVariance: plane(1e-4),
        flat,
        flatVariance: plane(1e-6),
        masterMask: compute.uint16(n).fill(0),
      };
      const out = { data: compute.float32(n), variance: compute.float32(n), mask: compute.uint16(n) };
      const levels = new Float32Array(2 * size).fill(numbers.level);
      const { level: _, ...options } = numbers;
      const spent = await spend(() =>
        compute.calibrateFrame(lent, masters, { width: size, height: size, ...options, levels }, out),
      );
      ours = probes.flatMap((p) => [out.data[p]!, out.variance[p]!]);
      return spent;
    });
  const hasNumpy = spawnSync('/usr/bin/python3', ['-c', 'import numpy']).status === 0;
  let theirs: number[] = [];
  const peer = async (): Promise<Spent> => {
    // warm: the first line does not count
    const { stdout, status, stderr } = spawnSync('/usr/bin/python3', [join(folder, 'reduce.py')], {
      input: '\n\n\n',
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`numpy: ${stderr.slice(-300)}`);
    const [wallSec, cpuSec, ...values] = JSON.parse(stdout.trim().split('\n').at(-1)!) as number[];
    theirs = values;
    return { wallSec: wallSec!, cpuSec: cpuSec! };
  };
  return compete({
    name: 'bias, dark, flat with mask and variance, 4096²',
    one: run(one),
    all: run(all),
    peer: hasNumpy ? peer : null,
    peerName: 'numpy',
    cpuRatio: 5,
    wallRatio: 8,
    accuracy: () =>
      theirs.length === 0
        ? ''
        : `largest relative difference of probes ${Math.max(...ours.map((v, i) => Math.abs(v / theirs[i]! - 1))).toExponential(0)}`,
  });
}
