import { describe, expect, test } from 'vitest'
import type { TableRow } from '../api/types'
import { why } from './why'

const row = (name: string, separated_by: TableRow['separated_by'], played: number, points: number, goal_difference = 0): TableRow =>
  ({ team: { id: 1, name }, played, points, won: 0, goal_difference, goals_for: 0, separated_by }) as unknown as TableRow

describe('why a team stands above the next', () => {
  test('names the rule and both values', () => {
    expect(why(row('Alpha', 'points_per_match', 5, 13), row('Beta', null, 4, 10))).toBe('Alpha stands above Beta by points per match: 2.60 against 2.50.')
  })

  test('shows as many decimals as tell the two apart', () => {
    expect(why(row('Alpha', 'points_per_match', 300, 501), row('Beta', null, 299, 499))).toContain('1.670 against 1.669')
  })

  test('a rule without a value in the row stands by itself', () => {
    expect(why(row('Alpha', 'head_to_head', 5, 10), row('Beta', null, 5, 10))).toBe('Alpha stands above Beta by the matches between the two (head to head).')
  })

  test('the last team stands above nobody', () => {
    expect(why(row('Omega', null, 5, 0), undefined)).toBe('Omega is last in this table.')
  })
})
