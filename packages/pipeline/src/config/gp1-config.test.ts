import { describe, expect, it } from 'vitest';
import { type Gp1Config, readGp1Config } from './gp1-config.ts';

const resolve = (value: string): string => (value.startsWith('/') ? value : `/etc/gp1/${value}`);
const good = [
  '[General]',
  'input = /data/in',
  'log_path = log',
  '',
  '[pipeline-test]',
  'processing_strategy = standard',
  'identifier_header = EXPTYPE,OBSERVER',
  'identifier_value = object, svom',
  'configuration_path_dir = test',
  'workspace_dir = /data/ws',
];
const read = (text: string | string[]): { config: Gp1Config; problems: string[] } => {
  const { config, problems } = readGp1Config([text].flat().join('\n'), 'gp1.cfg', resolve);
  return { config, problems: problems.map((p) => p.message) };
};
const withLine = (at: number, line: string): string[] => good.map((old, i) => (i === at - 1 ? line : old));
const second = (change: Record<string, string> = {}): string[] => {
  const keys = {
    processing_strategy: 'standard',
    identifier_header: 'FILTER',
    identifier_value: 'r',
    configuration_path_dir: 'b',
    workspace_dir: '/data/b',
    ...change,
  };
  return ['[second one]', ...Object.entries(keys).map(([key, value]) => `${key} = ${value}`)];
};

describe('readGp1Config', () => {
  it('reads the file of the slides, with defaults for the rest', () => {
    const { config, problems } = read(good);
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      input: '/data/in',
      logPath: '/etc/gp1/log',
      stateDir: '/etc/gp1/log/state',
      catalog: '/etc/gp1/log/state/catalogs',
      database: 'embedded',
      workers: 1,
      threads: 2,
      restSec: 2,
      rescanSec: 30,
      giveUpSec: 600,
      retrySec: [5, 60, 600],
      alertRules: ['trigger', 'project'],
    });
    expect(config.pipelines).toEqual([
      {
        name: 'pipeline-test',
        at: 'gp1.cfg:5',
        strategy: 'standard',
        identifiers: [
          { header: 'EXPTYPE', value: 'object' },
          { header: 'OBSERVER', value: 'svom' },
        ],
        configurationDir: '/etc/gp1/test',
        workspaceDir: '/data/ws',
      },
    ]);
  });

  it('takes any number of pipelines', () => {
    const { config, problems } = read([...good, ...second()]);
    expect(problems).toEqual([]);
    expect(config.pipelines.map((pipeline) => pipeline.name)).toEqual(['pipeline-test', 'second one']);
  });

  it.each([
    ['no input', withLine(2, ''), ['gp1.cfg:1: [General] lacks the key "input"']],
    [
      'a key that nothing reads',
      withLine(3, 'log_pth = x'),
      [
        'gp1.cfg:1: [General] lacks the key "log_path"',
        'gp1.cfg:3: unknown key "log_pth" in [General]; did you mean "log_path"?',
      ],
    ],
    [
      'a misspelt key of a pipeline',
      [...good, 'workspce = x'],
      ['gp1.cfg:11: unknown key "workspce" in [pipeline-test]; did you mean "workspace_dir"?'],
    ],
    [
      'a strategy that does not exist',
      withLine(6, 'processing_strategy = quick'),
      ['gp1.cfg:6: processing_strategy = "quick" is no strategy of this version; the only one is "standard"'],
    ],
    [
      'fewer values than headers',
      withLine(8, 'identifier_value = object'),
      ['gp1.cfg:8: identifier_value = "object" has 1 value for 2 headers of identifier_header: they pair up one by one'],
    ],
    ['an empty value', withLine(8, 'identifier_value = object,'), ['gp1.cfg:8: identifier_value = "object," has an empty value']],
    [
      'a header that cannot be',
      withLine(7, 'identifier_header = EXP TYPE,OBSERVER'),
      ['gp1.cfg:7: identifier_header = "EXP TYPE,OBSERVER" has "EXP TYPE", which is no header word'],
    ],
    [
      'a workspace inside the input',
      withLine(10, 'workspace_dir = /data/in/ws'),
      ['gp1.cfg:5: workspace_dir = "/data/in/ws" lies in the input folder: products would be taken for raw frames'],
    ],
    [
      'one workspace for two',
      [...good, ...second({ workspace_dir: '/data/ws/' })],
      ['gp1.cfg:11: workspace_dir = "/data/ws/" is also that of [pipeline-test]: they would write over each other'],
    ],
    [
      'the reserved name',
      withLine(5, '[gp1]'),
      ['gp1.cfg:5: section = "gp1" cannot name a pipeline: letters, digits, blanks and . _ + - only, and not gp1'],
    ],
    [
      'a name that would climb folders',
      withLine(5, '[../x]'),
      ['gp1.cfg:5: section = "../x" cannot name a pipeline: letters, digits, blanks and . _ + - only, and not gp1'],
    ],
    ['no pipeline', good.slice(0, 3), ['gp1.cfg: [one section per pipeline] lacks the key "[name of a pipeline]"']],
    [
      'workers by halves',
      [...good.slice(0, 3), 'workers = 1.5', ...good.slice(3)],
      ['gp1.cfg:4: workers = "1.5" must be a whole number'],
    ],
    [
      'an odd database',
      [...good.slice(0, 3), 'database = mysql://x', ...good.slice(3)],
      ['gp1.cfg:4: database = "mysql://x" is neither embedded, memory nor postgres://user@host/name'],
    ],
    [
      'an odd alert rule',
      [...good.slice(0, 3), 'alert_rule = swift', ...good.slice(3)],
      ['gp1.cfg:4: alert_rule = "swift" has "swift", which is none of trigger, project, never, always'],
    ],
  ])('finds %s', (_what, lines, messages) => {
    expect(read(lines).problems).toEqual(messages);
  });

  it('recognises a misspelt [General]', () => {
    expect(read(withLine(1, '[Genral]')).problems).toContain('gp1.cfg:1: unknown section [Genral]; did you mean [General]?');
  });
});
