// The service worker: what was seen once can be seen again without a connection. The build fills in the list of files
// (scripts/finish.mjs) and puts this at /sw.js. It never keeps answers that are private, live or an admin's.
const FILES = self.__FILES__ ?? []
const VERSION = self.__VERSION__ ?? 'dev'
const SHELL = `shell-${VERSION}`
const PAGES = 'pages'
const ANSWERS = 'answers'
const KEPT_PAGES = 60
const KEPT_ANSWERS = 150
const PATIENCE_MS = 6000

const PUBLIC = /^\/api\/(seasons|brackets|matches|teams|clubs|insights|forecasts|runs|freshness|changes)(\/|$)/

const PRIVATE_PAGE = /^\/admin(\/|$)/

const isPublic = (path) => PUBLIC.test(path) && !path.endsWith('.ics')

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(['/', ...FILES])).then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('shell-') && name !== SHELL).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

// Answers that came inside a page's HTML: the page hands them over, since they were never asked for.
self.addEventListener('message', (event) => {
  const answers = Object.entries(event.data?.keep ?? {}).filter(([at]) => isPublic(new URL(at, self.location.origin).pathname))
  const headers = { 'content-type': 'application/json', 'x-stored-at': new Date().toISOString() }
  event.waitUntil(caches.open(ANSWERS).then((cache) => Promise.all(answers.map(([at, answer]) => keep(cache, at, new Response(JSON.stringify(answer), { headers }), KEPT_ANSWERS)))))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin || request.headers.has('authorization')) return
  if (FILES.includes(url.pathname)) event.respondWith(fromFiles(request))
  else if (request.mode === 'navigate' && !url.pathname.startsWith('/api/') && !PRIVATE_PAGE.test(url.pathname)) event.respondWith(page(request))
  else if (isPublic(url.pathname)) event.respondWith(answer(request))
})

/** Files of the build carry their content in their names: what is kept is right. */
async function fromFiles(request) {
  return (await caches.match(request, { cacheName: SHELL, ignoreVary: true })) ?? fetch(request)
}

async function page(request) {
  const cache = await caches.open(PAGES)
  try {
    const fresh = await inTime(request)
    if (fresh.ok) await keep(cache, request, fresh.clone(), KEPT_PAGES)
    return fresh
  } catch (fault) {
    const kept = (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? (await caches.match('/', { cacheName: SHELL, ignoreVary: true }))
    if (!kept) throw fault
    const html = await kept.text() // without its data block: those answers are old, and answer() says how old
    return new Response(html.replace(/<script type="application\/json" id="page-data">.*?<\/script>/s, ''), { headers: plain(kept.headers) })
  }
}

/** The network's answer; without one the kept answer, marked with the moment at which it was kept. */
async function answer(request) {
  const cache = await caches.open(ANSWERS)
  try {
    const fresh = await inTime(request)
    if (fresh.status === 200) await keep(cache, plainAddress(request), await stamped(fresh.clone()), KEPT_ANSWERS)
    if (fresh.status < 500) return fresh
    return (await kept(cache, plainAddress(request))) ?? fresh
  } catch (fault) {
    const old = await kept(cache, plainAddress(request))
    if (old) return old
    throw fault
  }
}

/** An answer's address without the version by which a page asked past other caches (live/stream.ts). */
function plainAddress(request) {
  const url = new URL(request.url)
  url.searchParams.delete('v')
  return url.href
}

async function kept(cache, request) {
  const found = await cache.match(request, { ignoreVary: true })
  if (!found) return undefined
  const headers = plain(found.headers)
  headers.set('x-kept-at', found.headers.get('x-stored-at') ?? '')
  return new Response(found.body, { status: 200, headers })
}

async function stamped(response) {
  const headers = plain(response.headers)
  headers.set('x-stored-at', new Date().toISOString())
  return new Response(await response.blob(), { status: 200, headers })
}

/** Headers of a body that is no longer compressed. */
function plain(of) {
  const headers = new Headers(of)
  headers.delete('content-encoding')
  headers.delete('content-length')
  return headers
}

function inTime(request) {
  return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]) })
}

async function keep(cache, request, response, most) {
  await cache.delete(request)
  await cache.put(request, response)
  const keys = await cache.keys()
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((oldest) => cache.delete(oldest)))
}
