import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeNightClock } from './night.ts';
import { readSimulation } from './simulation.ts';

const folder = mkdtempSync(join(tmpdir(), 'simulation-'));
const path = join(folder, 'simulation.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const now = Date.parse('2026-11-25T10:00:00.000Z');
const said = (agoSec: number, change: object = {}): void =>
  writeFileSync(
    path,
    JSON.stringify({
      at: '2026-01-01T04:00:00.000Z',
      rate: 10,
      updatedAt: new Date(now - agoSec * 1000).toISOString(),
      ...change,
    }),
  );

describe('readSimulation', () => {
  it('carries the clock of the player on since its last word', async () => {
    said(2);
    expect(await readSimulation(path, now)).toEqual({ at: '2026-01-01T04:00:20.000Z', rate: 10 });
  });

  it.each([
    ['is stale', () => said(31)],
    ['comes from the future', () => said(-6)],
    ['stands still', () => said(1, { rate: 0 })],
    ['is half a file', () => writeFileSync(path, '{"at": "2026-')],
  ])('is null when the status %s', async (_, write) => {
    write();
    expect(await readSimulation(path, now)).toBeNull();
  });

  it('is null when nobody plays', async () => {
    expect(await readSimulation(join(folder, 'nothing.json'), now)).toBeNull();
    expect(await readSimulation(null, now)).toBeNull();
  });
});

describe('makeNightClock', () => {
  it('is in the night that is played, else in the night of the real clock', async () => {
    const clock = makeNightClock({ now: () => now, monotonic: () => 0 }, path);
    said(1);
    expect((await clock.current()).nightId).toBe('2025-12-31');
    said(60);
    expect((await clock.current()).nightId).toBe('2026-11-24');
  });
});
