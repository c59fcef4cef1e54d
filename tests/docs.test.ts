import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorKinds, generatedDocs } from '../scripts/generated-docs.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

describe('generated documentation', () => {
  it.each([...generatedDocs().keys()])('%s says what the declarations say (npm run docs)', (path) => {
    expect(existsSync(join(root, path)) && readFileSync(join(root, path), 'utf8')).toBe(generatedDocs().get(path));
  });

  it('knows every error once, with a summary and a remedy', () => {
    const kinds = errorKinds();
    expect(kinds.length).toBeGreaterThan(60);
    expect(new Set(kinds.map(({ code }) => code)).size).toBe(kinds.length);
    for (const { code, summary, hint } of kinds) expect([code, summary.length > 20, hint.length > 8]).toEqual([code, true, true]);
  });

  it('renders every message with all its places filled', () => {
    const anything: Record<string, string | number> = new Proxy(
      {},
      { get: (_, key) => (typeof key === 'string' ? `<${key}>` : undefined) },
    );
    for (const kind of errorKinds()) {
      const message = kind.message(anything);
      expect(message, kind.code).not.toMatch(/undefined|NaN|\[object/);
      expect(message, kind.code).toMatch(/^\S.*\S$/s);
    }
  });
});
