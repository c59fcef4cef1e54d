import type { FrameRow, Now } from '@colibri/contracts';
import { describe, expect, it } from 'vitest';
import { lastFrames, needsPerson, stateSentence } from './model.ts';

const at = '2026-11-23T05:00:00.000Z';
const chip = (
  id: Now['chips'][number]['id'],
  word: string,
  detail: string | null = null,
  state: Now['chips'][number]['state'] = 'ok',
) => ({ id, word, detail, state, asOf: at, periodSec: 10 });

describe('the state sentence', () => {
  const chips = [
    chip('safety', 'safe'),
    chip('telescope', 'observing', 'observing WASP-43 in r, 30 s'),
    chip('alert', 'GRB 261123A', null, 'critical'),
  ];
  const frame = { type: 'object', target: 'GRB 261123A', filter: 'r', receivedAt: at } as FrameRow;

  it('says what the telescope does, an alert that is not the target, and the safety', () => {
    expect(stateSentence({ chips }, [], Date.parse(at))).toEqual({
      headline: 'Observing WASP-43 in r, 30 s; alert GRB 261123A; site safe.',
      missing: null,
    });
  });

  it('names what is stale and lets the frames speak: nothing old looks live', () => {
    const { headline, missing } = stateSentence({ chips }, [frame], Date.parse(at) + 120_000);
    expect(headline).toBe('The last frame shows GRB 261123A in r, 2 min ago.');
    expect(missing).toContain('safety, telescope, alert');
  });

  it('waits in words before the first frame', () => {
    expect(stateSentence({ chips: [] }, [], 0).headline).toBe('Waiting for the first frame of the night.');
  });
});

describe('the board summary', () => {
  const row = (over: Partial<FrameRow>) =>
    ({
      metrics: {},
      camera: 'C1',
      receivedAt: at,
      failure: null,
      state: 'published',
      products: { reduced: 'a' },
      ...over,
    }) as FrameRow;

  it('takes the newest measured frame of each camera', () => {
    const rows = [
      row({ key: 'old' }),
      row({ key: 'new', receivedAt: '2026-11-23T05:01:00.000Z' }),
      row({ key: 'other', camera: 'C2' }),
      row({ key: 'raw', metrics: null, receivedAt: '2026-11-23T06:00:00.000Z' }),
    ];
    expect(lastFrames(rows).map((r) => r.key)).toEqual(['new', 'other']);
  });

  it('tells each trouble once, with its count', () => {
    const failure = { code: 'FITS_TRUNCATED', message: 'The file ends early.', hint: '', module: null, quarantinePath: null };
    const rows = [row({ failure, state: 'failed' }), row({ failure, state: 'quarantined' }), row({})];
    expect(needsPerson(rows)).toMatchObject([{ text: '2 frames: The file ends early.' }]);
  });
});
