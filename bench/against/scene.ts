import { MaskPlane } from '@colibri/numerics';
import type { HeldImage } from '../held-image.ts';
import { exposeFrame } from '../science/field18/expose.ts';
import { detector, drawField, type Field, type FieldFrame, type FieldOptions } from '../science/field18/field.ts';

/** A reduced frame with its truth [electron]. */
export interface Scene extends HeldImage {
  readonly field: Field;
  readonly frame: FieldFrame;
  /** Stars on the frame, 0-based pixels and total light [electron], brightest first. */
  readonly truth: readonly { readonly x: number; readonly y: number; readonly flux: number }[];
}

/** The fields of the contests: of the density of the simulated night, no cosmic rays (they are judged elsewhere). */
export const sceneField = (change: Partial<FieldOptions>): Field =>
  drawField({ seed: 4, cosmicRays: 0, trailFrame: null, newStars: false, transparency: () => 1, moffatBeta: 3, ...change });

export function scene(field: Field, index = 0): Scene {
  const { options } = field;
  const { size, exposureSec } = options;
  const frame = field.frames[index]!;
  const { counts } = exposeFrame(field, frame);
  const data = Float32Array.from(counts, (adu) => (adu - detector.level) * detector.gain);
  const saturation = (detector.saturationAdu - detector.level) * detector.gain;
  const truth = field.sources
    .flatMap((source) => {
      const at = frame.wcs.skyToPixel(source.raDeg, source.decDeg);
      if (!at || at[0] < 0 || at[1] < 0 || at[0] > size - 1 || at[1] > size - 1) return [];
      const flux = detector.gain * 10 ** (-0.4 * (source.mag - options.zeroPointMag)) * exposureSec;
      return [{ x: at[0], y: at[1], flux }];
    })
    .sort((a, b) => b.flux - a.flux);
  return {
    field,
    frame,
    width: size,
    height: size,
    data,
    variance: data.map((e) => Math.max(e, 0) + detector.readNoise ** 2),
    mask: Uint16Array.from(data, (e) => (e >= saturation ? MaskPlane.SATURATED : 0)),
    saturation,
    truth,
  };
}

/** How a list of positions agrees with the truth. */
export interface Score {
  /** Of the stars of true S/N above 10, by an ideal aperture [1]. */
  readonly complete: number;
  /** Detections with no true star within 2 pixels [1]. */
  readonly unmatched: number;
  /** Median distance of the stars of S/N above 50 [pix]. */
  readonly offsetPix: number;
}

export function scoreOf({ truth, width, variance }: Scene, x: ArrayLike<number>, y: ArrayLike<number>, areaPix = 25): Score {
  const cells = new Map<number, number[]>();
  const key = (cx: number, cy: number): number => cy * 65_536 + cx;
  const put = (list: Map<number, number[]>, px: number, py: number, i: number): void => {
    const k = key(Math.floor(px / 4), Math.floor(py / 4));
    const cell = list.get(k);
    if (cell) cell.push(i);
    else list.set(k, [i]);
  };
  const nearest = (px: number, py: number, atX: (i: number) => number, atY: (i: number) => number): number => {
    let best = Infinity;
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++)
        for (const i of cells.get(key(Math.floor(px / 4) + dx, Math.floor(py / 4) + dy)) ?? [])
          best = Math.min(best, Math.hypot(atX(i) - px, atY(i) - py));
    return best;
  };
  for (let i = 0; i < x.length; i++) put(cells, x[i]!, y[i]!, i);
  const sigma = Math.sqrt(variance.slice(0, 1001).sort()[500]! * areaPix);
  let [asked, found] = [0, 0];
  const offsets: number[] = [];
  for (const star of truth) {
    if (
      star.flux < 10 * Math.hypot(sigma, Math.sqrt(star.flux)) ||
      star.x < 10 ||
      star.y < 10 ||
      star.x > width - 10 ||
      star.y > width - 10
    )
      continue;
    const distance = nearest(
      star.x,
      star.y,
      (i) => x[i]!,
      (i) => y[i]!,
    );
    asked++;
    if (distance < 2) found++;
    if (star.flux > 50 * Math.hypot(sigma, Math.sqrt(star.flux)) && distance < 2) offsets.push(distance);
  }
  cells.clear();
  for (const [i, star] of truth.entries()) put(cells, star.x, star.y, i);
  let unmatched = 0;
  for (let i = 0; i < x.length; i++)
    if (
      !(
        nearest(
          x[i]!,
          y[i]!,
          (k) => truth[k]!.x,
          (k) => truth[k]!.y,
        ) < 2
      )
    )
      unmatched++;
  offsets.sort((a, b) => a - b);
  return { complete: found / asked, unmatched: unmatched / x.length, offsetPix: offsets[offsets.length >> 1] ?? Number.NaN };
}

export const sayScore = (who: string, count: number, { complete, unmatched, offsetPix }: Score): string =>
  `${who} ${count} sources, ${(100 * complete).toFixed(1)} % of S/N > 10, ${(100 * unmatched).toFixed(2)} % unmatched, ${offsetPix.toFixed(3)} pix`;
