/** Strips of 1° of declination, cut in right ascension into cells about as wide. */
const STRIPS = 180;

/** Number of cells of a strip (0: −90° to −89°): wide as the strip is high on its edge nearer to the equator. */
export function cellsOf(strip: number): number {
  const south = strip - 90,
    north = south + 1;
  const nearest = south <= 0 && north >= 0 ? 0 : Math.min(Math.abs(south), Math.abs(north));
  return Math.max(1, Math.ceil(360 * Math.cos((nearest * Math.PI) / 180)));
}

/** Name of a tile, which is also its file: `d+53/r0215`: strip from +53°, cell 215 of that strip. */
export function tileName(strip: number, cell: number): string {
  const south = strip - 90;
  return `d${south < 0 ? '-' : '+'}${String(Math.abs(south)).padStart(2, '0')}/r${String(cell).padStart(4, '0')}`;
}

/** The tile of a position [deg]. */
export function tileOf(raDeg: number, decDeg: number): string {
  const strip = Math.min(STRIPS - 1, Math.max(0, Math.floor(decDeg + 90)));
  const cells = cellsOf(strip);
  const turn = (((raDeg / 360) % 1) + 1) % 1;
  return tileName(strip, Math.min(cells - 1, Math.floor(turn * cells)));
}

/** Every tile that a cone touches, and perhaps a few more. */
export function tilesOfCone(raDeg: number, decDeg: number, radiusDeg: number): string[] {
  const margin = 1e-9;
  const south = decDeg - radiusDeg - margin,
    north = decDeg + radiusDeg + margin;
  const first = Math.max(0, Math.floor(south + 90)),
    last = Math.min(STRIPS - 1, Math.floor(north + 90));
  // The cone's half width in right ascension: sin Δα = sin r / cos δ; everything where it holds a pole.
  const sine = Math.sin((radiusDeg * Math.PI) / 180) / Math.cos((decDeg * Math.PI) / 180);
  const isWhole = south <= -90 || north >= 90 || radiusDeg >= 90 || !(sine < 1);
  const half = isWhole ? 180 : (Math.asin(sine) * 180) / Math.PI + margin;
  const names: string[] = [];
  for (let strip = first; strip <= last; strip++) {
    const cells = cellsOf(strip);
    const from = Math.floor(((raDeg - half) / 360) * cells),
      to = Math.floor(((raDeg + half) / 360) * cells);
    if (to - from + 1 >= cells) for (let cell = 0; cell < cells; cell++) names.push(tileName(strip, cell));
    else for (let cell = from; cell <= to; cell++) names.push(tileName(strip, ((cell % cells) + cells) % cells));
  }
  return names;
}
