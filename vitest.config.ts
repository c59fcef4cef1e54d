import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Tests read the sources, not the build: the `src` condition is added to the default ones.
export default defineConfig({
  ssr: { resolve: { conditions: ['src', ...defaultServerConditions] } },
  resolve: { conditions: ['src', ...defaultServerConditions] },
  test: {
    include: [
      'packages/**/*.test.ts',
      'apps/**/*.test.{ts,tsx}',
      'tests/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
