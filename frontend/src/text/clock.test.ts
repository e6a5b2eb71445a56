// @vitest-environment jsdom
import { computed } from 'vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.resetModules()
  vi.useFakeTimers({ now: new Date(2026, 9, 3, 23, 58) })
})
afterEach(() => vi.useRealTimers())

test('what is computed from the clock follows it by the minute, over midnight', async () => {
  const { now, today } = await import('./clock')
  const seen = computed(() => [today(), new Date(now()).getMinutes()])
  expect(seen.value).toEqual(['2026-10-03', 58])
  vi.advanceTimersByTime(3 * 60_000)
  expect(seen.value).toEqual(['2026-10-04', 1])
})

test.each([
  ['visibilitychange', document],
  ['pageshow', window],
  ['focus', window],
] as const)('a page that is shown again (%s) has the present at once, although its timers slept', async (event, on) => {
  const { today } = await import('./clock')
  const seen = computed(() => today())
  expect(seen.value).toBe('2026-10-03')
  vi.setSystemTime(new Date(2026, 9, 5, 8, 0))
  on.dispatchEvent(new Event(event))
  expect(seen.value).toBe('2026-10-05')
})
