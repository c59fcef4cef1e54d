import type { Shape } from '../shape.ts';

/**
 * Smooth background of an image on a coarse grid. The image is cut into `columns × rows` cells of equal size (width / columns by
 * height / rows pixels, near `meshPix`); there is no narrow last cell. Values belong to cell centres, row-major like the image.
 */
export interface BackgroundMesh {
  /** Cell size asked for [pix]. */
  readonly meshPix: number;
  readonly columns: number;
  readonly rows: number;
  /** Most probable value in each cell [unit of the image]. NaN everywhere when the image has no good pixel. */
  readonly level: Float32Array;
  /** 1 sigma pixel noise about `level` [unit of the image]. */
  readonly rms: Float32Array;
  /** Medians over the cells. */
  readonly globalLevel: number;
  readonly globalRms: number;
  /** Cells with enough good pixels; the others were filled from their neighbours. */
  readonly goodCells: number;
}

export interface BackgroundOptions extends Shape {
  /** Cell size [pix]; default 64. */
  readonly meshPix?: number;
  /** Width of the median filter over cells, odd; default 3; 1: none. */
  readonly filterCells?: number;
  /** Clipping limit in each cell [sigma]; default 3. */
  readonly clipSigma?: number;
}

/** The grid that covers an image. */
export interface MeshGrid {
  readonly columns: number;
  readonly rows: number;
}

export function meshGrid({ width, height }: Shape, meshPix: number): MeshGrid {
  return { columns: Math.max(1, Math.round(width / meshPix)), rows: Math.max(1, Math.round(height / meshPix)) };
}

/** First pixel of cell i of n along an axis of `size` pixels. */
export function cellStart(i: number, n: number, size: number): number {
  return Math.floor((i * size) / n);
}

/** Number of the cell that holds a pixel. */
export function cellAt({ columns, rows }: MeshGrid, { width, height }: Shape, pixel: number): number {
  const x = pixel % width;
  const y = (pixel - x) / width;
  const cx = Math.min(Math.floor(((x + 0.5) * columns) / width), columns - 1);
  return Math.min(Math.floor(((y + 0.5) * rows) / height), rows - 1) * columns + cx;
}
