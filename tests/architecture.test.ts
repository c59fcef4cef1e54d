import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The house's arrows: each room and the rooms that it may import. An arrow that is right and missing is added here with
 * a sentence; this list is the documentation (ARCHITECTURE.md draws it).
 */
const arrows: Record<string, { may: string[]; because: string }> = {
  base: { may: [], because: 'Knows nothing of astronomy and needs nobody.' },
  contracts: { may: [], because: 'Shapes only: read by both halves and by the page.' },
  fits: { may: ['base'], because: 'Bytes to HDUs; usable alone.' },
  sky: { may: ['base'], because: 'Angles, time and WCS; usable alone.' },
  numerics: { may: ['base'], because: 'Arithmetic on typed arrays; no files, clock or environment.' },
  pipeline: {
    may: ['base', 'contracts', 'fits', 'sky', 'numerics'],
    because: 'Order, retries and provenance, written over formats and arithmetic.',
  },
  modules: {
    may: ['base', 'contracts', 'fits', 'sky', 'numerics', 'pipeline'],
    because: 'The science; reaches the world through ports of pipeline.',
  },
  adapters: { may: ['base', 'contracts', 'fits', 'sky', 'modules', 'pipeline'], because: 'Implements the ports.' },
  testkit: {
    may: ['base', 'contracts', 'fits', 'sky', 'numerics', 'pipeline'],
    because: 'Contract suites and synthetic skies; imported by tests alone.',
  },
  gp1: {
    may: ['base', 'contracts', 'fits', 'sky', 'numerics', 'pipeline', 'modules', 'adapters'],
    because: 'Composes the pipeline.',
  },
  'gic-server': {
    may: ['base', 'contracts', 'fits', 'sky', 'adapters'],
    because: 'Reads what GP1 wrote: they meet in contracts, never in modules.',
  },
  'gic-web': { may: ['contracts', 'fits', 'sky', 'base'], because: 'Nothing that needs Node.' },
  simulator: {
    may: ['base', 'fits', 'sky', 'numerics'],
    because: 'A pretend observatory: it shares formats with GP1, not its science.',
  },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Import {
  readonly from: string;
  readonly file: string;
  readonly to: string;
}

/** Room and target of every import of a source file; relative imports that leave the room count as well. */
function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const room = roomOf(file);
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
    const target = match[1]!;
    if (target.startsWith('@colibri/')) found.push({ from: room, file, to: target.split('/')[1]! });
    else if (target.startsWith('.')) {
      const to = roomOf(relative(root, resolve(root, dirname(file), target)));
      if (to !== room) found.push({ from: room, file, to });
    } else if (target.startsWith('node:')) found.push({ from: room, file, to: 'node' });
  }
  return found;
}

const roomOf = (file: string): string => file.split('/')[1] ?? file;
const isTest = (file: string): boolean => /\.(test|bench)\.tsx?$|\/test\/|\/dev\//.test(file);

function violationsOf(file: string, text: string): string[] {
  return importsOf(file, text).flatMap(({ from, to }) => {
    const rule = arrows[from];
    if (!rule) return [`${file}: the room ${from} is not in the list of arrows`];
    if (to === from) return [];
    if (isTest(file)) return to === 'node' || to === 'testkit' || to in arrows ? [] : [`${file} reaches for ${to}`];
    if (to === 'node')
      return nodeIsFine(file) ? [] : [`${file} needs Node, but its room runs in the browser or is pure arithmetic`];
    return rule.may.includes(to) ? [] : [`${file}: ${from} must not import ${to} (${rule.because})`];
  });
}

/** Isomorphic rooms keep Node behind their ./node entry. */
function nodeIsFine(file: string): boolean {
  const isomorphic = ['base', 'fits', 'sky', 'numerics', 'contracts', 'gic-web', 'pipeline', 'modules'];
  return !isomorphic.includes(roomOf(file)) || file.includes('/src/node/') || /vite\.config/.test(file);
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (['node_modules', 'dist', 'as'].includes(name)) return [];
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) && !name.endsWith('.d.ts') ? [relative(root, path)] : [];
  });
}

describe('the arrows of the house', () => {
  const files = [...sources(join(root, 'packages')), ...sources(join(root, 'apps'))];

  it('are drawn over every source file', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(new Set(files.map(roomOf))).toEqual(new Set(Object.keys(arrows)));
  });

  it('point down: no file imports a room above or beside its own', () => {
    expect(files.flatMap((file) => violationsOf(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });

  it.each([
    ['packages/numerics/src/planted.ts', `import { openFits } from '@colibri/fits';`],
    ['packages/modules/src/planted.ts', `import { openLedger } from '@colibri/adapters/postgres';`],
    ['packages/fits/src/planted.ts', `import { readFileSync } from 'node:fs';`],
    ['apps/gic-web/src/planted.ts', `const db = await import('@colibri/adapters/postgres');`],
    ['packages/sky/src/planted.ts', `import { fit } from '../../numerics/src/solve/fit.ts';`],
    ['apps/gic-server/src/planted.ts', `import { reduction } from '@colibri/modules';`],
  ])('would catch a planted violation in %s', (file, text) => {
    expect(violationsOf(file, text)).toHaveLength(1);
  });
});
