import { describe, expect, test } from 'vitest'
import type { Match } from '../api/types'
import { currentWeekend, weekendsOf } from './weekends'

const match = (id: number, local_date: string, kick_off: string | null = null): Match =>
  ({ id, local_date, kick_off, time_set: kick_off !== null }) as unknown as Match

describe('matches by weekend', () => {
  const weekends = weekendsOf([
    match(1, '2026-10-11'),
    match(2, '2026-10-03', '2026-10-03T18:00:00Z'),
    match(3, '2026-10-04', '2026-10-04T14:00:00Z'),
    match(4, '2026-10-03'),
    match(5, '2026-10-03', '2026-10-03T14:00:00Z'),
  ])

  test('a Saturday and its Sunday are one weekend, named by its Monday', () => {
    expect(weekends.map((weekend) => [weekend.name, weekend.from, weekend.to, weekend.count])).toEqual([
      ['2026-09-28', '2026-10-03', '2026-10-04', 4],
      ['2026-10-05', '2026-10-11', '2026-10-11', 1],
    ])
  })

  test('a day is in order of kick-off, and a match without a time stands last', () => {
    expect(weekends[0]?.days[0]?.matches.map((it) => it.id)).toEqual([5, 2, 4])
  })

  test.each([
    ['2026-10-02', 0],
    ['2026-10-04', 0],
    ['2026-10-05', 1],
    ['2027-01-01', 1],
    ['2026-07-01', 0],
  ])('on %s the page opens with weekend %i', (today, at) => {
    expect(currentWeekend(weekends, today)).toBe(at)
  })

  test('without matches there is no weekend to open with', () => {
    expect(currentWeekend([], '2026-10-04')).toBe(-1)
  })
})
