import type { UnitAlignment } from '@colibri/pipeline';
import { describe, expect, it } from 'vitest';
import { alignment } from './alignment.ts';
import { decodeAlignment, encodeAlignment } from './alignment-file.ts';
import { type MadeUnit, makeUnit, SIDE, testContext, type UnitSpec, wcsDistance } from './testing.ts';

const defaults = Object.fromEntries(Object.entries(alignment.parameters).map(([name, p]) => [name, p.default])) as Parameters<
  typeof alignment.run
>[1];

async function run(made: MadeUnit, changes: Partial<typeof defaults> = {}, lent = testContext()) {
  const { outputs, metrics } = await alignment.run(
    { unit: made.unit, referenceCatalog: made.catalog },
    { ...defaults, ...changes },
    lent.context,
  );
  return { ...outputs.alignment, metrics, ...lent };
}

/** Worst frame, the larger axis [arcsec]. */
function worst({ frames }: UnitAlignment, { unit, truth }: MadeUnit): number {
  return Math.max(
    ...frames.map(({ wcs }, f) =>
      wcs ? Math.max(...wcsDistance(wcs, truth[f]!, unit.frames[f]!.width, unit.frames[f]!.height)) : 9,
    ),
  );
}

const many = (n: number, each: UnitSpec['frames'][number] = {}) => Array.from({ length: n }, () => ({ ...each }));

