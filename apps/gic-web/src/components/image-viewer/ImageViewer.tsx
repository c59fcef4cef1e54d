import { type Ref, useEffect, useImperativeHandle, useRef, useState } from 'react';
import { useTheme } from '../../lib/theme.ts';
import { makeCpuRenderer } from './cpu-renderer.ts';
import { makeGlRenderer } from './gl-renderer.ts';
import { circleRadius, drawOverlay, type OverlaySource } from './overlay.ts';
import type { Look, Picture, Renderer } from './render-types.ts';
import type { SkyFrame } from './sky-frame.ts';
import { apply, fitView, imageToScreen, invert, panBy, type Size, stepScale, type View, zoomAbout } from './transform.ts';

export interface ViewerHandle {
  fit(): void;
  zoomStep(up: boolean): void;
  oneToOne(): void;
  centreOn(x: number, y: number, leastScale?: number): void;
  orient(orientation: Pick<View, 'rotationDeg' | 'flip'>): void;
  /** The picture with its overlays and a caption. */
  snapshot(caption: string): Promise<Blob | null>;
}

export interface ViewerProps {
  readonly picture: Picture | null;
  readonly look: Look;
  readonly sky: SkyFrame | null;
  /** View of the first paint; null: the whole image. */
  readonly initialView: View | null;
  readonly orientation: Pick<View, 'rotationDeg' | 'flip'>;
  /** Another view for another picture of the same sky, while blinking. */
  readonly mapView?: ((view: View) => View) | undefined;
  readonly sources: readonly OverlaySource[] | null;
  readonly selected: number | null;
  readonly alert: { readonly raDeg: number; readonly decDeg: number; readonly radiusArcsec: number | null } | null;
  readonly onHover: (place: { x: number; y: number } | null, source: OverlaySource | null) => void;
  readonly onSelect: (source: OverlaySource | null) => void;
  readonly onView: (view: View) => void;
  /** Right-drag: shifts and widens the limits by shares of their range. */
  readonly onLimits: (shift: number, widen: number) => void;
  readonly ref?: Ref<ViewerHandle>;
  readonly label: string;
}

