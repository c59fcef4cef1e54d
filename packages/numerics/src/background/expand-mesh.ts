import { numericsShape } from '../errors.ts';
import { assertPlane, type Shape } from '../shape.ts';
import type { MeshGrid } from './background-mesh.ts';
import { splineSixths, splineValue } from './spline.ts';

/**
 * Spreads mesh values over the whole image: natural bicubic spline through the cell centres, linear outside the outermost ones.
 *
 * @param values - one per cell, row-major (`mesh.level` or `mesh.rms`)
 * @param out    - image of `shape`, filled
 * Source: Bertin & Arnouts 1996, section 4 (bicubic spline); the continuation at the border is ours.
 */
export function expandMesh(values: Float32Array, mesh: MeshGrid, shape: Shape, out: Float32Array): Float32Array {
  assertPlane(out, shape, 'The output image');
  const down = meshColumns(values, mesh);
  const row = new Float32Array(shape.width);
  for (let y = 0; y < shape.height; y++) {
    meshRow(values, down, mesh, shape, y, row);
    out.set(row, y * shape.width);
  }
  return out;
}

/** `out = image − expandMesh(values)`; may be done in place. */
export function subtractMesh(
  image: Float32Array,
  values: Float32Array,
  mesh: MeshGrid,
  shape: Shape,
  out: Float32Array,
): Float32Array {
  assertPlane(image, shape, 'The image');
  assertPlane(out, shape, 'The output image');
  const down = meshColumns(values, mesh);
  const row = new Float32Array(shape.width);
  for (let y = 0, i = 0; y < shape.height; y++) {
    meshRow(values, down, mesh, shape, y, row);
    for (let x = 0; x < shape.width; x++, i++) out[i] = image[i]! - row[x]!;
  }
  return out;
}

/** `out = image − background`, pixel by pixel; may be done in place. */
export function subtract(image: Float32Array, background: Float32Array, out: Float32Array): Float32Array {
  if (background.length !== image.length || out.length !== image.length) {
    throw numericsShape({ what: 'The background or the output image', found: background.length, expected: image.length });
  }
  for (let i = 0; i < image.length; i++) out[i] = image[i]! - background[i]!;
  return out;
}

/** Splines down the columns: second derivatives / 6, one per cell. */
export function meshColumns(values: Float32Array, { columns, rows }: MeshGrid): Float64Array {
  if (values.length !== columns * rows) throw numericsShape({ what: 'The mesh', found: values.length, expected: columns * rows });
  const sixths = new Float64Array(columns * rows);
  for (let x = 0; x < columns; x++) splineSixths(values, x, columns, rows, sixths);
  return sixths;
}

/** One image row of the surface. */
export function meshRow(
  values: Float32Array,
  down: Float64Array,
  { columns, rows }: MeshGrid,
  { width, height }: Shape,
  y: number,
  out: Float32Array,
): void {
  const knots = new Float64Array(columns);
  const fy = ((y + 0.5) * rows) / height - 0.5;
  const j = Math.min(Math.max(Math.floor(fy), 0), Math.max(rows - 2, 0));
  for (let x = 0; x < columns; x++) {
    const a = j * columns + x;
    const b = Math.min(j + 1, rows - 1) * columns + x;
    knots[x] = splineValue(values[a]!, values[b]!, down[a]!, down[b]!, rows === 1 ? 0 : fy - j);
  }
  if (columns === 1) {
    out.fill(knots[0]!);
    return;
  }
  const sixths = new Float64Array(columns);
  splineSixths(knots, 0, 1, columns, sixths);
  for (let x = 0; x < width; x++) {
    const fx = ((x + 0.5) * columns) / width - 0.5;
    const i = Math.min(Math.max(Math.floor(fx), 0), columns - 2);
    out[x] = splineValue(knots[i]!, knots[i + 1]!, sixths[i]!, sixths[i + 1]!, fx - i);
  }
}
