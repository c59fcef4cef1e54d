import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageHdu, openFits, readImage, writeFits } from '@colibri/fits';
import { type Compute, MaskPlane, weightedLeastSquares } from '@colibri/numerics';
import { headerOf, type Unit, type UnitAlignment } from '@colibri/pipeline';
import { localGeometry, projectTangent, type Wcs } from '@colibri/sky';

/** A coadd of SWarp on the grid of ours. */
export interface SwarpStack {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** 1/σ²; 0: nothing here. */
  readonly weight: Float32Array;
  /** User and system time of SWarp [s]. */
  readonly cpuSec: number;
  /** [s] */
  readonly wallSec: number;
}

/** Version of Debian's SWarp; null when it is not installed. */
export function swarpVersion(): string | null {
  const { status, stdout, stderr } = spawnSync('SWarp', ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown') : null;
}

/**
 * Coadds the frames of a unit as SWarp does it: LANCZOS3, its own background, our coordinates, transparencies and variances. The
 * frames are written as plain float32 beforehand, which is not in its time.
 */
export async function swarpStacks<C extends 'WEIGHTED' | 'CLIPPED'>(
  unit: Unit,
  alignment: UnitAlignment,
  grid: { readonly width: number; readonly height: number; readonly wcs: Wcs },
  combine: readonly C[],
  compute: Compute,
  threads = 1,
): Promise<Record<C, SwarpStack>> {
  const folder = mkdtempSync(join(tmpdir(), 'colibri-swarp-'));
  try {
    const names: string[] = [];
    for (const [k, frame] of unit.frames.entries()) {
      const { wcs, transparency } = alignment.frames[k]!;
      await compute.scope(async () => {
        const { data, variance, mask, width, height } = await frame.load();
        const weight = new Float32Array(data.length);
        const image = data.slice();
        for (let i = 0; i < image.length; i++) {
          const isGood = (mask[i]! & ~MaskPlane.SATURATED) === 0 && variance[i]! > 0 && Number.isFinite(image[i]!);
          weight[i] = isGood ? 1 / variance[i]! : 0;
          if (!isGood) image[i] = 0;
        }
        const name = `f${k}`;
        names.push(`${name}.fits`);
        const scale = 1 / (transparency * frame.meta.exposureSec);
        const header = headerOf([
          ['FLXSCALE', scale, ''],
          ['GAIN', 1, ''],
          ['SATURATE', frame.saturation, ''],
          ...tpvCards(wcs!, width, height),
        ]);
        writeFileSync(join(folder, `${name}.fits`), writeFits([imageHdu({ data: image, shape: [width, height], header })]));
        writeFileSync(
          join(folder, `${name}.weight.fits`),
          writeFits([imageHdu({ data: weight, shape: [width, height], header })]),
        );
      });
    }
    const { raDeg, decDeg, x, y } = tangentOf(grid.wcs);
    const scale = localGeometry(grid.wcs, x, y).pixelScaleArcsec / 3600;
    const cards = [
      ['SIMPLE  =', 'T'],
      ['BITPIX  =', '-32'],
      ['NAXIS   =', '2'],
      ['NAXIS1  =', grid.width],
      ['NAXIS2  =', grid.height],
      ['CTYPE1  =', "'RA---TAN'"],
      ['CTYPE2  =', "'DEC--TAN'"],
      ['CRVAL1  =', raDeg],
      ['CRVAL2  =', decDeg],
      ['CRPIX1  =', x + 1],
      ['CRPIX2  =', y + 1],
      ['CD1_1   =', -scale],
      ['CD1_2   =', 0],
      ['CD2_1   =', 0],
      ['CD2_2   =', scale],
    ] as const;
    const found = {} as Record<C, SwarpStack>;
    for (const type of combine) {
      const out = `${type}.fits`;
      const head = `${cards.map(([keyword, value]) => `${keyword} ${value}`).join('\n')}\nEND\n`;
      writeFileSync(join(folder, `${type}.head`), head);
      const settings =
        `-c /dev/null -IMAGEOUT_NAME ${out} -WEIGHTOUT_NAME ${type}.w.fits -WEIGHT_TYPE MAP_WEIGHT -RESAMPLING_TYPE LANCZOS3 ` +
        `-COMBINE_TYPE ${type} -BACK_SIZE 128 -SUBTRACT_BACK Y -NTHREADS ${threads} -VERBOSE_TYPE QUIET -WRITE_XML N -DELETE_TMPFILES Y ` +
        '-MEM_MAX 2048 -COMBINE_BUFSIZE 1024 -RESAMPLE_DIR .';
      const timed = spawnSync('bash', ['-c', `TIMEFORMAT='%R %U %S'; time SWarp ${names.join(' ')} ${settings}`], {
        cwd: folder,
        encoding: 'utf8',
      });
      if (timed.status !== 0) throw new Error(`SWarp ended with ${timed.status}: ${timed.stderr}`);
      const [wall, user, system] = timed.stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
      const plane = async (name: string): Promise<Float32Array> => {
        const file = await openFits(new Uint8Array(readFileSync(join(folder, name))), { name });
        return Float32Array.from((await readImage(file.hdus[0]!)).data as ArrayLike<number>);
      };
      found[type] = {
        ...grid,
        data: await plane(out),
        weight: await plane(`${type}.w.fits`),
        cpuSec: user! + system!,
        wallSec: wall!,
      };
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where a TAN projection without distortion touches the sphere. */
function tangentOf(wcs: Wcs): { raDeg: number; decDeg: number; x: number; y: number } {
  const cards = new Map(wcs.toCards().map(({ keyword, value }) => [keyword, Number(value)]));
  const card = (keyword: string): number => cards.get(keyword)!;
  return { raDeg: card('CRVAL1'), decDeg: card('CRVAL2'), x: card('CRPIX1') - 1, y: card('CRPIX2') - 1 };
}

/** Terms of TPV to third order, as powers of (ξ, η); PV1_3 and PV1_11 are those of r. */
const TERMS = [
  [0, 0, 0],
  [1, 1, 0],
  [2, 0, 1],
  [4, 2, 0],
  [5, 1, 1],
  [6, 0, 2],
  [7, 3, 0],
  [8, 2, 1],
  [9, 1, 2],
  [10, 0, 3],
] as const;

/** SWarp reads TPV, not SIP: our coordinates as TPV of third order, fitted on a grid (to 0.01 pix or better). */
function tpvCards(wcs: Wcs, width: number, height: number): [string, string | number, string][] {
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [ra0, dec0] = wcs.pixelToSky(cx, cy);
  const plane = (x: number, y: number): readonly [number, number] => {
    const at = projectTangent(ra0, dec0, ...wcs.pixelToSky(x, y))!;
    return [at[0], at[1]];
  };
  const d = 1;
  const [xp, xm, yp, ym] = [plane(cx + d, cy), plane(cx - d, cy), plane(cx, cy + d), plane(cx, cy - d)];
  const cd = [(xp[0] - xm[0]) / 2, (yp[0] - ym[0]) / 2, (xp[1] - xm[1]) / 2, (yp[1] - ym[1]) / 2] as const;
  const unit = Math.hypot(cd[0], cd[2]) * cx; // half a side [deg]: powers of about 1
  const rows: number[] = [];
  const [xi, eta]: [number[], number[]] = [[], []];
  const swapped: number[] = [];
  for (let j = 0; j <= 20; j++) {
    for (let i = 0; i <= 20; i++) {
      const [dx, dy] = [(i / 20 - 0.5) * (width - 1), (j / 20 - 0.5) * (height - 1)];
      const [a, b] = plane(cx + dx, cy + dy);
      xi.push(a / unit);
      eta.push(b / unit);
      const [u, v] = [(cd[0] * dx + cd[1] * dy) / unit, (cd[2] * dx + cd[3] * dy) / unit];
      for (const [, p, q] of TERMS) {
        rows.push(u ** p * v ** q);
        swapped.push(v ** p * u ** q);
      }
    }
  }
  const ones = new Float64Array(xi.length).fill(1);
  const solve = (design: number[], values: number[]): Float64Array =>
    weightedLeastSquares(Float64Array.from(design), TERMS.length, Float64Array.from(values), ones)!.coefficients;
  const found = [solve(rows, xi), solve(swapped, eta)];
  const pv = found.flatMap((coefficients, axis) =>
    TERMS.map(([k, p, q], t): [string, number, string] => [`PV${axis + 1}_${k}`, coefficients[t]! * unit ** (1 - p - q), '']),
  );
  return [
    ['CTYPE1', 'RA---TPV', ''],
    ['CTYPE2', 'DEC--TPV', ''],
    ['CRVAL1', ra0, ''],
    ['CRVAL2', dec0, ''],
    ['CRPIX1', cx + 1, ''],
    ['CRPIX2', cy + 1, ''],
    ['CD1_1', cd[0], ''],
    ['CD1_2', cd[1], ''],
    ['CD2_1', cd[2], ''],
    ['CD2_2', cd[3], ''],
    ...pv,
  ];
}