/** Pixels on the screen: WebGL2 where there is, a plain canvas elsewhere. Wheel, drag, pinch, keys. */
export function ImageViewer(props: ViewerProps) {
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const pixels = useRef<HTMLCanvasElement>(null);
  const lines = useRef<HTMLCanvasElement>(null);
  const renderer = useRef<Renderer | null>(null);
  const view = useRef<View | null>(props.initialView);
  const size = useRef<Size>({ width: 0, height: 0 });
  const hovered = useRef<number | null>(null);
  const asked = useRef(0);
  const latest = useRef(props);
  latest.current = props;
  const [kind, setKind] = useState<Renderer['kind'] | null>(null);

  const drawNow = () => {
    asked.current = 0;
    const { picture, look, sky, sources, selected, alert, mapView } = latest.current;
    if (picture === null || size.current.width === 0 || renderer.current === null || lines.current === null) return;
    view.current ??= latest.current.initialView ?? fitView(picture.size, size.current, latest.current.orientation);
    const shown = mapView === undefined ? view.current : mapView(view.current);
    const ratio = devicePixelRatio || 1;
    const more = renderer.current.draw(picture, shown, look, size.current, ratio);
    drawOverlay(lines.current, {
      view: shown,
      box: size.current,
      ratio,
      sky,
      sources: mapView === undefined ? sources : null,
      selected,
      hovered: hovered.current,
      alert: mapView === undefined ? alert : null,
      compass: true,
      caption: '',
      colours: overlayColours(look),
      font: theme === 'dome' ? '600 16px system-ui, sans-serif' : '600 12px system-ui, sans-serif',
    });
    if (more) draw();
  };
  const drawLatest = useRef(drawNow);
  drawLatest.current = drawNow;
  const draw = () => {
    asked.current ||= requestAnimationFrame(() => drawLatest.current());
  };
  useEffect(() => {
    const canvas = pixels.current!;
    renderer.current = makeGlRenderer(canvas) ?? makeCpuRenderer(canvas);
    setKind(renderer.current.kind);
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      size.current = { width, height };
      drawLatest.current();
    });
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(asked.current);
      asked.current = 0;
      renderer.current?.dispose();
      renderer.current = null;
    };
  }, []);
  useEffect(draw);

  const change = (next: View) => {
    view.current = next;
    draw();
    latest.current.onView(next);
  };
  const placeAt = (u: number, v: number) => {
    const inverse = invert(imageToScreen(view.current!, size.current));
    const [x, y] = apply(inverse, u, v);
    return { x, y };
  };
  const sourceAt = (u: number, v: number): OverlaySource | null => {
    const affine = imageToScreen(view.current!, size.current);
    let best: OverlaySource | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const source of latest.current.sources ?? []) {
      const [su, sv] = apply(affine, source.x, source.y);
      const distance = Math.hypot(su - u, sv - v);
      if (distance < Math.min(least, circleRadius(source.fwhmPix, view.current!.scale) + 3)) {
        best = source;
        least = distance;
      }
    }
    return best;
  };

  useImperativeHandle(props.ref, () => ({
    fit() {
      const { picture, orientation } = latest.current;
      if (picture !== null) change(fitView(picture.size, size.current, orientation));
    },
    zoomStep(up) {
      if (view.current === null) return;
      const { width, height } = size.current;
      change(
        zoomAbout(view.current, size.current, width / 2, height / 2, stepScale(view.current.scale, up) / view.current.scale),
      );
    },
    oneToOne() {
      if (view.current !== null) change({ ...view.current, scale: 1 });
    },
    centreOn(x, y, leastScale = 0) {
      if (view.current !== null) change({ ...view.current, cx: x, cy: y, scale: Math.max(view.current.scale, leastScale) });
    },
    orient(orientation) {
      if (view.current !== null) change({ ...view.current, ...orientation });
    },
    snapshot(caption) {
      drawLatest.current();
      return snapshot(pixels.current!, lines.current!, caption);
    },
  }));

  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const gesture = useRef<{ moved: number; button: number } | null>(null);
  const local = (event: { clientX: number; clientY: number }) => {
    const rect = box.current!.getBoundingClientRect();
    return { x: event.clientX - rect.left, y: event.clientY - rect.top };
  };
  const hover = (u: number, v: number) => {
    if (view.current === null) return;
    const source = sourceAt(u, v);
    if ((source?.number ?? null) !== hovered.current) {
      hovered.current = source?.number ?? null;
      draw();
    }
    latest.current.onHover(placeAt(u, v), source);
  };

  useEffect(() => {
    const element = box.current!;
    const onWheel = (event: WheelEvent) => {
      if (view.current === null) return;
      event.preventDefault();
      const { x, y } = local(event);
      const factor = Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * (event.ctrlKey ? 0.01 : 0.0022));
      change(zoomAbout(view.current, size.current, x, y, factor));
      hover(x, y);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  });

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the picture is explored by pointer here and by the keys of the page
    <div
      ref={box}
      className="viewer"
      data-renderer={kind ?? 'none'}
      onContextMenu={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, local(event));
        gesture.current = { moved: 0, button: event.button };
      }}
      onPointerMove={(event) => {
        const here = local(event);
        const before = pointers.current.get(event.pointerId);
        if (before === undefined || view.current === null) {
          hover(here.x, here.y);
          return;
        }
        const [dx, dy] = [here.x - before.x, here.y - before.y];
        if (gesture.current !== null) gesture.current.moved += Math.hypot(dx, dy);
        if (pointers.current.size === 2) {
          const other = [...pointers.current].find(([id]) => id !== event.pointerId)![1];
          const factor =
            Math.hypot(here.x - other.x, here.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
          change(
            zoomAbout(
              panBy(view.current, size.current, dx / 2, dy / 2),
              size.current,
              (here.x + other.x) / 2,
              (here.y + other.y) / 2,
              factor,
            ),
          );
        } else if (gesture.current?.button === 2) {
          latest.current.onLimits(dx / size.current.width, dy / size.current.height);
        } else {
          change(panBy(view.current, size.current, dx, dy));
        }
        pointers.current.set(event.pointerId, here);
      }}
      onPointerUp={(event) => {
        const here = local(event);
        pointers.current.delete(event.pointerId);
        if (gesture.current !== null && gesture.current.moved < 5 && gesture.current.button === 0 && view.current !== null) {
          hover(here.x, here.y);
          latest.current.onSelect(sourceAt(here.x, here.y));
        }
        if (pointers.current.size === 0) gesture.current = null;
      }}
      onPointerCancel={(event) => pointers.current.delete(event.pointerId)}
      onPointerLeave={() => {
        hovered.current = null;
        latest.current.onHover(null, null);
        draw();
      }}
    >
      <canvas ref={pixels} className="viewer-pixels" role="img" aria-label={props.label} />
      <canvas ref={lines} className="viewer-lines" />
    </div>
  );
}

function overlayColours(look: Look) {
  if (look.theme === 'dome')
    return { source: '#b00000', selected: '#c00000', alert: '#c00000', ink: '#c00000', shade: '#000000' };
  if (look.ramp === 'inverted')
    return { source: '#0b5d63', selected: '#b03325', alert: '#57001e', ink: '#17202a', shade: '#ffffff' };
  return { source: '#5fe6bf', selected: '#ffe94a', alert: '#ff6d8f', ink: '#e8eef4', shade: '#00000099' };
}

async function snapshot(pixels: HTMLCanvasElement, lines: HTMLCanvasElement, caption: string): Promise<Blob | null> {
  const page = document.createElement('canvas');
  const band = Math.round(28 * (devicePixelRatio || 1));
  page.width = lines.width;
  page.height = lines.height + band;
  const context = page.getContext('2d')!;
  context.drawImage(pixels, 0, 0, lines.width, lines.height);
  context.drawImage(lines, 0, 0);
  context.fillStyle = '#0e1217';
  context.fillRect(0, lines.height, page.width, band);
  context.fillStyle = '#dbe3ea';
  context.font = `${Math.round(band * 0.45)}px sans-serif`;
  context.textBaseline = 'middle';
  context.fillText(caption, band / 2, lines.height + band / 2);
  return new Promise((resolve) => page.toBlob(resolve));
}
