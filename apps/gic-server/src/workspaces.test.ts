import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseWorkspace, workspacesOf } from './workspaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'workspaces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('workspacesOf', () => {
  it('takes the workspaces of gp1.cfg, relative ones beside that file', () => {
    const path = join(folder, 'gp1.cfg');
    writeFileSync(
      path,
      '[General]\ninput = raw\n\n[alerts]\nWorkspace_Dir = /data/alerts\n\n[guests]\nworkspace_dir = ws/guests # here\n',
    );
    expect([...workspacesOf(path)]).toEqual([
      ['alerts', '/data/alerts'],
      ['guests', join(folder, 'ws/guests')],
    ]);
  });

  it('says which file it cannot read', () => {
    expect(() => workspacesOf(join(folder, 'gone.cfg'))).toThrow(/gone\.cfg: cannot be read/);
  });
});

describe('parseWorkspace', () => {
  it.each(['', 'alerts', '=folder', 'alerts='])('refuses "%s"', (text) => {
    expect(() => parseWorkspace(text)).toThrow(/NAME=FOLDER/);
  });
  it('splits at the first equals sign', () => {
    expect(parseWorkspace('alerts=/data/a=b')).toEqual(['alerts', '/data/a=b']);
  });
});
