import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Chromium of this machine: `CHROMIUM_PATH`, or what lies on the PATH; null where there is none. */
export function findChromium(): string | null {
  const wanted = process.env['CHROMIUM_PATH'];
  if (wanted !== undefined) return existsSync(wanted) ? wanted : null;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // not this one
    }
  }
  return null;
}

/** Headless, without traffic of its own, with WebGL2 in software. */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
    ],
  });

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Pixels of a screenshot as RGBA. PNG as Chromium writes it: 8 bits, RGB or RGBA, not interlaced (ISO/IEC 15948). */
export function pixelsOf(png: Buffer): Pixels {
  const [width, height, channels] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const data = new Uint8Array(width * height * 4).fill(255);
  const line = new Uint8Array(stride);
  for (let y = 0, at = 0; y < height; y++) {
    const filter = raw[at++]!;
    let upLeft = new Uint8Array(channels);
    for (let x = 0; x < stride; x += channels) {
      const up = line.slice(x, x + channels);
      for (let k = 0; k < channels; k++) {
        const left = x === 0 ? 0 : line[x + k - channels]!;
        line[x + k] = raw[at++]! + predicted(filter, left, up[k]!, x === 0 ? 0 : upLeft[k]!);
        data[4 * (y * width + x / channels) + k] = line[x + k]!;
      }
      upLeft = up;
    }
  }
  return { width, height, data };
}

function predicted(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [a, b, c] = [Math.abs(up - upLeft), Math.abs(left - upLeft), Math.abs(left + up - 2 * upLeft)];
  return a <= b && a <= c ? left : b <= c ? up : upLeft;
}

/** Brightest red, green and blue of a screenshot. */
export async function brightest(page: Page): Promise<[number, number, number]> {
  const { data } = pixelsOf(await page.screenshot());
  const most: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let k = 0; k < 3; k++) most[k] = Math.max(most[k]!, data[i + k]!);
  return most;
}
