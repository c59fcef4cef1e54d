import type { SkyFrame } from './sky-frame.ts';
import { type Affine, apply, imageToScreen, type Size, scaleBar, type View } from './transform.ts';

export interface OverlaySource {
  /** 0-based pixel. */
  readonly x: number;
  readonly y: number;
  readonly number: number;
  readonly fwhmPix: number;
  readonly flags: number;
  readonly label: string;
}

export interface OverlayScene {
  readonly view: View;
  readonly box: Size;
  readonly ratio: number;
  readonly sky: SkyFrame | null;
  readonly sources: readonly OverlaySource[] | null;
  readonly selected: number | null;
  readonly hovered: number | null;
  readonly alert: { readonly raDeg: number; readonly decDeg: number; readonly radiusArcsec: number | null } | null;
  readonly compass: boolean;
  readonly caption: string;
  readonly colours: {
    readonly source: string;
    readonly selected: string;
    readonly alert: string;
    readonly ink: string;
    readonly shade: string;
  };
  readonly font: string;
}

/** Draws everything that lies over the pixels; lines keep their width at any zoom. */
export function drawOverlay(canvas: HTMLCanvasElement, scene: OverlayScene): void {
  const { box, ratio, view } = scene;
  const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, box.width, box.height);
  const affine = imageToScreen(view, box);
  if (scene.sources !== null) drawSources(context, affine, scene);
  if (scene.alert !== null) drawAlert(context, affine, scene);
  if (scene.compass) drawCompass(context, affine, scene);
}

/** Radius of a source's circle: its FWHM, never too small to see [screen px]. */
export const circleRadius = (fwhmPix: number, scale: number): number => Math.max(4.5, 1.6 * fwhmPix * scale);

function drawSources(context: CanvasRenderingContext2D, affine: Affine, scene: OverlayScene): void {
  context.lineWidth = 1.25;
  for (const source of scene.sources!) {
    const [u, v] = apply(affine, source.x, source.y);
    if (u < -60 || v < -60 || u > scene.box.width + 60 || v > scene.box.height + 60) continue;
    const marked = source.number === scene.selected || source.number === scene.hovered;
    context.strokeStyle = marked ? scene.colours.selected : scene.colours.source;
    context.setLineDash(source.flags === 0 ? [] : [3, 3]);
    context.lineWidth = marked ? 2.5 : scene.view.scale < 1.5 ? 1 : 1.5;
    context.globalAlpha = marked || scene.view.scale >= 1.5 ? 1 : 0.7; // a whole field of circles must not hide the field
    context.beginPath();
    context.arc(u, v, circleRadius(source.fwhmPix, scene.view.scale), 0, 2 * Math.PI);
    context.stroke();
    if (marked) text(context, scene, source.label, u + circleRadius(source.fwhmPix, scene.view.scale) + 5, v, 'left');
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function drawAlert(context: CanvasRenderingContext2D, affine: Affine, scene: OverlayScene): void {
  const { alert, sky } = scene;
  const place = alert === null || sky === null ? null : sky.skyToPixel(alert.raDeg, alert.decDeg);
  if (place === null || alert === null || sky === null) return;
  const [u, v] = apply(affine, ...place);
  context.strokeStyle = scene.colours.alert;
  context.lineWidth = 1.75;
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    context.moveTo(u + 5 * dx, v + 5 * dy);
    context.lineTo(u + 13 * dx, v + 13 * dy);
  }
  context.stroke();
  if (alert.radiusArcsec === null) {
    text(context, scene, 'alert', u + 16, v, 'left');
    return;
  }
  const radius = (alert.radiusArcsec / sky.pixelArcsec) * scene.view.scale;
  context.setLineDash([8, 5]);
  context.beginPath();
  context.arc(u, v, radius, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
  text(
    context,
    scene,
    `alert r90 ${alert.radiusArcsec < 90 ? `${alert.radiusArcsec.toFixed(1)}″` : `${(alert.radiusArcsec / 60).toFixed(1)}′`}`,
    u + 0.7072 * radius + 6,
    v - 0.7072 * radius,
    'left',
  );
}

function drawCompass(context: CanvasRenderingContext2D, affine: Affine, scene: OverlayScene): void {
  const { sky, box, view } = scene;
  if (sky === null) return;
  const [ax, ay] = [58, box.height - 62];
  const { north, east } = sky.directions(view.cx, view.cy);
  context.strokeStyle = scene.colours.ink;
  context.fillStyle = scene.colours.ink;
  context.lineWidth = 1.75;
  const origin = apply(affine, 0, 0);
  for (const [name, direction] of [
    ['N', north],
    ['E', east],
  ] as const) {
    const tip = apply(affine, direction[0], direction[1]);
    const length = Math.hypot(tip[0] - origin[0], tip[1] - origin[1]);
    const [dx, dy] = [(tip[0] - origin[0]) / length, (tip[1] - origin[1]) / length];
    context.beginPath();
    context.moveTo(ax, ay);
    context.lineTo(ax + 30 * dx, ay + 30 * dy);
    context.stroke();
    text(context, scene, name, ax + 41 * dx, ay + 41 * dy, 'center');
  }
  const bar = scaleBar(sky.pixelArcsec / view.scale, 130);
  const [bx, by] = [box.width - 24, box.height - 22];
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(bx - bar.px, by - 5);
  context.lineTo(bx - bar.px, by);
  context.lineTo(bx, by);
  context.lineTo(bx, by - 5);
  context.stroke();
  text(context, scene, bar.label, bx - bar.px / 2, by - 13, 'center');
}

function text(
  context: CanvasRenderingContext2D,
  scene: OverlayScene,
  words: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
): void {
  context.font = scene.font;
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  const width = context.lineWidth;
  context.lineWidth = 3.5;
  const stroke = context.strokeStyle;
  context.strokeStyle = scene.colours.shade;
  context.setLineDash([]);
  context.strokeText(words, x, y);
  context.fillStyle = stroke;
  context.fillText(words, x, y);
  context.strokeStyle = stroke;
  context.lineWidth = width;
}
