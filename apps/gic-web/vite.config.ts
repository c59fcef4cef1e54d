import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  resolve: { conditions: ['src', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: { outDir: dist, emptyOutDir: true, target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 700 },
  server: { host: '127.0.0.1', proxy: { '/api': { target: process.env['GIC_API'] ?? 'http://127.0.0.1:8470' } } },
});
