import { meshGrid } from '../background/background-mesh.ts';
import { meshColumns } from '../background/expand-mesh.ts';
import { finishMesh } from '../background/measure-background.ts';
import type { Compute } from '../compute.ts';
import { numericsShape } from '../errors.ts';
import { assertPlane } from '../shape.ts';
import { truncationFactor } from '../stats/clipped-moments.ts';
import type { Runtime } from './wasm-compute.ts';
import { BAND } from './wasm-compute.ts';

/** Cells that the compiled function takes together. */
const GROUP = 8;
/** Pixels per range of a function without rows. */
const RANGE = 1 << 18;

export function wasmBackground(
  runtime: Runtime,
): Pick<Compute, 'measureBackground' | 'expandMesh' | 'subtractMesh' | 'subtract'> {
  const surface: (...a: [Float32Array | null, ...Parameters<Compute['expandMesh']>]) => Promise<Float32Array> = (
    image,
    values,
    mesh,
    shape,
    out,
  ) => {
    assertPlane(image, shape, 'The image');
    assertPlane(out, shape, 'The output image');
    const { columns, rows } = mesh;
    const { width, height } = shape;
    const down = meshColumns(values, mesh);
    return runtime.lend(async (lease) => {
      await runtime.kernel(lease, {
        name: 'expandMesh',
        args: [lease.input(values), lease.input(down), columns, rows, lease.input(image), lease.output(out), width, height],
        scratchBytes: 40 * columns + 4 * width + 160,
        count: height,
        chunk: BAND,
      });
      return out;
    });
  };
  return {
    measureBackground: (image, mask, options) => {
      assertPlane(image, options, 'The image');
      assertPlane(mask, options, 'The mask');
      const { width, height, meshPix = 64, clipSigma = 3 } = options;
      const grid = meshGrid(options, meshPix);
      const { columns, rows } = grid;
      const level = new Float32Array(columns * rows);
      const rms = new Float32Array(columns * rows);
      const room = 4 * Math.ceil(width / columns + 1) * Math.ceil(height / rows + 1) + 16;
      const truncation = truncationFactor(clipSigma);
      return runtime
        .lend(async (lease) => {
          const sizes = [width, height, columns, rows, clipSigma, truncation];
          await runtime.kernel(lease, {
            name: 'meshCells',
            args: [lease.input(image), lease.input(mask), ...sizes, lease.output(level), lease.output(rms), room],
            scratchBytes: 4 * 514 + 24 * 520 + GROUP * (16 + room) + 64,
            count: rows,
            chunk: 1,
          });
        })
        .then(() => finishMesh(level, rms, grid, options));
    },
    expandMesh: (...a) => surface(null, ...a),
    subtractMesh: surface,
    subtract: (image, background, out) => {
      if (background.length !== image.length || out.length !== image.length) {
        throw numericsShape({ what: 'The background or the output image', found: background.length, expected: image.length });
      }
      return runtime.lend(async (lease) => {
        await runtime.kernel(lease, {
          name: 'subtract',
          args: [lease.input(image), lease.input(background), lease.output(out)],
          scratchBytes: 0,
          count: image.length,
          chunk: RANGE,
        });
        return out;
      });
    },
  };
}
