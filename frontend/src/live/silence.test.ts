// @vitest-environment jsdom
// A stream that is open and silent: what a phone that slept, or a network that swallows packets, leaves behind.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

class Stream extends EventTarget {
  static all: Stream[] = []
  readyState = 1
  onopen?: () => void
  onerror?: () => void
  closed = false
  constructor(readonly url: string) {
    super()
    Stream.all.push(this)
  }
  close(): void {
    this.closed = true
  }
  says(kind: string, id = '', data = '{}'): void {
    this.dispatchEvent(Object.assign(new MessageEvent(kind, { data, lastEventId: id })))
  }
}

let refreshAll = vi.fn()

beforeEach(async () => {
  vi.resetModules()
  vi.useFakeTimers()
  Stream.all = []
  refreshAll = vi.fn()
  vi.stubGlobal('EventSource', Stream)
  vi.stubGlobal('BroadcastChannel', class { postMessage(): void {} })
  vi.doMock('../api/resource', () => ({ askPast: vi.fn(), refresh: vi.fn(), refreshAll }))
  const { startLive } = await import('./stream')
  startLive()
  Stream.all[0]!.onopen!()
  Stream.all[0]!.says('beat', '41')
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a stream that beats stays', () => {
  for (let beat = 0; beat < 20; beat++) {
    vi.advanceTimersByTime(15_000)
    Stream.all[0]!.says('beat', '41')
  }
  expect(Stream.all).toHaveLength(1)
})

test('one that is silent is opened anew, from the last event on, and once it is back what is on screen is asked again', () => {
  vi.advanceTimersByTime(46_000)
  expect(Stream.all.map(({ url }) => url)).toEqual(['/api/events', '/api/events?last_event_id=41'])
  expect(Stream.all[0]!.closed).toBe(true)
  vi.advanceTimersByTime(4_000) // interrupted for longer than a moment
  Stream.all[1]!.onopen!()
  expect(refreshAll).toHaveBeenCalledOnce()
})

test.each([
  ['visibilitychange', document],
  ['resume', document],
  ['pageshow', window],
  ['focus', window],
] as const)('a page that is shown again (%s) asks anew, whatever its stream seems to be', (event, on) => {
  vi.advanceTimersByTime(10_000)
  on.dispatchEvent(new Event(event))
  expect(refreshAll).toHaveBeenCalledOnce()
  expect(Stream.all.at(-1)!.url).toBe('/api/events?last_event_id=41')
})
