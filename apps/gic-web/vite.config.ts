import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

/**
 * Writes `dist/csp.json`: the SHA-256 sources of the inline scripts in index.html, for the server's `script-src`.
 * The theme script must stay inline (no white flash), and the policy must stay strict (no `unsafe-inline`).
 */
function inlineScriptHashes(): Plugin {
  return {
    name: 'inline-script-hashes',
    apply: 'build',
    enforce: 'post',
    writeBundle(_options, bundle) {
      const page = bundle['index.html'];
      if (page?.type !== 'asset') return;
      const scripts = [...String(page.source).matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
      const scriptSrc = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
      writeFileSync(`${dist}/csp.json`, `${JSON.stringify({ scriptSrc })}\n`);
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), inlineScriptHashes()],
  resolve: { conditions: ['src', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: { outDir: dist, emptyOutDir: true, target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 700 },
  server: { host: '127.0.0.1', proxy: { '/api': { target: process.env['GIC_API'] ?? 'http://127.0.0.1:8470' } } },
});
