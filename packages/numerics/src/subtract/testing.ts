import { seededRandom } from '@colibri/base';
import { circularMoffat, type MoffatProfile, moffatFwhm } from '../detect/moffat.ts';
import type { PsfModel } from '../psf/psf-model.ts';

/** A star or a point of a galaxy: place [pix] and light. */
export interface TestPoint {
  readonly x: number;
  readonly y: number;
  readonly flux: number;
}

export interface TestPair {
  readonly size: number;
  readonly seed: number;
  /** Constant sky. */
  readonly stars: readonly TestPoint[];
  /** In the science image only. */
  readonly news: readonly TestPoint[];
  /** FWHM [pix] of science and reference, at the left and at the right border. */
  readonly scienceFwhm: readonly [number, number];
  readonly referenceFwhm: readonly [number, number];
  /** Light of the reference over that of the science image, and their skies [electron]. */
  readonly depth: number;
  readonly skies: readonly [number, number];
}

/** Two images of one sky with their true noise, and the PSF of each. */
export function testPair({ size, seed, stars, news, scienceFwhm, referenceFwhm, depth, skies }: TestPair) {
  const random = seededRandom(seed);
  const image = (points: readonly TestPoint[], fwhm: readonly [number, number], scale: number, sky: number) => {
    const light = new Float64Array(size * size);
    for (const { x, y, flux } of points) {
      const { xx, beta } = circularMoffat(fwhm[0] + ((fwhm[1] - fwhm[0]) * x) / size, 3);
      const unit = ((beta - 1) * xx) / Math.PI;
      for (let py = Math.max(0, Math.round(y) - 30); py <= Math.min(size - 1, Math.round(y) + 30); py++)
        for (let px = Math.max(0, Math.round(x) - 30); px <= Math.min(size - 1, Math.round(x) + 30); px++)
          light[py * size + px]! += scale * flux * unit * (1 + xx * ((px - x) ** 2 + (py - y) ** 2)) ** -beta;
    }
    const data = new Float32Array(size * size);
    const variance = new Float32Array(size * size);
    for (let i = 0; i < data.length; i++) {
      variance[i] = light[i]! + sky;
      data[i] = random.poisson(variance[i]!) - sky;
    }
    return {
      width: size,
      height: size,
      data,
      variance,
      mask: new Uint16Array(size * size),
      psf: profilePsf((x) => circularMoffat(fwhm[0] + ((fwhm[1] - fwhm[0]) * x) / size, 3), size),
      covarianceFactor: 1,
    };
  };
  return {
    science: image([...stars, ...news], scienceFwhm, 1, skies[0]),
    reference: image(stars, referenceFwhm, depth, skies[1]),
  };
}

/** A PSF of profiles that change along x, linearly in the samples. */
export function profilePsf(profileAt: (x: number) => MoffatProfile, size: number): PsfModel {
  const radius = 14;
  const side = 2 * radius + 1;
  const sampled = (x: number): Float64Array => {
    const { xx, xy, yy, beta } = profileAt(x);
    const out = new Float64Array(side * side);
    for (let j = -radius, i = 0; j <= radius; j++)
      for (let k = -radius; k <= radius; k++, i++) out[i] = (1 + xx * k * k + 2 * xy * k * j + yy * j * j) ** -beta;
    const sum = out.reduce((a, b) => a + b, 0);
    return out.map((v) => v / sum);
  };
  const left = sampled(0);
  const right = sampled(size);
  const planes = new Float32Array(3 * side * side);
  for (let i = 0; i < left.length; i++) {
    planes[i] = (left[i]! + right[i]!) / 2;
    planes[left.length + i] = (right[i]! - left[i]!) / 2;
  }
  const middle = (size - 1) / 2;
  return {
    kind: 'moffat',
    fwhmPix: moffatFwhm(profileAt(middle)),
    stepPix: 1,
    size: side,
    order: 1,
    originX: middle,
    originY: middle,
    scaleX: size / 2,
    scaleY: size / 2,
    planes,
    stars: 50,
    chi2: 1,
    relativeErr: 0.001,
    radiusPix: radius,
  };
}
