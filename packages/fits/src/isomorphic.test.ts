import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('everything outside ./node runs in a browser: no import of Node, no Buffer, no process', () => {
  const root = dirname(fileURLToPath(import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !/^node[\\/]/.test(name),
  );
  expect(files.length).toBeGreaterThan(30);
  const offending = files.filter((name) =>
    /from 'node:|from '\.\.?\/node\/|\bBuffer\b|\bprocess\./.test(readFileSync(join(root, name), 'utf8')),
  );
  expect(offending).toEqual([]);
});
