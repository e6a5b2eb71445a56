// Starts the site. A first view that came in the HTML stays on screen until ours has its data, so nothing flickers.
import './design/tokens.css'
import './design/base.css'
import './design/parts.css'
import './design/states.css'
import './design/match.css'
import './design/table.css'
import './design/crest.css'
import { createApp } from 'vue'
import App from './App.vue'
import { refreshAll, take, whenSettled } from './api/resource'
import { known } from './brackets/paths'
import { startLive } from './live/stream'
import { router } from './router'
import { speak } from './text'

const PATIENCE_MS = 8_000
const words = speak(navigator.languages)
// public/start.js asks whether the code came whole
;(window as { missingTableStarted?: Promise<boolean> }).missingTableStarted = words.then(
  () => true,
  () => false,
)

async function start(): Promise<void> {
  const root = document.getElementById('app')!
  const embedded = document.getElementById('page-data')?.textContent
  if (embedded) {
    const answers = known(JSON.parse(embedded) as Record<string, unknown>)
    take(answers)
    void navigator.serviceWorker?.ready.then((worker) => worker.active?.postMessage({ keep: answers }))
  }
  await words
  const app = createApp(App).use(router)
  await router.isReady()
  if (!root.querySelector('[data-page]')) {
    app.mount(root)
    return
  }
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))) // what came is seen first
  const ours = document.createElement('div')
  app.mount(ours)
  await whenSettled(PATIENCE_MS)
  root.replaceChildren(ours)
}

void start()
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js'))
}
addEventListener('online', refreshAll)
addEventListener('load', () => startLive())
