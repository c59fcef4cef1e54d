import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameMeta } from '../frame.ts';
import { productPaths, safeName } from './paths.ts';

const meta = { frameId: '20260101T042001C0o', target: '929744', camera: 'C0', filter: 'r' } as FrameMeta;
const paths = (header: Record<string, string>, words = ['TRGID', 'INSTRUME', 'FILTER'], revision = 0): string =>
  productPaths(meta, new Map(Object.entries(header)), words, revision).reduced;

describe('productPaths', () => {
  it('folds the workspace by headers, mapped words standing in where a header is silent', () => {
    expect(paths({ TRGID: '929744', INSTRUME: 'C0', FILTER: 'w' })).toBe('929744/C0/w/reduced/20260101T042001C0o.fits.fz');
    expect(paths({ ALSVID: 'sb26', CCD_NAME: 'C1' })).toBe('sb26/C1/r/reduced/20260101T042001C0o.fits.fz');
    expect(paths({ OBJECT: 'M 13' }, ['OBJECT', 'GRATING'])).toBe('M_13/unknown/reduced/20260101T042001C0o.fits.fz');
    expect(paths({}, [])).toBe('reduced/20260101T042001C0o.fits.fz');
    expect(paths({}, [], 3)).toBe('reduced/20260101T042001C0o_r3.fits.fz');
  });

  it('never leaves the workspace, whatever a header says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('..', '../../etc', '/etc/passwd', 'a/../b', 'C:\\x', '.', '\u0000', 'con', '…/…'),
        ),
        (text) => {
          const path = paths({ TRGID: text, INSTRUME: text, FILTER: text });
          expect(path).toMatch(/^([A-Za-z0-9+=-][A-Za-z0-9._+=-]*\/){3}reduced\/20260101T042001C0o\.fits\.fz$/);
          expect(path.split('/')).not.toContain('..');
        },
      ),
    );
  });
});

describe('safeName', () => {
  it.each([
    ['gri', 'gri'],
    ['GRB 260101A', 'GRB_260101A'],
    ['é/è', 'e_e'],
    ['   ', 'unknown'],
    [undefined, 'unknown'],
    ['..', 'unknown'],
    ['NUL.txt', 'NUL.txt_'],
    ['x'.repeat(300), 'x'.repeat(64)],
  ])('%j → %s', (text, name) => {
    expect(safeName(text)).toBe(name);
  });
});
