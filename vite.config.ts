// Builds the screens. The nonce mark is replaced at each load of the page by whoever serves it.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('renderer', import.meta.url)),
  base: '/',
  plugins: [react()],
  html: { cspNonce: '%NONCE%' },
  build: { outDir: '../dist/renderer', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
});
