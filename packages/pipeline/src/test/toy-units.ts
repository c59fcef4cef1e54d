import { defineModule, input, metric, number, output, type ProductCodec } from '../define-module.ts';
import type { UnitAlignment } from '../unit.ts';

const json = <T>(name: string): ProductCodec<T> => ({
  encode: async (value, { lines }) =>
    new Map([
      [name, new TextEncoder().encode(JSON.stringify({ value, lines: Object.fromEntries(lines.map(([k, v]) => [k, v])) }))],
    ]),
  async decode(read) {
    const bytes = await read(name);
    return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as { value: T }).value : null;
  },
});

/** Unit modules with next to no arithmetic: the framework's test pieces. */
export const alignment = defineModule({
  name: 'alignment',
  code: 'AL',
  version: '1.0.0',
  title: 'Alignment',
  summary: 'Accepts frames with a source.',
  unitOfWork: 'unit',
  inputs: { unit: input('unit', 'Frames.') },
  parameters: { least: number('Least sources.', { unit: 'sources', default: 1, atLeast: 0 }) },
  outputs: { alignment: output('alignment', 'Which frames are good.', { codec: json<UnitAlignment>('alignment.json') }) },
  metrics: { frames: metric('Frames.', { unit: 'frames', card: 'ALNFRAME', field: 'frames' }) },
  run({ unit }, { least }, context) {
    context.kept.set('seen', [...((context.kept.get('seen') as number[] | undefined) ?? []), unit.frames.length]);
    const frames = unit.frames.map(({ meta, sources }) => ({
      frameId: meta.frameId,
      accepted: sources.columns.count >= least,
      reason: sources.columns.count >= least ? null : 'It has no source.',
      wcs: null,
      matched: sources.columns.count,
      rmsArcsec: null,
      transparency: 1,
      transparencyErr: 0,
    }));
    if (frames.some(({ accepted }) => !accepted)) context.warn('A frame was left out.');
    return {
      outputs: { alignment: { frames, catalog: null, distortionOrder: 0, rmsArcsec: null, reference: [] } },
      metrics: { frames: frames.length },
    };
  },
});

export const summary = defineModule({
  name: 'summary',
  code: 'SU',
  version: '1.0.0',
  title: 'Summary',
  summary: 'Counts good frames, and the light in them.',
  unitOfWork: 'unit',
  inputs: {
    unit: input('unit', 'Frames.'),
    alignment: input('alignment', 'Which are good.'),
    difference: input('difference', 'None here.'),
    origin: input('origin', 'Where all comes from.'),
  },
  parameters: {},
  outputs: { files: output('files', 'summary.json') },
  metrics: { stacked: metric('Good frames.', { unit: 'frames', card: 'SUNGOOD', field: 'stackedFrames' }) },
  async run({ unit, alignment: aligned, difference, origin }, _, { compute }) {
    let light = 0;
    for (const frame of unit.frames) {
      await compute.scope(async () => {
        const { data } = await frame.load();
        light += data.reduce((sum, value) => sum + value, 0);
      });
    }
    const good = aligned.frames.filter(({ accepted }) => accepted).length;
    const text = JSON.stringify({ good, light, difference, origin });
    return { outputs: { files: new Map([['summary.json', text]]) }, metrics: { stacked: good } };
  },
});
