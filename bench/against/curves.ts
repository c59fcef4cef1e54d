import { plotSvg } from '@colibri/modules';
import { type Compute, detectSources, measureSources } from '@colibri/numerics';
import { lend } from '../held-image.ts';
import { type BenchRow, row } from '../report.ts';
import { spend } from './contest.ts';
import type { Ground } from './ground.ts';
import { scene, sceneField } from './scene.ts';

/** One curve: seconds of CPU of detection and photometry of a frame against what grows. */
export interface Curve {
  readonly title: string;
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly cpuSec: number }[];
}

/** Time against pixels at equal density of stars, and against stars on equal pixels. */
export async function growth({ one }: Ground): Promise<{ rows: BenchRow[]; curves: Curve[] }> {
  const density = 5600 / 4096 ** 2;
  const pixels: Curve['points'][number][] = [];
  for (const size of [512, 1024, 2048, 4096, 8192]) {
    const cpuSec = await cost(size, Math.round(density * size * size), one);
    pixels.push({ x: size * size, cpuSec });
  }
  const sources: Curve['points'][number][] = [];
  for (const stars of [100, 1000, 10_000, 30_000, 100_000]) sources.push({ x: stars, cpuSec: await cost(4096, stars, one) });
  const perPixel = (k: number): number => pixels[k]!.cpuSec / pixels[k]!.x;
  const perSource = (a: number, b: number): number => (sources[b]!.cpuSec - sources[a]!.cpuSec) / (sources[b]!.x - sources[a]!.x);
  return {
    rows: [
      row('growth: time per pixel at 8192² over that at 1024²', perPixel(4) / perPixel(1), '', '<= 1.2'),
      row(
        'growth: time per further source from 30,000 to 100,000 over that from 1,000 to 30,000',
        perSource(3, 4) / perSource(1, 3),
        '',
        '<= 1.2',
      ),
    ],
    curves: [
      { title: 'Detection and photometry against pixels', label: 'pixels', points: pixels },
      { title: 'Detection and photometry of 4096² against stars', label: 'stars', points: sources },
    ],
  };
}

async function cost(size: number, stars: number, compute: Compute): Promise<number> {
  const sky = scene(sceneField({ size, frames: 1, stars, seed: 9 }));
  let least = Infinity;
  for (let round = 0; round < 2; round++) {
    await compute.scope(async () => {
      const { data, variance, mask, width, height } = lend(sky, compute);
      const { cpuSec } = await spend(async () => {
        const detection = await detectSources(data, variance, mask, { width, height }, compute);
        await measureSources(detection, {}, compute);
      });
      least = Math.min(least, cpuSec);
    });
  }
  return least;
}

/** A curve on two logarithmic axes, with the line of proportion through its last point. */
export function curvePlot({ title, label, points }: Curve): string {
  const last = points.at(-1)!;
  const x = points.map((p) => p.x);
  const svg = plotSvg({
    title,
    width: 620,
    height: 300,
    x: { label, log: true },
    y: { label: 'CPU (s)', log: true },
    marks: [
      { kind: 'line', x, y: points.map((p) => (last.cpuSec * p.x) / last.x), dash: '4 4', colour: '#999' },
      { kind: 'line', x, y: points.map((p) => p.cpuSec), colour: '#246' },
      { kind: 'points', x, y: points.map((p) => p.cpuSec), colour: '#246' },
    ],
  });
  const style = '<style>text{font:11px sans-serif}.grid{stroke:#ddd}.frame{fill:none;stroke:#888}path,line{fill:none}</style>';
  return svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" color="#333" ').replace('<g>', `${style}<g>`);
}