describe('alignment', () => {
  it('lays every frame on the sky far better than the catalogue scatters, over 0°, and tells it', async () => {
    const made = makeUnit({ seed: 1, frames: many(8) });
    const found = await run(made);
    expect(found.frames.every((frame) => frame.accepted && frame.reason === null)).toBe(true);
    // 200 entries of 40 mas hold 10 terms a side: 40 √(10/200) = 9 mas on average over the frame
    expect(worst(found, made)).toBeLessThan(0.016);
    expect(
      Math.max(...made.unit.frames.map(({ wcs }, f) => Math.max(...wcsDistance(wcs!, made.truth[f]!, SIDE, SIDE)))),
    ).toBeGreaterThan(0.05);
    expect(found.catalog).toBe('made');
    expect(found.distortionOrder).toBe(3);
    expect(found.metrics).toMatchObject({ frames: 8, accepted: 8 });
    expect(found.metrics.rms).toBeGreaterThan(0.005);
    expect(found.metrics.rms).toBeLessThan(0.03); // centroids of the better half: 0.02 to 0.05 pix
    expect(found.said.join()).toMatch(/8 frames by \d+ sightings of \d+ stars/);
  });

  it('ties the frames to each other more closely than to the sky', async () => {
    const made = makeUnit({ seed: 2, frames: many(8), catalogArcsec: 0.3 });
    const { frames } = await run(made);
    const sky = [made.unit.frames[0]!.meta.pointing!.raDeg, made.unit.frames[0]!.meta.pointing!.decDeg] as const;
    for (const axis of [0, 1] as const) {
      const offsets = frames.map(({ wcs }, f) => {
        const offset = wcs!.pixelToSky(...made.truth[f]!.skyToPixel(...sky)!)[axis] - sky[axis];
        return (((offset + 540) % 360) - 180) * 3600 * (axis === 0 ? Math.cos((sky[1] * Math.PI) / 180) : 1);
      });
      const common = offsets.reduce((a, b) => a + b, 0) / offsets.length;
      const between = Math.sqrt(offsets.reduce((a, b) => a + (b - common) ** 2, 0) / offsets.length);
      expect(between).toBeLessThan(0.004); // 0.03 pix of some hundred stars: 1 mas
      expect(Math.abs(common)).toBeLessThan(0.08); // 0.3 / √200 = 21 mas
    }
  });

  it.each([
    ['told by the mount and turned by reduction', (flipped: boolean) => ({ mountRotationDeg: flipped ? 180 : 0 })],
    ['seen on the sky alone', (flipped: boolean) => ({ flipped })],
  ])('holds through a meridian flip %s', async (_, side) => {
    const made = makeUnit({ seed: 3, frames: [...many(4, side(false)), ...many(4, side(true))] });
    expect(worst(await run(made), made)).toBeLessThan(0.022); // without help from the header each half has its own distortion
  });

  it('moves catalogue stars to the epoch of the frames', async () => {
    const made = makeUnit({ seed: 4, frames: many(4), pmMasYr: 100 }); // 1 arcsec since 2016
    expect(worst(await run(made), made)).toBeLessThan(0.02);
  });

  it('joins windows of another size', async () => {
    const made = makeUnit({ seed: 5, frames: [...many(4), { width: 512, height: 400, at: [10, 10] }] });
    const found = await run(made);
    expect(found.frames[4]!.accepted).toBe(true);
    expect(Math.max(...wcsDistance(found.frames[4]!.wcs!, made.truth[4]!, 512, 400))).toBeLessThan(0.03); // 40 stars of its own
  });

  it('measures transparencies through variables, with honest errors', async () => {
    const clear = [1, 0.97, 0.6, 0.99, 1.02, 0.2, 1, 0.98];
    const made = makeUnit({ seed: 6, frames: clear.map((transparency) => ({ transparency })), variables: 0.15 });
    const found = await run(made);
    const reference = clear.filter((_, f) => found.reference.includes(made.unit.frames[f]!.meta.frameId));
    expect(reference).toHaveLength(4);
    const mean = reference.reduce((a, b) => a + b, 0) / 4;
    for (const [f, { transparency, transparencyErr }] of found.frames.entries()) {
      expect(Math.abs(transparency - clear[f]! / mean)).toBeLessThan(3.5 * transparencyErr);
      expect(transparencyErr / transparency).toBeLessThan(0.006); // 0.3 % is the floor of narrow circles
    }
    expect(found.metrics.least).toBeCloseTo(0.2 / mean, 1);
  });

  it('is not deceived by seeing: transparencies from pixels, where narrow circles lose light', async () => {
    const made = makeUnit({
      seed: 7,
      stars: 60,
      leastFlux: 2000,
      frames: [
        { fwhmPix: 3, pixels: true },
        { fwhmPix: 4.4, pixels: true, transparency: 0.6 },
        { fwhmPix: 3.6, pixels: true },
      ],
      centroidPix: 0.01,
    });
    // a narrow circle that loses 3 % more in the bad seeing
    const spoilt = made.unit.frames[1]!.sources.columns;
    for (let i = 0; i < spoilt.count; i++) spoilt.fluxAper[i]! *= 0.97;
    const { frames } = await run(made);
    expect(frames[1]!.transparency / frames[0]!.transparency).toBeGreaterThan(0.6 * 0.994);
    expect(frames[1]!.transparency / frames[0]!.transparency).toBeLessThan(0.6 * 1.006);
  });

  it('sets frames aside with a reason: no stars of the unit, cloud, blur', async () => {
    const made = makeUnit({
      seed: 8,
      frames: [...many(4), { unrelated: true }, { transparency: 0.03 }, { fwhmPix: 14 }],
    });
    const found = await run(made);
    expect(found.frames.slice(0, 4).every((frame) => frame.accepted)).toBe(true);
    expect(found.frames[4]).toMatchObject({ accepted: false, reason: expect.stringMatching(/in common|not to be trusted/) });
    expect(found.frames[5]).toMatchObject({ accepted: false, reason: expect.stringContaining('transparency is 0.0') });
    expect(found.frames[6]).toMatchObject({ accepted: false, reason: expect.stringContaining('times the median') });
    expect(found.warned).toHaveLength(3);
    expect(found.metrics).toMatchObject({ frames: 7, accepted: 4 });
    expect(worst({ ...found, frames: found.frames.slice(0, 4) }, made)).toBeLessThan(0.02);
  });

  it('solves a frame on the stars of the others that failed by itself, and says why when it cannot', async () => {
    const made = makeUnit({ seed: 9, frames: [...many(4), { solved: false }, { solved: false, unrelated: true }] });
    const found = await run(made);
    expect(found.frames[4]!.accepted).toBe(true);
    expect(Math.max(...wcsDistance(found.frames[4]!.wcs!, made.truth[4]!, SIDE, SIDE))).toBeLessThan(0.02);
    expect(found.frames[5]).toMatchObject({ accepted: false, wcs: null, transparency: NaN });
    expect(found.frames[5]!.reason).toMatch(/nor could it be laid on the \d+ stars of the other frames: no pattern/);
  });

  it('takes the zero point for the transparency where no clean star is in common, or sets the frame aside', async () => {
    const made = makeUnit({ seed: 17, frames: many(5) });
    const frames = made.unit.frames.map((frame, f) => {
      const { columns } = frame.sources;
      const sources =
        f < 3 ? frame.sources : { ...frame.sources, columns: { ...columns, flags: new Int32Array(columns.count).fill(2) } };
      const metrics = { ...frame.metrics, zeroPointMag: f === 4 ? null : f === 3 ? 24.5 : 24.9, zeroPointErrMag: 0.01 };
      return { ...frame, sources, metrics };
    });
    const found = await run({ ...made, unit: { ...made.unit, frames } });
    expect(found.frames[3]!.accepted).toBe(true);
    expect(found.frames[3]!.transparency).toBeCloseTo(10 ** -0.16, 2);
    expect(found.frames[3]!.transparencyErr).toBeCloseTo(0.0064, 3);
    expect(found.frames[4]).toMatchObject({ accepted: false, reason: expect.stringContaining('no clean stars in common') });
  });

  it('holds for one frame, which keeps its own solution, for two, and for none', async () => {
    const one = makeUnit({ seed: 10, frames: many(1) });
    const alone = await run(one);
    expect(alone.frames[0]).toMatchObject({ accepted: true, transparency: 1, transparencyErr: 0 });
    expect(alone.frames[0]!.wcs!.pixelToSky(100, 900)).toEqual(one.unit.frames[0]!.wcs!.pixelToSky(100, 900));
    expect(alone.reference).toEqual([one.unit.frames[0]!.meta.frameId]);
    const two = makeUnit({ seed: 11, frames: many(2) });
    expect(worst(await run(two), two)).toBeLessThan(0.02);
    const none = await run(makeUnit({ seed: 12, frames: many(2, { solved: false }) }));
    expect(none.frames.map((frame) => frame.accepted)).toEqual([false, false]);
    expect(none.metrics).toEqual({ frames: 2, accepted: 0, rms: null, least: null, median: null });
  });

  it('holds with few stars, and without a catalogue', async () => {
    const few = makeUnit({ seed: 13, frames: many(4), stars: 12 });
    const found = await run(few);
    expect(found.frames.every((frame) => frame.accepted)).toBe(true);
    expect(worst(found, few)).toBeLessThan(0.15); // own solutions: 0.05 per frame
    const made = makeUnit({ seed: 14, frames: many(6), inCatalog: 0 });
    const free = await run(made);
    expect(free.catalog).toBeNull();
    expect(worst(free, made)).toBeLessThan(0.08); // the mean of six own solutions of 0.05
  });

  it('writes and reads itself to the last bit', async () => {
    const found = await run(makeUnit({ seed: 15, frames: [...many(3), { solved: false, unrelated: true }] }));
    const { frames, catalog, distortionOrder, rmsArcsec, reference } = found;
    const unit = { frames, catalog, distortionOrder, rmsArcsec, reference };
    const text = encodeAlignment(unit);
    const again = decodeAlignment(text);
    expect(encodeAlignment(again)).toBe(text);
    expect(again.frames[3]!.transparency).toBeNaN();
    for (const [f, { wcs, ...frame }] of again.frames.entries()) {
      const { wcs: before, ...rest } = frames[f]!;
      expect(frame).toEqual(rest);
      for (const [x, y] of [
        [0, 0],
        [1023, 511.25],
        [-30, 2000],
      ] as const) {
        expect(wcs?.pixelToSky(x, y)).toEqual(before?.pixelToSky(x, y));
        expect(wcs?.skyToPixel(359.99, 53.11)).toEqual(before?.skyToPixel(359.99, 53.11));
      }
    }
    expect(() => decodeAlignment('{"schema": "colibri.alignment/2"}')).toThrow(RangeError);
  });

  it('depends on its inputs alone', async () => {
    const made = makeUnit({ seed: 16, frames: many(4) });
    const first = await run(made);
    const lent = testContext();
    lent.context.kept.set('alignment', 'left over');
    const second = await run(made, {}, lent);
    expect(encodeAlignment(second)).toBe(encodeAlignment(first));
  });
});

