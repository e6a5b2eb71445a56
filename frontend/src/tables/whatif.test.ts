import { describe, expect, test } from 'vitest'
import type { Match, Table, TableRow } from '../api/types'
import { compared, isOpen, movers, parse, sent, supposedOf, written } from './whatif'

const row = (id: number, position: number): TableRow => ({ team: { id, name: `T${id}` }, position, previous_position: 9 }) as unknown as TableRow
const table = (...ids: number[]): Table => ({ rows: ids.map((id, index) => row(id, index + 1)) }) as unknown as Table

describe('supposed results in an address', () => {
  test('come back as they were written, in the order of their matches', () => {
    const supposed = [
      { match_id: 15, home_score: 0, away_score: 10 },
      { match_id: 12, home_score: 2, away_score: 1 },
    ]
    expect(written(supposed)).toBe('12-2-1.15-0-10')
    expect(parse(written(supposed))).toEqual([supposed[1], supposed[0]])
  })
  test('keep who wins a shoot-out, after a draw alone', () => {
    expect(parse('12-2-2-h.13-1-1-a.14-0-0.15-2-1-h')).toEqual([
      { match_id: 12, home_score: 2, away_score: 2, shootout: 'home' },
      { match_id: 13, home_score: 1, away_score: 1, shootout: 'away' },
      { match_id: 14, home_score: 0, away_score: 0 },
      { match_id: 15, home_score: 2, away_score: 1 },
    ])
    expect(written(parse('13-1-1-a.12-2-2-h'))).toBe('12-2-2-h.13-1-1-a')
    expect(sent(supposedOf(13, 1, 1, 'away'))).toEqual({ match_id: 13, home_score: 1, away_score: 1, home_shootout: 0, away_shootout: 1 })
    expect(sent(supposedOf(14, 0, 0, ''))).toEqual({ match_id: 14, home_score: 0, away_score: 0 })
  })
  test('leave out what means nothing', () => {
    expect(parse('x.12-2.0-1-1.12-100-0.12-1-1.12-3-0')).toEqual([{ match_id: 12, home_score: 3, away_score: 0 }])
    expect(parse(undefined)).toEqual([])
    expect(parse(['12-1-1'])).toEqual([])
  })
  test('are never more than the API takes', () => {
    const many = Array.from({ length: 300 }, (_, index) => `${index + 1}-1-0`).join('.')
    expect(parse(many)).toHaveLength(200)
  })
})

test('only matches without a result can be supposed, one that is being played among them', () => {
  const match = (status: string, score: number | null): Match => ({ status, home_score: score, away_score: score }) as unknown as Match
  expect(['scheduled', 'tbd', 'postponed'].map((status) => isOpen(match(status, null)))).toEqual([true, true, true])
  expect(isOpen(match('live', 1))).toBe(true)
  expect([match('completed', 1), match('forfeit', null), match('cancelled', null)].map(isOpen)).toEqual([false, false, false])
})

test('a supposed table says how far each team would move from where it stands now', () => {
  const rows = compared(table(3, 1, 2, 4), table(1, 2, 3, 4))
  expect(rows.map((one) => one.previous_position)).toEqual([3, 1, 2, 4])
  expect(movers(rows).map((one) => one.team.id)).toEqual([3, 1, 2])
})
