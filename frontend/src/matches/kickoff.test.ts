import { describe, expect, test } from 'vitest'
import type { Match } from '../api/types'
import { kickOffText, outcome } from './kickoff'

const at = { locale: 'en-US', zone: 'America/New_York' }
const plain = (text: string): string => text.replaceAll('\u202f', ' ')

describe('kick-off', () => {
  test('a placeholder time is never shown as a time', () => {
    expect(kickOffText({ kick_off: '2026-10-03T10:00:00Z', time_set: false, local_date: '2026-10-03' }, at)).toBe('Time not set')
  })

  test('is in the zone of the viewer', () => {
    const match = { kick_off: '2026-10-03T18:30:00Z', time_set: true, local_date: '2026-10-03' }
    expect(plain(kickOffText(match, at))).toBe('2:30 PM')
    expect(plain(kickOffText(match, { ...at, zone: 'America/Los_Angeles' }))).toBe('11:30 AM')
  })

  test('names the day where it is another one for the viewer', () => {
    const match = { kick_off: '2026-10-03T23:30:00Z', time_set: true, local_date: '2026-10-03' }
    expect(plain(kickOffText(match, { ...at, zone: 'Europe/Paris' }))).toBe('Sun 1:30 AM')
  })
})

describe('outcome', () => {
  const match = (home: number | null, away: number | null, pens?: [number, number]): Match =>
    ({ status: 'completed', home_score: home, away_score: away, home_shootout: pens?.[0] ?? null, away_shootout: pens?.[1] ?? null }) as Match

  test.each([
    [match(2, 1), 'won'],
    [match(0, 0), 'tied'],
    [match(1, 3), 'lost'],
    [match(1, 1, [4, 5]), 'lost'],
    [match(null, null), undefined],
  ])('for the home side', (it, expected) => {
    expect(outcome(it, 'home')).toBe(expected)
  })
})
