import { expect, test } from 'vitest'
import type { Match } from '../api/types'
import { scheduleOf } from './schedule'

const match = (id: number, local_date: string, status: Match['status'], score: number | null = null): Match =>
  ({ id, local_date, status, time_set: false, kick_off: null, home_score: score, away_score: score }) as Match

test('a team’s matches fall into next, fixtures and results', () => {
  const schedule = scheduleOf(
    [
      match(5, '2026-10-18', 'scheduled'),
      match(1, '2026-09-27', 'completed', 1),
      match(2, '2026-10-04', 'tbd'),
      match(3, '2026-10-10', 'postponed'),
      match(4, '2026-10-11', 'scheduled'),
      match(6, '2026-09-20', 'cancelled'),
    ],
    '2026-10-05',
  )
  expect(schedule.next?.id).toBe(4)
  expect(schedule.fixtures.map((it) => it.id)).toEqual([3, 5])
  expect(schedule.results.map((it) => it.id)).toEqual([2, 1])
})
