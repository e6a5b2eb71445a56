import { describe, expect, test, vi } from 'vitest'
import { dayOf, formatAgo, formatDate, formatSigned, machineTime } from './format'
import { momentAt } from './zone'

const now = Date.parse('2026-10-05T14:00:00Z')

describe('formats', () => {
  test.each([
    ['2026-10-05T13:59:30Z', 'now'],
    ['2026-10-05T11:00:00Z', '3 hours ago'],
    ['2026-10-04T13:00:00Z', 'yesterday'],
    ['2026-09-25T14:00:00Z', '10 days ago'],
    ['2026-08-16T14:00:00Z', '7 weeks ago'],
    ['2026-10-07T15:00:00Z', 'in 2 days'],
  ])('%s is %s', (moment, words) => {
    expect(formatAgo(moment, now, 'en')).toBe(words)
  })

  test('a calendar date is the same in every zone', () => {
    expect(formatDate('2026-10-03', { locale: 'en-US' })).toBe('Sat, Oct 3')
  })

  test('the day of a moment depends on the zone', () => {
    expect(dayOf('2026-10-04T02:00:00Z', 'America/New_York')).toBe('2026-10-03')
    expect(dayOf('2026-10-04T02:00:00Z', 'Europe/Paris')).toBe('2026-10-04')
  })

  test('a date is built of its parts, whatever a locale makes of them', () => {
    const parts = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'formatToParts')!.value as Intl.DateTimeFormat['formatToParts']
    vi.spyOn(Intl.DateTimeFormat.prototype as { readonly format: unknown }, 'format', 'get').mockReturnValue(() => '10/03/2026') // so ICU 72 writes en-CA
    vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts').mockImplementation(function (this: Intl.DateTimeFormat, at) {
      return parts.call(this, at).reverse()
    })
    expect(dayOf('2026-10-04T02:00:00Z', 'America/Chicago')).toBe('2026-10-03')
    expect(momentAt('2026-10-03', '21:05', 'America/Chicago')).toBe('2026-10-04T02:05:00Z')
  })

  test('a moment for machines has at most three digits of a second', () => {
    expect(machineTime('2026-10-04T02:00:00.123456Z')).toBe('2026-10-04T02:00:00.123Z')
    expect(machineTime('2026-10-04T02:00:00Z')).toBe('2026-10-04T02:00:00Z')
  })

  test('a difference carries its sign', () => {
    expect([3, 0, -3].map(formatSigned)).toEqual(['+3', '0', '−3'])
  })
})
