// @vitest-environment jsdom
import { describe, expect, test } from 'vitest'
import type { Match } from '../api/types'
import { followed, isFollowed, looked, news, seenOf, toggleFollow, VISIT_MS, type Seen } from './follow'

describe('following a team', () => {
  test('is kept on the device, and ends the same way as it began', () => {
    const team = { id: 7, name: 'Harbor FC', age: 'U14' }
    toggleFollow(team)
    expect(isFollowed(7)).toBe(true)
    expect(JSON.parse(localStorage.getItem('mt.teams')!)).toEqual([team])
    toggleFollow(team)
    expect(followed.value).toEqual([])
  })
})

describe('new since the last visit', () => {
  const played: Seen[] = [{ id: 1, as: 'completed 2 2' }]
  const corrected: Seen[] = [{ id: 1, as: 'completed 3 2' }, { id: 3, as: 'completed 1 1' }]

  test('is nothing on the first visit', () => {
    const first = looked(undefined, played, 0)
    expect(news(first.before, first.last).size).toBe(0)
  })

  test('is what was not there, and what was changed, for the whole of the next visit', () => {
    let visits = looked(undefined, played, 0)
    visits = looked(visits, corrected, VISIT_MS + 1)
    expect([...news(visits.before, visits.last)]).toEqual([1, 3])
    visits = looked(visits, corrected, VISIT_MS + 60_000) // a reload
    expect([...news(visits.before, visits.last)]).toEqual([1, 3])
    visits = looked(visits, corrected, 3 * VISIT_MS)
    expect(news(visits.before, visits.last).size).toBe(0)
  })

  test('is a new time or place too, yet never a time that is not set', () => {
    const match = { id: 4, status: 'scheduled', home_score: null, away_score: null, local_date: '2026-10-03', kick_off: '2026-10-03T13:00:00Z', time_set: true, venue: { id: 1, name: 'Park' } } as unknown as Match
    const same = { ...match, observed_at: '2026-10-02T00:00:00Z' }
    expect(seenOf(same)).toEqual(seenOf(match))
    expect(seenOf({ ...match, kick_off: '2026-10-03T15:00:00Z' })).not.toEqual(seenOf(match))
    expect(seenOf({ ...match, venue: { id: 2, name: 'Arena' } })).not.toEqual(seenOf(match))
    const unset = { ...match, time_set: false }
    expect(seenOf({ ...unset, kick_off: '2026-10-03T10:00:00Z' })).toEqual(seenOf(unset))
  })
})
