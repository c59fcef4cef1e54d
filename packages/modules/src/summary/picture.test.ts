import { inflateSync } from 'node:zlib';
import { tanWcs } from '@colibri/sky';
import { describe, expect, it } from 'vitest';
import { makePicture, orientation } from './picture.ts';
import { plot } from './svg.ts';

const scale = 0.4 / 3600;
/** +y at this position angle; parity 1: as on the sky. */
function wcsOf(rotationDeg: number, parity: 1 | -1) {
  const [c, s] = [Math.cos((rotationDeg * Math.PI) / 180), Math.sin((rotationDeg * Math.PI) / 180)];
  // Columns: where +x and +y go (east, north).
  return tanWcs({ crpix: [20, 20], crval: [100, 30], cd: [-parity * c * scale, s * scale, parity * s * scale, c * scale] });
}

describe('orientation', () => {
  it.each([0, 12, 90, 178, -100].flatMap((rotation) => ([1, -1] as const).map((parity) => [rotation, parity] as const)))(
    'brings north up and east to the left within half a quarter: rotation %s, parity %s',
    (rotation, parity) => {
      const { northDeg, eastDeg } = orientation(wcsOf(rotation, parity), 20, 20);
      expect(Math.abs(northDeg)).toBeLessThanOrEqual(45);
      expect(Math.abs(eastDeg - 90)).toBeLessThanOrEqual(45);
    },
  );
});

describe('makePicture', () => {
  it.each([0, 90, 180, 270].flatMap((rotation) => ([1, -1] as const).map((parity) => [rotation, parity] as const)))(
    'draws a star where its affine and its compass say: rotation %s, parity %s',
    (rotation, parity) => {
      const wcs = wcsOf(rotation, parity);
      const side = 41;
      const data = new Float32Array(side * side);
      // A star 6 pix east and 3 north of the middle: left and up on the picture.
      const place = wcs.skyToPixel(100 + (6 * scale) / Math.cos((30 * Math.PI) / 180), 30 + 3 * scale)!;
      const [sx, sy] = [Math.round(place[0]), Math.round(place[1])];
      data[sy * side + sx] = 1000;
      const { picture } = makePicture(
        { width: side, height: side, data },
        wcs,
        { x: 20, y: 20, sidePix: 21, largest: 21 },
        { kind: 'asinh' },
        '',
      );
      const png = Buffer.from(picture.png, 'base64');
      const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
      const dark: [number, number][] = [];
      for (let y = 0; y < 21; y++) for (let x = 0; x < 21; x++) if (rows[y * 22 + 1 + x]! < 20) dark.push([x, y]);
      expect(dark).toHaveLength(1);
      const [a, b, c, d, e, f] = picture.affine;
      expect(Math.floor(a * sx + b * sy + c)).toBe(dark[0]![0]);
      expect(Math.floor(d * sx + e * sy + f)).toBe(dark[0]![1]);
      expect(dark[0]![0]).toBeLessThan(7);
      expect(dark[0]![1]).toBeLessThan(9);
    },
  );

  it('shows nothing where there is nothing', () => {
    const data = new Float32Array(25).fill(NaN);
    const { picture } = makePicture(
      { width: 5, height: 5, data },
      wcsOf(0, 1),
      { x: 2, y: 2, sidePix: 9, largest: 9 },
      { kind: 'signed', sigmas: 5 },
      '',
    );
    const png = Buffer.from(picture.png, 'base64');
    const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
    expect(new Set(rows.filter((_, i) => i % 10 !== 0))).toEqual(new Set([255]));
  });
});

describe('plot', () => {
  it('draws what lies on the axes, puts bright magnitudes up, and leaves gaps where nothing is known', () => {
    const svg = plot({
      title: 'T',
      x: { label: 'x (s)' },
      y: { label: 'r (mag)', flip: true },
      marks: [{ kind: 'points', x: [0, 1, null, 3], y: [18, 20, 19, null], marker: 'circle' }],
    });
    const heights = [...svg.matchAll(/class="mark" d="M[\d.]+ ([\d.]+)a/g)].map(([, y]) => Number(y));
    expect(heights).toHaveLength(2);
    expect(heights[0]!).toBeLessThan(heights[1]!);
    expect(svg).toContain('r (mag)');
    expect(plot({ title: '', x: { label: '', log: true }, y: { label: '' }, marks: [] })).not.toMatch(/NaN|Infinity/);
  });
});
