import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@colibri/base';
import { openFits, readImage } from '@colibri/fits';
import { type Compute, findStreaks, maskStreak, measureBackground, type Streak } from '@colibri/numerics';
import type { StackInput, Unit, UnitFrame } from '@colibri/pipeline';
import { type BenchRow, row } from '../report.ts';
import { simNight } from './measured-night.ts';

/** Bit of the satellite in the true masks of the simulated night. */
const TRUE_TRAIL = 4;

/** Trails that the stack left out, against the truth of the night; and how faint a trail is found, of those that are laid on its frames. */
export async function trailRows(unit: Unit, inputs: readonly StackInput[], compute: Compute): Promise<BenchRow[]> {
  let [wrong, missed] = [0, 0];
  const rows: BenchRow[] = [];
  for (const frame of unit.frames) {
    const trails = inputs.find(({ frameId }) => frameId === frame.meta.frameId)?.trails ?? [];
    const truth = await trueTrail(frame.meta.frameId);
    if (truth === null) {
      wrong += trails.length;
      continue;
    }
    const [found] = trails;
    wrong += Math.max(0, trails.length - 1);
    if (!found) {
      missed++;
      continue;
    }
    const mask = new Uint16Array(frame.width * frame.height);
    maskStreak({ ...found, bowPix: 0, crestSnr: NaN } as Streak, mask, frame, 1);
    const angle = Math.atan((found.y1 - found.y0) / (found.x1 - found.x0)) - Math.atan(truth.slope);
    const middle = (found.x0 + found.x1) / 2;
    const off = ((found.y0 + found.y1) / 2 - truth.slope * middle - truth.intercept) / Math.hypot(1, truth.slope);
    rows.push(
      row('trail: angle off the truth', Math.abs((angle * 180) / Math.PI), 'deg', '<= 0.05'),
      row('trail: axis off the truth', Math.abs(off), 'pix', '<= 0.5'),
      row(
        'trail: its true pixels that are masked',
        truth.pixels.filter((p) => mask[p] === 1).length / truth.pixels.length,
        '',
        '>= 0.99',
      ),
    );
  }
  return [
    row('trails of satellites missed', missed, '', '<= 0'),
    row('trails found in frames without one', wrong, '', '<= 0'),
    ...rows,
    await sensitivity(unit.frames, compute),
  ];
}

/** The line of the satellite and its pixels; null: the frame has none. */
async function trueTrail(frameId: string) {
  const file = await openFits(new Uint8Array(readFileSync(join(simNight, 'truth/frames', `${frameId}.mask.fits.fz`))), {
    name: frameId,
  });
  const image = await readImage(file.hdus.find((hdu) => hdu.shape.length === 2)!);
  const width = image.shape[0]!;
  const bits = image.data as ArrayLike<number>;
  const pixels: number[] = [];
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & TRUE_TRAIL) !== 0) pixels.push(i);
  if (pixels.length === 0) return null;
  let [x, y, xx, xy] = [0, 0, 0, 0];
  for (const p of pixels) {
    x += p % width;
    y += Math.floor(p / width);
    xx += (p % width) ** 2;
    xy += (p % width) * Math.floor(p / width);
  }
  const n = pixels.length;
  const slope = (xy - (x * y) / n) / (xx - (x * x) / n);
  return { pixels, slope, intercept: (y - slope * x) / n };
}

const crests = [0.08, 0.12, 0.16, 0.2, 0.25] as const;

/** Crest [sigma of a pixel] at which nine of ten trails across a real frame are found. */
async function sensitivity(frames: readonly UnitFrame[], compute: Compute): Promise<BenchRow> {
  const random = seededRandom(11);
  const found = crests.map(() => 0);
  const tries = 2 * frames.length;
  for (const frame of frames) {
    await compute.scope(async () => {
      const { data, mask, width, height } = await frame.load();
      const { columns: c } = frame.sources;
      for (let s = 0; s < c.count; s++) {
        const r = Math.min(40, (frame.metrics.fwhmPix ?? 4) * (1.5 + Math.log10(Math.max(1, c.snrWin[s]!))));
        for (let y = Math.max(0, Math.ceil(c.y[s]! - r)); y <= Math.min(height - 1, c.y[s]! + r); y++)
          for (let x = Math.max(0, Math.ceil(c.x[s]! - r)); x <= Math.min(width - 1, c.x[s]! + r); x++) mask[y * width + x]! |= 1;
      }
      const sky = measureBackground(data, mask, { width, height, meshPix: 128 });
      const clean = await compute.subtractMesh(data, sky.level, sky, { width, height }, data);
      const fwhmPix = frame.metrics.fwhmPix!;
      for (let t = 0; t < 2; t++) {
        const [angle, off] = [Math.PI * random.uniform(), 0.3 * width * (2 * random.uniform() - 1)];
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        for (const [k, crest] of crests.entries()) {
          const image = clean.slice();
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const d = -(x - width / 2) * sin + (y - height / 2) * cos - off;
              if (Math.abs(d) < 2 * fwhmPix)
                image[y * width + x]! += crest * sky.globalRms * Math.exp((-4 * Math.LN2 * d * d) / fwhmPix ** 2);
            }
          }
          const searched = { width, height, data: image, mask: mask.slice(), rms: sky.rms, rmsColumns: sky.columns, fwhmPix };
          const streaks = await findStreaks(searched, compute);
          const isIt = ({ x0, y0, x1, y1 }: Streak): boolean =>
            [
              [x0, y0],
              [x1, y1],
            ].every(([x, y]) => Math.abs(-(x! - width / 2) * sin + (y! - height / 2) * cos - off) < 2 * fwhmPix);
          if (streaks.some(isIt)) found[k]!++;
        }
      }
    });
  }
  const first = found.findIndex((n) => n >= 0.9 * tries);
  return row(
    'faintest trail of which 90 % are found: crest over the noise of a pixel',
    first < 0 ? NaN : crests[first]!,
    'σ',
    '<= 0.25',
    {
      note: crests.map((crest, k) => `${crest}: ${found[k]}/${tries}`).join(', '),
    },
  );
}