describe('alignment while frames arrive', () => {
  it('lays new frames on the stars of those before without reading pixels, near to what the final run finds', async () => {
    const made = makeUnit({ seed: 20, frames: [...many(7, { pixels: false }), { transparency: 0.5, pixels: false }] });
    const lent = testContext(false);
    for (let n = 1; n <= 8; n++) {
      const growing = { ...made, unit: { ...made.unit, frames: made.unit.frames.slice(0, n) } };
      const found = await run(growing, {}, lent);
      expect(found.frames).toHaveLength(n);
      expect(found.frames.every((frame) => frame.accepted)).toBe(true);
      if (n > 2) expect(worst(found, growing)).toBeLessThan(0.022);
    }
    const quick = await run(made, {}, lent);
    const final = await run(makeUnit({ seed: 20, frames: [...many(7), { transparency: 0.5 }] }));
    for (const [f, { transparency }] of quick.frames.entries())
      expect(Math.abs(transparency / final.frames[f]!.transparency - 1)).toBeLessThan(0.01);
  });

  it('begins anew when a frame was replaced', async () => {
    const made = makeUnit({ seed: 21, frames: many(4) });
    const lent = testContext(false);
    await run(made, {}, lent);
    const other = makeUnit({ seed: 22, frames: many(4) });
    const replaced = {
      ...other,
      unit: { ...other.unit, frames: other.unit.frames.map((frame) => ({ ...frame, sha256: `new ${frame.sha256}` })) },
    };
    expect(worst(await run(replaced, {}, lent), replaced)).toBeLessThan(0.02);
  });
});
