import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@colibri/base';
import { stacking } from '@colibri/modules';
import type { AlignedFrame, Unit, UnitAlignment, UnitFrame } from '@colibri/pipeline';
import { tanWcs } from '@colibri/sky';
import { type BenchRow, row } from '../../report.ts';
import { openBenchCompute } from '../open-unit.ts';
import { quietContext, runModule } from './chain.ts';

const side = 4096;

/** Largest resident memory of a process that stacks a unit of 4096² frames, and its CPU time per frame: of few frames and of twice as many. */
export function stackMemoryRows(): BenchRow[] {
  const [few, many] = [6, 12].map((frames) => {
    const child = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), String(frames)], {
      encoding: 'utf8',
    });
    if (child.status !== 0)
      throw new Error(`A stack of ${frames} frames of ${side}²: ${child.stderr.split('\n').slice(-4).join(' ')}`);
    return JSON.parse(child.stdout) as { peakMiB: number; startMiB: number; cpuSec: number };
  });
  return [
    row(`beat-it 10: stacking 12 frames of ${side}²: largest memory of the process`, many!.peakMiB, 'MiB', '<= 1024', {
      note: `${few!.peakMiB.toFixed(0)} MiB with 6 frames; ${many!.startMiB.toFixed(0)} before it began; made frames, which are not decoded`,
    }),
    row(`beat-it 10: stacking ${side}²: CPU time of the frames 7 to 12, each`, (many!.cpuSec - few!.cpuSec) / 6, 's'),
  ];
}

/** Frames of noise, made anew each time they are asked for, in the memory of `compute`, as from files. */
async function stackMade(frames: number): Promise<void> {
  const compute = await openBenchCompute(1);
  const nothing = new Float64Array(0);
  const columns = {
    count: 0,
    x: nothing,
    y: nothing,
    snrWin: nothing,
    fluxAuto: nothing,
    fluxAutoErr: nothing,
    fwhm: nothing,
    a: nothing,
    b: nothing,
  };
  const made = Array.from({ length: frames }, (_, k) => {
    const random = seededRandom(k + 1);
    const center = [2048 + 30 * random.normal(), 2048 + 30 * random.normal()] as const;
    const step = 0.38 / 3600;
    const wcs = tanWcs({ crpix: [...center], crval: [150, 20], cd: [-step, 1e-7, 1e-7, step] });
    const meta = {
      frameId: `f${k}`,
      observedAt: new Date(Date.UTC(2026, 0, 1, 4, k)).toISOString(),
      exposureSec: 30,
      midExposureMjdUtc: 61041 + k / 1440,
      camera: 'C1',
      filter: 'r',
    };
    const load = async () => {
      const [data, variance, mask] = [compute.float32(side * side), compute.float32(side * side), compute.uint16(side * side)];
      const noise = Float32Array.from({ length: 65_521 }, () => 800 + 30 * random.normal());
      for (let i = 0; i < data.length; i++) data[i] = noise[i % noise.length]!;
      variance.fill(900);
      mask.fill(0);
      return { ...frame, data, variance, mask };
    };
    const frame = {
      meta,
      header: new Map(),
      width: side,
      height: side,
      gain: 2,
      readNoise: 5,
      saturation: 60_000,
      wcs,
      solved: true,
      metrics: { skyRmsElectron: 30, fwhmPix: 3.5 },
      sources: { columns },
      sha256: meta.frameId,
      load,
    } as unknown as UnitFrame;
    const aligned = {
      frameId: meta.frameId,
      accepted: true,
      reason: null,
      wcs,
      transparency: 1,
      transparencyErr: 0.001,
    } as unknown as AlignedFrame;
    return { frame, aligned };
  });
  const unit = {
    name: 'made',
    target: 'made',
    camera: 'C1',
    filter: 'r',
    alert: null,
    frames: made.map(({ frame }) => frame),
  } as unknown as Unit;
  const alignment = { frames: made.map(({ aligned }) => aligned) } as unknown as UnitAlignment;
  const startMiB = process.memoryUsage.rss() / 2 ** 20;
  const began = process.cpuUsage();
  await compute.scope(async () => runModule(stacking, { unit, alignment }, quietContext(compute)));
  const { user, system } = process.cpuUsage(began);
  console.log(JSON.stringify({ peakMiB: process.resourceUsage().maxRSS / 1024, startMiB, cpuSec: (user + system) / 1e6 }));
  await compute.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await stackMade(Number(process.argv[2]));
