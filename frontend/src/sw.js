// The service worker: what was seen once can be seen again without a connection. The build fills in the list of files
// (scripts/finish.mjs) and puts this at /sw.js. It never keeps answers that are private, live or an admin's.
//
// What comes from the network is handed on whatever keeping it does: storage may be full, forbidden or slow. The time limit
// holds only where something kept can be shown instead. An address that was never seen is shown the shell, which says nothing
// of any page: the site's own code finds out what to say.
const FILES = self.__FILES__ ?? []
const VERSION = self.__VERSION__ ?? 'dev'
const SHELL = `shell-${VERSION}`
const SHELL_PAGE = '/shell.html'
const PAGES = 'pages'
const ANSWERS = 'answers'
const KEPT_PAGES = 60
const KEPT_ANSWERS = 150
const KEPT_SHELLS = 2 // this build's and the one before: a page that is open may still ask for that one's files
const PATIENCE_MS = 6000
const TIME_IS_UP = Symbol('time is up')

const PUBLIC = /^\/api\/(seasons|brackets|matches|teams|clubs|insights|forecasts|runs|freshness|changes)(\/|$)/

const PRIVATE_PAGE = /^\/admin(\/|$)/

const isPublic = (path) => PUBLIC.test(path) && !path.endsWith('.ics') && !path.endsWith('.atom')
const isShell = (name) => name.startsWith('shell-')

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([SHELL_PAGE, ...FILES])).then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys() // in the order in which they were made
      .then((names) => Promise.all(names.filter((name) => isShell(name) && name !== SHELL).slice(0, 1 - KEPT_SHELLS || undefined).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

// Answers that came inside a page's HTML: the page hands them over, since they were never asked for.
self.addEventListener('message', (event) => {
  const answers = Object.entries(event.data?.keep ?? {}).filter(([at]) => isPublic(new URL(at, self.location.origin).pathname))
  const headers = { 'content-type': 'application/json', 'x-stored-at': new Date().toISOString() }
  event.waitUntil(Promise.all(answers.map(([at, answer]) => keep(ANSWERS, at, new Response(JSON.stringify(answer), { headers }), KEPT_ANSWERS))))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin || request.headers.has('authorization')) return
  if (url.pathname.startsWith('/assets/') || FILES.includes(url.pathname)) event.respondWith(fromFiles(request))
  else if (request.mode === 'navigate' && !url.pathname.startsWith('/api/') && !PRIVATE_PAGE.test(url.pathname)) event.respondWith(page(event))
  else if (isPublic(url.pathname)) event.respondWith(answer(event))
})

/** Files of a build carry their content in their names: what is kept is right, in whichever shell it lies. */
async function fromFiles(request) {
  return (await inCache(undefined, request)) ?? fetch(request)
}

async function page(event) {
  const { request } = event
  const kept = await inCache(PAGES, request, { ignoreSearch: true })
  try {
    const fresh = await inTime(event, kept !== undefined, (came) => came.ok && keep(PAGES, request, came, KEPT_PAGES))
    if (fresh !== TIME_IS_UP) return fresh
  } catch (fault) {
    const shown = kept ?? (await inCache(SHELL, SHELL_PAGE))
    if (!shown) throw fault
    return withoutData(shown)
  }
  return withoutData(kept)
}

/** A kept page without its data block: those answers are old, and answer() says how old. */
async function withoutData(kept) {
  const html = await kept.text()
  return new Response(html.replace(/<script type="application\/json" id="page-data">.*?<\/script>/s, ''), { headers: plain(kept.headers) })
}

/** The network's answer; without one the kept answer, marked with the moment at which it was kept. */
async function answer(event) {
  const at = plainAddress(event.request)
  const old = await inCache(ANSWERS, at)
  try {
    const fresh = await inTime(event, old !== undefined, async (came) => came.status === 200 && keep(ANSWERS, at, await stamped(came), KEPT_ANSWERS))
    if (fresh !== TIME_IS_UP && (fresh.status < 500 || !old)) return fresh
  } catch (fault) {
    if (!old) throw fault
  }
  return marked(old)
}

/** An answer's address without the version by which a page asked past other caches (live/stream.ts). */
function plainAddress(request) {
  const url = new URL(request.url)
  url.searchParams.delete('v')
  return url.href
}

function marked(found) {
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

/**
 * The network's answer. Where something `kept` can be shown instead, its head must come in time; an answer that comes later
 * is still kept for the next look. `store` gets a copy of it, and what becomes of that holds up nobody.
 */
function inTime(event, kept, store) {
  const coming = fetch(event.request)
  const storing = coming.then((came) => store(came.clone()))
  event.waitUntil(storing.catch(() => undefined)) // no connection, or no room to keep it: the reader has it all the same
  if (!kept) return coming
  return Promise.race([coming, new Promise((done) => setTimeout(done, PATIENCE_MS, TIME_IS_UP))])
}

/** What is kept of an address, in one cache or in any; nothing where the browser lets nothing be kept. */
async function inCache(cacheName, request, how) {
  try {
    return await caches.match(request, { cacheName, ignoreVary: true, ...how })
  } catch {
    return undefined
  }
}

async function keep(name, request, response, most) {
  const cache = await caches.open(name)
  await cache.delete(request)
  await cache.put(request, response)
  const keys = await cache.keys()
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((oldest) => cache.delete(oldest)))
}
