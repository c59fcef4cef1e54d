import type { FrameRow } from '@colibri/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { FilterMark } from '../../components/FilterMark.tsx';
import { ImageViewer, type ViewerHandle } from '../../components/image-viewer/ImageViewer.tsx';
import { LevelsPanel } from '../../components/image-viewer/LevelsPanel.tsx';
import { type LimitMode, limitsFor } from '../../components/image-viewer/levels.ts';
import type { OverlaySource } from '../../components/image-viewer/overlay.ts';
import { valueAt } from '../../components/image-viewer/pyramid.ts';
import { type Look, maskPlanes } from '../../components/image-viewer/render-types.ts';
import { alertCircle, skyOrientation } from '../../components/image-viewer/sky-frame.ts';
import { pixelAt, upright, type View } from '../../components/image-viewer/transform.ts';
import { ErrorState } from '../../components/PanelStates.tsx';
import { TimeText } from '../../components/TimeText.tsx';
import { boardQuery, productUrl, sourcesQuery, summaryQuery } from '../../lib/api.ts';
import { copyText, download } from '../../lib/csv.ts';
import { bytes, level } from '../../lib/format.ts';
import { phoneQuery, useMedia } from '../../lib/hooks.ts';
import { useKeys } from '../../lib/keyboard.ts';
import { useTheme } from '../../lib/theme.ts';
import { useUrlState } from '../../lib/url-state.ts';
import { type LookChoice, lookFrom, neighbours, presetLook, skyText, sourceRows } from './model.ts';
import { HeaderPanel, SourcesPanel, SummaryPanel } from './SidePanel.tsx';
import { useFrameImage } from './use-frame-image.ts';

const tabs = ['summary', 'sources', 'header'] as const;
const allMaskBits = maskPlanes.reduce((bits, plane) => bits | plane.bit, 0);

