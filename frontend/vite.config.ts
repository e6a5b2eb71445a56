/// <reference types="vitest/config" />
// How the site is built and tested. In development /api goes to the backend named by MT_API (default: port 8000).
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

/** The first view is in the HTML: its style comes before the code, which may wait; the words are fetched beside the code. */
const styleFirst: Plugin = {
  name: 'style-first',
  enforce: 'post',
  transformIndexHtml(page, { bundle }) {
    const words = Object.values(bundle ?? {}).find((file) => file.type === 'chunk' && file.facadeModuleId?.endsWith('/src/text/en/index.ts'))
    const html = words ? page.replace(/\s*<link rel="stylesheet"/, `\n    <link rel="modulepreload" crossorigin href="/${words.fileName}">$&`) : page
    const styles = html.match(/\s*<link rel="stylesheet"[^>]*>/g)?.join('') ?? ''
    const low = html.replace(styles, '').replace(/<(script type="module"|link rel="modulepreload")/g, '<$1 fetchpriority="low"')
    return low.replace(/\s*<link rel="icon"/, (icon) => styles + icon)
  },
}

export default defineConfig({
  plugins: [vue(), styleFirst],
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false, __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false },
  build: { target: ['chrome100', 'firefox100', 'safari15.4'], modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: { '/api': process.env.MT_API ?? 'http://127.0.0.1:8000' } },
  test: { environment: 'node', include: ['src/**/*.test.ts'], restoreMocks: true, setupFiles: ['src/text/setup.ts'] },
})
