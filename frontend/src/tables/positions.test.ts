import { describe, expect, test } from 'vitest'
import type { Match, Table } from '../api/types'
import { linesOf, pathOf, playedWeekends } from './positions'

const table = (...ids: number[]): Table => ({ rows: ids.map((id, at) => ({ position: at + 1, team: { id, name: `T${id}`, short_name: null } })) }) as unknown as Table
const match = (local_date: string, score: number | null): Match => ({ id: 1, local_date, time_set: false, home_score: score, away_score: score }) as Match

describe('positions over the season', () => {
  test('only weekends with a result count, each by its last day', () => {
    expect(playedWeekends([match('2026-10-03', 1), match('2026-10-04', 0), match('2026-10-10', null), match('2026-10-18', 2)])).toEqual(['2026-10-04', '2026-10-18'])
  })

  test('a team has a line in the order of the last table, with a gap where it was missing', () => {
    expect(linesOf([table(1, 2), table(2, 1), table(3, 2, 1)])).toEqual([
      { team: 3, name: 'T3', positions: [undefined, undefined, 1] },
      { team: 2, name: 'T2', positions: [2, 1, 2] },
      { team: 1, name: 'T1', positions: [1, 2, 3] },
    ])
  })

  test('the first position is on top', () => {
    const frame = { width: 100, height: 50, left: 0, right: 0, top: 0, bottom: 0 }
    expect(pathOf({ team: 1, name: '', positions: [1, 3, 2] }, 3, frame)).toBe('M0.0 0.0L50.0 50.0L100.0 25.0')
  })
})