export function FrameView({ row, siblings }: { row: FrameRow; siblings: readonly FrameRow[] }) {
  const navigate = useNavigate();
  const theme = useTheme();
  const phone = useMedia(phoneQuery);
  const [search, setSearch] = useUrlState();
  const viewer = useRef<ViewerHandle>(null);
  const pipeline = row.pipeline;
  const summary = useQuery({ ...summaryQuery(row.frameId, pipeline), enabled: row.products.summary !== null });
  const sourceTable = useQuery({ ...sourcesQuery(row.frameId, pipeline), enabled: row.products.catalog !== null });
  const board = useQuery(boardQuery(row.nightId));
  const around = useMemo(() => neighbours(board.data?.rows ?? [], row), [board.data?.rows, row]);
  const size = useMemo(
    () => (summary.data === undefined ? null : { width: summary.data.widthPix, height: summary.data.heightPix }),
    [summary.data],
  );
  const image = useFrameImage(row.frameId, pipeline, size, !phone);
  const [blinking, setBlinking] = useState(false);
  const [blinkOn, setBlinkOn] = useState(false);
  const other = useFrameImage(blinking ? (around.previous?.frameId ?? null) : null, pipeline, null, !phone);

  // How it looks: the link, then what this camera was seen with.
  const choice = lookFrom(search, recall(row.camera));
  const automatic = useMemo(
    () => (image.picture === null ? ([0, 1] as const) : limitsFor(choice.limits, image.picture.sorted)),
    [image.picture, choice.limits],
  );
  const [lo, hi] =
    choice.limits === 'manual' && search.lo !== undefined && search.hi !== undefined && search.hi > search.lo
      ? [search.lo, search.hi]
      : automatic;
  const overlays = new Set((search.ov ?? (phone ? 'alert' : 'sources,alert')).split(','));
  const maskBits = [...overlays].reduce(
    (bits, name) => (name === 'mask' ? allMaskBits : name.startsWith('mask.') ? bits | Number(name.slice(5)) : bits),
    0,
  );
  const look: Look = { stretch: choice.stretch, lo, hi, ramp: choice.ramp, theme, maskBits };
  const setLook = (change: Partial<LookChoice> & { lo?: number; hi?: number }) => {
    const next = { ...choice, ...change };
    if (next.limits !== 'manual') keep(row.camera, next);
    setSearch(
      {
        st: next.stretch,
        lim: next.limits,
        ramp: next.ramp,
        lo: next.limits === 'manual' ? (change.lo ?? lo) : undefined,
        hi: next.limits === 'manual' ? (change.hi ?? hi) : undefined,
      },
      'quiet',
    );
  };
  const setLimits = (a: number, b: number) => setLook({ limits: 'manual', lo: a, hi: b });
  const toggleOverlay = (name: string) => {
    const next = new Set(overlays);
    if (next.has(name)) next.delete(name);
    else next.add(name);
    setSearch({ ov: next.size === 0 ? 'none' : [...next].filter((each) => each !== 'none').join(',') }, 'quiet');
  };

  // Where one looks.
  const northIsUp = search.nup === 1;
  const middle =
    image.picture === null
      ? ([0, 0] as const)
      : ([(image.picture.size.width - 1) / 2, (image.picture.size.height - 1) / 2] as const);
  const orientation = useMemo(
    () => (northIsUp ? skyOrientation(image.sky, middle[0], middle[1]) : upright),
    [northIsUp, image.sky, middle[0], middle[1]],
  );
  const initial = useRef<View | null>(null);
  if (
    initial.current === null &&
    search.x !== undefined &&
    search.y !== undefined &&
    search.z !== undefined &&
    (!northIsUp || image.sky !== null)
  )
    initial.current = { cx: search.x, cy: search.y, scale: search.z, ...orientation };
  // biome-ignore lint/correctness/useExhaustiveDependencies: turns only when the wish or the sky changes
  useEffect(() => viewer.current?.orient(orientation), [orientation.rotationDeg, orientation.flip]);
  const viewTimer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const onView = useCallback(
    (view: View) => {
      if (viewTimer.current !== null) clearTimeout(viewTimer.current);
      viewTimer.current = setTimeout(
        () => setSearch({ x: rounded(view.cx, 2), y: rounded(view.cy, 2), z: rounded(view.scale, 4) }, 'quiet'),
        350,
      );
    },
    [setSearch],
  );
  useEffect(() => () => void (viewTimer.current !== null && clearTimeout(viewTimer.current)), []);

  const sources = useMemo(() => (sourceTable.data === undefined ? null : sourceRows(sourceTable.data)), [sourceTable.data]);
  const [place, setPlace] = useState<{ x: number; y: number } | null>(null);
  const [hovered, setHovered] = useState<OverlaySource | null>(null);
  const alert = useMemo(() => (row.isAlert ? alertCircle(image.cards) : null), [row.isAlert, image.cards]);
  const [decimal, setDecimal] = useState(false);
  const tab = tabs.find((each) => each === search.tab) ?? 'summary';

  useEffect(() => {
    if (!blinking) {
      setBlinkOn(false);
      return;
    }
    const timer = setInterval(() => setBlinkOn((on) => !on), 550);
    return () => clearInterval(timer);
  }, [blinking]);
  const showsOther = blinking && blinkOn && other.picture !== null;
  /** The same sky in the other frame; the same pixel where there is no sky. */
  const mapView = useCallback(
    (view: View): View => {
      const [ra, dec] = image.sky?.pixelToSky(view.cx, view.cy) ?? [Number.NaN, Number.NaN];
      const there = Number.isFinite(ra) ? other.sky?.skyToPixel(ra, dec) : null;
      return there == null ? view : { ...view, cx: there[0], cy: there[1] };
    },
    [image.sky, other.sky],
  );

  const goTo = (next: FrameRow | null) => {
    if (next === null) return;
    initial.current = null;
    void navigate({
      to: '/image/$frameId',
      params: { frameId: next.frameId },
      search: ((old: object) => ({ ...old, sel: undefined })) as never,
      replace: true,
    });
  };
  const savePng = () =>
    void viewer.current
      ?.snapshot(
        `${row.frameId} · ${row.camera ?? ''} ${row.filter ?? ''} · ${row.observedAt?.slice(0, 19).replace('T', ' ') ?? ''} UT · ${choice.stretch} ${level(lo)}–${level(hi)} ${image.unit}`,
      )
      .then((blob) => blob !== null && download(`${row.frameId}.png`, blob));

  useKeys('Image', [
    { keys: 'ArrowLeft', label: 'Previous / next frame', run: () => goTo(around.previous) },
    { keys: 'ArrowRight', label: 'Previous / next frame', run: () => goTo(around.next) },
    { keys: '+', label: 'Zoom in / out', run: () => viewer.current?.zoomStep(true) },
    { keys: '=', label: 'Zoom in / out', run: () => viewer.current?.zoomStep(true) },
    { keys: '-', label: 'Zoom in / out', run: () => viewer.current?.zoomStep(false) },
    { keys: '0', label: 'One to one', run: () => viewer.current?.oneToOne() },
    { keys: 'f', label: 'Fit the whole image', run: () => viewer.current?.fit() },
    { keys: 'n', label: 'North up, east left', run: () => setSearch({ nup: northIsUp ? undefined : 1 }, 'quiet') },
    { keys: 'b', label: 'Blink with the frame before', run: () => setBlinking(!blinking && around.previous !== null) },
    { keys: 's', label: 'Sources', run: () => toggleOverlay('sources') },
    { keys: 'm', label: 'Mask', run: () => toggleOverlay('mask') },
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((key) => ({
      keys: String(key),
      label: 'Presets of stretch and limits',
      run: () => setLook(presetLook(key)!),
    })),
  ]);

  const value = place === null || image.picture === null ? null : valueAt(image.picture.levels[0]!, place.x, place.y);
  const bits = place === null || image.picture?.mask == null ? 0 : (valueAt(image.picture.mask[0]!, place.x, place.y) ?? 0);
  const sky = place === null || image.sky === null ? null : image.sky.pixelToSky(place.x, place.y);
  const select = (source: OverlaySource | null) =>
    setSearch({ sel: source?.number, ...(source === null ? {} : { tab: 'sources' }) }, 'quiet');

  return (
    <div className="image-page">
      <div className="image-bar">
        <button
          type="button"
          className="button square"
          disabled={around.previous === null}
          onClick={() => goTo(around.previous)}
          title="Frame before, same camera (←)"
          aria-label="Frame before"
        >
          ←
        </button>
        <button
          type="button"
          className="button square"
          disabled={around.next === null}
          onClick={() => goTo(around.next)}
          title="Next frame, same camera (→)"
          aria-label="Next frame"
        >
          →
        </button>
        <div className="image-name">
          <strong className="num">{row.frameId}</strong>
          <span className="muted">
            {row.camera} <FilterMark filter={row.filter} /> {row.exposureSec === null ? '' : `${row.exposureSec} s`} ·{' '}
            <span className={row.isAlert ? 'c-alert' : ''}>{row.target ?? 'no target'}</span> · <TimeText iso={row.observedAt} />
            {around.place > 0 ? ` · ${around.place} of ${around.count}` : ''}
          </span>
        </div>
        <div className="image-tools">
          <Toggle on={overlays.has('sources')} onClick={() => toggleOverlay('sources')} title="Circles of the catalogue (s)">
            Sources
          </Toggle>
          <Toggle
            on={maskBits !== 0}
            onClick={() =>
              setSearch(
                {
                  ov:
                    maskBits === 0
                      ? [...overlays, 'mask'].filter((each) => each !== 'none').join(',')
                      : [...overlays].filter((each) => !each.startsWith('mask')).join(',') || 'none',
                },
                'quiet',
              )
            }
            title={image.picture?.mask == null ? 'The mask comes with the full image (m)' : 'Flagged pixels (m)'}
          >
            Mask
          </Toggle>
          {alert === null ? null : (
            <Toggle
              on={overlays.has('alert')}
              onClick={() => toggleOverlay('alert')}
              title="Position and error circle of the alert"
            >
              Alert
            </Toggle>
          )}
          <Toggle
            on={northIsUp}
            onClick={() => setSearch({ nup: northIsUp ? undefined : 1 }, 'quiet')}
            title="North up, east left (n)"
          >
            N up
          </Toggle>
          <Toggle
            on={blinking}
            onClick={() => setBlinking(!blinking && around.previous !== null)}
            title="Blink with the frame before, locked on the sky (b)"
          >
            Blink
          </Toggle>
          <button type="button" className="button" onClick={() => viewer.current?.fit()} title="The whole image (f)">
            Fit
          </button>
          <button
            type="button"
            className="button"
            onClick={() => viewer.current?.oneToOne()}
            title="One image pixel to one screen pixel (0)"
          >
            1:1
          </button>
          <a
            className="button"
            href={productUrl(row.frameId, 'reduced', pipeline)}
            download
            title="The reduced frame: SCI, MASK, VAR"
          >
            FITS
          </a>
          <button type="button" className="button" onClick={savePng} title="This view with overlays and a caption">
            PNG
          </button>
          <button
            type="button"
            className="button"
            onClick={() => void copyText(location.href)}
            title="Copy the link to this view (c)"
          >
            Link
          </button>
        </div>
      </div>
      <div className="image-body">
        <div className="image-main">
          <ImageViewer
            ref={viewer}
            picture={showsOther ? other.picture : image.picture}
            look={look}
            sky={showsOther ? other.sky : image.sky}
            initialView={initial.current}
            orientation={orientation}
            mapView={showsOther ? mapView : undefined}
            sources={overlays.has('sources') ? sources : null}
            selected={search.sel ?? null}
            alert={overlays.has('alert') ? alert : null}
            onHover={(at, source) => {
              setPlace(at);
              setHovered(source);
            }}
            onSelect={select}
            onView={onView}
            onLimits={(shift, widen) => {
              const span = hi - lo;
              const half = (span / 2) * Math.exp(widen * 3);
              const centre = (lo + hi) / 2 - shift * span * 1.5;
              setLimits(centre - half, centre + half);
            }}
            label={`${row.frameId}: ${image.quality === 'none' ? 'waiting for the pixels' : `${image.quality} image`}`}
          />
          <div className="viewer-state">
            {image.quality === 'none' && image.error === null ? (
              <span className="viewer-note">Waiting for the preview…</span>
            ) : null}
            {image.progress === null ? null : (
              <span className="viewer-note num">
                Full image {bytes(image.progress.received)}
                {image.progress.total === null ? '' : ` of ${bytes(image.progress.total)}`}
              </span>
            )}
            {image.quality === 'preview' && image.progress === null && phone ? (
              <button type="button" className="button" onClick={image.loadFull}>
                Load {image.fullBytes === null ? 'the full image' : bytes(image.fullBytes)}
              </button>
            ) : null}
            {blinking ? <span className="viewer-note num">{showsOther ? around.previous?.frameId : row.frameId}</span> : null}
          </div>
          {image.error === null ? null : (
            <div className="viewer-error">
              <ErrorState
                error={image.error}
                source={image.quality === 'none' ? 'Image' : 'Full image'}
                onRetry={() => location.reload()}
              />
            </div>
          )}
          <div className="readout num" aria-live="off">
            <span className="readout-pixel">
              {place === null ? 'x –  y –' : `x ${(place.x + 1).toFixed(2)}  y ${(place.y + 1).toFixed(2)}`}
            </span>
            <span className="readout-value">
              {value === null ? '–' : Number.isNaN(value) ? 'no value' : value.toFixed(2)} {image.unit.replace('electron', 'e⁻')}
              {image.quality === 'preview' && image.block > 1 ? ` mean of ${image.block}×${image.block}` : ''}
            </span>
            <button type="button" className="readout-sky" onClick={() => setDecimal(!decimal)} title="Sexagesimal or decimal">
              {sky === null
                ? image.sky === null && image.quality !== 'none'
                  ? 'no WCS'
                  : 'α –  δ –'
                : skyText(sky[0], sky[1], decimal)}
            </button>
            <span className="readout-flags">
              {hovered === null ? '' : `#${hovered.number} ${hovered.label} `}
              {maskPlanes
                .filter((plane) => (bits & plane.bit) !== 0)
                .map((plane) => plane.name)
                .join(', ')}
            </span>
            <span className="muted right">
              pixel {place === null ? '–' : `${pixelAt(place.x) + 1}, ${pixelAt(place.y) + 1}`} · {image.quality}
            </span>
          </div>
        </div>
        <aside className="image-side">
          <LevelsPanel
            sorted={image.picture?.sorted ?? null}
            lo={lo}
            hi={hi}
            unit={image.unit.replace('electron', 'e⁻')}
            stretch={choice.stretch}
            limits={choice.limits}
            ramp={choice.ramp}
            onLimits={setLimits}
            onStretch={(stretch) => setLook({ stretch })}
            onMode={(limits: LimitMode) => setLook({ limits })}
            onRamp={(ramp) => setLook({ ramp })}
          />
          {maskBits === 0 ? null : (
            <fieldset className="mask-planes pill-group">
              <legend className="sr-only">Mask planes</legend>
              {maskPlanes.map((plane) => (
                <button
                  key={plane.bit}
                  type="button"
                  className="pill"
                  aria-pressed={(maskBits & plane.bit) !== 0}
                  onClick={() => setSearch({ ov: withMask(overlays, maskBits ^ plane.bit) }, 'quiet')}
                >
                  <i
                    style={{
                      background:
                        theme === 'dome' ? '#900000' : `rgb(${plane.colour.map((part) => Math.round(255 * part)).join(' ')})`,
                    }}
                  />
                  {plane.name}
                </button>
              ))}
            </fieldset>
          )}
          <div className="tabs" role="tablist" aria-label="About this frame">
            {tabs.map((each) => (
              <button
                key={each}
                type="button"
                role="tab"
                aria-selected={tab === each}
                onClick={() => setSearch({ tab: each === 'summary' ? undefined : each }, 'quiet')}
              >
                {each === 'summary'
                  ? 'Summary'
                  : each === 'sources'
                    ? `Sources ${sources === null ? '' : sources.length}`
                    : 'Header'}
              </button>
            ))}
          </div>
          {tab === 'summary' ? (
            <SummaryPanel query={summary} row={row} />
          ) : tab === 'sources' ? (
            <SourcesPanel
              sources={sources}
              query={sourceTable}
              hovered={hovered?.number ?? null}
              selected={search.sel ?? null}
              onSelect={(source) => {
                setSearch({ sel: source.number }, 'quiet');
                viewer.current?.centreOn(source.x, source.y, 4);
              }}
            />
          ) : (
            <HeaderPanel cards={image.cards} quality={image.quality} />
          )}
          <p className="side-foot muted">
            {row.pipeline} · revision {row.revision}
            {siblings.length > 1 ? ` of ${siblings.length} versions` : ''} ·{' '}
            <Link to="/gp1" search={{ row: row.key } as never} className="link">
              on the board
            </Link>
          </p>
        </aside>
      </div>
    </div>
  );
}

function Toggle({
  on,
  onClick,
  title,
  children,
}: {
  on: boolean;
  onClick: () => void;
  title: string;
  children: React.ReactNode;
}) {
  return (
    <button type="button" className="button" aria-pressed={on} onClick={onClick} title={title}>
      {children}
    </button>
  );
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

function withMask(overlays: ReadonlySet<string>, bits: number): string {
  const others = [...overlays].filter((name) => !name.startsWith('mask') && name !== 'none');
  const mask =
    bits === allMaskBits ? ['mask'] : maskPlanes.filter((plane) => (bits & plane.bit) !== 0).map((plane) => `mask.${plane.bit}`);
  return [...others, ...mask].join(',') || 'none';
}

const lookKey = (camera: string | null) => `gic.look.${camera ?? 'unknown'}`;

function recall(camera: string | null): Partial<LookChoice> | null {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(lookKey(camera)) ?? 'null');
    return typeof parsed === 'object' ? (parsed as Partial<LookChoice> | null) : null;
  } catch {
    return null;
  }
}

function keep(camera: string | null, look: LookChoice): void {
  try {
    localStorage.setItem(lookKey(camera), JSON.stringify(look));
  } catch {
    // not remembered: the link still carries it
  }
}
