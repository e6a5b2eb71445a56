// The service worker, in a browser whose storage and network do what the test says.
import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const SITE = 'https://table.example'

type Handler = (event: unknown) => void

class Cache {
  readonly kept = new Map<string, Response>()
  full = false
  async match(request: Request | string): Promise<Response | undefined> {
    return this.kept.get(addressOf(request))?.clone()
  }
  async put(request: Request | string, response: Response): Promise<void> {
    const body = await response.blob() // a browser reads it all before it finds that there is no room
    if (this.full) throw new DOMException('no room', 'QuotaExceededError')
    this.kept.set(addressOf(request), new Response(body, response))
  }
  async delete(request: Request | string): Promise<boolean> {
    return this.kept.delete(addressOf(request))
  }
  async keys(): Promise<Request[]> {
    return [...this.kept.keys()].map((at) => new Request(at))
  }
  async addAll(files: string[]): Promise<void> {
    for (const file of files) this.kept.set(SITE + file, new Response(`kept ${file}`))
  }
}

const addressOf = (request: Request | string): string => new URL(typeof request === 'string' ? request : request.url, SITE).href

function browser(network: (request: Request) => Promise<Response>) {
  const all = new Map<string, Cache>()
  const handlers: Record<string, Handler> = {}
  const storage = { forbidden: false }
  const allowed = (): void => {
    if (storage.forbidden) throw new DOMException('not here', 'SecurityError')
  }
  const caches = {
    open: async (name: string) => (allowed(), all.get(name) ?? (all.set(name, new Cache()), all.get(name)!)),
    match: async (request: Request | string, { cacheName }: { cacheName?: string } = {}) => {
      allowed()
      for (const [name, cache] of all) {
        const found = !cacheName || name === cacheName ? await cache.match(request) : undefined
        if (found) return found
      }
      return undefined
    },
    keys: async () => [...all.keys()],
    delete: async (name: string) => all.delete(name),
  }
  const self = {
    __FILES__: ['/assets/a.js'],
    __VERSION__: 'one',
    location: { origin: SITE },
    addEventListener: (kind: string, handler: Handler) => (handlers[kind] = handler),
    skipWaiting: async () => {},
    clients: { claim: async () => {} },
  }
  // no AbortSignal in here: browsers that we serve lack what a worker would want of it
  const world = createContext({ self, caches, fetch: network, URL, Headers, Response, Promise, setTimeout, Symbol, Date, JSON, Object, RegExp })
  runInContext(readFileSync(new URL('./sw.js', import.meta.url), 'utf8'), world)

  const waits: Promise<unknown>[] = []
  const happens = async (kind: string, more = {}): Promise<void> => {
    handlers[kind]!({ waitUntil: (until: Promise<unknown>) => waits.push(until), ...more })
    await Promise.all(waits.splice(0))
  }
  const asks = (path: string, navigates = false): Promise<Response> => {
    const request = new Request(SITE + path)
    if (navigates) Object.defineProperty(request, 'mode', { value: 'navigate' })
    let answer: Promise<Response> | undefined
    handlers.fetch!({ request, respondWith: (given: Promise<Response>) => (answer = given), waitUntil: (until: Promise<unknown>) => waits.push(until) })
    return answer ?? Promise.reject(new Error('left to the browser'))
  }
  return { all, storage, happens, asks, settled: () => Promise.allSettled(waits.splice(0)) }
}

const says = (body: string, status = 200): Promise<Response> => Promise.resolve(new Response(body, { status }))
const lost = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the fresh answer never depends on keeping it', () => {
  test.each(['/api/brackets', '/teams/3'])('%s: no room', async (path) => {
    const { all, asks, settled } = browser(() => says('fresh'))
    for (const name of ['pages', 'answers']) all.set(name, Object.assign(new Cache(), { full: true }))
    expect(await (await asks(path, path.startsWith('/teams'))).text()).toBe('fresh')
    await settled()
  })

  test.each(['/api/brackets', '/teams/3', '/assets/a.js'])('%s: a browser that lets nothing be kept', async (path) => {
    const { storage, asks, settled } = browser(() => says('fresh'))
    storage.forbidden = true
    expect(await (await asks(path, path.startsWith('/teams'))).text()).toBe('fresh')
    await settled()
  })
})

describe('the time limit', () => {
  test.each(['/api/brackets', '/teams/3'])('%s: waits for the network as long as it takes where nothing is kept', async (path) => {
    let arrive: (response: Response) => void = () => {}
    const { asks } = browser(() => new Promise((done) => (arrive = done)))
    const answer = asks(path, path.startsWith('/teams'))
    await vi.advanceTimersByTimeAsync(60_000)
    arrive(new Response('fresh'))
    expect(await (await answer).text()).toBe('fresh')
  })

  test('gives what is kept, says how old it is, and keeps the late answer for the next look', async () => {
    let arrive: (response: Response) => void = () => {}
    let network = (): Promise<Response> => says('"old"')
    const { all, asks, settled } = browser(() => network())
    await asks('/api/brackets')
    await settled()
    network = () => new Promise((done) => (arrive = done))
    const answer = asks('/api/brackets?v=9')
    await vi.advanceTimersByTimeAsync(6_000)
    expect(await (await answer).text()).toBe('"old"')
    expect((await answer).headers.get('x-kept-at')).toMatch(/Z$/)
    arrive(new Response('"new"'))
    await settled()
    expect(await (await all.get('answers')!.match('/api/brackets'))!.text()).toBe('"new"')
  })
})

describe('without a connection', () => {
  test('a page that was seen is shown without its data, one that was not is the shell', async () => {
    let network = (): Promise<Response> => says('<p>team 3</p><script type="application/json" id="page-data">{}</script>')
    const { happens, asks, settled } = browser(() => network())
    await happens('install')
    await asks('/teams/3?tab=1', true)
    await settled()
    network = lost
    expect(await (await asks('/teams/4', true)).text()).toBe('kept /shell.html')
    expect(await (await asks('/teams/3?tab=1', true)).text()).toBe('<p>team 3</p>')
    await expect(asks('/api/teams/4')).rejects.toThrow('Failed to fetch')
  })

  test('a fault of the server is shown as it is, unless an older answer is there', async () => {
    let network = (): Promise<Response> => says('{}', 503)
    const { asks, settled } = browser(() => network())
    expect((await asks('/api/teams/3')).status).toBe(503)
    network = () => says('"well"')
    await asks('/api/teams/3')
    await settled()
    network = () => says('{}', 503)
    expect(await (await asks('/api/teams/3')).text()).toBe('"well"')
  })
})

test('the files of the build before stay: a page that is open may still ask for them', async () => {
  const { all, happens, asks } = browser(lost)
  for (const name of ['shell-older', 'pages', 'shell-before']) all.set(name, new Cache())
  await all.get('shell-before')!.put('/assets/before.js', new Response('before'))
  await happens('install')
  await happens('activate')
  expect([...all.keys()]).toEqual(['pages', 'shell-before', 'shell-one'])
  expect(await (await asks('/assets/before.js')).text()).toBe('before')
})
