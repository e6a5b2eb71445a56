import { describe, expect, test } from 'vitest'
import type { TeamHistory } from '../api/types'
import { linesOf, pathOf, weekendsOf } from './positions'

const history = (id: number, positions: Record<string, number>): TeamHistory =>
  ({ team: { id, name: `T${id}`, short_name: null }, positions: Object.entries(positions).map(([last_day, position]) => ({ last_day, position })) }) as unknown as TeamHistory

describe('positions over the season', () => {
  test('a team has a line in the order of the table, with a gap where it was missing', () => {
    const histories = [history(3, { '2026-10-19': 1 }), history(2, { '2026-10-05': 1, '2026-10-19': 2 }), history(1, { '2026-10-12': 2, '2026-10-05': 2, '2026-10-19': 3 })]
    const days = weekendsOf(histories)
    expect(days).toEqual(['2026-10-05', '2026-10-12', '2026-10-19'])
    expect(linesOf(histories, days)).toEqual([
      { team: 3, name: 'T3', positions: [undefined, undefined, 1] },
      { team: 2, name: 'T2', positions: [1, undefined, 2] },
      { team: 1, name: 'T1', positions: [2, 2, 3] },
    ])
  })

  test('the first position is on top', () => {
    const frame = { width: 100, height: 50, left: 0, right: 0, top: 0, bottom: 0 }
    expect(pathOf({ team: 1, name: '', positions: [1, 3, 2] }, 3, frame)).toBe('M0.0 0.0L50.0 50.0L100.0 25.0')
  })
})
